"""Which group of a card number is the least certain, so that only that one need be asked again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import accumulate, pairwise, takewhile

from bot.cards import brand_of, rules_of


def doubtful_group(
    number: str, alternatives: Mapping[str, float], given: int = 0
) -> tuple[int, int] | None:
    """Indices of the first digit and after the last of the group most probability speaks against.

    number: whole. alternatives: what may have been said instead, whole too, of any length, with
    probabilities. given: leading digits that were not said now and are in no doubt here.

    None when nothing speaks against any group, or the number has none a card would show.
    """
    groups = [group for group in groups_of(number) if group[1] > given]
    against = dict.fromkeys(groups, 0.0)
    for other, probability in alternatives.items():
        contested = _contested(number, other)
        for first, end in groups:
            if any(first <= index < end for index in contested):
                against[first, end] += probability
    worst = max(groups, key=lambda group: against[group], default=None)
    return worst if worst is not None and against[worst] > 0 else None


def groups_of(number: str) -> list[tuple[int, int]]:
    """As the brand's cards print them; empty for what no card of a known brand shows."""
    brand = brand_of(number)
    if brand is None:
        return []
    sizes = rules_of(brand).printed_groups(len(number))
    return list(pairwise(accumulate(sizes, initial=0)))


def _contested(number: str, other: str) -> Collection[int]:
    """Indices of the digits that the other has otherwise, lacks, or has another one beside.

    A digit lost within a run of the same ones ("one one one") may be any of them: all are.
    """
    if len(number) == len(other):
        return [i for i, (mine, its) in enumerate(zip(number, other, strict=True)) if mine != its]
    before = _alike(number, other)
    behind = len(number) - _alike(number[::-1], other[::-1])
    if before < behind:
        return range(before, behind)
    if before > behind and len(other) > len(number):
        return range(behind, before)
    # A digit is lost within a run of the same, or added between two that differ.
    return range(max(0, behind - 1), before + 1)


def _alike(one: str, other: str) -> int:
    """How many characters they begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
