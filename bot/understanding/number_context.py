"""Whether an undecided word is a number: "oh", "for", "one", "may", and numbers that only count.

Judged by the words around it alone, so that the same words are always read alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.understanding import number_words as words
from bot.understanding.number_tokens import MARKERS, NUMBERS, PAUSES, Token
from bot.understanding.number_words import Kind


def settled(tokens: Sequence[Token]) -> list[Token]:
    """Decide each undecided word; what is decided first may help the next."""
    decided = list(tokens)
    for decide in (
        _settle_couple,
        _settle_percent,
        _settle_oh,
        _settle_homophone,
        _settle_one,
        _settle_count,
        _settle_money_word,
        _settle_month,
    ):
        for i in range(len(decided)):
            decided[i] = decide(decided, i)
    return decided


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


def _settle_oh(tokens: list[Token], i: int) -> Token:  # noqa: PLR0911 - one return a rule
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


def _settle_one(tokens: list[Token], i: int) -> Token:  # noqa: PLR0911 - one return a rule
    """The word "one" is a number among numbers, and after "press" or "it's"; else a pronoun."""
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
        previous.word.split()[-1] in words.ONE_INTRODUCERS  # also "should be"
        or previous.kind is Kind.INTRODUCTION
    )
    return token if introduced else _pronoun(token)


def _pronoun(token: Token) -> Token:
    return replace(token, kind=Kind.WORD)


def _settle_count(tokens: list[Token], i: int) -> Token:  # noqa: PLR0911 - one return a rule
    """Numbers that count and are no answer: "the last four", "two cards"."""
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
    if after is not None and after.kind is Kind.OF and _kind_at(tokens, i + 2) is Kind.WORD:
        return replace(token, kind=Kind.COUNT)  # "two of them"
    if after is not None and after.kind in (Kind.MAJOR, Kind.MINOR, Kind.POINT, Kind.OF, Kind.COIN):
        return token
    if counting or (after is not None and after.word in words.COUNT_NOUNS):
        return replace(token, kind=Kind.COUNT)
    return token


def _settle_couple(tokens: list[Token], i: int) -> Token:
    """The couple of "a couple hundred" is two; of anything else it is no number."""
    if tokens[i].kind is not Kind.COUPLE:
        return tokens[i]
    scale = _kind_at(tokens, i + 1) in (Kind.HUNDRED, Kind.THOUSAND)
    return replace(tokens[i], kind=Kind.UNIT if scale else Kind.WORD, value=2 if scale else -1)


def _settle_percent(tokens: list[Token], i: int) -> Token:
    """The "hundred percent" that says yes is no number."""
    sure = tokens[i].kind is Kind.HUNDRED and _kind_at(tokens, i + 1) is Kind.PERCENT
    return replace(tokens[i], kind=Kind.WORD) if sure else tokens[i]


def _settle_money_word(tokens: list[Token], i: int) -> Token:
    """The "sense" of "fifty sense" are cents; a "p" or "k" that follows no number is a letter."""
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
    """The word "may" and its like are months before a number, or where nothing else was said."""
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
