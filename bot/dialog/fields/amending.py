"""Digits with a part of them put right: which digits a caller points at, and what then stands.

Nothing is guessed: a place that is none in this number, or a contrast that could be meant in two
places, changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from bot.changes import Change, Part, Place, Unit

Layout = Sequence[int]
"""Sizes of the groups of a number, as they were said or as cards print them."""


@dataclass(frozen=True, slots=True)
class Amended:
    """first, end: of the part, in the digits as they were. digits: as they are to be; None when
    the part is known to be wrong, and not what it should be."""

    first: int
    end: int
    digits: str | None = field(repr=False)


def amended(
    changes: Sequence[Change], digits: str, layouts: Sequence[Layout] = (), heard_from: int = 0
) -> Amended | None:
    """What all of the changes make of these digits, with the part last changed; None where one of
    them means nothing in them.

    layouts: the ways to count groups, the likeliest first. heard_from: where no place is told, only
    digits from this index on can be meant, for only they were read back.
    """
    done: Amended | None = None
    now = digits
    for change in changes:
        start = heard_from if change.place is None else 0
        done = _one(change, now[start:], layouts if not start else ())
        if done is None:
            return None
        new = now[:start] + done.digits if done.digits is not None else None
        done = Amended(done.first + start, done.end + start, new)
        if new is None:
            return done
        now = new
    return done


def _one(change: Change, digits: str, layouts: Sequence[Layout]) -> Amended | None:
    new, old = _digits(change.new), _digits(change.old)
    if change.place is None:
        span = _only_place_of(old, digits, layouts) if len(new) == len(old) else None
    else:
        span = place_in(change.place, digits, layouts, said=len(new))
    if span is None:
        return None
    first, end = span
    # One group may have been heard with a digit too few or too many. But a place that was counted
    # in digits has as many of them; and where the caller tells of other digits than are there, the
    # two of us do not talk of the same thing.
    counted = change.place is None or change.place.unit is Unit.DIGITS
    if not new or (counted and len(new) != end - first) or (old and digits[first:end] != old):
        return Amended(first, end, None)
    return Amended(first, end, digits[:first] + new + digits[end:])


def place_in(
    place: Place, digits: str, layouts: Sequence[Layout], said: int = 0
) -> tuple[int, int] | None:
    """Index of the first digit and after the last; None where the number has no such place.

    said: how many digits were said for it; of two ways to count the groups, the first with such a
    group is meant, where a digit may have been lost or added.
    """
    if place.unit is Unit.GROUP:
        spans = [span for sizes in layouts if (span := _group(place.nth, sizes)) is not None]
        as_said = (span for span in spans if abs(span[1] - span[0] - said) <= 1)
        return next(as_said, spans[0] if spans else None)
    if place.unit is not Unit.DIGITS:
        return None
    count = place.count or said
    if not count:
        return None
    if place.nth is None:
        return _middle(count, digits, layouts)
    first = place.nth * count + (len(digits) if place.nth < 0 else 0)
    return (first, first + count) if 0 <= first <= len(digits) - count else None


def _group(nth: int | None, sizes: Layout) -> tuple[int, int] | None:
    groups = list(pairwise(accumulate(sizes, initial=0)))
    if nth is None:
        return groups[len(groups) // 2] if len(groups) % 2 else None
    return groups[nth] if -len(groups) <= nth < len(groups) else None


def _middle(count: int, digits: str, layouts: Sequence[Layout]) -> tuple[int, int] | None:
    for sizes in layouts:
        span = _group(None, sizes)
        if span is not None and span[1] - span[0] == count:
            return span
    first, rest = divmod(len(digits) - count, 2)
    return (first, first + count) if not rest and first >= 0 else None


def _only_place_of(old: str, digits: str, layouts: Sequence[Layout]) -> tuple[int, int] | None:
    """Where the denied digits are: the one group that is just them, or the only place of all."""
    if not old:
        return None
    size = len(old)
    groups = {
        span
        for sizes in layouts
        for span in pairwise(accumulate(sizes, initial=0))
        if digits[span[0] : span[1]] == old
    }
    if len(groups) == 1:
        return groups.pop()
    anywhere = [i for i in range(len(digits) - size + 1) if digits[i : i + size] == old]
    return (anywhere[0], anywhere[0] + size) if len(anywhere) == 1 else None


def _digits(part: Part | None) -> str:
    return part.digits.reveal() if part is not None and part.digits is not None else ""
