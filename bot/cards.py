"""Card data as types that mask themselves, and what is known of card brands.

Law 6: `CardNumber` and `SecurityCode` refuse to be printed, formatted, copied, pickled or turned
into JSON with their digits in. What still holds them when they are revealed, and for how long, is
told in ARCHITECTURE.md, "Where card data lives".

Sources: ISO/IEC 7812-1 (number structure, check digit), the brands' published IIN ranges,
PCI DSS 4.0.1 3.3.1 (security code never kept) and 3.4.1 (masking when displayed).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, Self, final

from stdnum import luhn


class Brand(StrEnum):
    VISA = "visa"
    MASTERCARD = "mastercard"
    AMERICAN_EXPRESS = "american_express"
    DISCOVER = "discover"
    DINERS_CLUB = "diners_club"
    JCB = "jcb"
    MAESTRO = "maestro"
    UNIONPAY = "unionpay"


@dataclass(frozen=True, slots=True)
class BrandRules:
    """What one brand's numbers look like, and what it asks for besides the number.

    iin_ranges: inclusive ranges of leading digits, both ends of equal length.
    lengths: allowed counts of digits.
    security_code_length: digits of its code.
    groups: how its cards print the digits, one entry for each length; see `printed_groups`.
    luhn: whether the check digit is binding (UnionPay issues some cards without).
    """

    brand: Brand
    name: str
    iin_ranges: tuple[tuple[str, str], ...]
    lengths: tuple[int, ...]
    security_code_length: int
    groups: tuple[tuple[int, ...], ...]
    luhn: bool = True

    @property
    def usual_length(self) -> int:
        """Of most of its cards."""
        return sum(self.groups[0])

    def printed_groups(self, length: int) -> tuple[int, ...]:
        """Sizes of the groups in which a number of this length is printed; empty when unknown."""
        return next((sizes for sizes in self.groups if sum(sizes) == length), ())


BRANDS: tuple[BrandRules, ...] = (
    BrandRules(
        Brand.AMERICAN_EXPRESS, "American Express", (("34", "34"), ("37", "37")),
        (15,), 4, ((4, 6, 5),),
    ),
    BrandRules(
        Brand.DINERS_CLUB, "Diners Club",
        (("300", "305"), ("3095", "3095"), ("36", "36"), ("38", "39")),
        (14, 16, 19), 3, ((4, 6, 4), (4, 4, 4, 4), (4, 4, 4, 4, 3)),
    ),
    BrandRules(Brand.JCB, "JCB", (("3528", "3589"),), (16, 17, 18, 19), 3, ((4, 4, 4, 4),)),
    BrandRules(
        Brand.DISCOVER, "Discover",
        (("6011", "6011"), ("644", "649"), ("65", "65")),
        (16, 17, 18, 19), 3, ((4, 4, 4, 4),),
    ),
    BrandRules(
        Brand.UNIONPAY, "UnionPay", (("62", "62"), ("81", "81")),
        (16, 17, 18, 19), 3, ((4, 4, 4, 4), (6, 13)), luhn=False,
    ),
    BrandRules(
        Brand.MASTERCARD, "Mastercard", (("51", "55"), ("2221", "2720")), (16,), 3, ((4, 4, 4, 4),)
    ),
    BrandRules(
        Brand.MAESTRO, "Maestro",
        (("5018", "5018"), ("5020", "5020"), ("5038", "5038"), ("5893", "5893"),
         ("6304", "6304"), ("6759", "6759"), ("6761", "6763")),
        (12, 13, 14, 15, 16, 17, 18, 19), 3, ((4, 4, 4, 4), (4, 4, 5), (4, 6, 5), (4, 4, 4, 4, 3)),
    ),
    BrandRules(Brand.VISA, "Visa", (("4", "4"),), (13, 16, 19), 3, ((4, 4, 4, 4), (4, 4, 4, 4, 3))),
)  # fmt: skip

_RULES = {rules.brand: rules for rules in BRANDS}
_TELLING = 5
"""So many digits in a row are more of a card than the last four, which may be shown."""
_LONGEST_IIN = max(len(low) for rules in BRANDS for low, _ in rules.iin_ranges)


def rules_of(brand: Brand) -> BrandRules:
    return _RULES[brand]


def brand_of(digits: str) -> Brand | None:
    """The brand whose IIN range the leading digits fall in; None while that is not decided.

    Needs as many digits as the range is long, so it may be asked while a number is being given.
    """
    for rules in BRANDS:
        for low, high in rules.iin_ranges:
            if len(digits) >= len(low) and low <= digits[: len(low)] <= high:
                return rules.brand
    return None


def lengths_for(digits: str) -> tuple[int, ...]:
    """Lengths a number that starts like this may still have; every known length when undecided."""
    brand = brand_of(digits)
    if brand is not None:
        return rules_of(brand).lengths
    return tuple(sorted({length for rules in BRANDS for length in rules.lengths}))


def is_card_number(digits: str) -> bool:
    """Known IIN range, a length of its brand, and the check digit where the brand has one."""
    brand = brand_of(digits)
    if brand is None:
        return False
    rules = rules_of(brand)
    return len(digits) in rules.lengths and (not rules.luhn or bool(luhn.is_valid(digits)))


_PAD = secrets.token_bytes(64)
"""Secrets lie under it, so that what looks into objects (a debugger's dump, a walk over slots) or
into memory (a core dump) meets digits only where they were revealed. It hides, it does not encrypt:
who has all of the memory has the pad too."""


class _Secret:
    """Text that lives in memory only, and there as few times as Python allows.

    Held under `_PAD` in a bytearray, which `wipe()` overwrites in place; the last reference gone
    does the same. Immutable text made by `reveal()` is beyond our reach once made: call it late and
    hold it briefly, or take `reveal_bytes()` and overwrite it.
    """

    __slots__ = ("_padded",)
    _padded: bytearray

    def __init__(self, text: str) -> None:
        self._padded = _under_pad(text.encode("utf-8"))

    def __del__(self) -> None:
        overwrite(self._padded)

    def reveal(self) -> str:
        """Raises ValueError once wiped."""
        if not self._padded:
            raise ValueError(f"{type(self).__name__} was wiped")
        return self._part(0, len(self))

    def reveal_bytes(self) -> bytearray:
        """In UTF-8, for the caller to overwrite. Raises ValueError once wiped."""
        if not self._padded:
            raise ValueError(f"{type(self).__name__} was wiped")
        return _under_pad(self._padded)

    def _part(self, start: int, end: int) -> str:
        """Some of it: what need not be revealed is not."""
        plain = _under_pad(self._padded)
        part = plain[start:end]
        text = part.decode("utf-8")
        overwrite(plain)
        overwrite(part)
        return text

    def duplicate(self) -> Self:
        """Another that is wiped on its own. Copying is refused because a copy is easily made
        unawares; this is not. Raises ValueError once wiped."""
        if not self._padded:
            raise ValueError(f"{type(self).__name__} was wiped")
        other = object.__new__(type(self))
        other._padded = bytearray(self._padded)
        return other

    def wipe(self) -> None:
        """Overwrite it; afterwards `reveal` raises and the length is 0."""
        overwrite(self._padded)
        self._padded.clear()

    def __len__(self) -> int:
        return len(self._padded)

    @property
    def masked(self) -> str:
        return "*" * len(self._padded)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked})"

    def __str__(self) -> str:
        return self.masked

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Secret) and self._padded == other._padded

    def __hash__(self) -> int:
        return id(type(self))  # equal secrets must hash alike; a digit-derived hash would leak

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} does not leave memory")

    def __iter__(self) -> Iterator[NoReturn]:
        self._refuse()

    __reduce__ = __reduce_ex__ = __copy__ = __getstate__ = __bytes__ = _refuse

    def __deepcopy__(self, memo: object) -> NoReturn:
        self._refuse()


class _Digits(_Secret):
    __slots__ = ()

    def __init__(self, digits: str) -> None:
        self._padded = bytearray()
        if not (digits.isascii() and digits.isdigit()):
            length = len(digits)
            del digits  # a traceback may be shown with the values of local variables
            raise ValueError(f"{type(self).__name__} takes digits only ({length} characters)")
        super().__init__(digits)


def overwrite(held: bytearray) -> None:
    """Zeros in place, so that what is freed afterwards holds nothing."""
    held[:] = bytes(len(held))


def _under_pad(held: bytes | bytearray) -> bytearray:
    """Under the pad, or from under it. Of its full size at once: what grows leaves copies."""
    padded = bytearray(len(held))
    for place, byte in enumerate(held):
        padded[place] = byte ^ _PAD[place % len(_PAD)]
    return padded


@final
class CardNumber(_Digits):
    """A primary account number, whole or being gathered."""

    __slots__ = ()

    @property
    def brand(self) -> Brand | None:
        return brand_of(self._part(0, _LONGEST_IIN))

    @property
    def is_valid(self) -> bool:
        return is_card_number(self._part(0, len(self)))

    @property
    def last_four(self) -> str:
        """The last four digits of a whole number; empty when there are fewer than 12 in all."""
        return self._part(len(self) - 4, len(self)) if len(self) >= 12 else ""

    @property
    def masked(self) -> str:
        return "*" * (len(self) - len(self.last_four)) + self.last_four

    def is_in(self, text: str) -> bool:
        """Whether five or more of its digits in a row stand among the text's digits, whatever
        stands between these. Never once wiped."""
        digits = "".join(char for char in text if char in "0123456789")
        starts = range(len(self) - _TELLING + 1)
        return any(self._part(start, start + _TELLING) in digits for start in starts)


@final
class SecurityCode(_Digits):
    """A card verification value; shows nothing, not even a last digit."""

    __slots__ = ()


@final
class SecretDigits(_Digits):
    """Digits of which it is not yet known whether they belong to a card."""

    __slots__ = ()


@final
class SecretText(_Secret):
    """What a caller said, in words: among them may be a card's digits."""

    __slots__ = ()

    def reveal(self) -> str:
        """Empty once wiped: nothing was said is what is then left of it."""
        return self._part(0, len(self))


@dataclass(frozen=True, slots=True)
class Expiry:
    """Month (1-12) and four-digit year in which a card ends; valid through the month's last day."""

    month: int
    year: int

    def __post_init__(self) -> None:
        if not 1 <= self.month <= 12:
            raise ValueError(f"month {self.month} is not 1 to 12")
        if not 2000 <= self.year <= 2099:
            raise ValueError(f"year {self.year} is not 2000 to 2099")

    def __str__(self) -> str:
        """MM/YY, as on the card."""
        return f"{self.month:02d}/{self.year % 100:02d}"

    def is_past(self, today_month: int, today_year: int) -> bool:
        return (self.year, self.month) < (today_year, today_month)
