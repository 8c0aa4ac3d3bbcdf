"""One group of a card number, asked for once more while the other digits are kept.

A card shows its number in groups (4-4-4-4, 4-6-5). When all but one of them were heard surely,
only that one is asked again. What the caller then says or keys takes its place; whether the whole
is a card number is judged anew, and nothing is repaired.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from bot.cards import SecretDigits, brand_of, is_card_number, lengths_for, rules_of
from bot.dialog.fields.machine import digits_in
from bot.expectations import Reading
from bot.prompts import Count, Prompt

_FIRST = "card_number.group_first"
_MIDDLE = "card_number.group_middle"
_INNER = ("card_number.group_second", "card_number.group_third", "card_number.group_fourth")
_LAST = "card_number.group_last"

_TELLING = 4
"""Digits by which the beginning of the number is known: one group in ten thousand has them by
chance, and people asked for one group often begin with the first."""


class AskedGroup:
    """Holds card digits, so it must be wiped.

    number: as heard, whole, the group in it. position: of the group, from 0. sizes: of the groups
    in which such a card prints its number; the group heard may be a digit longer or shorter.
    """

    def __init__(self, number: str, position: int, sizes: Sequence[int]) -> None:
        self.size = sizes[position]
        self.length = sum(sizes)
        self.tries = 1
        self._number = SecretDigits(number)
        self._first = sum(sizes[:position])
        self._end = self._first + self.size + len(number) - self.length
        self._question = _question(position, len(sizes))

    @property
    def number(self) -> str:
        """As heard, the group in it."""
        return self._number.reveal()

    def question(self) -> Prompt:
        return Prompt(self._question, {"count": Count(self.size)})

    def completed_by(self, answer: str) -> str:
        """The card number that an answer makes: the group, the group with all that follows it, the
        end of a last group that was not finished, or the whole number; empty when it makes none."""
        before, after = self._kept()
        wholes = []
        if len(answer) == self.size and not self.is_begun_anew_by(answer):
            wholes.append(before + answer + after)
        wholes.append(before + answer)
        if not after:
            wholes.append(self._number.reveal() + answer)
        right = (whole for whole in wholes if len(whole) == self.length and is_card_number(whole))
        return next(right, answer if is_card_number(answer) else "")

    def is_begun_anew_by(self, answer: str) -> bool:
        """The caller says the number from its beginning, and has not come to its end.

        Where the group is like the beginning (5555 5555 …), what is near to the group heard is it.
        """
        before, _ = self._kept()
        if not before:
            return len(answer) >= self.size + _TELLING
        heard = self._number.reveal()[self._first : self._end]
        from_the_beginning = before.startswith(answer) or answer.startswith(before)
        return len(answer) >= _TELLING and from_the_beginning and not _are_near(answer, heard)

    def wipe(self) -> None:
        self._number.wipe()

    def _kept(self) -> tuple[str, str]:
        number = self._number.reveal()
        return number[: self._first], number[self._end :]


def _are_near(one: str, other: str) -> bool:
    """They differ in one digit at most: misheard, lost or added."""
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) <= 1
    shorter, longer = sorted((one, other), key=len)
    return any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer)))


def _question(position: int, groups: int) -> str:
    if position in {0, groups - 1}:
        return _FIRST if position == 0 else _LAST
    return _MIDDLE if groups == 3 else _INNER[position - 1]


def doubtful_group(
    number: str, unsure: Reading, readings: Sequence[Reading], given: str, enough: float
) -> AskedGroup | None:
    """The group to ask again of a number that was not heard surely enough; None when all must be.

    number: whole, as `unsure` has it. readings: all of the utterance, `unsure` among them. given:
    leading digits of the number that were given before. enough: the probability from which digits
    are kept.
    """
    brand = brand_of(number)
    sizes = rules_of(brand).printed_groups(len(number)) if brand is not None else ()
    groups = list(pairwise(accumulate(sizes, initial=0)))
    if unsure.doubtful not in groups:
        return None
    first, end = unsure.doubtful
    others = {given + digits_in(reading): reading.confidence for reading in reversed(readings)}
    others.pop(number, None)
    kept = number[:first], number[end:]
    agreeing = sum(
        probability
        for other, probability in others.items()
        if (other[:first], other[end:]) == kept  # so of the same length
    )
    # Each was calibrated alone: together with the unsure one they are no more than certain.
    scale = min(1.0, (1 - unsure.confidence) / (sum(others.values()) or 1.0))
    if unsure.confidence + scale * agreeing < enough:
        return None
    return AskedGroup(number, groups.index(unsure.doubtful), sizes)


_USUAL_LENGTH = 16
"""Where a spoken number is judged even if its brand has longer ones (Visa: 13, 16, 19): a misheard
16-digit number is common, a pause inside a 19-digit one is rare."""


def judged_at(number: str) -> int:
    """The length at which a number that begins like this is judged."""
    lengths = lengths_for(number)
    return _USUAL_LENGTH if _USUAL_LENGTH in lengths else max(lengths)


def printed_groups(number: str) -> tuple[int, ...]:
    """Sizes of the groups in which cards print a number, or the beginning of one; empty when
    unknown."""
    brand = brand_of(number)
    if brand is None:
        return ()
    rules = rules_of(brand)
    sizes = rules.printed_groups(len(number)) or rules.printed_groups(judged_at(number))
    ends = accumulate(sizes)
    return tuple(size for size, end in zip(sizes, ends, strict=True) if end <= len(number))


_LIKELY = 0.5
"""A number that is more likely wrong than right is not offered: people say yes out of habit."""


def offerable(unsure: Reading, readings: Sequence[Reading], given: str, *, all_digits: bool) -> str:
    """The one card number that an utterance can have been, where a "yes" to what may be read back
    of it settles the doubt. Empty where there is none such.

    unsure, readings, given: as for `doubtful_group`. all_digits: they may be read back; else only
    the last four, so nothing but those may be in doubt.
    """
    heard = {given + digits_in(reading): reading.confidence for reading in reversed(readings)}
    fitting = [number for number in heard if is_card_number(number)]
    if len(fitting) != 1 or heard[fitting[0]] < _LIKELY:
        return ""
    (number,) = fitting
    if all_digits:
        return number
    sizes = printed_groups(number)
    last = (len(number) - sizes[-1], len(number)) if sizes and sizes[-1] <= 4 else None
    alike = all(len(o) == len(number) and o[:-4] == number[:-4] for o in heard)
    return number if last is not None and unsure.doubtful == last and alike else ""


def group_around(number: str, first: int, end: int) -> AskedGroup | None:
    """The printed group these digits of a whole number lie in; None when they are in several."""
    brand = brand_of(number)
    sizes = rules_of(brand).printed_groups(len(number)) if brand is not None else ()
    for position, (begins, ends) in enumerate(pairwise(accumulate(sizes, initial=0))):
        if begins <= first and end <= ends:
            return AskedGroup(number, position, sizes)
    return None


def odd_group(number: str, pieces: Sequence[int], length: int) -> AskedGroup | None:
    """The one group that was said with a digit too few or too many, by a caller who paused after
    each group; None when there is no such, or not all groups were said yet.

    pieces: how many digits came at once. length: of such a card's number, usually.
    """
    brand = brand_of(number)
    sizes = rules_of(brand).printed_groups(length) if brand is not None else ()
    if not sizes or len(pieces) != len(sizes):
        return None
    odd = [i for i, (said, size) in enumerate(zip(pieces, sizes, strict=True)) if said != size]
    if len(odd) != 1 or abs(pieces[odd[0]] - sizes[odd[0]]) != 1:
        return None
    return AskedGroup(number, odd[0], sizes)
