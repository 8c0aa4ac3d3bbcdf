"""A text with every number replaced by its placeholder: what may be shown, kept and sent to Rasa.

By form alone and always the same, since training examples go through it too (design law 2). The
result holds no digit sign, and replacing again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.understanding.number_spans import NumberKind, find_spans
from bot.understanding.number_tokeniser import tokenise
from bot.understanding.number_tokens import Token
from bot.understanding.number_words import ORDINALS, PLURALS, TEENS, UNITS, Kind


@dataclass(frozen=True)
class FoundNumber:
    """A number of the original text. words: what was said, for `read_digits` and its like.

    start, end: characters of the original text. at: where its placeholder begins in the new text.
    kinds: what it can be read as; the placeholder shows the first.
    """

    start: int
    end: int
    at: int
    kinds: tuple[NumberKind, ...]
    words: str = field(repr=False)

    @property
    def kind(self) -> NumberKind:
        return self.kinds[0]


@dataclass(frozen=True)
class Replaced:
    text: str
    found: tuple[FoundNumber, ...]


_Edit = tuple[int, int, str | tuple[NumberKind, ...]]
"""First and last character, and the words or the placeholder that take their place."""


def replace_numbers(text: str) -> Replaced:
    """Every number of the text replaced by `<amount>`, `<digits>` or `<date>`.

    Numbers that are no values stay as words: "the last four digits", "the other one", "wait a
    second"; where a recogniser wrote them with digits, they become words.
    """
    tokens = tokenise(text)
    spans = find_spans(tokens)
    covered = {i for span in spans for i in range(span.start, span.end)}
    edits: list[_Edit] = [
        (tokens[span.start].start, tokens[span.end - 1].end, span.kinds) for span in spans
    ]
    edits += [
        (token.start, token.end, _spelled(token))
        for i, token in enumerate(tokens)
        if i not in covered and any(c.isdigit() for c in token.word)
    ]
    out: list[str] = []
    found: list[FoundNumber] = []
    done = length = 0

    def put(piece: str) -> None:
        nonlocal length
        out.append(piece)
        length += len(piece)

    for start, end, what in sorted(edits, key=lambda edit: edit[0]):
        put(text[done:start])
        if out and out[-1] and _joins(out[-1][-1]):
            put(" ")
        if isinstance(what, str):
            put(what)
        else:
            found.append(FoundNumber(start, end, length, what, text[start:end]))
            put(what[0].placeholder)
        if end < len(text) and _joins(text[end]):
            put(" ")
        done = end
    put(text[done:])
    return Replaced("".join(out), tuple(found))


def mask(text: str) -> str:
    """The text as it may be shown."""
    return replace_numbers(text).text


def _joins(character: str) -> bool:
    return character.isalnum() or character in "<>"


_NAMES = {value: word for word, value in reversed({**UNITS, **TEENS}.items())}
_PLURAL_NAMES = {value: word for word, value in reversed(PLURALS.items())}
_ORDINAL_NAMES = {value: word for word, value in ORDINALS.items()}


def _spelled(token: Token) -> str | tuple[NumberKind, ...]:
    """The words for "2nd", for a lone "5s" and for the 4 of "the last 4 digits"."""
    if token.kind is Kind.PLURAL:
        return _PLURAL_NAMES[token.value]
    if token.kind is Kind.ORDINAL:
        return _ORDINAL_NAMES.get(token.value, NumberKind.DIGITS.placeholder)
    return _NAMES.get(token.value, NumberKind.DIGITS.placeholder)
