"""Quantities in words: "twelve hundred", "a hundred and twenty", "one thousand two hundred".

No library does this for spoken card numbers and amounts: text2num, word2number and numerizer read
one cardinal strictly and give one answer, where "twenty one" may be 21 or 20 and then 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.understanding.number_tokens import NUMBERS, Token, Tokens, remembered
from bot.understanding.number_words import Kind

_Value = tuple[int, int]  # the value, and the index after its last token


@dataclass(frozen=True)
class Cardinal:
    """A quantity that begins at some token. end: the index after its last token.

    scaled: has "hundred" or more in it. two_digits: 10 to 99.
    """

    value: int = field(repr=False)
    end: int
    scaled: bool = False

    @property
    def two_digits(self) -> bool:
        return not self.scaled and 10 <= self.value <= 99


@remembered
def cardinals(tokens: Tokens, i: int) -> list[Cardinal]:
    """Every quantity that can begin at token i, longest first; empty when none does."""
    if i >= len(tokens) or (tokens[i].kind not in NUMBERS and tokens[i].kind is not Kind.A):
        return []
    small = below_hundred(tokens, i)
    numeral = _numeral(tokens, i)
    counts = _dedupe([*small, *numeral])
    article = _article(tokens, i)
    hundreds = _scaled(tokens, [*small, *article], Kind.HUNDRED, 100, below_hundred)
    below_thousand = _dedupe([*counts, *hundreds, *article])
    thousands = _scaled(tokens, below_thousand, Kind.THOUSAND, 1_000, _below_thousand)
    below_million = _dedupe([*below_thousand, *thousands])
    millions = _scaled(tokens, below_million, Kind.MILLION, 1_000_000, _below_million)
    found = {Cardinal(value, end) for value, end in counts}
    found |= {
        Cardinal(value, end, scaled=True) for value, end in (*hundreds, *thousands, *millions)
    }
    return sorted(found, key=lambda c: (-c.end, -c.value))


@remembered
def below_hundred(tokens: Tokens, i: int) -> list[_Value]:
    """Quantities of 0 to 99 at token i: a unit, a teen, tens, tens and unit, a short numeral."""
    if i >= len(tokens):
        return []
    token = tokens[i]
    if token.kind in (Kind.UNIT, Kind.TEEN):
        return [(token.value, i + 1)]
    if token.kind is Kind.NUMERAL and len(token.word) <= 2:
        return [(token.value, i + 1)]
    if token.kind is not Kind.TENS:
        return []
    found = [(token.value, i + 1)]
    j = i + 2 if i + 1 < len(tokens) and _is_hyphen(tokens[i + 1]) else i + 1
    if j < len(tokens) and tokens[j].kind is Kind.UNIT and tokens[j].value >= 1:
        found.append((token.value + tokens[j].value, j + 1))
    return found


def _is_hyphen(token: Token) -> bool:
    return (
        token.kind is Kind.SEPARATOR
        and token.word in ("-", "\N{NON-BREAKING HYPHEN}")
        and token.glued
    )


def _numeral(tokens: Tokens, i: int) -> list[_Value]:
    """Written digits, with "," between groups of three."""
    if i >= len(tokens) or tokens[i].kind is not Kind.NUMERAL or tokens[i].value < 0:
        return []
    value, end = tokens[i].value, i + 1
    found = [(value, end)]
    if not 1 <= len(tokens[i].word) <= 3:
        return found
    while (
        end + 1 < len(tokens)
        and tokens[end].word == ","
        and tokens[end].glued
        and tokens[end + 1].kind is Kind.NUMERAL
        and tokens[end + 1].glued
        and len(tokens[end + 1].word) == 3
        and value < 10**9
    ):
        value = value * 1000 + tokens[end + 1].value
        end += 2
        found = [(value, end)]
    return found


def _article(tokens: Tokens, i: int) -> list[_Value]:
    """The one of "a hundred", and of "hundred" where the recogniser lost the "a"."""
    scales = (Kind.HUNDRED, Kind.THOUSAND, Kind.MILLION)
    if i < len(tokens) and tokens[i].kind in scales:
        counted = i > 0 and (tokens[i - 1].kind in NUMBERS or tokens[i - 1].kind is Kind.A)
        return [] if counted else [(1, i)]
    if i + 1 < len(tokens) and tokens[i].kind is Kind.A and tokens[i + 1].kind in scales:
        return [(1, i + 1)]
    return []


def _scaled(
    tokens: Tokens,
    counts: Sequence[_Value],
    scale: Kind,
    factor: int,
    rest: Callable[[Tokens, int], list[_Value]],
) -> list[_Value]:
    """Each count followed by the scale word, alone and with what may follow below the scale."""
    found: list[_Value] = []
    for count, end in counts:
        if not 1 <= count < 1000:
            continue
        j = end + 1 if end < len(tokens) and _is_hyphen(tokens[end]) else end
        if j >= len(tokens) or tokens[j].kind is not scale:
            continue
        j += 1
        found.append((count * factor, j))
        for k in {j, _after_link(tokens, j, comma=scale is not Kind.HUNDRED)}:
            found += [
                (count * factor + more, more_end)
                for more, more_end in rest(tokens, k)
                if 1 <= more < factor
            ]
    return _dedupe(found)


def _after_link(tokens: Tokens, i: int, comma: bool) -> int:
    """Past the "and" before the rest; after thousands a comma may stand as well. Behind hundreds
    it ends a group: "forty one hundred, eleven eleven"."""
    if i >= len(tokens):
        return i
    if tokens[i].kind is Kind.AND or (comma and tokens[i].word in (",", "-")):
        i += 1
        if i < len(tokens) and tokens[i].kind is Kind.AND:
            i += 1
    return i


@remembered
def _below_thousand(tokens: Tokens, i: int) -> list[_Value]:
    small = below_hundred(tokens, i)
    counts = [*small, *_article(tokens, i)]
    hundreds = _scaled(tokens, counts, Kind.HUNDRED, 100, below_hundred)
    return _dedupe([*small, *_numeral(tokens, i), *hundreds])


@remembered
def _below_million(tokens: Tokens, i: int) -> list[_Value]:
    below = _below_thousand(tokens, i)
    counts = [*below, *_article(tokens, i)]
    return _dedupe([*below, *_scaled(tokens, counts, Kind.THOUSAND, 1_000, _below_thousand)])


def _dedupe(values: Sequence[_Value]) -> list[_Value]:
    return list(dict.fromkeys(values))
