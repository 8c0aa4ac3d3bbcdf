"""What a recording says, as one JSON object: the laboratory's view of hearing.

Laboratory only: the digits heard are in the output.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.audio import SAMPLE_RATE
from bot.calls.wav import read_wav
from bot.expectations import Expectation, Hypothesis, Intent, Kind
from bot.hearing.laboratory import hear_file
from bot.hearing.recogniser import Engine
from bot.understanding.grammar import rough_words
from bot.understanding.numbers import read_amounts, read_digits, read_expiries, replace_numbers

_ANSWERS = {Intent.AFFIRM: "yes", Intent.DENY: "no", Intent.CORRECT: "no"}


def heard(
    engine: Engine, file: Path, expectation: Expectation, channel: str | None = None
) -> dict[str, Any]:
    """{"file", "seconds", "hypotheses": [{"text", value, "confidence"}]}, best hypothesis first.

    value: "digits" for digits and card, "amount" ("87.50"), "expiry" ("04/29") or "answer" ("yes"
    or "no"); null where the words hold none; no such key for an open question.
    Raises AudioError.
    """
    samples = read_wav(file, channel)
    return {
        "file": str(file),
        "seconds": round(len(samples) / SAMPLE_RATE, 3),
        "hypotheses": [
            {
                "text": hypothesis.said.reveal(),
                **_value(hypothesis, expectation),
                "confidence": round(hypothesis.confidence, 4),
            }
            for hypothesis in hear_file(engine, samples, expectation)
        ],
    }


_NAMES = {
    Kind.DIGITS: "digits",
    Kind.CARD: "digits",
    Kind.AMOUNT: "amount",
    Kind.EXPIRY: "expiry",
    Kind.YES_NO: "answer",
}


def _value(hypothesis: Hypothesis, expectation: Expectation) -> dict[str, str | None]:
    name = _NAMES.get(expectation.kind)
    return {} if name is None else {name: value_of(hypothesis, expectation)}


def value_of(hypothesis: Hypothesis, expectation: Expectation) -> str | None:
    """What the words answer, written as `heard` tells; the words themselves for an open question;
    None where they hold no answer. May be card data."""
    match expectation.kind:
        case Kind.DIGITS | Kind.CARD:
            return _digits(hypothesis, expectation)
        case Kind.AMOUNT:
            amounts = read_amounts(hypothesis.said.reveal())
            return f"{amounts[0].minor_units / 100:.2f}" if amounts else None
        case Kind.EXPIRY:
            whole = [e for e in read_expiries(hypothesis.said.reveal()) if e.month and e.year]
            return f"{whole[0].month:02d}/{whole[0].year % 100:02d}" if whole else None  # type: ignore[operator]
        case Kind.YES_NO:
            return _yes_or_no(hypothesis.said.reveal())
        case Kind.OPEN:
            return hypothesis.said.reveal()


def _yes_or_no(text: str) -> str | None:
    """By grammar alone; a correction ("no, the expiry …") says no."""
    understood = rough_words(replace_numbers(text).text)
    return None if understood is None else _ANSWERS.get(understood.intent)


def _digits(hypothesis: Hypothesis, expectation: Expectation) -> str | None:
    if hypothesis.digits is not None:
        return hypothesis.digits.reveal()
    readings = read_digits(hypothesis.said.reveal(), expectation.lengths)
    return readings[0].digits if readings else None
