"""Text to tokens: what each word is, and whether an undecided one ("oh", "for", "one") counts.

Works on what recognisers print: words, numerals, signs, any capitals. Every token knows its place
in the text, and none shows its word in a repr, since it may be a digit of a card.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar, overload

from bot.understanding import number_words as words
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

_TOKEN = re.compile(
    r"(?P<placeholder><(?:amount|digits|date)>)"
    r"|(?P<numeral>[0-9]+)"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)"
    r"|(?P<sign>\S)"
)
_ORDINAL_ENDINGS = {"st", "nd", "rd", "th"}
_LONGEST_VALUE = 9  # digits: more is no quantity anyone speaks of, and int() has its limits


def plain(text: str) -> str:
    """The text with typographic apostrophes made plain and every digit sign (Arabic-Indic,
    full-width, superscript) made 0-9: as many characters as before, so places stay."""
    return "".join(
        str(unicodedata.digit(c)) if c.isdigit() else "'" if c in "’‘`" else c  # noqa: RUF001
        for c in text
    )


def tokenise(text: str) -> Tokens:
    """All tokens in order; undecided words settled by what stands around them."""
    raw: list[Token] = []
    last_end = -1
    for match in _TOKEN.finditer(plain(text)):
        token = _classified(match, glued=match.start() == last_end)
        last_end = match.end()
        if (
            token.word in _ORDINAL_ENDINGS
            and token.glued
            and raw
            and raw[-1].kind is Kind.NUMERAL
            and 1 <= raw[-1].value <= 31
        ):
            number = raw.pop()
            word = number.word + token.word
            token = replace(number, kind=Kind.ORDINAL, word=word, end=token.end)
        raw.append(token)
    return Tokens(_settled(_phrases_joined(raw)))


def _classified(match: re.Match[str], glued: bool) -> Token:
    word = match.group().lower()

    def token(kind: Kind, value: int = -1, currency: str = "") -> Token:
        return Token(kind, word, match.start(), match.end(), value, currency, glued)

    if match.lastgroup == "placeholder":
        return token(Kind.PLACEHOLDER)
    if match.lastgroup == "numeral":
        return token(Kind.NUMERAL, int(word) if len(word) <= _LONGEST_VALUE else -1)
    for kind, table in _TABLES:
        if word in table:
            return token(kind, table[word])
    if word in ("oh", "o"):
        return token(Kind.OH, 0)
    if word in words.MAJORS:
        return token(Kind.MAJOR, currency=words.MAJORS[word])
    if word in words.COINS:
        return token(Kind.COIN, *words.COINS[word])
    if word in words.MINORS:
        return token(Kind.MINOR, currency=words.MINORS[word])
    if word in words.SYMBOLS:
        return token(Kind.SYMBOL, currency=words.SYMBOLS[word])
    if word in words.SEPARATOR_SIGNS or word in words.SEPARATOR_WORDS:
        return token(Kind.SEPARATOR)
    if word == "%":
        return token(Kind.PERCENT)
    return token(words.SINGLE_WORDS.get(word, Kind.WORD))


_TABLES: tuple[tuple[Kind, dict[str, int]], ...] = (
    (Kind.UNIT, words.UNITS),
    (Kind.TEEN, words.TEENS),
    (Kind.TENS, words.TENS),
    (Kind.REPEAT, words.REPEATS),
    (Kind.PLURAL, words.PLURALS),
    (Kind.HOMOPHONE, words.HOMOPHONES),
    (Kind.ORDINAL, words.ORDINALS),
    (Kind.MONTH, words.MONTHS),
)


def _phrases_joined(raw: Sequence[Token]) -> list[Token]:
    """Words that mean something together ("i mean", "one moment") become one token."""
    joined: list[Token] = []
    i = 0
    while i < len(raw):
        for length in range(min(words.LONGEST_PHRASE, len(raw) - i), 0, -1):
            phrase = tuple(token.word for token in raw[i : i + length])
            kind = words.PHRASES.get(phrase)
            if kind is not None:
                first, last = raw[i], raw[i + length - 1]
                joined.append(
                    Token(kind, " ".join(phrase), first.start, last.end, glued=first.glued)
                )
                i += length
                break
        else:
            joined.append(raw[i])
            i += 1
    return joined


def _settled(tokens: list[Token]) -> list[Token]:
    """Decide each undecided word; what is decided first may help the next."""
    for decide in (_settle_percent, _settle_oh, _settle_homophone, _settle_one, _settle_count, _settle_money_word,
                   _settle_month):  # fmt: skip
        tokens = _each(tokens, decide)
    return tokens


def _each(tokens: list[Token], decide: Callable[[list[Token], int], Token]) -> list[Token]:
    settled = list(tokens)
    for i in range(len(settled)):
        settled[i] = decide(settled, i)
    return settled


_NEAR, _FAR = 12, 60  # tokens: how far to look for neighbours, so that long input stays cheap


def beside(tokens: Sequence[Token], i: int, step: int, over: Iterable[Kind] = PAUSES) -> int:
    """Where the nearest token before (step -1) or after (step 1) i is, `over` skipped; -1: none."""
    skipped = frozenset(over)
    stop = min(len(tokens), i + _FAR) if step > 0 else max(-1, i - _FAR)
    for k in range(i + step, stop, step):
        if tokens[k].kind not in skipped:
            return k
    return -1


def _kind_at(tokens: Sequence[Token], i: int) -> Kind | None:
    return tokens[i].kind if 0 <= i < len(tokens) else None


_DIGIT_NEIGHBOURS = (
    Kind.OH, Kind.UNIT, Kind.NUMERAL, Kind.TEEN, Kind.TENS, Kind.HUNDRED, Kind.REPEAT, Kind.PLURAL,
)  # fmt: skip


def _settle_oh(tokens: list[Token], i: int) -> Token:
    """A zero right before or after a digit; else the sigh of "oh, I see" and "oh no"."""
    token = tokens[i]
    if token.kind is not Kind.OH:
        return token
    end = i
    while end - i < _NEAR and _kind_at(tokens, end) in (Kind.OH, Kind.HOMOPHONE):
        end += 1
    zero = replace(token, kind=Kind.UNIT)
    sigh = replace(token, kind=Kind.WORD)
    if end - i >= 3 or _kind_at(tokens, beside(tokens, i, -1)) in (Kind.POINT, Kind.MONTH):
        return zero
    after = _kind_at(tokens, end)
    if _kind_at(tokens, beside(tokens, i, -1)) in _DIGIT_NEIGHBOURS:
        # "four one oh no": callers say "oh no", "oh wait" when they slip
        slip = end == i + 1 and after in (Kind.CORRECTION, Kind.HESITATION)
        return sigh if slip and tokens[i - 1].kind is not Kind.REPEAT else zero
    if after not in _DIGIT_NEIGHBOURS:
        return sigh
    if tokens[end].word == "one":  # "oh one of you" sighs, "oh one two" and a bare "oh one" do not
        beyond = beside(tokens, end, 1)
        return zero if beyond < 0 or tokens[beyond].kind in _DIGIT_NEIGHBOURS else sigh
    if after is Kind.TENS:  # "oh eighty dollars" sighs, "oh oh fifty eight" does not
        return zero if end - i > 1 or _run_length(tokens, end) > 3 else sigh
    return zero


def _run_length(tokens: Sequence[Token], i: int) -> int:
    end = i
    while end - i < 2 * _NEAR and _kind_at(tokens, end) in (*NUMBERS, Kind.SEPARATOR):
        end += 1
    return sum(tokens[k].kind in NUMBERS for k in range(i, end))


_DIGIT_LIKE = (Kind.UNIT, Kind.HOMOPHONE, Kind.PLURAL, Kind.REPEAT)


def _settle_homophone(tokens: list[Token], i: int) -> Token:
    """A digit between digits ("four to one five"), where at least three real ones are near, or at
    the very start of an answer of digits ("for one one one")."""
    token = tokens[i]
    if token.kind is not Kind.HOMOPHONE:
        return token
    low, high = i, i
    while i - low < _NEAR and _kind_at(tokens, low - 1) in _DIGIT_LIKE:
        low -= 1
    while high - i < _NEAR and _kind_at(tokens, high + 1) in _DIGIT_LIKE:
        high += 1
    real = sum(tokens[k].kind is Kind.UNIT for k in range(low, high + 1))
    inside = any(tokens[k].kind is Kind.UNIT for k in range(low, i)) and any(
        tokens[k].kind is Kind.UNIT for k in range(i + 1, high + 1)
    )
    opening = low == 0 and i == 0
    closing = high == len(tokens) - 1 and i == high and token.word not in ("for", "to", "free")
    counts = real >= 3 and (inside or opening or closing)
    return replace(token, kind=Kind.UNIT if counts else Kind.WORD)


def _settle_one(tokens: list[Token], i: int) -> Token:
    """ "One" is a number among numbers, and after "press" or "it's"; else a pronoun."""
    token = tokens[i]
    if token.word != "one" or token.kind is not Kind.UNIT:
        return token
    before, after = beside(tokens, i, -1), beside(tokens, i, 1)
    money = (Kind.MAJOR, Kind.MINOR, Kind.POINT)
    if _kind_at(tokens, before) in NUMBERS or _kind_at(tokens, after) in NUMBERS:
        return token
    if before >= 0 and tokens[before].kind is Kind.AND:
        return token if _kind_at(tokens, before - 1) in (*NUMBERS, Kind.MAJOR) else _pronoun(token)
    if _kind_at(tokens, before) in (Kind.SYMBOL, Kind.POINT, Kind.MONTH, Kind.COUNT):
        return token
    if _kind_at(tokens, after) in (*money, Kind.MONTH):
        return token
    previous = tokens[i - 1] if i else None
    if _kind_at(tokens, before) in MARKERS:
        said_before = beside(tokens, before, -1, PAUSES | MARKERS)
        if _kind_at(tokens, said_before) in NUMBERS:
            return token
        if previous is not None and previous.word in words.ONE_IS_A_PRONOUN_AFTER:
            return _pronoun(token)  # "no one", not "no, one"
    if _kind_at(tokens, i + 1) is Kind.OF and _kind_at(tokens, i + 2) in (Kind.TENS, Kind.NUMERAL):
        return token  # "one of twenty nine" is a date
    determined = previous is not None and previous.word in words.ONE_IS_A_PRONOUN_AFTER
    if not determined and _kind_at(tokens, beside(tokens, i, 1, PAUSES | MARKERS)) in NUMBERS:
        return token  # "one, no wait, seven"
    following = tokens[i + 1].word if i + 1 < len(tokens) else ""
    if following in words.NOT_AFTER_ONE:
        return _pronoun(token)
    around = PAUSES | MARKERS
    if beside(tokens, i, -1, around) < 0 and beside(tokens, i, 1, around) < 0:
        return token  # nothing else was said
    introduced = previous is not None and (
        previous.word in words.ONE_INTRODUCERS or previous.kind is Kind.INTRODUCTION
    )
    return token if introduced else _pronoun(token)


def _pronoun(token: Token) -> Token:
    return replace(token, kind=Kind.WORD)


def _settle_count(tokens: list[Token], i: int) -> Token:
    """ "The last four", "two cards": numbers that count and are no answer."""
    token = tokens[i]
    if token.kind not in (Kind.UNIT, Kind.TEEN, Kind.NUMERAL) or not 1 <= token.value <= 20:
        return token
    if token.kind is Kind.NUMERAL and token.word.startswith("0"):
        return token
    before = tokens[i - 1] if i else None
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if before is not None and (before.kind in NUMBERS or (before.kind is Kind.SEPARATOR and i > 1
                               and tokens[i - 2].kind in NUMBERS)):  # fmt: skip
        return token
    counting = before is not None and before.word in words.COUNTING_ADJECTIVES
    if after is not None and after.kind in NUMBERS:
        # "the last four four two four two": the four counts the digits that follow
        exactly = _run_length(tokens, i + 1) == token.value == 4
        return replace(token, kind=Kind.COUNT) if counting and exactly else token
    if after is not None and after.kind in (Kind.MAJOR, Kind.MINOR, Kind.POINT, Kind.OF, Kind.COIN):
        return token
    if counting or (after is not None and after.word in words.COUNT_NOUNS):
        return replace(token, kind=Kind.COUNT)
    return token


def _settle_percent(tokens: list[Token], i: int) -> Token:
    """ "A hundred percent" says yes, and no number."""
    sure = tokens[i].kind is Kind.HUNDRED and _kind_at(tokens, i + 1) is Kind.PERCENT
    return replace(tokens[i], kind=Kind.WORD) if sure else tokens[i]


def _settle_money_word(tokens: list[Token], i: int) -> Token:
    """ "Fifty sense" are cents; a "p" or "k" that follows no number is a letter."""
    token = tokens[i]
    after_number = i > 0 and tokens[i - 1].kind in NUMBERS
    if token.word in words.MISHEARD_MINORS and after_number:
        return replace(token, kind=Kind.MINOR)
    if token.word == "p" and not after_number:
        return replace(token, kind=Kind.WORD, currency="")
    if token.word == "k" and i > 0 and tokens[i - 1].kind is Kind.NUMERAL and token.glued:
        return replace(token, kind=Kind.THOUSAND)
    if token.word == "grand" and i > 0 and tokens[i - 1].kind not in (*NUMBERS, Kind.A, Kind.HALF):
        return replace(token, kind=Kind.WORD)
    return token


def _settle_month(tokens: list[Token], i: int) -> Token:
    """ "May" and its like are months before a number, or where nothing else was said."""
    token = tokens[i]
    if token.kind is not Kind.MONTH or token.word not in words.SHY_MONTHS:
        return token
    after = beside(tokens, i, 1, PAUSES | {Kind.OF})
    if _kind_at(tokens, after) is Kind.ORDINAL:
        after = beside(tokens, after, 1)
    if _kind_at(tokens, after) in NUMBERS:
        return token
    alone = PAUSES | MARKERS | {Kind.MONTH}
    if beside(tokens, i, -1, alone) < 0 and beside(tokens, i, 1, alone) < 0:
        return token
    return replace(token, kind=Kind.WORD)
