"""Which digit strings would complete an answer, as automata the search can walk.

A rule reads digits one at a time. Every prefix it has read is one of finitely many states; the
table says where a digit leads. State 0 is the trap: nothing that fits starts like this.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bot.cards import BRANDS, Brand, brand_of, rules_of

_State = TypeVar("_State", bound=Hashable)

TRAP = 0
START = 1


@dataclass(frozen=True, slots=True, eq=False)
class DigitRule:
    """next: shape (states, 10), the state after each digit. accepting: shape (states,)."""

    next: NDArray[np.int32]
    accepting: NDArray[np.bool_]

    def after(self, digits: str, state: int = START) -> int:
        for digit in digits:
            state = int(self.next[state, int(digit)])
        return state

    def accepts(self, digits: str) -> bool:
        return bool(self.accepting[self.after(digits)])


@lru_cache(maxsize=64)
def counted(lengths: tuple[int, ...]) -> DigitRule:
    """Any digits, of one of these counts."""
    longest = max(lengths)

    def step(count: int, digit: int) -> int | None:
        return count + 1 if count < longest else None

    return _tabulate(0, step, lambda count: count in lengths)


@dataclass(frozen=True, slots=True)
class _CardPrefix:
    """kind: the brand once the IIN decides it, the digits themselves before."""

    kind: Brand | str
    count: int
    luhn_sum: int


@lru_cache(maxsize=64)
def card_numbers(lengths: tuple[int, ...], odd: bool) -> DigitRule:
    """Card numbers by IIN range, length of the brand and check digit (ISO/IEC 7812-1).

    lengths: only these; empty: all their brand allows. odd: of odd or of even length, for the
    check sum doubles every second digit counted from the right.
    """

    def fitting(brand: Brand) -> list[int]:
        allowed = rules_of(brand).lengths
        return [n for n in allowed if n % 2 == odd and (not lengths or n in lengths)]

    def step(prefix: _CardPrefix, digit: int) -> _CardPrefix | None:
        kind = prefix.kind
        if not isinstance(kind, Brand):  # a Brand is a str as well
            kind = _narrow(kind + str(digit))
            if not kind:
                return None
        if isinstance(kind, Brand):
            longest = max(fitting(kind), default=0)
            if prefix.count + 1 > longest:
                return None
            if not rules_of(kind).luhn:
                return _CardPrefix(kind, prefix.count + 1, 0)
        doubled = (odd + prefix.count) % 2 == 0
        value = digit * 2 - 9 * (digit > 4) if doubled else digit
        return _CardPrefix(kind, prefix.count + 1, (prefix.luhn_sum + value) % 10)

    def complete(prefix: _CardPrefix) -> bool:
        kind = prefix.kind
        return isinstance(kind, Brand) and prefix.count in fitting(kind) and prefix.luhn_sum == 0

    return _tabulate(_CardPrefix("", 0, 0), step, complete)


def _narrow(digits: str) -> Brand | str:
    """The brand, or the digits while some range may still take them, or an empty string."""
    brand = brand_of(digits)
    if brand is not None:
        return brand
    size = len(digits)
    open_ranges = any(
        low[:size] <= digits <= high[:size]
        for rules in BRANDS
        for low, high in rules.iin_ranges
        if len(low) > size
    )
    return digits if open_ranges else ""


def _tabulate(
    start: _State,
    step: Callable[[_State, int], _State | None],
    accepts: Callable[[_State], bool],
) -> DigitRule:
    """Number every state that can be reached."""
    numbers: dict[_State, int] = {start: START}
    order = [start]
    rows = [[TRAP] * 10]
    for state in order:
        row = []
        for digit in range(10):
            after = step(state, digit)
            if after is None:
                row.append(TRAP)
                continue
            if after not in numbers:
                numbers[after] = START + len(order)
                order.append(after)
            row.append(numbers[after])
        rows.append(row)
    return DigitRule(
        np.array(rows, dtype=np.int32), np.array([False, *map(accepts, order)], dtype=np.bool_)
    )
