"""Expiry dates in words and as recognisers print them: a month, a year, or both.

Most ways to say one are a run of digits that is cut into month and year ("oh four twenty nine",
"0429", "four slash two thousand twenty nine"); named months and "the fourth of" are read apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.understanding.number_digits import digit_paths, digits_end
from bot.understanding.number_tokens import Token, Tokens, remembered
from bot.understanding.number_words import Kind


@dataclass(frozen=True)
class ExpiryFound:
    """A date that begins at some token. end: the index after its last token.

    month, year: None where it was not said. cost: 0 natural, more is less likely. marked: a
    month's name or a slash says that it is a date.
    """

    month: int | None
    year: int | None
    end: int
    cost: float
    reason: str
    marked: bool = False


_BETWEEN = (Kind.OF, Kind.SEPARATOR, Kind.FILLER)
_BETWEEN_WORDS = ("the", "year", "in", "month", "day")


@remembered
def expiries_at(tokens: Tokens, i: int) -> list[ExpiryFound]:
    """Every date that can begin at token i; impossible months never."""
    return [
        *_named(tokens, i),
        *_day_first(tokens, i),
        *_ordinal_month(tokens, i),
        *_number_of_year(tokens, i),
        *_digits_only(tokens, i),
    ]


def _kind(tokens: Tokens, i: int) -> Kind | None:
    return tokens[i].kind if 0 <= i < len(tokens) else None


def _past_link(tokens: Tokens, i: int) -> int:
    """Past what may stand between month and year: "of", comma, slash, "the year"."""
    for _ in range(4):
        if _kind(tokens, i) in _BETWEEN or (i < len(tokens) and tokens[i].word in _BETWEEN_WORDS):
            i += 1
    return i


def _named(tokens: Tokens, i: int) -> Iterator[ExpiryFound]:
    """As in "April 2029", "april of twenty nine", "April 30th, 2029", "april" alone."""
    if _kind(tokens, i) is not Kind.MONTH:
        return
    month = tokens[i].value
    yield ExpiryFound(month, None, i + 1, 0.5, "a month's name", True)
    j = _past_link(tokens, i + 1)
    for year, end in _years(tokens, j):
        yield ExpiryFound(month, year, end, 0.0, "a month's name and a year", True)
    if _kind(tokens, j) is Kind.ORDINAL:
        for year, end in _years(tokens, _past_link(tokens, j + 1)):
            yield ExpiryFound(month, year, end, 0.1, "a month's name, a day and a year", True)
    for digits, cost, end in _runs(tokens, j):
        for size in (1, 2) if cost <= 0 else ():
            number, last = int(digits[:size]), _year(digits[size:])
            if last is not None and number == month:
                yield ExpiryFound(month, last, end, cost + 0.2, "a month twice and a year", True)
            elif last is not None and 1 <= number <= 31:
                reason = "a month's name, a day and a year"
                yield ExpiryFound(month, last, end, cost + 0.4, reason, True)


def _day_first(tokens: Tokens, i: int) -> Iterator[ExpiryFound]:
    """As in "30 April 2029", "thirtieth of april twenty nine"; "2029 April"."""
    if _kind(tokens, i) is Kind.ORDINAL:
        starts: list[tuple[int, int | None, int]] = [(tokens[i].value, None, i + 1)]
    else:
        starts = [
            (int(digits), _year(digits), end)
            for digits, _, end in _runs(tokens, i) if len(digits) in (1, 2, 4)
        ]  # fmt: skip
    for number, year_first, end in starts:
        j = _past_link(tokens, end)
        if _kind(tokens, j) is not Kind.MONTH:
            continue
        month = tokens[j].value
        if 1 <= number <= 31:
            for year, after in _years(tokens, _past_link(tokens, j + 1)):
                yield ExpiryFound(month, year, after, 0.1, "a day, a month's name and a year", True)
        if year_first is not None:
            yield ExpiryFound(month, year_first, j + 1, 0.3, "a year and a month's name", True)


def _ordinal_month(tokens: Tokens, i: int) -> Iterator[ExpiryFound]:
    """As in "the fourth of twenty nine", "fourth month twenty twenty nine"."""
    if _kind(tokens, i) is not Kind.ORDINAL or not 1 <= tokens[i].value <= 12:
        return
    j = _past_link(tokens, i + 1)
    for year, end in _years(tokens, j):
        if j > i + 1:
            yield ExpiryFound(tokens[i].value, year, end, 0.1, "an ordinal and a year", True)


def _number_of_year(tokens: Tokens, i: int) -> Iterator[ExpiryFound]:
    """As in "four of twenty nine": the link is no pause inside digits."""
    for digits, cost, end in _runs(tokens, i):
        number = int(digits) if len(digits) <= 2 else 0
        j = _past_link(tokens, end)
        linked = any(t.kind is Kind.OF or t.word in _BETWEEN_WORDS for t in tokens[end:j])
        if linked and 1 <= number <= 12:
            for year, after in _years(tokens, j):
                yield ExpiryFound(number, year, after, cost + 0.1, "a month's number and a year",
                                  True)  # fmt: skip


def _digits_only(tokens: Tokens, i: int) -> Iterator[ExpiryFound]:
    """A run of digits cut into month and year; every part alone as well."""
    end = digits_end(tokens, i)
    if end == i or end - i > _LONGEST_DATE:
        return
    run = tokens[i:end]
    if _is_a_quantity(run):
        return
    slash = any(t.word in ("slash", "stroke", "/") for t in run)
    yield from _slashed(tokens, i, end)
    for path in digit_paths(tokens, i, end):
        if path.cost > 0.5:
            continue
        for month, year, cost, reason in _cuts(path.digits):
            # a pause that falls between month and year makes the cut likely, one elsewhere less
            cut = 1 if len(path.digits) in (3, 5) else 2
            uneven = 0.5 if path.groups and path.groups != (cut,) else 0.0
            yield ExpiryFound(
                month, year, end, path.cost + cost + uneven, reason,
                slash and month is not None and year is not None,
            )  # fmt: skip


_LONGEST_DATE = 16


def _is_a_quantity(run: Sequence[Token]) -> bool:
    """Hundreds, and thousands other than the two of a year, make a number no date."""
    return any(
        token.kind in (Kind.HUNDRED, Kind.MILLION)
        or (token.kind is Kind.THOUSAND and (k == 0 or run[k - 1].value != 2))
        for k, token in enumerate(run)
    )


def _slashed(tokens: Tokens, i: int, end: int) -> Iterator[ExpiryFound]:
    """As in "04/30/2029": month, day, year."""
    cuts = [k for k in range(i, end) if tokens[k].word in ("/", "slash", "stroke", "-", "dash")]
    if len(cuts) != 2:
        return
    parts = [(i, cuts[0]), (cuts[0] + 1, cuts[1]), (cuts[1] + 1, end)]
    numbers = [digit_paths(tokens, start, stop)[:1] for start, stop in parts]
    if not all(numbers):
        return
    first, second, last = (paths[0].digits for paths in numbers)
    year = _year(last)
    if year is None or len(first) > 2 or len(second) > 2:
        return
    if 1 <= int(first) <= 12 and 1 <= int(second) <= 31:
        yield ExpiryFound(int(first), year, end, 0.2, "month, day and year", True)
    elif 1 <= int(second) <= 12 and 1 <= int(first) <= 31:
        yield ExpiryFound(int(second), year, end, 0.4, "day, month and year", True)


def _cuts(digits: str) -> Iterator[tuple[int | None, int | None, float, str]]:
    """Month and year in a string of digits: MYY, MMYY, MYYYY, MMYYYY, year first, parts alone."""
    size = len(digits)
    if size in (3, 4, 5, 6):
        cut = 1 if size in (3, 5) else 2
        month, year = int(digits[:cut]), _year(digits[cut:])
        if 1 <= month <= 12 and year is not None:
            yield month, year, 0.0, "a month's number and a year"
    if size in (4, 6):
        cut = size - 2
        month, year = int(digits[cut:]), _year(digits[:cut])
        if 1 <= month <= 12 and year is not None:
            yield month, year, 1.5, "a year and a month's number"
    if size == 6:
        year = _year(digits[4:])
        if 1 <= int(digits[:2]) <= 12 and 1 <= int(digits[2:4]) <= 31 and year is not None:
            yield int(digits[:2]), year, 1.2, "month, day and year"
    if size in (1, 2) and 1 <= int(digits) <= 12:
        yield int(digits), None, 1.0, "a month's number alone"
    if size in (2, 4):
        year = _year(digits)
        if year is not None:
            likely = size == 4 or int(digits) > 12
            yield None, year, 1.0 if likely else 2.0, "a year alone"


def _year(digits: str) -> int | None:
    """29 and 2029 are 2029; nothing else is a year on a card."""
    if len(digits) == 2:
        return 2000 + int(digits)
    if len(digits) == 4 and digits.startswith("20"):
        return int(digits)
    return None


@remembered
def _runs(tokens: Tokens, i: int) -> Iterator[tuple[str, float, int]]:
    """The run of digits at token i in its likely cuts."""
    end = digits_end(tokens, i)
    if i < end <= i + _LONGEST_DATE:
        for path in digit_paths(tokens, i, end):
            yield path.digits, path.cost, end


def _years(tokens: Tokens, i: int) -> Iterator[tuple[int, int]]:
    for digits, cost, end in _runs(tokens, i):
        year = _year(digits)
        if year is not None and cost <= 0.5:
            yield year, end
