"""For designers: train, measure on held-out sentences, see what one sentence is taken for.

These functions return data; the command line prints it. They work on text that people typed at
their own desk and show it with its numbers: laboratory, not product.
"""

from __future__ import annotations

import asyncio
import json
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from bot.errors import NluError
from bot.settings import UnderstandingSettings
from bot.understanding.numbers import (
    NumberKind,
    read_amounts,
    read_digits,
    read_expiries,
    replace_numbers,
)
from bot.understanding.rasa_client import UNHURRIED, Parsed, RasaClient
from bot.understanding.rasa_environment import PROJECT, PreparedRasa, Tell, prepare, run_rasa
from bot.understanding.rasa_server import running_rasa

_NO_FIELD = "none"
_PAIRS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Trained:
    """trained_now: False when nothing had changed."""

    model: Path
    seconds: float
    trained_now: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """One held-out sentence. field: "none" where the intent has none."""

    text: str
    intent: str
    field: str = _NO_FIELD


@dataclass(frozen=True, slots=True)
class Mistake:
    text: str
    expected: str
    got: str
    confidence: float


@dataclass(frozen=True, slots=True)
class NluReport:
    """Figures on held-out sentences, by the way the bot itself asks.

    field_accuracy: share of the corrections that were taken for a correction of the right field.
    confused: (expected, got, how often), worst first. below: what misses its threshold.
    latency_ms: median time of one answer. picture: of the confusion, where Rasa drew one.
    """

    sentences: int
    corrections: int
    intent_accuracy: float
    intent_weighted_f1: float
    field_accuracy: float
    confused: tuple[tuple[str, str, int], ...]
    mistakes: tuple[Mistake, ...]
    latency_ms: float
    below: tuple[str, ...]
    report: Path
    picture: Path | None

    @property
    def passed(self) -> bool:
        return not self.below


def train(
    settings: UnderstandingSettings, tell: Tell = lambda _line: None, *, again: bool = True
) -> Trained:
    """Make the environment where needed and train. again: also when nothing has changed."""
    began = time.monotonic()
    prepared = prepare(settings, tell, train_again=again)
    return Trained(prepared.model, time.monotonic() - began, prepared.trained_now)


async def parse_line(text: str, client: RasaClient) -> dict[str, Any]:
    """What one line is taken for: text, intent, confidence, entities, numbers.

    The line goes the way of a live text: its numbers are read here and replaced before Rasa.
    Raises NluUnavailable.
    """
    parsed = await client.parse(as_sent(text))
    return {
        "text": text,
        "intent": parsed.intent.value,
        "confidence": round(parsed.confidence, 4),
        "entities": {"field": parsed.field.value} if parsed.field else {},
        "numbers": numbers_in(text),
    }


def numbers_in(text: str) -> dict[str, str]:
    """The best reading of each kind that the numbers of a text allow: amount, digits, expiry."""
    kinds = {kind for number in replace_numbers(text.lower()).found for kind in number.kinds}
    numbers: dict[str, str] = {}
    if NumberKind.AMOUNT in kinds and (amounts := read_amounts(text)):
        cents = amounts[0].minor_units
        numbers["amount"] = f"{cents // 100}.{cents % 100:02d}"
    if NumberKind.DIGITS in kinds and (digits := read_digits(text)):
        numbers["digits"] = digits[0].digits
    if NumberKind.DATE in kinds:
        whole = [d for d in read_expiries(text) if d.month is not None and d.year is not None]
        if whole:
            numbers["expiry"] = f"{whole[0].month:02d}/{(whole[0].year or 0) % 100:02d}"
    return numbers


async def measure(
    settings: UnderstandingSettings,
    out: Path,
    tell: Tell = lambda _line: None,
    *,
    project: Path = PROJECT,
) -> NluReport:
    """Measure the model on tests/nlu_test.yml; report files go under `out`.

    Raises NluError when there is nothing to measure with or on.
    """
    sentences = held_out(project / "tests" / "nlu_test.yml")
    least = thresholds(project / "tests" / "thresholds.toml")
    prepared = await asyncio.to_thread(prepare, settings, tell, project=project)
    tell("asking Rasa about every held-out sentence")
    answers: list[Parsed] = []
    times: list[float] = []
    async with (
        running_rasa(prepared, out) as (url, token),
        RasaClient(url, token, patience=UNHURRIED) as client,
    ):
        for sentence in sentences:
            began = time.monotonic()
            answers.append(await client.parse(as_sent(sentence.text)))
            times.append(1000 * (time.monotonic() - began))
    tell("Rasa's own test, for the confusion picture")
    picture = await asyncio.to_thread(_rasa_test, prepared, out, tell)
    return _report(sentences, answers, median(times), least, out, picture)


