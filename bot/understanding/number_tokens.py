"""What a text is cut into, and what the grammars remember of it.

No token shows its word in a repr, since it may be a digit of a card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, overload

from bot.understanding.number_words import Kind


@dataclass(frozen=True)
class Token:
    """kind: what it is. word: lower case. start, end: characters of the text.

    value: of a number word, a month or an ordinal; minor units of a coin; -1 where there is none
    (long numerals, whose `word` has the digits). currency: ISO 4217, of money words.
    glued: no space before it.
    """

    kind: Kind
    word: str = field(repr=False)
    start: int
    end: int
    value: int = field(default=-1, repr=False)
    currency: str = ""
    glued: bool = False


class Tokens(Sequence[Token]):
    """The tokens of one text, and a memory of what the grammars found in them.

    The grammars try many readings and ask the same question at the same token again and again;
    see `remembered`.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = tuple(tokens)
        self.memory: dict[tuple[str, int], Any] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    @overload
    def __getitem__(self, index: int) -> Token: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Token]: ...

    def __getitem__(self, index: int | slice) -> Token | Sequence[Token]:
        return self._tokens[index]


Found = TypeVar("Found")


def remembered(find: Callable[[Tokens, int], Iterable[Found]]) -> Callable[..., list[Found]]:
    """A finder of what begins at a token, that looks only once."""

    @wraps(find)
    def remembering(tokens: Tokens, i: int) -> list[Found]:
        key = (find.__qualname__ + find.__module__, i)
        if key not in tokens.memory:
            tokens.memory[key] = list(find(tokens, i))
        found: list[Found] = tokens.memory[key]
        return found

    return remembering


NUMBERS = frozenset({
    Kind.UNIT, Kind.TEEN, Kind.TENS, Kind.NUMERAL, Kind.HUNDRED, Kind.THOUSAND, Kind.MILLION,
    Kind.REPEAT, Kind.PLURAL,
})  # fmt: skip
MARKERS = frozenset({Kind.CORRECTION, Kind.HESITATION, Kind.RESTART, Kind.CONTRAST})
PAUSES = frozenset({Kind.SEPARATOR, Kind.FILLER, Kind.INTRODUCTION})
