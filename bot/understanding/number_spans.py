"""Where the numbers of a text are, and which kind each is by its form alone.

The longest form that fits at a token wins; numbers joined by a self-correction ("eighty, no,
ninety") make one span of several pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bot.understanding.number_amounts import AmountFound, amounts_at
from bot.understanding.number_digits import digits_end
from bot.understanding.number_expiries import ExpiryFound, expiries_at
from bot.understanding.number_tokens import MARKERS, NUMBERS, PAUSES, Token, Tokens, remembered
from bot.understanding.number_words import Kind


class NumberKind(Enum):
    """What a number can be read as; the value is the name inside its placeholder."""

    AMOUNT = "amount"
    DIGITS = "digits"
    DATE = "date"

    @property
    def placeholder(self) -> str:
        return f"<{self.value}>"


@dataclass(frozen=True)
class Piece:
    """One number. marker: the kind of correction before it, None for the first of its span.

    start, end: indices of tokens. kinds: what all of it can be read as, likeliest first.
    """

    start: int
    end: int
    kinds: tuple[NumberKind, ...]
    marker: Kind | None = None


@dataclass(frozen=True)
class Span:
    """Numbers that belong together: one, or one and its corrections."""

    pieces: tuple[Piece, ...]
    opening: Kind | None = None
    """The marker before the first piece: "not eighty, ninety" begins with a contrast."""

    @property
    def start(self) -> int:
        return self.pieces[0].start

    @property
    def end(self) -> int:
        return self.pieces[-1].end

    @property
    def kinds(self) -> tuple[NumberKind, ...]:
        """The kind its pieces agree on, the most telling first."""
        told = [p.kinds for p in self.pieces]
        last = told[-1]
        if self.pieces[-1].marker is Kind.CONTRAST:
            last = told[0]
        for kinds in told:
            if kinds[0] is not NumberKind.DIGITS and last[0] is NumberKind.DIGITS:
                last = (kinds[0], *(k for k in last if k is not kinds[0]))
        return last


def find_spans(tokens: Tokens) -> list[Span]:
    """All numbers of a text, in order."""
    return _spans_from(tokens, 0)


@remembered
def _spans_from(tokens: Tokens, i: int) -> list[Span]:
    spans: list[Span] = []
    while i < len(tokens):
        piece = _piece_at(tokens, i)
        if piece is None:
            i += 1
            continue
        pieces = [piece]
        while True:
            marker, j = marker_after(tokens, pieces[-1].end)
            following = None if marker is None else _piece_at(tokens, j)
            if following is None:
                break
            pieces.append(Piece(following.start, following.end, following.kinds, marker))
        before = i - 1
        while before >= 0 and tokens[before].kind in PAUSES:
            before -= 1
        contrast = before >= 0 and tokens[before].kind is Kind.CONTRAST
        spans.append(Span(tuple(pieces), Kind.CONTRAST if contrast else None))
        i = spans[-1].end
    return spans


_LONGEST_MARKER = 8


def marker_after(tokens: Tokens, i: int) -> tuple[Kind | None, int]:
    """The correction between two numbers, and the index after it. The firmest word decides."""
    marker: Kind | None = None
    j = i
    while j < len(tokens) and j - i < _LONGEST_MARKER:
        kind = tokens[j].kind
        if kind in MARKERS:
            if marker is None or _FIRMNESS[kind] > _FIRMNESS[marker]:
                marker = kind
        elif kind not in PAUSES and (kind is Kind.UNIT or tokens[j].word not in _BESIDE_A_MARKER):
            break  # an "oh" that is a zero belongs to the number
        j += 1
    return marker, j


_BESIDE_A_MARKER = ("?", "!", "the", "with", "oh", "o")
_FIRMNESS = {Kind.HESITATION: 0, Kind.CORRECTION: 1, Kind.CONTRAST: 2, Kind.RESTART: 3}


def _piece_at(tokens: Tokens, i: int) -> Piece | None:
    if i >= len(tokens) or tokens[i].kind not in _BEGINNINGS:
        return None
    digits = digits_end(tokens, i)
    amounts = amounts_at(tokens, i)
    dates = [date for date in expiries_at(tokens, i) if date.marked or _whole(date)]
    end = max([digits, *(a.end for a in amounts), *(d.end for d in dates)])
    if end <= i:  # a "hundred" that nothing counts is still a number word
        orphan = tokens[i].kind in (Kind.HUNDRED, Kind.THOUSAND, Kind.MILLION)
        return Piece(i, i + 1, (NumberKind.DIGITS,)) if orphan else None
    if not any(t.kind in NUMBERS or t.kind in _TELLING for t in tokens[i:end]):
        return None
    amounts = [amount for amount in amounts if amount.end == end]
    dates = [date for date in dates if date.end == end]
    kinds = _kinds(tokens[i:end], amounts, dates, digits == end)
    return Piece(i, end, kinds)


_BEGINNINGS = NUMBERS | {
    Kind.SYMBOL, Kind.POINT, Kind.A, Kind.HALF, Kind.MAJOR, Kind.MONTH, Kind.ORDINAL,
    Kind.SEPARATOR,
}  # fmt: skip
_TELLING = (Kind.MONTH, Kind.MAJOR, Kind.COIN)


def _whole(date: ExpiryFound) -> bool:
    return date.month is not None and date.year is not None


def _kinds(
    tokens: Sequence[Token],
    amounts: Sequence[AmountFound],
    dates: Sequence[ExpiryFound],
    is_digits: bool,
) -> tuple[NumberKind, ...]:
    """All kinds that fit, the one the form speaks for first."""
    fitting = []
    if amounts:
        fitting.append(NumberKind.AMOUNT)
    if dates:
        fitting.append(NumberKind.DATE)
    if is_digits or not fitting:
        fitting.append(NumberKind.DIGITS)
    first = NumberKind.DIGITS
    if any(amount.marked for amount in amounts):
        first = NumberKind.AMOUNT
    elif any(date.marked for date in dates) or _looks_like_a_date(tokens, dates):
        first = NumberKind.DATE
    elif amounts and not _looks_like_digits(tokens, amounts):
        first = NumberKind.AMOUNT
    if first not in fitting:
        fitting.append(first)
    return (first, *(kind for kind in fitting if kind is not first))


def _looks_like_a_date(tokens: Sequence[Token], dates: Sequence[ExpiryFound]) -> bool:
    """A month with its zero, or ten to twelve, and a year that a card may have."""
    likely = [d for d in dates if d.cost <= 0.5 and _whole(d) and _near(d.year)]
    if not likely:
        return False
    first = tokens[0]
    numbers = [t for t in tokens if t.kind in NUMBERS]
    zero_first = (first.kind is Kind.UNIT and first.value == 0) or first.word.startswith("0")
    teen_first = first.kind is Kind.TEEN and numbers[1].kind in (Kind.TENS, Kind.TEEN, Kind.NUMERAL)
    dashed = len(tokens) == 3 and tokens[1].word in ("-", "dash", "hyphen")
    return zero_first or teen_first or dashed or _says_the_century(numbers)


def _says_the_century(numbers: Sequence[Token]) -> bool:
    """As in "four twenty twenty nine", "4 2029", "four two thousand twenty nine", "042029"."""
    tens = [t for t in numbers if t.kind is Kind.TENS]
    if len(tens) == 2 and tens[0].value == 20 and numbers[0].kind in (Kind.UNIT, Kind.TEEN):
        return True
    if any(t.kind is Kind.THOUSAND for t in numbers):
        return numbers[0].kind in (Kind.UNIT, Kind.TEEN) and numbers[1].kind is not Kind.THOUSAND
    last = numbers[-1]
    year = last.word[-4:]
    return last.kind is Kind.NUMERAL and year.startswith("20") and (
        (len(numbers) == 2 and len(last.word) == 4) or (len(numbers) == 1 and len(last.word) == 6)
    )  # fmt: skip


def _near(year: int | None) -> bool:
    """By form alone, without a calendar: the years a card of these decades may show."""
    return year is not None and 2020 <= year <= 2049


def _looks_like_digits(tokens: Sequence[Token], amounts: Sequence[AmountFound]) -> bool:
    """Single digits one by one, and written digits of three and more."""
    numbers = [t for t in tokens if t.kind in NUMBERS]
    if any(t.kind in (Kind.HUNDRED, Kind.THOUSAND, Kind.MILLION) for t in numbers):
        return False
    if all(t.kind in (Kind.UNIT, Kind.REPEAT, Kind.PLURAL) for t in numbers):
        return True
    if all(t.kind is Kind.NUMERAL for t in numbers):
        thousands = any(t.word == "," and t.glued for t in tokens)
        lengths = [len(t.word) for t in numbers]
        if thousands and len(lengths) > 1:
            return False
        two_groups = len(lengths) == 2 and lengths[1] == 2 and lengths[0] <= 3
        return not (lengths == [2] or two_groups) or numbers[0].word.startswith("0")
    return min(amount.cost for amount in amounts) > 1.0
