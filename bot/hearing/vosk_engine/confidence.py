"""From Vosk's shares to probabilities on the scale of the embedded engine's.

Vosk tells log-likelihoods of alternatives. Their softmax, the share, is not how often the
likeliest is right: what is in none of the alternatives has no part in it. A logistic line maps
the log-odds of the share, as the embedded engine's calibration does.

These lines are a caution, not a calibration: a line belongs to a model and a language, the models
for English cannot be had where this was built, and the Korean one, hearing single rendered
digits, was wrong in 11 of 17 answers with a share above 0.9. So half the weight is taken off; a
share above 0.98 says no more than that; and a card number that fits gains what its rule excludes
(nine of ten wrong ones, by the check sum alone). `bench hearing` shows on recordings of one's own
whether they accept what is wrong.
"""

from __future__ import annotations

from bot.expectations import Kind
from bot.hearing.numbers.confidence import Line, log_odds

_LARGEST_SHARE = 0.98
"""A lone alternative has a share of 1 and may yet be wrong."""

_CARD = Line(1.5, (0.5,))
_DIGITS = Line(0.0, (0.5,))
_NOT_FITTING = Line(-0.5, (0.5,))
_WORDS = Line(0.0, (0.5,))


def confidence(share: float, kind: Kind, fits: bool) -> float:
    """share: of the likelihood of all alternatives, 0 to 1. fits: length, and for cards IIN and
    check sum, hold; of no meaning where words answer."""
    return _line(kind, fits)(log_odds(min(share, _LARGEST_SHARE)))


def _line(kind: Kind, fits: bool) -> Line:
    if kind not in {Kind.CARD, Kind.DIGITS}:
        return _WORDS
    if not fits:
        return _NOT_FITTING
    return _CARD if kind is Kind.CARD else _DIGITS
