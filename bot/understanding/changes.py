"""Which part of a value a caller puts right, and to what: by its place, or by contrast.

    the second group is four five three nine      the second group: 4539
    the third digit is a seven, not a nine        the third digit: 7, it was heard as 9
    no, nine not five                             nine instead of five, wherever that is
    it's November, not September                  the month

Code alone finds them (design law 2): the words around the numbers tell the place, the numbers are
read by `numbers`. What the caller wants as a whole is left to Rasa.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.cards import SecretDigits
from bot.changes import Change, Part, Place, Unit
from bot.money import Money
from bot.understanding.number_spans import Span, find_spans
from bot.understanding.number_tokeniser import tokenise
from bot.understanding.number_tokens import PAUSES, Tokens
from bot.understanding.number_words import MONTHS, ORDINALS, UNITS, Kind
from bot.understanding.numbers import read_digits, read_expiries, replace_numbers
from bot.understanding.values import amount_values

_LONGEST_NUMBER = 19
"""Digits of the longest card number: no place lies beyond it."""

_MOST_CHANGES = 4

_NTH: dict[str, int | None] = {
    **{word: nth - 1 for word, nth in ORDINALS.items() if nth <= _LONGEST_NUMBER},
    "last": -1, "final": -1, "second to last": -2, "second last": -2, "last but one": -2,
    "next to last": -2, "penultimate": -2, "third to last": -3, "third last": -3,
    "middle": None, "centre": None, "center": None,
}  # fmt: skip

_COUNTS = {word: value for word, value in UNITS.items() if 2 <= value <= 8}

_ORDINAL = "|".join(sorted(_NTH, key=len, reverse=True))
_COUNT = "|".join(_COUNTS)
_GROUP = r"groups?|sets?|blocks?|sections?|bit|batch|chunk|part"
_DIGITS = r"digits|numbers|figures"
_DIGIT = r"digit|number|figure"
_NOUN = rf"(?P<group>{_GROUP})|(?P<digits>{_DIGITS})|(?P<digit>{_DIGIT})"

_WHAT_FOLLOWS_A_BARE_COUNT = (
    r"(?= (?:are|is|was|were|should|aren't|isn't|aint|ain't|of my card|on my card|wrong|not|<)|$)"
)
"""After "the last four": otherwise it counts something else ("the first two payments")."""

_PLACES = re.compile(
    rf"\b(?P<nth>{_ORDINAL}) (?:(?P<count>{_COUNT}) )?(?:{_NOUN})"
    rf"(?: of (?:{_COUNT})(?: {_DIGITS})?)?\b"
    rf"|\b(?P<bare_nth>{_ORDINAL}) (?P<bare_count>{_COUNT})\b{_WHAT_FOLLOWS_A_BARE_COUNT}"
    r"|\b(?:ends?|finish(?:es)?) (?:in|with|on)\b(?P<end>)(?= <)"
    r"|\b(?:starts?|begins?) (?:in|with|on)\b(?P<start>)(?= <)"
    rf"|\b(?:{_GROUP}) in the (?P<middle>middle|centre|center)\b"
    rf"|\b(?P<numbered>{_GROUP}|{_DIGIT}) (?:number )?(?=<)"
    r"|\b(?P<month>month)\b|\b(?P<year>year)\b"
)

_MONTH_AFTER = re.compile(rf"\b(?:{'|'.join(MONTHS)})\b")

_PLACEHOLDER = re.compile(r"<\w+>")


@dataclass(frozen=True)
class _Said:
    """A number of the text. at: where its placeholder begins in the masked text."""

    at: int
    new: str | None = field(repr=False)
    old: str | None = field(repr=False)


@dataclass(frozen=True)
class _PlaceFound:
    """start, end: in the masked text. numbered: the number that follows tells which one."""

    place: Place
    start: int
    end: int
    numbered: bool = False
    group_if_long: bool = False
    """The "second number" is a digit, or a group when several digits are said for it."""


def changes_in(text: str, currency: str, this_year: int) -> tuple[Change, ...]:
    """The parts that a text puts right, in the order said; none in most texts.

    currency, this_year: as for amounts and expiry dates.
    """
    lowered = text.lower()
    reader = _Reader(currency, this_year)
    masked = _plain(replace_numbers(lowered).text)
    said = _numbers(lowered, masked)
    places = list(_places(masked))
    if places:
        return tuple(_by_place(masked, places, said, reader))[:_MOST_CHANGES]
    return (*_by_contrast(said, reader), *_month_alone(said, reader))


def _plain(masked: str) -> str:
    """Words and placeholders with one space between."""
    return " ".join(re.findall(r"<\w+>|[\w']+", masked.replace("\u2019", "'")))


# Numbers, and which of them are denied


def _numbers(text: str, masked: str) -> list[_Said]:
    tokens = tokenise(text)
    spans = find_spans(tokens)
    at = [match.start() for match in _PLACEHOLDER.finditer(masked)]
    if len(at) != len(spans):
        return []  # the text had a placeholder of its own
    said = [_said(tokens, text, span, start) for span, start in zip(spans, at, strict=True)]
    if len(said) == 1 and said[0].new is None and said[0].old is not None:
        return [_Said(said[0].at, *_halves(said[0].old))]
    return said


def _said(tokens: Tokens, text: str, span: Span, at: int) -> _Said:
    pieces = [
        (
            text[tokens[piece.start].start : tokens[piece.end - 1].end],
            piece.marker is Kind.CONTRAST if number else _is_denied(tokens, piece.start),
        )
        for number, piece in enumerate(span.pieces)
    ]
    denied = next((words for words, is_denied in pieces if is_denied), None)
    meant = [words for words, is_denied in pieces if not is_denied]
    if len(meant) > 1:
        return _Said(at, _repaired(tokens, text, span), denied)
    return _Said(at, meant[0] if meant else None, denied)


def _repaired(tokens: Tokens, text: str, span: Span) -> str | None:
    """The number as finally meant, where it was taken back in part ("four five, no, six")."""
    whole = text[tokens[span.start].start : tokens[span.end - 1].end]
    readings = read_digits(whole)
    return readings[0].digits if readings else None


def _is_denied(tokens: Tokens, start: int) -> bool:
    """Behind a "not", as in "not a nine"."""
    before = start - 1
    while before >= 0 and (tokens[before].kind in PAUSES or tokens[before].word in _ARTICLES):
        before -= 1
    return before >= 0 and tokens[before].kind is Kind.CONTRAST


_ARTICLES = ("a", "an", "the")


def _halves(denied: str) -> tuple[str | None, str]:
    """Recognisers write no comma: "not five nine" denies the five; the first half of the digits
    that follow the "not" is what is not meant. An odd number of them is denied as a whole."""
    readings = read_digits(denied)
    digits = readings[0].digits if readings else ""
    if not digits or len(digits) % 2:
        return None, denied
    half = len(digits) // 2
    return digits[half:], digits[:half]


# Places


def _places(masked: str) -> Iterator[_PlaceFound]:
    for match in _PLACES.finditer(masked):
        found = match.groupdict()
        if found["month"] or found["year"]:
            place = Place(Unit.MONTH if found["month"] else Unit.YEAR)
            yield _PlaceFound(place, *match.span())
        elif found["end"] is not None or found["start"] is not None:
            place = Place(Unit.DIGITS, -1 if found["end"] is not None else 0)
            yield _PlaceFound(place, *match.span())
        elif found["middle"]:
            yield _PlaceFound(Place(Unit.GROUP, None), *match.span())
        elif found["numbered"]:
            is_group = re.fullmatch(_GROUP, found["numbered"]) is not None
            place = Place(Unit.GROUP) if is_group else Place(Unit.DIGITS, count=1)
            yield _PlaceFound(place, *match.span(), numbered=True)
        else:
            yield _PlaceFound(
                _named_place(found), *match.span(), group_if_long=found["digit"] == "number"
            )


def _named_place(found: dict[str, str | None]) -> Place:
    nth = _NTH[found["nth"] or found["bare_nth"] or ""]
    count = _COUNTS.get(found["count"] or found["bare_count"] or "", 0)
    if found["group"]:
        return Place(Unit.GROUP, nth)
    return Place(Unit.DIGITS, nth, 1 if found["digit"] and not count else count)


# What they make together


def _by_place(
    masked: str, places: Sequence[_PlaceFound], said: Sequence[_Said], reader: _Reader
) -> Iterator[Change]:
    """To each place belong the numbers behind it, up to the next; to a single place also one
    that stands before it ("a seven for the third digit")."""
    for index, found in enumerate(places):
        until = places[index + 1].start if index + 1 < len(places) else None
        own = [s for s in said if s.at >= found.end and (until is None or s.at < until)]
        if not own and len(places) == 1:
            own = [s for s in said if s.at < found.start][-1:]
        place = found.place
        if (
            place.unit is Unit.MONTH
            and not own
            and (name := _MONTH_AFTER.search(masked, found.end))
        ):
            # By itself "may" is a verb; here a month was spoken of.
            own = [_Said(name.start(), name.group(), None)]
        if found.numbered:
            numbered = _numbered(place, own, reader)
            if numbered is None:
                continue
            place, own = numbered
        new = next((reader.part(s.new, place.count) for s in own if s.new is not None), None)
        old = next((reader.part(s.old, place.count) for s in own if s.old is not None), None)
        if found.group_if_long and new is not None and new.digits and len(new.digits) > 2:
            place = Place(Unit.GROUP, place.nth)
        if new is not None or place.unit in (Unit.DIGITS, Unit.GROUP):
            yield Change(place, new, old)


def _numbered(
    place: Place, own: Sequence[_Said], reader: _Reader
) -> tuple[Place, list[_Said]] | None:
    """As in "group two is four five three nine", "digit three seven"."""
    if not own or own[0].new is None:
        return None
    part = reader.part(own[0].new, 0)
    digits = part.digits.reveal() if part.digits is not None else ""
    if not digits or digits[0] == "0":
        return None
    place = Place(place.unit, int(digits[0]) - 1, place.count)
    rest = [*own[1:]]
    if len(digits) > 1:
        rest.insert(0, _Said(own[0].at, digits[1:], own[0].old))
    return place, rest


def _by_contrast(said: Sequence[_Said], reader: _Reader) -> Iterator[Change]:
    """One number instead of one other; with more of them nobody knows which belong together."""
    new = [s.new for s in said if s.new is not None]
    old = [s.old for s in said if s.old is not None]
    if len(new) == 1 and len(old) == 1:
        yield Change(None, reader.part(new[0], 0), reader.part(old[0], 0))


def _month_alone(said: Sequence[_Said], reader: _Reader) -> Iterator[Change]:
    """A month by its name, and nothing else: "no, November"."""
    if len(said) != 1 or said[0].old is not None or said[0].new is None:
        return
    if not any(character.isalpha() for character in said[0].new):
        return
    part = reader.part(said[0].new, 0)
    if part.month is not None and part.digits is None:
        yield Change(Place(Unit.MONTH), part)


class _Reader:
    """Reads the words of one part in every way they can be meant."""

    def __init__(self, currency: str, this_year: int) -> None:
        self._currency = currency
        self._this_year = this_year

    def part(self, words: str, count: int) -> Part:
        """count: of its digits where it is known, else 0."""
        digits = read_digits(words, [count] if count else ())
        dates = read_expiries(words, self._this_year)
        amounts = amount_values(words, self._currency)
        return Part(
            digits=SecretDigits(digits[0].digits) if digits else None,
            amount=next((v.value for v in amounts if isinstance(v.value, Money)), None),
            month=next((d.month for d in dates if d.year is None), None),
            year=next((d.year for d in dates if d.month is None), None),
        )
