"""How values are said in English (United States), as atoms that all have recordings.

"eighty-seven dollars and fifty cents", "April twenty twenty-nine", digits and letters one by one
in groups. `ATOMS` lists every atom there is, so that a build can record and a check can count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from babel.numbers import get_currency_name, get_currency_precision

from bot.cards import BRANDS, Brand, CardNumber, Expiry, SecretDigits, rules_of
from bot.errors import CatalogueError
from bot.money import Money
from bot.prompts import Count, Digits, PromptValue, Reference
from bot.speaking.pieces import Ending, Form, Pause, Piece, atom

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = (
    "", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_DOLLARS = ("dollar", "dollars", "cent", "cents")
_CURRENCIES: Mapping[str, tuple[str, str, str, str]] = {
    **dict.fromkeys(("USD", "CAD", "AUD", "NZD", "SGD", "HKD"), _DOLLARS),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
}
"""One and many of the major unit, one and many of the minor one. Other currencies are said by
their names, with the fraction after "point"."""

_SIZES = ("hundred", "thousand", "million")
UNIT_WORDS = sorted({word for words in _CURRENCIES.values() for word in words})
LARGEST_NUMBER = 999_999_999

_ONE_GROUP = 5
"""Digits that are said without a pause."""


def word_for(number: int) -> str:
    """0 to 99 in words: 87 -> "eighty-seven"."""
    if number < 20:
        return _UNITS[number]
    tens, units = divmod(number, 10)
    return _TENS[tens] if units == 0 else f"{_TENS[tens]}-{_UNITS[units]}"


def _all_atoms() -> dict[str, str]:
    every = [
        atom("number", n, form, word_for(n)) for n in range(100) for form in (Form.MID, Form.FINAL)
    ]
    every += [_digit(str(n), form) for n in range(10) for form in Form]
    every += [_letter(letter, form) for letter in LETTERS for form in Form]
    every += [_month(month) for month in range(1, 13)]
    both = (Form.MID, Form.FINAL)
    every += [_word(word, form) for word in (*_SIZES, *UNIT_WORDS) for form in both]
    every += [_word(word, Form.MID) for word in ("and", "point")]
    every += [_brand(rules.brand, form) for rules in BRANDS for form in both]
    return {piece.id: piece.text for piece in every}


def _digit(digit: str, form: Form) -> Piece:
    return atom("digit", digit, form, _UNITS[int(digit)], Pause.DIGIT)


def _letter(letter: str, form: Form) -> Piece:
    return atom("letter", letter, form, letter, Pause.DIGIT)


def _month(month: int) -> Piece:
    return atom("month", month, Form.MID, MONTHS[month - 1])


def _word(word: str, form: Form) -> Piece:
    return atom("word", word.replace(" ", "_"), form, word)


def _brand(brand: Brand, form: Form) -> Piece:
    return atom("brand", brand.value, form, rules_of(brand).name)


ATOMS: Mapping[str, str] = _all_atoms()
"""Piece id -> what the recording says, for every atom of every value."""


def pieces_of(value: PromptValue, ending: Ending) -> list[Piece]:
    """The atoms that say a value; the last one carries the pause of the ending.

    Raises CatalogueError for a value that cannot be said (negative, too large, empty).
    """
    last = Form.FINAL if ending is Ending.FINAL else Form.MID
    if isinstance(value, Money):
        pieces = _money(value, last)
    elif isinstance(value, Count):
        pieces = _number(value.value, last)
    elif isinstance(value, Expiry):
        pieces = [_month(value.month), *_year(value.year, last)]
    elif isinstance(value, Brand):
        pieces = [_brand(value, last)]
    else:
        pieces = _one_by_one(_groups(value), Form.FINAL if ending is Ending.FINAL else Form.GROUP)
    return [*pieces[:-1], replace(pieces[-1], pause=ending.pause)]


def _number(number: int, last: Form) -> list[Piece]:
    """A whole number in words, the American way: no "and" after the hundreds."""
    if not 0 <= number <= LARGEST_NUMBER:
        raise CatalogueError(f"a number below 0 or above {LARGEST_NUMBER} cannot be said")
    pieces: list[Piece] = []
    for size, name in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
        count, number = divmod(number, size)
        if count:
            pieces += [*_number(count, Form.MID), _word(name, Form.MID)]
    if number or not pieces:
        pieces.append(atom("number", number, Form.MID, word_for(number)))
    return [*pieces[:-1], _in_form(pieces[-1], last)]


def _in_form(piece: Piece, form: Form) -> Piece:
    return replace(piece, id=f"{piece.id.rpartition('.')[0]}.{form.value}")


def _money(money: Money, last: Form) -> list[Piece]:
    if money.currency not in _CURRENCIES:
        return _money_by_name(money, last)
    one_major, majors, one_minor, minors = _CURRENCIES[money.currency]
    major, minor = divmod(money.minor_units, 10 ** get_currency_precision(money.currency))
    pieces: list[Piece] = []
    if major or not minor:
        unit = one_major if major == 1 else majors
        pieces += [*_number(major, Form.MID), _word(unit, Form.MID if minor else last)]
    if minor:
        if pieces:
            pieces.append(_word("and", Form.MID))
        unit = one_minor if minor == 1 else minors
        pieces += [*_number(minor, Form.MID), _word(unit, last)]
    return pieces


def _money_by_name(money: Money, last: Form) -> list[Piece]:
    """ "eighty-seven point five zero Swiss francs"; the name is synthesised, not recorded."""
    precision = get_currency_precision(money.currency)
    major, minor = divmod(money.minor_units, 10**precision)
    name = get_currency_name(money.currency, major if not minor else 2, locale="en_US")
    pieces = _number(major, Form.MID)
    if minor:
        pieces.append(_word("point", Form.MID))
        pieces += [_digit(digit, Form.MID) for digit in f"{minor:0{precision}d}"]
    return [*pieces, _word(name, last)]


def _year(year: int, last: Form) -> list[Piece]:
    """2029 -> twenty twenty-nine; 2009 -> two thousand nine; 2000 -> two thousand."""
    century, rest = divmod(year, 100)
    if rest < 10:
        return _number(year, last)
    return [*_number(century, Form.MID), *_number(rest, last)]


def _groups(value: Digits | Reference | CardNumber | SecretDigits) -> list[str]:
    """Characters to be said one by one, in the groups they are said in."""
    if isinstance(value, CardNumber):
        return _card_groups(value)
    if isinstance(value, SecretDigits):
        # A postal code of five digits is said in one go.
        digits = value.reveal()
        return [digits] if len(digits) <= _ONE_GROUP else _even_groups(digits)
    runs = "".join(c if c.isalnum() else " " for c in value.text.upper()).split()
    if not runs:
        raise CatalogueError("an empty reference or number cannot be said")
    return [group for run in runs for group in _even_groups(run)]


def _even_groups(run: str) -> list[str]:
    """Groups of three or four, as even as can be: 10 -> 4, 3, 3."""
    count = -(-len(run) // 4)
    size, longer = divmod(len(run), count)
    groups = []
    start = 0
    for index in range(count):
        end = start + size + (1 if index < longer else 0)
        groups.append(run[start:end])
        start = end
    return groups


def _card_groups(card: CardNumber) -> list[str]:
    digits = card.reveal()
    brand = card.brand
    lengths = rules_of(brand).printed_groups(len(digits)) if brand is not None else ()
    if not lengths:
        return [digits[i : i + 4] for i in range(0, len(digits), 4)]
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    return [digits[s : s + n] for s, n in zip(starts, lengths, strict=True)]


def _one_by_one(groups: Sequence[str], last: Form) -> list[Piece]:
    pieces: list[Piece] = []
    for number, group in enumerate(groups, start=1):
        pieces += [_character(c, Form.MID) for c in group[:-1]]
        ends_all = number == len(groups)
        piece = _character(group[-1], last if ends_all else Form.GROUP)
        pieces.append(replace(piece, pause=Pause.GROUP))
    return pieces


def _character(character: str, form: Form) -> Piece:
    digit = character.isascii() and character.isdigit()
    return _digit(character, form) if digit else _letter(character, form)
