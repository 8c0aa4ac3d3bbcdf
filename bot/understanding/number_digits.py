"""Digit strings from number words, in every way they can be cut into groups.

"forty one eleven" is 4111, and less likely 40111; "one hundred eleven" is 111 or 100 and 11. All
cuts are kept side by side while the words are read from left to right (a lattice), with a cost for
the unlikely ones; only so many are kept at a time that long input stays cheap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.understanding.number_cardinals import cardinals
from bot.understanding.number_tokens import NUMBERS, Token, Tokens, remembered
from bot.understanding.number_words import Kind

MAX_DIGITS = 64
"""Longer strings are no number a caller gives; they get no reading."""

_PATHS_PER_LENGTH = 2
_PATHS_KEPT = 24

AS_SAID = "each number as said"
TENS_APART = "tens and unit as two numbers"
SCALE_APART = "hundreds and the rest as two numbers"
ONE_QUANTITY = "written groups as one quantity"
REPEATED_NUMERAL = "a written group repeated whole"


@dataclass(frozen=True)
class DigitPath:
    """One way to cut a run. cost: 0 natural, more is less likely.

    groups: where in the digits the caller paused, besides the start. reasons: of unusual cuts.
    """

    digits: str = field(repr=False)
    cost: float = 0.0
    groups: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Step:
    digits: str = field(repr=False)
    end: int
    cost: float = 0.0
    reason: str = ""


def digits_end(tokens: Tokens, i: int) -> int:
    """The index after the longest run of numbers at token i; i when none begins there.

    Pauses (commas, "um", "dash") belong to a run when a number follows them.
    """
    return _digits_end(tokens, i)[0]


@remembered
def _digits_end(tokens: Tokens, i: int) -> list[int]:
    reached = {i: 0}  # index: how many tokens of pause lie right before it
    end = i
    for j in range(i, len(tokens)):
        if j not in reached:
            if j > max(reached):
                break
            continue
        for step in _steps(tokens, j):
            reached[step.end] = 0
            end = max(end, step.end)
        pause = reached[j]
        skipped = tokens[j].kind is Kind.REPEAT or (j > i and tokens[j].kind in _PAUSES_IN_A_RUN)
        if skipped and pause < _LONGEST_PAUSE:
            reached.setdefault(j + 1, pause + 1)
    return [end]


_PAUSES_IN_A_RUN = (Kind.SEPARATOR, Kind.FILLER, Kind.AND)
_LONGEST_PAUSE = 6


def digit_paths(tokens: Tokens, start: int, end: int) -> list[DigitPath]:
    """The ways to read the run from token `start` up to `end` as digits, likeliest first. Tokens
    that are no numbers are pauses. Empty when there is no number, or more than MAX_DIGITS digits.
    """
    at: dict[int, list[DigitPath]] = defaultdict(list)
    at[start] = [DigitPath("")]
    for i in range(start, end):
        paths = _best(at.pop(i, []))
        if not paths:
            continue
        steps = _steps(tokens, i)
        if not steps and (tokens[i].kind not in NUMBERS or tokens[i].kind is Kind.REPEAT):
            at[i + 1] += [_paused(path, tokens[i]) for path in paths]
        for step in steps:
            if step.end <= end:
                at[step.end] += [_extended(path, step) for path in paths]
    return [path for path in _best(at[end]) if 0 < len(path.digits) <= MAX_DIGITS]


def _paused(path: DigitPath, token: Token) -> DigitPath:
    """A comma or a word between digits ends a group; a hyphen inside "forty-one" does not."""
    at = len(path.digits)
    if not at or at in path.groups:
        return path
    return DigitPath(path.digits, path.cost, (*path.groups, at), path.reasons)


def _extended(path: DigitPath, step: _Step) -> DigitPath:
    reasons = path.reasons
    if step.reason and step.reason not in reasons:
        reasons = (*reasons, step.reason)
    return DigitPath(path.digits + step.digits, path.cost + step.cost, path.groups, reasons)


def _best(paths: list[DigitPath]) -> list[DigitPath]:
    kept: list[DigitPath] = []
    of_length: dict[int, int] = {}
    seen: set[str] = set()
    for path in sorted(paths, key=lambda path: path.cost):
        length = len(path.digits)
        if path.digits in seen or of_length.get(length, 0) >= _PATHS_PER_LENGTH:
            continue
        if length > MAX_DIGITS:
            continue
        seen.add(path.digits)
        of_length[length] = of_length.get(length, 0) + 1
        kept.append(path)
        if len(kept) == _PATHS_KEPT:
            break
    return kept


@remembered
def _steps(tokens: Tokens, i: int) -> Iterator[_Step]:
    """The digits that can begin at token i."""
    token = tokens[i]
    if token.kind not in NUMBERS and token.kind is not Kind.A:
        return
    if token.kind is Kind.REPEAT:
        yield from _repeated(tokens, i)
        return
    if token.kind is Kind.UNIT:
        yield _Step(token.word if token.word.isdigit() else str(token.value), i + 1)
        following = tokens[i + 1] if i + 1 < len(tokens) else None
        if following is not None and following.kind is Kind.PLURAL and token.value >= 2:
            yield _Step(str(following.value) * token.value, i + 2, -1.0)
    elif token.kind is Kind.TEEN:
        yield _Step(str(token.value), i + 1)
    elif token.kind is Kind.TENS:
        yield from _tens(tokens, i)
    elif token.kind is Kind.NUMERAL:
        yield _Step(token.word, i + 1)
        yield from _numerals_added(tokens, i)
    yield from _scaled(tokens, i)


def _tens(tokens: Tokens, i: int) -> Iterator[_Step]:
    value = tokens[i].value
    unit = next((c for c in cardinals(tokens, i) if c.end > i + 1 and not c.scaled), None)
    if unit is None:
        yield _Step(str(value), i + 1)
        return
    yield _Step(str(unit.value), unit.end)
    yield _Step(str(value), i + 1, 1.0, TENS_APART)


def _scaled(tokens: Tokens, i: int) -> Iterator[_Step]:
    """As in "forty one hundred", "four thousand one hundred"; "hundred" and what follows apart."""
    found = [c for c in cardinals(tokens, i) if c.scaled and c.end <= i + _LONGEST_QUANTITY]
    for cardinal in found:
        apart = any(other.end > cardinal.end for other in found)
        cost, reason = (1.0, SCALE_APART) if apart else (-1.0, "")
        follows = tokens[cardinal.end] if cardinal.end < len(tokens) else None
        lone_unit = 1 <= cardinal.value % 100 <= 9 and tokens[cardinal.end - 1].kind is Kind.UNIT
        if lone_unit and follows is not None and follows.kind is Kind.UNIT:
            cost += 2.5  # "one hundred one one": more likely 100 and 1 1
        yield _Step(str(cardinal.value), cardinal.end, cost, reason)


_LONGEST_QUANTITY = 14


def _numerals_added(tokens: Tokens, i: int) -> Iterator[_Step]:
    """As in "20 1" and "4000 100", which a recogniser writes for twenty-one and 4100."""
    token = tokens[i]
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    if following is None or following.kind is not Kind.NUMERAL or following.glued:
        return
    zeros = len(token.word) - len(token.word.rstrip("0"))
    fits = 0 < len(following.word) <= zeros < len(token.word) and following.word[0] != "0"
    if fits and len(token.word) <= 4 and (zeros == len(token.word) - 1):
        yield _Step(token.word[: -len(following.word)] + following.word, i + 2, 1.0, ONE_QUANTITY)


def _repeated(tokens: Tokens, i: int) -> Iterator[_Step]:
    times = tokens[i].value
    j = i + 1
    if j < len(tokens) and tokens[j].kind is Kind.SEPARATOR:
        j += 1
    if j >= len(tokens):
        return
    token = tokens[j]
    if token.kind in (Kind.UNIT, Kind.PLURAL) or token.kind in (Kind.TEEN, Kind.TENS):
        yield _Step(str(token.value) * times, j + 1)
    elif token.kind is Kind.NUMERAL:
        # "double 512": the recogniser has run "double five one two" together
        yield _Step(token.word[0] * times + token.word[1:], j + 1)
        if len(token.word) == 2:
            yield _Step(token.word * times, j + 1, 1.0, REPEATED_NUMERAL)