def as_sent(text: str) -> str:
    """The text as Rasa is sent it: in lower case, its numbers replaced."""
    return " ".join(replace_numbers(text.lower()).text.split())


def held_out(path: Path) -> list[Sentence]:
    """The sentences of a Rasa test file, annotations taken apart. Raises NluError."""
    try:
        blocks = yaml.safe_load(path.read_text("utf-8"))["nlu"]
        sentences = [
            _sentence(line, block["intent"])
            for block in blocks
            for line in block["examples"].splitlines()
            if line.strip()
        ]
    except (OSError, yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise NluError(
            f"{path}: not a file of Rasa examples ({type(error).__name__}); "
            "write it like nlu_data/data/*.yml"
        ) from None
    if not sentences:
        raise NluError(f"{path}: holds no sentence to test on")
    return sentences


def _sentence(line: str, intent: str) -> Sentence:
    text = line.strip().removeprefix("-").strip()
    if text.startswith("[") and text.endswith(")") and "](field:" in text:
        text, _, field = text[1:-1].rpartition("](field:")
        return Sentence(text, intent, field)
    return Sentence(text, intent)


def thresholds(path: Path) -> dict[str, float]:
    """Least figures by name. Raises NluError."""
    try:
        return {name: float(value) for name, value in tomllib.loads(path.read_text()).items()}
    except (OSError, tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise NluError(f"{path}: not a table of least figures ({error})") from None


def _rasa_test(prepared: PreparedRasa, out: Path, tell: Tell) -> Path | None:
    folder = (out / "rasa").resolve()
    run_rasa(
        prepared,
        ["test", "nlu", "--model", str(prepared.model), "--nlu", "tests/nlu_test.yml",
         "--out", str(folder)],
        tell,
        "Rasa's own test cannot be run",
    )  # fmt: skip
    picture = folder / "intent_confusion_matrix.png"
    return picture if picture.exists() else None


def _report(
    sentences: Sequence[Sentence],
    answers: Sequence[Parsed],
    latency_ms: float,
    least: dict[str, float],
    out: Path,
    picture: Path | None,
) -> NluReport:
    pairs = list(zip(sentences, answers, strict=True))
    expected = [sentence.intent for sentence in sentences]
    got = [answer.intent.value for answer in answers]
    corrections = [(s, a) for s, a in pairs if s.field != _NO_FIELD]
    figures = {
        "intent_accuracy": sum(e == g for e, g in zip(expected, got, strict=True)) / len(pairs),
        "intent_weighted_f1": weighted_f1(expected, got),
        "field_accuracy": sum(_label(s) == _answered(a) for s, a in corrections)
        / max(1, len(corrections)),
    }
    mistakes = [
        Mistake(s.text, _label(s), _answered(a), a.confidence)
        for s, a in pairs
        if _label(s) != _answered(a)
    ]
    confused = Counter((m.expected, m.got) for m in mistakes).most_common(_PAIRS_SHOWN)
    report = NluReport(
        sentences=len(pairs),
        corrections=len(corrections),
        **figures,
        confused=tuple((e, g, count) for (e, g), count in confused),
        mistakes=tuple(sorted(mistakes, key=lambda mistake: -mistake.confidence)),
        latency_ms=latency_ms,
        below=tuple(
            f"{name} {figures.get(name, 0.0):.3f} is below {wanted:.3f}"
            for name, wanted in least.items()
            if figures.get(name, 0.0) < wanted
        ),
        report=out / "report.json",
        picture=picture,
    )
    out.mkdir(parents=True, exist_ok=True)
    shown = {k: str(v) if isinstance(v, Path) else v for k, v in asdict(report).items()}
    report.report.write_text(json.dumps(shown, indent=2), "utf-8")
    return report


def _label(sentence: Sentence) -> str:
    return sentence.intent if sentence.field == _NO_FIELD else f"{sentence.intent} {sentence.field}"


def _answered(answer: Parsed) -> str:
    return f"{answer.intent} {answer.field}" if answer.field else answer.intent.value


def weighted_f1(expected: Sequence[str], got: Sequence[str]) -> float:
    """F1 of each label, weighted by how often it is expected."""
    total = 0.0
    for label, count in Counter(expected).items():
        hits = sum(e == g == label for e, g in zip(expected, got, strict=True))
        total += count * 2 * hits / (count + got.count(label))
    return total / len(expected)
