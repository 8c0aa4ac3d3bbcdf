"""From what the search found to how often it is right.

The head is too sure of itself: its probability of a wrong string may be high. The map from its
probabilities to confidences is fitted on validation speech (models/numbers/calibration.json),
never on what the figures are measured with.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ModelError

VERSION = 2
"""Of the file's lines and features. One fitted for others would be believed wrongly."""

_REMEDY = (
    "get models/numbers again from the project's repository (git restore models/numbers), "
    "or fit it: python -m benchmarks.fit_confidence"
)
_LIMIT = 12.0
"""Log-odds beyond this say nothing more."""


def log_odds(probability: float) -> float:
    """log(p / (1 - p)), held within ±12."""
    if probability <= 0:
        return -_LIMIT
    if probability >= 1:
        return _LIMIT
    return max(-_LIMIT, min(_LIMIT, math.log(probability) - math.log1p(-probability)))


@dataclass(frozen=True, slots=True)
class Line:
    """Logistic regression: confidence = 1 / (1 + exp(-(bias + Σ weight · feature)))."""

    bias: float
    weights: tuple[float, ...]

    def __call__(self, *features: float) -> float:
        total = self.bias + sum(w * f for w, f in zip(self.weights, features, strict=True))
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """One line per sort of answer, with its features:

    card: log-odds of the string among all heard; among all that fit.
    digits: the same two; whether Whisper agrees (1 yes, -1 no, 0 not asked).
    as_heard: log-odds of the string, without rules.
    amount, expiry, yes_no: log-odds of the value among all heard; among all that answers the
        question; whether Whisper agrees.
    words: log-odds of the word sequence; whether Whisper agrees.
    sentence, of words with a number: log-odds of what the head heard; of Whisper's mean token
        probability; whether Whisper wrote the same number.
    text, without one: log-odds of Whisper's mean token probability.
    """

    card: Line
    digits: Line
    as_heard: Line
    amount: Line
    expiry: Line
    yes_no: Line
    words: Line
    sentence: Line
    text: Line

    @classmethod
    def read(cls, path: Path) -> Calibration:
        """Raises ModelError."""
        try:
            table = json.loads(path.read_text("utf-8"))
            if table["version"] != VERSION:
                raise ModelError(
                    f"{path} is of version {table['version']}, this bot reads {VERSION}; {_REMEDY}"
                )
            return cls(
                card=_line(table["card"], 2),
                digits=_line(table["digits"], 3),
                as_heard=_line(table["as_heard"], 1),
                amount=_line(table["amount"], 3),
                expiry=_line(table["expiry"], 3),
                yes_no=_line(table["yes_no"], 3),
                words=_line(table["words"], 2),
                sentence=_line(table["sentence"], 3),
                text=_line(table["text"], 1),
            )
        except KeyError as missing:
            raise ModelError(f"{path} is not a calibration: no {missing}; {_REMEDY}") from None
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(
                f"{path} is not a calibration ({type(error).__name__}); {_REMEDY}"
            ) from None


def _line(entry: Mapping[str, object], features: int) -> Line:
    bias, weights = entry["bias"], entry["weights"]
    if not isinstance(bias, float) or not isinstance(weights, list) or len(weights) != features:
        raise ValueError(f"a bias and {features} weights")
    return Line(bias, tuple(float(weight) for weight in weights))
