"""Text to tokens: what recognisers print (words, numerals, signs, any capitals) as known words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from bot.understanding import number_words as words
from bot.understanding.number_context import settled
from bot.understanding.number_tokens import Token, Tokens
from bot.understanding.number_words import Kind

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
        single = raw and raw[-1].kind is Kind.NUMERAL and len(raw[-1].word) == 1
        if single and token.word == "s" and token.glued:  # "three 0s"
            token = replace(raw.pop(), kind=Kind.PLURAL, end=token.end)
        raw.append(token)
    return Tokens(settled(_phrases_joined(raw)))


_Entry = tuple[Kind, int, str]  # kind, value, currency


def _vocabulary() -> dict[str, _Entry]:
    """Every single word and sign; of a word in several tables the last one wins."""
    entries: dict[str, _Entry] = {word: (kind, -1, "") for word, kind in words.SINGLE_WORDS.items()}
    for sign in words.SEPARATOR_SIGNS | words.SEPARATOR_WORDS:
        entries[sign] = (Kind.SEPARATOR, -1, "")
    for kind, currencies in (
        (Kind.SYMBOL, words.SYMBOLS),
        (Kind.MINOR, words.MINORS),
        (Kind.MAJOR, words.MAJORS),
    ):
        entries.update({word: (kind, -1, currency) for word, currency in currencies.items()})
    for word, (value, currency) in words.COINS.items():
        entries[word] = (Kind.COIN, value, currency)
    for kind, values in (
        (Kind.MONTH, words.MONTHS),
        (Kind.ORDINAL, words.ORDINALS),
        (Kind.HOMOPHONE, words.HOMOPHONES),
        (Kind.PLURAL, words.PLURALS),
        (Kind.REPEAT, words.REPEATS),
        (Kind.TENS, words.TENS),
        (Kind.TEEN, words.TEENS),
        (Kind.UNIT, words.UNITS),
    ):
        entries.update({word: (kind, value, "") for word, value in values.items()})
    entries.update({"oh": (Kind.OH, 0, ""), "o": (Kind.OH, 0, ""), "%": (Kind.PERCENT, -1, "")})
    return entries


_VOCABULARY = _vocabulary()


def _classified(match: re.Match[str], glued: bool) -> Token:
    word = match.group().lower()
    if match.lastgroup == "placeholder":
        kind, value, currency = Kind.PLACEHOLDER, -1, ""
    elif match.lastgroup == "numeral":
        value = int(word) if len(word) <= _LONGEST_VALUE else -1
        kind, currency = Kind.NUMERAL, ""
    else:
        kind, value, currency = _VOCABULARY.get(word, (Kind.WORD, -1, ""))
    return Token(kind, word, match.start(), match.end(), value, currency, glued)


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
