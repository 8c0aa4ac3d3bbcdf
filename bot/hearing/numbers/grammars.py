"""What answers a question about money, an expiry date, or "is that right?", as grammars over words.

What is missing here can still be heard: only the choice among what was heard needs a grammar.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from bot.cards import Expiry
from bot.expectations import Expectation, Field, Kind
from bot.hearing.numbers.digit_words import TEENS, TENS, UNITS
from bot.hearing.numbers.number_text import MONTHS
from bot.hearing.numbers.word_grammar import (
    Expression,
    Grammar,
    adding,
    in_order,
    maybe,
    one_of,
    word,
)

YES = 1
NO = 2
YES_WORDS = frozenset({"yes", "correct"})
NO_WORDS = frozenset({"no", "wrong"})

_MONTH = 10_000
"""A month is worth so much, so that April 2029 is 42029."""
_CENTURY = 2000
_ZERO = ("zero", "oh", "nought")


def grammar_for(expectation: Expectation, filler: str) -> Grammar | None:
    """None where words do not make the answer. An open question about the amount has its grammar,
    any other that of yes and no, which may answer it as a sentence may.

    What is said before and after an amount or a date is ignored. Around a yes or no it is not: "yes
    but" is no yes.
    """
    match expectation.kind:
        case Kind.AMOUNT:
            return _grammar(amounts, filler)
        case Kind.OPEN if expectation.field is Field.AMOUNT:
            return _grammar(amounts, filler)
        case Kind.EXPIRY:
            return _grammar(expiries, filler)
        case Kind.YES_NO | Kind.OPEN:
            return _grammar(answers)
        case _:
            return None


@lru_cache(maxsize=16)
def _grammar(expression: Callable[[], Expression], *ignored: str) -> Grammar:
    return Grammar(expression(), ignored)


def expiry_of(value: int) -> Expiry:
    """What `expiries` counts."""
    return Expiry(value // _MONTH, value % _MONTH)


def expiries() -> Expression:
    """As in "oh four twenty nine", "april of two thousand and twenty nine", "one two slash three
    oh". Worth month · 10000 + year."""
    named = one_of(*(word(name, adds=_MONTH * (i + 1)) for i, name in enumerate(MONTHS)))
    numbered = one_of(
        in_order(maybe(word(*_ZERO)), _digit(_MONTH)),
        *(word(name, adds=_MONTH * value) for name, value in TEENS.items() if value <= 12),
        in_order(word("one", adds=_MONTH * 10), _digit(_MONTH, (1, 2))),
        in_order(word("one", adds=_MONTH * 10), word(*_ZERO)),
        in_order(word("double"), word("one", adds=_MONTH * 11)),
    )
    two_digits = one_of(
        _ten_to_99(1),
        in_order(_digit(10), _digit(1)),
        in_order(_digit(10), word(*_ZERO)),
        in_order(word("double"), _digit(11)),
    )
    year = one_of(
        two_digits,
        in_order(word("twenty"), _ten_to_99(1)),
        in_order(
            word("two"), word("thousand"), maybe(word("and")), one_of(_ten_to_99(1), _digit(1))
        ),
        in_order(word("two"), word(*_ZERO), two_digits),
    )
    link = word("slash", "dash", "of")
    return in_order(adding(_CENTURY), one_of(named, numbered), maybe(link), year)


def amounts() -> Expression:
    """As in "eighty seven fifty", "a hundred and five dollars", "twelve hundred", "one two five",
    "fifty cents". Worth minor units."""
    dollars = word("dollars", "dollar", "bucks")
    linked = maybe(word("and"))
    cents = one_of(_one_to_99(1), in_order(word(*_ZERO), _digit(1)))
    bare_cents = one_of(_ten_to_99(1), in_order(word(*_ZERO), _any_digit(1)))
    tenths = one_of(_digit(10), bare_cents, in_order(_digit(10), one_of(_digit(1), word(*_ZERO))))
    with_money_word = in_order(
        dollars, maybe(linked, one_of(in_order(cents, word("cents", "cent")), bare_cents))
    )
    with_point = in_order(word("point"), tenths, maybe(dollars))
    with_cents = one_of(bare_cents, in_order(word("and"), _one_to_99(1), word("cents", "cent")))
    return one_of(
        in_order(_quantity(), maybe(one_of(with_money_word, with_cents, with_point))),
        in_order(_without_hundred(), maybe(one_of(with_money_word, with_cents))),
        in_order(_one_to_99(100), bare_cents, dollars),  # "eighty seven fifty dollars"
        in_order(_digit_by_digit(), maybe(one_of(with_money_word, with_point))),
        in_order(word("a", adds=100), with_money_word),
        in_order(_one_to_99(1), word("cents", "cent")),
    )


def answers() -> Expression:
    """Once or twice yes, once or twice no, and nothing else. Worth YES or NO."""
    return one_of(
        in_order(word(*YES_WORDS, adds=YES), maybe(word(*YES_WORDS))),
        in_order(word(*NO_WORDS, adds=NO), maybe(word(*NO_WORDS))),
    )


def _quantity() -> Expression:
    """1 to 99,999 dollars, in minor units: "twelve hundred", "a thousand and five"."""
    below_hundred = _one_to_99(100)
    counted_hundreds = in_order(
        one_of(_one_to_99(10_000), word("a", adds=10_000)),
        word("hundred"),
        maybe(maybe(word("and")), below_hundred),
    )
    # The head may miss the "a", which is hardly said.
    hundred = in_order(word("hundred", adds=10_000), maybe(maybe(word("and")), below_hundred))
    thousands = in_order(
        one_of(_one_to_99(100_000), word("a", adds=100_000), adding(100_000)),
        word("thousand"),
        maybe(maybe(word("and")), one_of(counted_hundreds, below_hundred)),
    )
    return one_of(below_hundred, counted_hundreds, hundred, thousands)


def _without_hundred() -> Expression:
    """100 to 9,999 dollars, in minor units: "one twenty", "two oh five", "twelve thirty four"."""
    return in_order(
        _one_to_99(10_000),
        one_of(_ten_to_99(100), in_order(word(*_ZERO), _digit(100))),
    )


def _digit_by_digit() -> Expression:
    """Two to four digits of dollars, in minor units: "one two five"."""
    return one_of(
        *(
            in_order(_digit(10**most), *(_any_digit(10**n) for n in range(most - 1, 1, -1)))
            for most in (3, 4, 5)
        )
    )


def _digit(times: int, values: tuple[int, ...] = tuple(range(1, 10))) -> Expression:
    """One of these digits, none of them 0."""
    return one_of(
        *(word(name, adds=value * times) for name, value in UNITS.items() if value in values)
    )


def _any_digit(times: int) -> Expression:
    return one_of(_digit(times), word(*_ZERO))


def _ten_to_99(times: int) -> Expression:
    tens = [word(name, adds=value * times) for name, value in TENS.items()]
    teens = [word(name, adds=value * times) for name, value in TEENS.items()]
    return one_of(*teens, in_order(one_of(*tens), maybe(_digit(times))))


def _one_to_99(times: int) -> Expression:
    return one_of(_digit(times), _ten_to_99(times))
