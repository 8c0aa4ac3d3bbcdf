"""A part of a value put right: "the second group is …", "the last four are …", "nine, not five".

Understanding finds such changes in what was said, by code alone; the dialog knows what there is to
change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.cards import SecretDigits
from bot.money import Money


class Unit(StrEnum):
    """What a place is counted in."""

    DIGITS = "digits"
    GROUP = "group"
    """Of a card number, as the caller read it or as cards print it."""
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of a value is meant.

    nth: from 0, or from the end with -1; None: the one in the middle. Digits are counted in parts
    of `count`: "the second four" is the second part of four digits.
    count: how many digits; 0: a whole group, or as many digits as are said ("it ends in …").
    """

    unit: Unit
    nth: int | None = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """What was said for a part, in each way that its words can be read; None where in none.

    month: 1 to 12. year: four digits.
    """

    digits: SecretDigits | None = None
    amount: Money | None = field(default=None, repr=False)
    month: int | None = field(default=None, repr=False)
    year: int | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """One part, what it should be and what it is not; None where that was not said.

    place: None where only the contrast tells what is meant ("nine, not five").
    """

    place: Place | None = None
    new: Part | None = None
    old: Part | None = None
