"""Amounts of money in words and as recognisers print them.

A grammar over tokens: what can begin at a token, where it ends, and how likely it is meant. All
values are minor units of a currency with two decimals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.understanding.number_cardinals import Cardinal, below_hundred, cardinals
from bot.understanding.number_digits import digit_paths, digits_end
from bot.understanding.number_tokens import Tokens, remembered
from bot.understanding.number_words import Kind


@dataclass(frozen=True)
class AmountFound:
    """An amount that begins at some token. end: the index after its last token.

    cost: 0 natural, more is less likely. marked: a money word, a sign or a decimal point says that
    it is money. head, tail_unit: where the amount ends in a number below a hundred with more
    before it, what stands before (minor units), and what one of the tail is worth: 1 for cents,
    100 for dollars. A correction may say just the tail again ("eighty seven fifty, no, sixty").
    """

    minor_units: int = field(repr=False)
    end: int
    cost: float
    reason: str
    currency: str = ""
    marked: bool = False
    head: int | None = field(default=None, repr=False)
    tail_unit: int = 1


@remembered
def amounts_at(tokens: Tokens, i: int) -> list[AmountFound]:
    """Every amount that can begin at token i."""
    found = [
        *_with_sign(tokens, i),
        *_decimal(tokens, i),
        *_of_money_words(tokens, i),
        *_in_parts(tokens, i),
        *_digit_by_digit(tokens, i),
    ]
    # "a hundred percent" is no amount
    return [
        amount for amount in found
        if not (amount.end < len(tokens) and tokens[amount.end].kind is Kind.PERCENT)
    ]  # fmt: skip


def _kind(tokens: Tokens, i: int) -> Kind | None:
    return tokens[i].kind if 0 <= i < len(tokens) else None


def _past(tokens: Tokens, i: int, *kinds: Kind) -> int:
    """The index after any tokens of these kinds."""
    while _kind(tokens, i) in kinds:
        i += 1
    return i


def _with_sign(tokens: Tokens, i: int) -> Iterator[AmountFound]:
    """As in "$87.50", "$87 and 50 cents", "$87 50", "£1,200"."""
    if _kind(tokens, i) is not Kind.SYMBOL:
        return
    currency = tokens[i].currency
    for amount in (*_decimal(tokens, i + 1), *_of_money_words(tokens, i + 1)):
        yield AmountFound(
            amount.minor_units, amount.end, 0.0, "written with its sign", currency, True,
            amount.head, amount.tail_unit,
        )  # fmt: skip
    for major in cardinals(tokens, i + 1):
        end = _past(tokens, major.end, Kind.MAJOR)
        yield AmountFound(major.value * 100, end, 0.1, "written with its sign", currency, True)
        for cents, after in _cents(tokens, _past(tokens, end, Kind.AND)):
            end_of_cents = _past(tokens, after, Kind.MINOR)
            yield AmountFound(
                major.value * 100 + cents, end_of_cents, 0.0, "written with its sign, then cents",
                currency, True, major.value * 100,
            )  # fmt: skip


def _decimal(tokens: Tokens, i: int) -> Iterator[AmountFound]:
    """As in "87.50", "eighty seven point five", "point five", "eight seven point five zero"."""
    whole_parts = [(c.value, c.end) for c in cardinals(tokens, i)]
    whole_parts += [(value, end) for value, end, _ in _spelled(tokens, i)]
    if _is_point(tokens, i):
        whole_parts.append((0, i))
    for whole, j in dict.fromkeys(whole_parts):
        if not _is_point(tokens, j) or whole > _LARGEST:
            continue
        for cents, end in _fraction(tokens, j + 1):
            after, currency = _money_word(tokens, end, Kind.MAJOR)
            if _kind(tokens, end) is Kind.THOUSAND:  # "1.5k"
                yield AmountFound(
                    (whole * 100 + cents) * 1000, end + 1, 0.0, "decimal point, thousands", "", True
                )
            yield AmountFound(
                whole * 100 + cents, after, 0.0, "decimal point", currency, True, whole * 100
            )


_LARGEST = 10**9


def _is_point(tokens: Tokens, i: int) -> bool:
    """The word "point" or "dot", or a full stop with a numeral right behind it."""
    if i >= len(tokens):
        return False
    if tokens[i].kind is Kind.POINT or tokens[i].word == "dot":
        return True
    if tokens[i].word == ",":  # "12,50", as continental recognisers and hands write
        return (
            tokens[i].glued
            and _kind(tokens, i + 1) is Kind.NUMERAL
            and tokens[i + 1].glued
            and len(tokens[i + 1].word) == 2
            and not (_kind(tokens, i + 2) is Kind.SEPARATOR and tokens[i + 2].word == ",")
        )
    return (
        tokens[i].word in (".", "·")
        and _kind(tokens, i + 1) is Kind.NUMERAL
        and tokens[i + 1].glued
        and (i == 0 or tokens[i].glued or tokens[i - 1].kind is not Kind.NUMERAL)
    )


def _fraction(tokens: Tokens, i: int) -> Iterator[tuple[int, int]]:
    """Cents after a point: one or two digits, in any words; more than two are no cents."""
    end = i
    while _kind(tokens, end) in (Kind.UNIT, Kind.TEEN, Kind.TENS, Kind.NUMERAL, Kind.REPEAT):
        end += 1
        if end - i > 3:
            return
    for stop in range(i + 1, end + 1):
        for path in digit_paths(tokens, i, stop)[:1]:
            if len(path.digits) <= 2 and not (
                stop < end and tokens[stop].glued and tokens[stop].kind is Kind.NUMERAL
            ):
                yield int(path.digits.ljust(2, "0")), stop


def _of_money_words(tokens: Tokens, i: int) -> Iterator[AmountFound]:
    """As in "eighty seven dollars and fifty cents", "a buck fifty", "fifty cents"."""
    yield from _coins(tokens, i)
    yield from _cents_before_the_word(tokens, i)
    for value, j, counted in _counts(tokens, i):
        after, currency = _money_word(tokens, j, Kind.MINOR)
        if after > j and counted:
            yield AmountFound(value, after, 0.0, "cents", currency, True)
        after, currency = _money_word(tokens, j, Kind.MAJOR)
        if after == j and _kind(tokens, j) is not Kind.AND:
            continue
        if after > j:
            bare = not counted and not _leads_to_cents(tokens, after)
            if not bare:
                # "eighty seven fifty dollars" are hardly thousands; "twelve fifty dollars" may be
                far = value >= 2000 and any(g == Cardinal(value, j) for g in _juxtaposed(tokens, i))
                cost = 1.0 if far else 0.0
                yield AmountFound(value * 100, after, cost, "money word", currency, True)
        yield from _with_cents(tokens, value, after, currency, said_major=after > j)


def _cents_before_the_word(tokens: Tokens, i: int) -> Iterator[AmountFound]:
    """As in "eighty seven fifty dollars"; of "five fifty dollars" less likely than 550."""
    for whole in cardinals(tokens, i):
        if whole.scaled or whole.value < 1 or tokens[i].kind is Kind.NUMERAL:
            continue
        for cents, j in _cents(tokens, whole.end):
            after, currency = _money_word(tokens, j, Kind.MAJOR)
            if after > j:
                cost = 0.0 if whole.value >= 20 else 1.0 if whole.value == 1 else 0.1
                yield AmountFound(
                    whole.value * 100 + cents, after, cost, "dollars, then cents, then the word",
                    currency, True, whole.value * 100,
                )  # fmt: skip


def _with_cents(
    tokens: Tokens, value: int, i: int, currency: str, said_major: bool
) -> Iterator[AmountFound]:
    """What may follow the dollars: "and fifty cents", "fifty", "and a half", "and a quarter"."""
    j = _past(tokens, i, Kind.AND, Kind.FILLER)
    if i < len(tokens) and tokens[i].word == ",":
        j = _past(tokens, i + 1, Kind.AND, Kind.FILLER)
    if _kind(tokens, j) is Kind.A and _kind(tokens, j + 1) is Kind.HALF:
        end, after_half = _money_word(tokens, j + 2, Kind.MAJOR)
        currency = currency or after_half
        yield AmountFound(value * 100 + 50, end, 0.0, "and a half", currency, True, value * 100)
        return
    for coin in _coins(tokens, j):
        if said_major and coin.minor_units < 100:
            yield AmountFound(
                value * 100 + coin.minor_units, coin.end, 0.0, "money word, then a coin",
                currency or coin.currency, True, value * 100,
            )  # fmt: skip
    for cents, end in below_hundred(tokens, j):
        after, minor_currency = _money_word(tokens, end, Kind.MINOR)
        if after > end:
            yield AmountFound(
                value * 100 + cents, after, 0.0 if said_major else 0.2, "dollars, then cents",
                currency or minor_currency, True, value * 100,
            )  # fmt: skip
    if said_major:
        for cents, end in _cents(tokens, j):
            yield AmountFound(
                value * 100 + cents, end, 0.1, "money word, then cents without theirs",
                currency, True, value * 100,
            )  # fmt: skip


@remembered
def _counts(tokens: Tokens, i: int) -> Iterator[tuple[int, int, bool]]:
    """How many dollars or cents: a quantity, digits one by one, "a", or nothing at all
    ("dollar fifty"). The last item tells whether a count was said."""
    seen = set()
    for cardinal in cardinals(tokens, i):
        seen.add(cardinal.end)
        yield cardinal.value, cardinal.end, True
    for value, end, _ in _spelled(tokens, i):
        if end not in seen:
            yield value, end, True
    for group in _juxtaposed(tokens, i):
        if group.end not in seen:
            yield group.value, group.end, True
    if _kind(tokens, i) is Kind.A:
        yield 1, i + 1, True
    elif _kind(tokens, i) is Kind.MAJOR and tokens[i].word in ("dollar", "buck", "pound", "euro"):
        yield 1, i, False


def _leads_to_cents(tokens: Tokens, i: int) -> bool:
    return any(True for _ in _cents(tokens, _past(tokens, i, Kind.AND)))


def _money_word(tokens: Tokens, i: int, kind: Kind) -> tuple[int, str]:
    """The index after a money word of this kind at i, and its currency; i when there is none."""
    if _kind(tokens, i) is kind:
        return i + 1, tokens[i].currency
    if kind is Kind.MINOR and i < len(tokens) and tokens[i].word in ("penny", "pennies"):
        return i + 1, tokens[i].currency
    if kind is Kind.MAJOR and _kind(tokens, i) is Kind.SYMBOL:
        return i + 1, tokens[i].currency  # "87.50 €"
    return i, ""


def _coins(tokens: Tokens, i: int) -> Iterator[AmountFound]:
    """As in "half a dollar", "a quarter" (not "a quarter of the bill"), "a tenner"."""
    if _kind(tokens, i) is Kind.HALF and _kind(tokens, i + 1) is Kind.A:
        end, currency = _money_word(tokens, i + 2, Kind.MAJOR)
        if end > i + 2:
            yield AmountFound(50, end, 0.0, "half of one", currency, True)
        elif _kind(tokens, i + 2) is Kind.THOUSAND:
            yield AmountFound(500_00, i + 3, 0.0, "half of one", "", True)
    if _kind(tokens, i) is Kind.A and _kind(tokens, i + 1) is Kind.HALF:
        end, currency = _money_word(tokens, i + 2, Kind.MAJOR)
        if end > i + 2:
            yield AmountFound(50, end, 0.0, "half of one", currency, True)
    one = _kind(tokens, i) is Kind.A or (i < len(tokens) and tokens[i].word == "one")
    if one and _kind(tokens, i + 1) is Kind.COIN and _kind(tokens, i + 2) is not Kind.OF:
        coin = tokens[i + 1]
        yield AmountFound(coin.value, i + 2, 0.0, "a coin or note", coin.currency, True)


def _in_parts(tokens: Tokens, i: int) -> Iterator[AmountFound]:
    """Without a money word: "eighty seven fifty", "one twenty", "a hundred and twenty"."""
    for whole in cardinals(tokens, i):
        head = _head(whole, tokens, i)
        yield AmountFound(whole.value * 100, whole.end, 0.3, "a quantity", head=head, tail_unit=100)
        split = [c for c in _cents(tokens, _past_comma(tokens, whole.end)) if whole.value]
        for cents, end in split:
            yield AmountFound(
                whole.value * 100 + cents, end, _cost_of_cents(whole, cents),
                "a quantity, then cents", head=whole.value * 100,
            )  # fmt: skip
    for hundreds in _juxtaposed(tokens, i):
        yield AmountFound(
            hundreds.value * 100, hundreds.end, 0.4 if hundreds.value < 1000 else 1.2,
            "hundreds without the word", head=hundreds.value // 100 * 10_000, tail_unit=100,
        )  # fmt: skip
        for cents, end in _cents(tokens, _past_comma(tokens, hundreds.end)):
            yield AmountFound(
                hundreds.value * 100 + cents, end, 0.3, "hundreds without the word, then cents",
                head=hundreds.value * 100,
            )  # fmt: skip


def _cost_of_cents(whole: Cardinal, cents: int) -> float:
    """Of "five fifty" as 5.50; as 550 it costs 0.4.

    Prices below ten dollars are said like that ("nine ninety nine"). But 1.20 is called "a dollar
    twenty", so "one twenty" is a hundred, as is "five oh five"; so is "one hundred fifty".
    """
    if whole.scaled and whole.value % 100 == 0:
        return 1.0
    return 1.0 if whole.value == 1 or (whole.value < 10 and cents < 10) else 0.3


def _head(whole: Cardinal, tokens: Tokens, i: int) -> int | None:
    """What stands above the last number below a hundred, in minor units."""
    below = whole.value % 100
    if not whole.scaled or not below or tokens[whole.end - 1].kind is Kind.NUMERAL:
        return None
    return (whole.value - below) * 100


def _past_comma(tokens: Tokens, i: int) -> int:
    if i < len(tokens) and tokens[i].word in (",", "-") and not (
        i + 1 < len(tokens) and _kind(tokens, i - 1) is Kind.NUMERAL
        and tokens[i].word == "," and tokens[i + 1].glued
    ):  # fmt: skip
        i += 1
    return _past(tokens, i, Kind.FILLER)


@remembered
def _cents(tokens: Tokens, i: int) -> list[tuple[int, int]]:
    """Two digits of cents without their word: "fifty", "oh five", "zero zero", "05"."""
    found = [
        (value, end) for value, end in below_hundred(tokens, i)
        if value >= 10 and not (tokens[i].kind is Kind.NUMERAL and len(tokens[i].word) != 2)
    ]  # fmt: skip
    if i < len(tokens) and tokens[i].kind is Kind.NUMERAL and tokens[i].word[0] == "0":
        if len(tokens[i].word) == 2:
            found.append((tokens[i].value, i + 1))
    elif _kind(tokens, i + 1) is Kind.UNIT:
        if tokens[i].kind is Kind.UNIT and tokens[i].value == 0:
            found.append((tokens[i + 1].value, i + 2))
        elif tokens[i].kind is Kind.REPEAT and tokens[i].value == 2 and not tokens[i + 1].value:
            found.append((0, i + 2))
    # a TENS-and-unit pair is one number of cents, never tens alone
    longest = max((end for _, end in found), default=i)
    return [(value, end) for value, end in dict.fromkeys(found) if end == longest]


@remembered
def _juxtaposed(tokens: Tokens, i: int) -> list[Cardinal]:
    """As in "one twenty" as 120, "twelve thirty four" as 1234, "five oh five" as 505."""
    found = []
    for count, j in below_hundred(tokens, i):
        if count < 1 or _kind(tokens, i) is Kind.NUMERAL:
            continue
        tens_alone = _kind(tokens, i) is Kind.TENS and count % 10 == 0
        if tens_alone and _kind(tokens, j) is Kind.UNIT and tokens[j].value:
            continue
        found += [Cardinal(count * 100 + rest, end) for rest, end in _cents(tokens, j) if rest]
    return found


@remembered
def _spelled(tokens: Tokens, i: int) -> Iterator[tuple[int, int, int]]:
    """Digits one by one: value, end, how many."""
    if _kind(tokens, i) not in (Kind.UNIT, Kind.REPEAT):
        return
    digits, j = "", i
    while j < len(tokens) and len(digits) < 7:
        if tokens[j].kind is Kind.UNIT:
            digits += str(tokens[j].value)
            j += 1
        elif tokens[j].kind is Kind.REPEAT and _kind(tokens, j + 1) is Kind.UNIT:
            digits += str(tokens[j + 1].value) * tokens[j].value
            j += 2
        else:
            break
    if len(digits) >= 2 and digits[0] != "0":
        yield int(digits), j, len(digits)


def _digit_by_digit(tokens: Tokens, i: int) -> Iterator[AmountFound]:
    """As in "one two five" as 125.00, less likely 1.25; a bare "8750" as 8750.00 or 87.50."""
    for value, end, count in _spelled(tokens, i):
        if end != digits_end(tokens, i):
            continue
        yield AmountFound(value * 100, end, 1.5, "digits one by one")
        if count >= 3:
            yield AmountFound(value, end, 2.0, "digits one by one, the last two cents")
    written = _kind(tokens, i) is Kind.NUMERAL and tokens[i].word[0] != "0"
    if written and 3 <= len(tokens[i].word) <= 6:
        yield AmountFound(tokens[i].value, i + 1, 1.5, "written digits, the last two cents")
