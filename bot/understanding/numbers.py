"""Spoken English numbers: digits, amounts of money, expiry dates, and their placeholders.

    read_digits("double five, um, forty-one eleven")   5541 11, best reading first
    read_amounts("eighty seven fifty")                  87.50, less likely 8750.00
    read_expiries("oh four twenty nine")                04/2029
    replace_numbers("no the expiry is wrong it's oh four twenty nine").text
                                                        "no the expiry is wrong it's <date>"

Digits are gathered here, by code, and never by a language model (design law 2). A phrase that can
mean several things has several readings, each with its reason; nothing is forced. No reading shows
its value in a repr: it may be a card's.

The same modules run inside the Rasa project: standard library only, importable by CPython 3.10.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.understanding.number_amounts import AmountFound, amounts_at
from bot.understanding.number_expiries import ExpiryFound, expiries_at
from bot.understanding.number_masking import FoundNumber, Replaced, mask, replace_numbers
from bot.understanding.number_repairs import corrected_digits
from bot.understanding.number_spans import NumberKind, Piece, Span, find_spans
from bot.understanding.number_tokeniser import tokenise
from bot.understanding.number_tokens import Tokens
from bot.understanding.number_words import Kind

__all__ = [
    "AmountReading",
    "DigitsReading",
    "ExpiryReading",
    "FoundNumber",
    "NumberKind",
    "Replaced",
    "mask",
    "read_amounts",
    "read_digits",
    "read_expiries",
    "replace_numbers",
]


@dataclass(frozen=True)
class DigitsReading:
    """digits: 0-9 only. reason: why it can be read so, without the digits.

    start, end: characters of the text it was read from.
    """

    digits: str = field(repr=False)
    reason: str
    start: int
    end: int


@dataclass(frozen=True)
class AmountReading:
    """minor_units: of a currency with two decimals. currency: ISO 4217 when it was said, else "".

    marked: a money word, a sign or a decimal point says that it is money. rival: of the same words
    as a likelier reading, and as natural ("five fifty").
    """

    minor_units: int = field(repr=False)
    reason: str
    start: int
    end: int
    currency: str = ""
    marked: bool = False
    rival: bool = False


@dataclass(frozen=True)
class ExpiryReading:
    """month: 1-12, year: four digits; None where only the other was said."""

    month: int | None = field(repr=False)
    year: int | None = field(repr=False)
    reason: str
    start: int
    end: int


_READINGS_KEPT = 12


def read_digits(text: str, lengths: Iterable[int] = ()) -> list[DigitsReading]:
    """The digit strings the text may mean, best first; readings of one of `lengths` before others.

    Words that are no numbers are skipped: between two runs of digits they make it likelier that
    only one of the runs is meant.
    """
    return [
        DigitsReading(path.digits, reason, start, end)
        for path, reason, start, end in corrected_digits(tokenise(text), tuple(lengths))
    ][:_READINGS_KEPT]


_RIVAL = 0.15
"""A reading that costs so little more is as natural."""


def read_amounts(text: str) -> list[AmountReading]:
    """The amounts the text may mean, best first. Amounts of several numbers in one text all come,
    those that are said to be money before others."""
    tokens = tokenise(text)
    ranked: list[tuple[float, AmountReading]] = []
    for span in find_spans(tokens):
        if _is_rejected(tokens, span):
            continue
        for amount, reason in _amounts_of(tokens, span):
            cost = amount.cost + (0.0 if amount.marked else 0.5)
            if NumberKind.AMOUNT is not span.kinds[0]:
                cost += 1.0
            place = _place(tokens, span)
            ranked.append((
                cost,
                AmountReading(amount.minor_units, reason, *place, amount.currency, amount.marked),
            ))  # fmt: skip
    ranked.sort(key=lambda item: item[0])
    best: dict[tuple[int, int], AmountReading] = {}
    least: dict[int, float] = {}
    for cost, reading in ranked:
        first = least.setdefault(reading.start, cost)
        rival = reading.start in (r.start for r in best.values()) and cost - first < _RIVAL
        best.setdefault((reading.start, reading.minor_units), replace(reading, rival=rival))
    return list(best.values())[:_READINGS_KEPT]


def read_expiries(text: str, this_year: int | None = None) -> list[ExpiryReading]:
    """The expiry dates the text may mean, best first; a month or a year alone after whole dates.

    this_year: four digits; years that no card shows then come last.
    """
    tokens = tokenise(text)
    ranked: list[tuple[float, ExpiryReading]] = []
    for span in find_spans(tokens):
        if _is_rejected(tokens, span):
            continue
        for date, reason in _expiries_of(tokens, span):
            partial = 1.0 if date.month is None or date.year is None else 0.0
            strange = 0.0 if _plausible(date.year, this_year) else 2.0
            reading = ExpiryReading(date.month, date.year, reason, *_place(tokens, span))
            ranked.append((date.cost + partial + strange, reading))
    ranked.sort(key=lambda item: item[0])
    best: dict[tuple[int | None, int | None], ExpiryReading] = {}
    for _, reading in ranked:
        best.setdefault((reading.month, reading.year), reading)
    return list(best.values())[:_READINGS_KEPT]


def _plausible(year: int | None, this_year: int | None) -> bool:
    """Cards run for a few years; an expired one may still be read out."""
    if year is None:
        return True
    if this_year is None:
        return 2020 <= year <= 2049
    return this_year - 5 <= year <= this_year + 20


def _place(tokens: Tokens, span: Span) -> tuple[int, int]:
    return tokens[span.start].start, tokens[span.end - 1].end


def _is_rejected(tokens: Tokens, span: Span) -> bool:
    """As in "not eighty, it's ninety", "from eighty to ninety": the eighty is what is not meant."""
    if span.opening is Kind.CONTRAST and len(span.pieces) == 1:
        return True
    before = tokens[span.start - 1].word if span.start else ""
    after = tokens[span.end].word if span.end < len(tokens) else ""
    return before == "from" and after in ("to", "into")


def _final_pieces(span: Span) -> list[Piece]:
    """The pieces that stand once what was taken back is gone."""
    pieces = list(span.pieces)
    if span.opening is Kind.CONTRAST and len(pieces) > 1:
        pieces = pieces[1:]
    standing: list[Piece] = []
    for piece in pieces:
        if piece.marker is Kind.CONTRAST and standing:
            continue
        if piece.marker is Kind.RESTART:
            standing = []
        standing.append(piece)
    return standing


def _amounts_of(tokens: Tokens, span: Span) -> list[tuple[AmountFound, str]]:
    pieces = _final_pieces(span)
    last = _whole_amounts(tokens, pieces[-1])
    if len(pieces) == 1:
        return [(amount, amount.reason) for amount in last]
    readings = [(amount, f"{amount.reason}, said as a correction") for amount in last]
    # "eighty seven fifty, no, sixty" takes back the fifty only
    repaired = []
    for before in _whole_amounts(tokens, pieces[-2]):
        if before.head is None:
            continue
        for amount in last:
            tail = amount.minor_units if amount.reason == "cents" else amount.minor_units // 100
            if (
                amount.head is None
                and tail < 100
                and before.cost < 1.0
                and (
                    amount.reason == "a quantity"
                    or (amount.reason == "cents" and before.tail_unit == 1)
                )
            ):
                value = before.head + tail * before.tail_unit
                repaired.append((
                    AmountFound(value, amount.end, before.cost - 0.5, "", before.currency
                                or amount.currency, before.marked or amount.marked),
                    f"{before.reason}, its last part corrected",
                ))  # fmt: skip
    return [*repaired, *readings]


def _whole_amounts(tokens: Tokens, piece: Piece) -> list[AmountFound]:
    return [amount for amount in amounts_at(tokens, piece.start) if amount.end == piece.end]


def _expiries_of(tokens: Tokens, span: Span) -> list[tuple[ExpiryFound, str]]:
    """Later pieces replace the month, the year or both of the earlier ones."""
    pieces = _final_pieces(span)
    readings = [
        (date, date.reason) for date in expiries_at(tokens, pieces[0].start)
        if date.end == pieces[0].end
    ]  # fmt: skip
    for piece in pieces[1:]:
        said = [date for date in expiries_at(tokens, piece.start) if date.end == piece.end]
        merged = []
        for date in said:
            whole = date.month is not None and date.year is not None
            if whole or not readings:
                merged.append((date, f"{date.reason}, said as a correction"))
                continue
            for before, _ in readings[:4]:
                merged.append((
                    ExpiryFound(
                        date.month if date.month is not None else before.month,
                        date.year if date.year is not None else before.year,
                        date.end, date.cost + before.cost - 1.0, "",
                    ),
                    f"{date.reason}, said as a correction",
                ))  # fmt: skip
        readings = merged or readings
    return readings
