"""Several corrections in one breath: "the expiry is … and the zip is …", cut where one ends.

Cut by code, in the masked text: each clause names a field of its own, and keeps its numbers. What
the whole sentence wants is left to Rasa.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.changes import Change, Unit
from bot.expectations import Field
from bot.understanding.grammar import named_field
from bot.understanding.numbers import Replaced

_CUT = re.compile(r"[,;.]*\s+(?:and also|and|as well as|plus|also|but)\s+|[,;.]+\s+", re.IGNORECASE)

_ALL_RIGHT = re.compile(
    r"\b(?:is|are|was|were|'s|looks?|sounds?)(?: \w+)? (?:right|fine|correct|okay|ok|good)\b"
)
_DENIED = re.compile(r"^\W*(?:no|nope|nah)\b")
"""Speech has no commas: "no the amount is right but …" denies what was read back, not that."""

_NOT = re.compile(r"\b(?:not|no|never)\b|n't\b")

_PLACEHOLDER = re.compile(r"<\w+>")


@dataclass(frozen=True, slots=True)
class Clause:
    """text: as said. masked: as it may be shown. about: the field it names."""

    text: str = field(repr=False)
    masked: str
    about: Field


def clauses(replaced: Replaced) -> tuple[Clause, ...]:
    """What is to be put right, one clause for each field, in the order named. Empty where no more
    than one field is named; what is named only to say that it is right is left out."""
    numbers = iter(replaced.found)
    found: list[tuple[str, str, Field | None]] = []
    all_right = 0
    for masked in _CUT.split(replaced.text):
        text = _PLACEHOLDER.sub(
            lambda match: number.words if (number := next(numbers, None)) else match.group(), masked
        )
        about = named_field(masked.lower())
        if about and _is_all_right(masked.lower()):
            all_right += 1
        else:
            found.append((text, masked, about))
    joined = _joined(found)
    is_each_once = len({clause.about for clause in joined}) == len(joined)
    return joined if len(joined) + all_right > 1 and is_each_once else ()


def _is_all_right(masked: str) -> bool:
    said = _DENIED.sub("", masked)
    return bool(_ALL_RIGHT.search(said)) and not _NOT.search(said)


def _joined(found: Sequence[tuple[str, str, Field | None]]) -> tuple[Clause, ...]:
    """What names no field, or the same one again, belongs to the clause before it; at the very
    beginning ("no that's wrong, the zip …") to the first that names one."""
    joined: list[Clause] = []
    before: tuple[str, str] = ("", "")
    for text, masked, about in found:
        if joined and about in (None, joined[-1].about):
            last = joined.pop()
            joined.append(Clause(f"{last.text}, {text}", f"{last.masked}, {masked}", last.about))
        elif about is None:
            before = (f"{before[0]}{text}, ", f"{before[1]}{masked}, ")
        else:
            joined.append(Clause(before[0] + text, before[1] + masked, about))
            before = ("", "")
    return tuple(joined)


def changed_field(masked: str, changes: Sequence[Change]) -> Field | None:
    """The field that a change is about by the words around it; None where they do not tell."""
    units = {change.place.unit for change in changes if change.place is not None}
    if units & {Unit.MONTH, Unit.YEAR}:
        return Field.EXPIRY
    if Unit.GROUP in units:
        return Field.CARD_NUMBER
    named = named_field(masked.lower())
    return None if named in (Field.CARD, Field.EVERYTHING) else named
