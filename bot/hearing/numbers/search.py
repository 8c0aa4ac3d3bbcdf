"""The likeliest way to say a number that fits: Viterbi search under a rule.

What the head heard best need not fit (a repeated digit lost, "oh" taken for "four"). This search
finds the best path through the same log-probabilities whose digits a `DigitRule` accepts. Of
all paths that fit, it finds the best. That a number fits proves nothing by itself; how much
it should be believed is for `confidence` to say.

A state of the search is: the rule's state, what is pending ("double", an open tens word), and
whether the path is on a word or on a blank after it (CTC: a word said twice needs a blank
between, a word held longer does not).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.hearing.numbers.digit_words import IGNORED, REPEATS, TEENS, TENS, UNITS, Pending
from bot.hearing.numbers.head import LogProbabilities, Vocabulary
from bot.hearing.numbers.rules import TRAP, DigitRule

_Scores = NDArray[np.float64]
_Traces = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DigitLabel:
    """Words of the vocabulary that act alike on a digit string, as one label of the search.

    columns: of the log-probabilities, added up. digits: what it adds when nothing is pending.
    leaves: what is pending after it.
    """

    columns: tuple[int, ...]
    digits: str = ""
    leaves: Pending = Pending.NOTHING

    def adds(self, pending: Pending) -> str | None:
        """The digits it adds after that; None when it cannot follow."""
        is_unit = len(self.digits) == 1 and self.leaves is Pending.NOTHING
        match pending:
            case Pending.NOTHING:
                return self.digits
            case Pending.UNIT:
                return self.digits if is_unit and self.digits != "0" else "0" + self.digits
            case Pending.DOUBLE:
                return self.digits * 2 if is_unit else None
            case Pending.TRIPLE:
                return self.digits * 3 if is_unit else None


BLANK = DigitLabel((0,))


def digit_labels(vocabulary: Vocabulary) -> tuple[DigitLabel, ...]:
    """The labels in which digits are said; the blank first."""

    def columns(*words: str) -> tuple[int, ...]:
        return tuple(vocabulary.column(word) for word in words if word in vocabulary.words)

    units = [
        DigitLabel(columns(*(w for w, v in UNITS.items() if v == value)), str(value))
        for value in range(10)
    ]
    teens = [DigitLabel(columns(word), str(value)) for word, value in TEENS.items()]
    # "forty" adds its first digit only; what follows decides the second.
    tens = [
        DigitLabel(columns(word), str(value // 10), Pending.UNIT) for word, value in TENS.items()
    ]
    repeats = [
        DigitLabel(columns(word), "", Pending.DOUBLE if times == 2 else Pending.TRIPLE)
        for word, times in REPEATS.items()
    ]
    ignored = DigitLabel(columns(*sorted(IGNORED), vocabulary.filler))
    return (BLANK, *units, *teens, *tens, *repeats, ignored)


def by_label(frames: LogProbabilities, labels: tuple[DigitLabel, ...]) -> NDArray[np.float64]:
    """Log-probabilities by label, shape (U, labels). Other words of the vocabulary are left out."""
    wide = frames.astype(np.float64)
    return np.stack(
        [np.logaddexp.reduce(wide[:, list(label.columns)], axis=1) for label in labels], axis=1
    )


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """digits: new ones, without those given before. labels: the path's words, as label indices.
    log_probability: of the best path, natural."""

    digits: str = field(repr=False)
    labels: tuple[int, ...] = field(repr=False)
    log_probability: float


def find_number(
    scores: NDArray[np.float64],
    labels: tuple[DigitLabel, ...],
    rule: DigitRule,
    *,
    given: str = "",
    floor: float = 1e-4,
    width: float = 18.0,
) -> FoundNumber | None:
    """The best path whose digits, after those given, the rule accepts. None: there is none.

    scores: `by_label`. floor: a label less likely than this in a frame is not begun or held there.
    width: a path this much (natural logarithm) behind the best is given up. With floor 0 and
    infinite width the search is exact; what the defaults lose is too unlikely to be believed.
    """
    start = rule.after(given)
    if start == TRAP:
        return None
    search = _Search(labels, rule, start, width)
    log_floor = math.log(floor) if floor > 0 else -math.inf
    for row in scores:
        search.advance(row, log_floor)
    return search.best()


class _Search:
    """Token passing: each state keeps its best score and a trace of the words that led there."""

    def __init__(
        self, labels: tuple[DigitLabel, ...], rule: DigitRule, start: int, width: float
    ) -> None:
        self._labels = labels
        self._rule = rule
        self._width = width
        self._size = len(rule.accepting)
        self._blank = {Pending.NOTHING: self._unreached()}
        self._blank[Pending.NOTHING][0][start] = 0.0
        self._on: dict[int, tuple[_Scores, _Traces]] = {}
        # Every word of every path, as (label, trace before it); traces point into these.
        self._said: list[int] = [0]
        self._before: list[int] = [-1]
        self._targets: dict[str, NDArray[np.int32]] = {}
        # Room to bring together what reaches one state; unreached again after every use.
        self._arrived, self._parents = self._unreached()

    def advance(self, row: NDArray[np.float64], log_floor: float) -> None:
        """One frame further."""
        sources = {
            pending: here
            for pending in Pending
            if (here := self._best_of(pending, without=None)) is not None
        }
        blank = {
            pending: (scores + row[0], traces) for pending, (scores, traces) in sources.items()
        }
        on: dict[int, tuple[_Scores, _Traces]] = {}
        for label in np.flatnonzero(row[1:] > log_floor) + 1:
            self._enter(int(label), float(row[label]), sources, on)
        self._blank, self._on = blank, on
        self._give_up_laggards()

    def best(self) -> FoundNumber | None:
        found: tuple[float, int, str] | None = None
        for pending in (Pending.NOTHING, Pending.UNIT):
            here = self._best_of(pending, without=None)
            if here is None:
                continue
            scores, traces = here
            ending = "0" if pending is Pending.UNIT else ""  # "forty" at the end is 40
            fits = self._rule.accepting[self._after(ending)] & np.isfinite(scores)
            for state in np.flatnonzero(fits):
                if found is None or scores[state] > found[0]:
                    found = (float(scores[state]), int(traces[state]), ending)
        if found is None:
            return None
        score, trace, ending = found
        path = self._path(trace)
        return FoundNumber(_digits_of(path, self._labels) + ending, path, score)

    def _enter(
        self,
        label: int,
        score: float,
        sources: dict[Pending, tuple[_Scores, _Traces]],
        on: dict[int, tuple[_Scores, _Traces]],
    ) -> None:
        """Hold the label, or begin it from every state it may follow.

        sources: by what is pending, the best on a blank or on any label.
        """
        held = self._on.get(label)
        # A copy: other labels are still to be entered from the traces as they were.
        scores, traces = (held[0] + score, held[1].copy()) if held else self._unreached()
        for pending, anything in sources.items():
            adds = self._labels[label].adds(pending)
            itself_too = held is not None and self._labels[label].leaves is pending
            # No word begins right after itself: that is holding it.
            source = self._best_of(pending, without=label) if itself_too else anything
            if adds is None or source is None:
                continue
            target = self._after(adds)
            come = np.flatnonzero(source[0] > -np.inf)
            come = come[target[come] != TRAP]
            come = come[np.argsort(source[0][come], kind="stable")]  # the best is written last
            arrived, parents = self._arrived, self._parents
            reached = target[come]
            arrived[reached] = source[0][come] + score
            parents[reached] = source[1][come]
            better = np.flatnonzero(arrived > scores)
            scores[better] = arrived[better]
            traces[better] = np.arange(len(better)) + len(self._said)
            self._said.extend([label] * len(better))
            self._before.extend(parents[better].tolist())
            arrived[reached] = -np.inf
        if (scores > -np.inf).any():
            on[label] = (scores, traces)

    def _best_of(self, pending: Pending, without: int | None) -> tuple[_Scores, _Traces] | None:
        """Per rule state the best that has this pending, on a blank or on a label but one."""
        sources = [self._blank[pending]] if pending in self._blank else []
        sources += [
            state
            for label, state in self._on.items()
            if label != without and self._labels[label].leaves is pending
        ]
        if not sources:
            return None
        scores, traces = sources[0]
        for other_scores, other_traces in sources[1:]:
            better = other_scores > scores
            scores = np.where(better, other_scores, scores)
            traces = np.where(better, other_traces, traces)
        return scores, traces

    def _give_up_laggards(self) -> None:
        reached = [*self._blank.values(), *self._on.values()]
        best = max((float(scores.max()) for scores, _ in reached), default=-math.inf)
        for scores, _ in reached:
            scores[scores < best - self._width] = -np.inf

    def _after(self, digits: str) -> NDArray[np.int32]:
        """For every rule state, the one after these digits."""
        if digits not in self._targets:
            states = np.arange(self._size, dtype=np.int32)
            for digit in digits:
                states = self._rule.next[states, int(digit)]
            self._targets[digits] = states
        return self._targets[digits]

    def _unreached(self) -> tuple[_Scores, _Traces]:
        return np.full(self._size, -np.inf), np.zeros(self._size, dtype=np.int64)

    def _path(self, trace: int) -> tuple[int, ...]:
        path = []
        while self._before[trace] >= 0:
            path.append(self._said[trace])
            trace = self._before[trace]
        return tuple(reversed(path))


def _digits_of(path: tuple[int, ...], labels: tuple[DigitLabel, ...]) -> str:
    """Digits along the path; an open tens word at the end is left open."""
    return "".join(_added(path, labels))


def _added(path: tuple[int, ...], labels: tuple[DigitLabel, ...]) -> Iterator[str]:
    pending = Pending.NOTHING
    for index in path:
        added = labels[index].adds(pending)
        if added is None:
            raise AssertionError("a path the search itself would not walk")
        yield added
        pending = labels[index].leaves


def log_probability(scores: NDArray[np.float64], path: tuple[int, ...]) -> float:
    """CTC log-probability of exactly these labels, over all ways they can lie on the frames."""
    spaced = [0]
    for label in path:
        spaced += [label, 0]
    columns = np.array(spaced)
    skips = np.zeros(len(columns), dtype=bool)
    skips[2:] = (columns[2:] != 0) & (columns[2:] != columns[:-2])
    ways = np.full(len(columns), -np.inf)
    ways[0] = 0.0  # as if a blank had gone before
    for row in scores:
        one = np.concatenate(([-np.inf], ways[:-1]))
        two = np.where(skips, np.concatenate(([-np.inf, -np.inf], ways[:-2]))[: len(ways)], -np.inf)
        ways = np.logaddexp(np.logaddexp(ways, one), two) + row[columns]
    return float(np.logaddexp.reduce(ways[-2:]))
