"""Digits as finally meant: what callers take back while they read a number aloud.

"four one one one, no, four one one two" says the last group again; "five six, sorry, seven" only
the last digit; "let me start again" everything; "nine not five" drops the five. How many digits are
taken back is never said, so each likely count gives a reading, ordered by how people repair their
speech: they go back to a word they already said, or to the start of a group, and say as many digits
as they take back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.understanding.number_digits import (
    AS_SAID,
    MAX_DIGITS,
    DigitPath,
    digit_paths,
    digits_end,
)
from bot.understanding.number_spans import marker_after
from bot.understanding.number_tokens import PAUSES, Tokens
from bot.understanding.number_words import Kind

_PATHS_KEPT = 24
_MOST_CORRECTIONS = 12  # in one number; a garbled text may have thousands


@dataclass(frozen=True)
class _Run:
    """Digits with their corrections made. start, end: indices of tokens."""

    paths: tuple[DigitPath, ...]
    start: int
    end: int


def corrected_digits(
    tokens: Tokens, lengths: tuple[int, ...]
) -> list[tuple[DigitPath, str, int, int]]:
    """Readings of a whole text, best first: path, reason, first and last character."""
    runs = list(_runs(tokens))
    if not runs:
        return []
    ranked: list[tuple[bool, float, DigitPath, int, int]] = []

    def add(path: DigitPath, start: int, end: int, cost: float) -> None:
        fits = len(path.digits) in lengths
        ranked.append((not fits, path.cost + cost, path, tokens[start].start, tokens[end - 1].end))

    longest = max(len(run.paths[0].digits) for run in runs)
    for run in runs:
        for path in run.paths:
            add(path, run.start, run.end, 2.0 if len(run.paths[0].digits) < longest else 0.0)
    if 1 < len(runs) <= _RUNS_JOINED:
        for path in _joined(runs):
            add(path, runs[0].start, runs[-1].end, 1.5)
    ranked.sort(key=lambda item: item[:2])
    best: dict[str, tuple[DigitPath, str, int, int]] = {}
    for _, _, path, start, end in ranked:
        best.setdefault(path.digits, (path, "; ".join(path.reasons) or AS_SAID, start, end))
    return list(best.values())


_RUNS_JOINED = 12
ACROSS_WORDS = "several runs of digits as one"


def _joined(runs: Sequence[_Run]) -> list[DigitPath]:
    paths = [DigitPath("", reasons=(ACROSS_WORDS,))]
    for run in runs:
        paths = _pruned([
            DigitPath(
                a.digits + b.digits, a.cost + b.cost, (*a.groups, len(a.digits)),
                (*a.reasons, *(r for r in b.reasons if r not in a.reasons)),
            )
            for a in paths for b in run.paths[:6]
        ])  # fmt: skip
    return paths


def _runs(tokens: Tokens) -> Iterator[_Run]:
    i = 0
    while i < len(tokens):
        end = digits_end(tokens, i)
        paths = digit_paths(tokens, i, end)
        if end == i or not paths:
            i = max(i + 1, end)
            continue
        start = i
        if tokens[i - 1].word in ("oh", "o") and i:
            paths = [*paths, *(_with_leading_oh(path) for path in paths[:6])]
        negated, paths = _opened_by_contrast(tokens, start, paths)
        for _ in range(_MOST_CORRECTIONS):
            marker, j = marker_after(tokens, end)
            after = digits_end(tokens, j) if marker is not None else j
            said = digit_paths(tokens, j, after)
            if marker is None or not said:
                break
            if any(t.word in ("oh", "o") for t in tokens[end : end + 1]):
                paths = [*paths, *(_with_trailing_oh(path) for path in paths[:6])]
            paths = list(said) if negated else _repaired(paths, said, marker)
            negated = False
            end = after
        if not negated:
            yield _Run(tuple(paths), start, end)
        i = end


def _with_leading_oh(path: DigitPath) -> DigitPath:
    """As in "oh fifty eight": a sigh, or a zero."""
    groups = tuple(at + 1 for at in path.groups)
    return DigitPath("0" + path.digits, path.cost + 0.8, groups, (*path.reasons, OH_AS_ZERO))


def _with_trailing_oh(path: DigitPath) -> DigitPath:
    """As in "four one oh no four two": a slip, or a zero before the "no"."""
    return DigitPath(path.digits + "0", path.cost + 1.0, path.groups, (*path.reasons, OH_AS_ZERO))


OH_AS_ZERO = "an oh beside it as a zero"


def _opened_by_contrast(
    tokens: Tokens, start: int, paths: list[DigitPath]
) -> tuple[bool, list[DigitPath]]:
    """Both "not five nine" and "not five, nine" mean nine.

    What follows "not" up to a pause, or half of it, is what is not meant. Tells whether all of
    it is, and gives the paths that stand.
    """
    before = start - 1
    while before >= 0 and tokens[before].kind in PAUSES:
        before -= 1
    if before < 0 or tokens[before].kind is not Kind.CONTRAST:
        return False, paths
    kept = []
    for path in paths:
        size = len(path.digits)
        cut = path.groups[0] if path.groups else size // 2 if size % 2 == 0 else 0
        if 0 < cut < size:
            kept.append(DigitPath(path.digits[cut:], path.cost, (), (*path.reasons, _DENIED)))
    return not kept, [*kept, *(_costlier(path, 3.0) for path in paths)]


_DENIED = "what follows the not left out"


def _costlier(path: DigitPath, cost: float) -> DigitPath:
    return DigitPath(path.digits, path.cost + cost, path.groups, path.reasons)


def _repaired(
    before: Sequence[DigitPath], said: Sequence[DigitPath], marker: Kind
) -> list[DigitPath]:
    found = []
    for old in before[:_PATHS_KEPT]:
        for new in said[:6]:
            if marker is Kind.RESTART:
                found.append(_replacing(old, new, len(old.digits), 0.0, "started again"))
            elif marker is Kind.CONTRAST:
                found += _contrasted(old, new)
            else:
                found += _corrections(old, new, marker)
    return _pruned(found)


def _replacing(old: DigitPath, new: DigitPath, count: int, cost: float, how: str) -> DigitPath:
    """The last `count` digits of the old replaced by the new ones."""
    keep = len(old.digits) - count
    groups = tuple(at for at in old.groups if at < keep)
    if keep:  # what is said again begins a group
        groups = (*groups, keep)
    return DigitPath(
        old.digits[:keep] + new.digits,
        old.cost + new.cost + cost,
        (*groups, *(keep + at for at in new.groups)),
        (*old.reasons, *(r for r in (*new.reasons, how) if r not in old.reasons)),
    )


def _corrections(old: DigitPath, new: DigitPath, marker: Kind) -> Iterator[DigitPath]:
    """One path for each count of digits that may be taken back."""
    size = len(old.digits)
    group = new.groups[0] if new.groups else len(new.digits)
    starts = {0, *old.groups}
    for count in range(1, min(size, _LONGEST_REPAIR) + 1):
        at = size - count
        retraced = old.digits[at] == new.digits[0]
        at_start = at in starts
        same_size = count == group
        if not (retraced or at_start or same_size or count == len(new.digits)):
            continue
        cost = 3.0 - 1.2 * same_size - 0.9 * retraced - 0.8 * at_start
        if at_start and at == max(starts):
            cost -= 0.5  # the group just said
        if count > len(new.digits):
            cost += 1.0  # more taken back than said again
        if old.digits[at:] == new.digits[:count]:
            cost += 0.6  # nothing would be corrected
        yield _replacing(old, new, count, cost, "the last digits said again")
    kept = 0.2 if marker is Kind.HESITATION else 3.5
    yield _replacing(old, new, 0, kept, "a pause, nothing taken back")


_LONGEST_REPAIR = 24


def _contrasted(old: DigitPath, new: DigitPath) -> Iterator[DigitPath]:
    """As in "nine not five": the five is left out, and what follows a pause after it goes on."""
    cut = new.groups[0] if new.groups else len(new.digits)
    rest = DigitPath(new.digits[cut:], new.cost)
    yield _replacing(old, rest, 0, 0.0, _DENIED)


def _pruned(paths: Sequence[DigitPath]) -> list[DigitPath]:
    kept: dict[str, DigitPath] = {}
    for path in sorted(paths, key=lambda path: path.cost):
        if len(path.digits) <= MAX_DIGITS:
            kept.setdefault(path.digits, path)
        if len(kept) == _PATHS_KEPT:
            break
    return list(kept.values())
