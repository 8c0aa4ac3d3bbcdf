"""All recognisers on the same recordings: how often each is right, and wrong without a doubt.

What counts as accepted is what the payment would accept: digits that fit the question, heard with
the confidence payment.toml asks for. Whatever was asked, what was said and heard is masked in every
text made here, unless it is asked for: callers say their card number at the wrong question too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from bot.audio import Samples
from bot.calls.laboratory.cases import Case
from bot.calls.laboratory.hear import value_of
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.embedded.engine import EmbeddedEngine
from bot.hearing.engines import find_vosk_model
from bot.hearing.laboratory import hear_file
from bot.hearing.numbers.digit_answers import rules_for
from bot.hearing.peers import peers
from bot.hearing.recogniser import Engine
from bot.hearing.vosk_engine.engine import VoskEngine
from bot.settings import HearingSettings, PaymentSettings
from bot.understanding.numbers import mask

_DIGITS = {Kind.DIGITS, Kind.CARD}
_Z = 1.96
"""95 % of a normal distribution lie within so many standard deviations."""
_RESAMPLED = 1000
_HIDDEN = "•"
_LONG = re.compile(r"\d{5,}")
"""As an amount of so many digits a part of a card number may be heard."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one engine made of one recording.

    value: None where it heard no answer. accepted: the payment would take it without asking.
    """

    engine: str
    case: Case
    value: str | None = field(repr=False)
    confidence: float
    accepted: bool
    cpu_ms: float

    @property
    def right(self) -> bool:
        return self.value == self.case.value

    @property
    def wrong_digits(self) -> int:
        """To insert, delete or change; 0 for a question without digits."""
        if self.case.expectation.kind not in _DIGITS:
            return 0
        return edits(self.value or "", self.case.value)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, in per cent, with a 95 % interval."""

    percent: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.percent:.1f} ({self.low:.0f}-{self.high:.0f})"


@dataclass(frozen=True, slots=True)
class Figures:
    """One engine, one kind of question. digit_errors: None for a question without digits."""

    engine: str
    kind: Kind
    recordings: int
    exact: Share
    digit_errors: Share | None
    accepted: int
    accepted_wrong: int
    cpu_ms_median: float
    cpu_ms_95: float


def contestants(hearing: HearingSettings, root: Path) -> list[Engine]:
    """Every engine that is here. Loading takes seconds. Raises ModelError."""
    engines: list[Engine] = [EmbeddedEngine(root / "models" / "numbers")]
    vosk_model = find_vosk_model(hearing, root)
    if vosk_model is not None:
        engines.append(VoskEngine(vosk_model))
    return [*engines, *peers()]


def answer(engine: Engine, case: Case, samples: Samples, payment: PaymentSettings) -> Answer:
    """samples: the recording, 8 kHz."""
    began = time.process_time()
    heard = hear_file(engine, samples, case.expectation)
    took = time.process_time() - began
    best, value = _best(heard, case.expectation)
    confidence = 0.0 if best is None else best.confidence
    needed = payment.confidence_needed(case.expectation.kind)
    accepted = value is not None and confidence >= needed and _fits(value, case.expectation)
    return Answer(engine.name, case, value, confidence, accepted, took * 1000)


def _best(
    heard: Sequence[Hypothesis], expectation: Expectation
) -> tuple[Hypothesis | None, str | None]:
    """The first that answers the question."""
    for hypothesis in heard:
        value = value_of(hypothesis, expectation)
        if value is not None:
            return hypothesis, value
    return None, None


def _fits(value: str, expectation: Expectation) -> bool:
    if expectation.kind not in _DIGITS:
        return True
    rules = rules_for(expectation)
    return not rules or any(rule.accepts(value) for rule in rules)


def figures(answers: Sequence[Answer]) -> list[Figures]:
    """For each kind of question, engine by engine, in the order they come in."""
    kinds = dict.fromkeys(one.case.expectation.kind for one in answers)
    engines = dict.fromkeys(one.engine for one in answers)
    return [
        _figures(engine, kind, chosen)
        for kind in kinds
        for engine in engines
        if (
            chosen := [a for a in answers if a.engine == engine and a.case.expectation.kind is kind]
        )
    ]


def _figures(engine: str, kind: Kind, answers: Sequence[Answer]) -> Figures:
    accepted = [one for one in answers if one.accepted]
    cpu = [one.cpu_ms for one in answers]
    return Figures(
        engine,
        kind,
        len(answers),
        proportion(sum(one.right for one in answers), len(answers)),
        _digit_errors(answers) if kind in _DIGITS else None,
        len(accepted),
        sum(not one.right for one in accepted),
        float(np.percentile(cpu, 50)),
        float(np.percentile(cpu, 95)),
    )


def proportion(count: int, of: int) -> Share:
    """With Wilson's interval, which is sound for few recordings and near 0 and 100 %."""
    p = count / of
    middle = p + _Z**2 / (2 * of)
    width = _Z * sqrt(p * (1 - p) / of + _Z**2 / (4 * of**2))
    scale = 100 / (1 + _Z**2 / of)
    return Share(100 * p, max(0.0, (middle - width) * scale), min(100.0, (middle + width) * scale))


