"""Card data as types that mask themselves, and what is known of card brands.

Law 6: `CardNumber` and `SecurityCode` refuse to be printed, formatted, copied, pickled or turned
into JSON with their digits in; the digits leave only through `reveal()`, which is called in two
places: the gateway adapter, and the read-back where the policy allows groups.

Sources: ISO/IEC 7812-1 (number structure, check digit), the brands' published IIN ranges,
PCI DSS 4.0.1 3.3.1 (security code never kept) and 3.4.1 (masking when displayed).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, final

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


class _Secret:
    """Digits that live in memory only, and there as few times as Python allows.

    Held in a bytearray, so that `wipe()` overwrites them in place. Immutable text made by
    `reveal()` is beyond our reach once made: call it late and hold it briefly.
    """

    __slots__ = ("_digits",)
    _digits: bytearray

    def __init__(self, digits: str) -> None:
        if not (digits.isascii() and digits.isdigit()):
            raise ValueError(f"{type(self).__name__} takes digits only ({len(digits)} characters)")
        self._digits = bytearray(digits, "ascii")

    def reveal(self) -> str:
        """The digits. Raises ValueError once wiped."""
        if not self._digits:
            raise ValueError(f"{type(self).__name__} was wiped")
        return self._digits.decode("ascii")

    def wipe(self) -> None:
        """Overwrite the digits; afterwards `reveal` raises and the length is 0."""
        for i in range(len(self._digits)):
            self._digits[i] = 0
        self._digits.clear()

    def __len__(self) -> int:
        return len(self._digits)

    @property
    def masked(self) -> str:
        return "*" * len(self._digits)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked})"

    def __str__(self) -> str:
        return self.masked

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Secret) and self._digits == other._digits

    def __hash__(self) -> int:
        return id(type(self))  # equal secrets must hash alike; a digit-derived hash would leak

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} does not leave memory")

    def __iter__(self) -> Iterator[NoReturn]:
        self._refuse()

    __reduce__ = __reduce_ex__ = __copy__ = __getstate__ = _refuse

    def __deepcopy__(self, memo: object) -> NoReturn:
        self._refuse()


@final
class CardNumber(_Secret):
    """A primary account number, whole or being gathered."""

    __slots__ = ()

    @property
    def brand(self) -> Brand | None:
        return brand_of(self._digits.decode("ascii"))

    @property
    def is_valid(self) -> bool:
        return is_card_number(self._digits.decode("ascii"))

    @property
    def last_four(self) -> str:
        """The last four digits of a whole number; empty when there are fewer than 12 in all."""
        return self._digits[-4:].decode("ascii") if len(self._digits) >= 12 else ""

    @property
    def masked(self) -> str:
        return "*" * (len(self._digits) - len(self.last_four)) + self.last_four


@final
class SecurityCode(_Secret):
    """A card verification value; shows nothing, not even a last digit."""

    __slots__ = ()


@final
class SecretDigits(_Secret):
    """Digits of which it is not yet known whether they belong to a card."""

    __slots__ = ()


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
