"""Digit strings as people say them: which word adds which digits.

"forty one, double five, oh" is 41550. The same rules serve twice: to spell what was heard
(`spell`), and inside the search for a number that fits (`search`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto

UNITS = {
    "zero": 0, "oh": 0, "nought": 0, "one": 1, "two": 2, "three": 3, "four": 4,
    "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
REPEATS = {"double": 2, "triple": 3}
IGNORED = frozenset({"and", "area", "code", "dash", "of", "slash", "point"})
"""Words between digits that add none; the head's filler is ignored as well."""
REPAIRS = frozenset({"no", "sorry", "wait", "wrong"})
"""Between digits they take back what was said before them ("four one, sorry, four two")."""
ASIDES = frozenset({"sorry", "wait", "wrong", "correct", "back"})
"""Before all digits or after them they are talk; between them they may be a repair."""


class Pending(Enum):
    """What the next word must or may complete."""

    NOTHING = auto()
    DOUBLE = auto()
    TRIPLE = auto()
    UNIT = auto()  # after "forty": "one" makes 41, anything else leaves 40


def spell(words: Iterable[str], filler: str = "<f>") -> str | None:
    """The digits the words say, or None when they say something else too or end half-way.

    "hundred" and "thousand" close a group, as in a card number read in groups: "four thousand"
    4000, "four thousand one hundred" 4100, "forty one hundred" 4100, "four hundred twelve" 412,
    "four hundred and six" 406.
    """
    left = _without_asides(words)
    digits = ""
    while left:
        if left[0] in IGNORED or left[0] == filler:
            left = left[1:]
            continue
        group, used = _group(left)
        if not used:
            return None
        digits, left = digits + group, left[used:]
    return digits


def _without_asides(words: Iterable[str]) -> list[str]:
    """Without the talk before the first word that may be a digit, and after the last."""
    left = list(words)
    places = [at for at, word in enumerate(left) if word in UNITS or word in TEENS or word in TENS]
    if not places:
        return left
    first, last = places[0], places[-1]
    return [word for at, word in enumerate(left) if first < at < last or word not in ASIDES]


def _group(words: Sequence[str]) -> tuple[str, int]:
    """The digits of the first words that belong together, and how many words; 0 for none."""
    if words[0] in REPEATS and len(words) > 1 and words[1] in UNITS:
        return str(UNITS[words[1]]) * REPEATS[words[0]], 2
    small, used = _below_hundred(words)
    if not used:
        return "", 0
    match list(words[used : used + 3]):
        case ["hundred", *after]:
            linked = after[:1] == ["and"]
            rest, more = _below_hundred(words[used + 1 + linked :])
            rest = rest.zfill(2) if linked else rest
            if len(rest) != 2 or not more:  # the hundred stands alone
                rest, more, linked = "00", 0, False
            return small + rest, used + 1 + linked + more
        case ["thousand", unit, "hundred"] if UNITS.get(unit):
            return small + str(UNITS[unit]) + "00", used + 3
        case ["thousand", *_]:
            return small + "000", used + 1
    return small, used


def _below_hundred(words: Sequence[str]) -> tuple[str, int]:
    """ "seven" 7, "twelve" 12, "forty" 40, "forty one" 41; and how many words."""
    if not words:
        return "", 0
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first in UNITS:
        return str(UNITS[first]), 1
    if first in TEENS:
        return str(TEENS[first]), 1
    if first in TENS and UNITS.get(second):
        return str(TENS[first] + UNITS[second]), 2
    if first in TENS:
        return str(TENS[first]), 1
    return "", 0