def _digit_errors(answers: Sequence[Answer]) -> Share:
    """The interval by drawing recordings again and again: errors of one string go together."""
    wrong = np.array([one.wrong_digits for one in answers], dtype=np.float64)
    said = np.array([len(one.case.value) for one in answers], dtype=np.float64)
    draws = np.random.default_rng(0).integers(len(answers), size=(_RESAMPLED, len(answers)))
    rates = 100 * wrong[draws].sum(axis=1) / said[draws].sum(axis=1)
    low, high = np.percentile(rates, [2.5, 97.5])
    return Share(float(100 * wrong.sum() / said.sum()), float(low), float(high))


def edits(heard: Sequence[object], said: Sequence[object]) -> int:
    """Digits, or words, to insert, delete or change (Levenshtein)."""
    row = list(range(len(said) + 1))
    for count, one in enumerate(heard, start=1):
        before, row[0] = row[0], count
        for index, other in enumerate(said, start=1):
            before, row[index] = (
                row[index],
                min(row[index] + 1, row[index - 1] + 1, before + (one != other)),
            )
    return row[-1]


def shown(value: str | None, case: Case, *, show: bool) -> str:
    """For a person. Digits of cards and codes as dots, so many as there are; numbers among words
    as their placeholders."""
    if value is None:
        return "nothing"
    if show:
        return value
    match case.expectation.kind:
        case Kind.DIGITS | Kind.CARD:
            return _HIDDEN * len(value)
        case Kind.OPEN:
            return mask(value)
        case _:
            return _LONG.sub(lambda run: _HIDDEN * len(run[0]), value)


def as_json(answers: Sequence[Answer], skipped: Sequence[str], *, show: bool) -> dict[str, Any]:
    return {
        "figures": [
            {
                "expect": one.kind.value,
                "engine": one.engine,
                "recordings": one.recordings,
                "exact_percent": _share(one.exact),
                "digit_error_percent": one.digit_errors and _share(one.digit_errors),
                "accepted": one.accepted,
                "accepted_wrong": one.accepted_wrong,
                "cpu_ms": {"median": round(one.cpu_ms_median, 1), "p95": round(one.cpu_ms_95, 1)},
            }
            for one in figures(answers)
        ],
        "answers": [
            {
                "file": str(one.case.file),
                "expect": one.case.expectation.kind.value,
                "engine": one.engine,
                "said": shown(one.case.value, one.case, show=show),
                "heard": None if one.value is None else shown(one.value, one.case, show=show),
                "right": one.right,
                "wrong_digits": one.wrong_digits,
                "accepted": one.accepted,
                "confidence": round(one.confidence, 4),
                "cpu_ms": round(one.cpu_ms, 1),
            }
            for one in answers
        ],
        "skipped": list(skipped),
    }


def _share(share: Share) -> dict[str, float]:
    return {
        "value": round(share.percent, 2),
        "low": round(share.low, 2),
        "high": round(share.high, 2),
    }


HEADINGS = (
    "expect", "engine", "n", "exact %", "digit error %", "accepted", "of these wrong", "CPU ms",
)  # fmt: skip
"""n: recordings. Per cents with their 95 % interval. CPU: median, and what 95 % stay below."""


def rows(found: Sequence[Figures]) -> list[tuple[str, ...]]:
    """A table's cells, under `HEADINGS`."""
    return [
        (
            one.kind.value,
            one.engine,
            str(one.recordings),
            str(one.exact),
            str(one.digit_errors or "-"),
            str(one.accepted),
            str(one.accepted_wrong),
            f"{one.cpu_ms_median:.0f} / {one.cpu_ms_95:.0f}",
        )
        for one in found
    ]


def as_markdown(answers: Sequence[Answer], skipped: Sequence[str], *, show: bool) -> str:
    """The report: the figures, every answer that was wrong, every recording left out."""
    lines = ["# Hearing, compared", "", _row(HEADINGS), "|" + "---|" * len(HEADINGS)]
    lines += [_row(cells) for cells in rows(figures(answers))]
    lines += [
        "",
        "Per cents with 95 % intervals: exact, Wilson's; digit errors, recordings drawn again and "
        "again. CPU: median / 95 %.",
    ]
    wrong = [one for one in answers if not one.right]
    lines += ["", "## Wrong", "", *(f"- {_told(one, show=show)}" for one in wrong)]
    if not wrong:
        lines.append("none")
    if skipped:
        lines += ["", "## Left out", "", *(f"- {why}" for why in skipped)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _told(one: Answer, *, show: bool) -> str:
    heard = shown(one.value, one.case, show=show)
    digits = f", {one.wrong_digits} digits wrong" if one.case.expectation.kind in _DIGITS else ""
    accepted = ", and accepted" if one.accepted else ""
    said = shown(one.case.value, one.case, show=show)
    return (
        f"{one.case.file} ({one.engine}): said {said}, heard {heard}{digits}, "
        f"confidence {one.confidence:.2f}{accepted}"
    )
