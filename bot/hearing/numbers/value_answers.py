"""Amounts, dates, yes and no, from what the head heard: by what they are worth, not by wording."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.expectations import Expectation, Kind
from bot.hearing.numbers.confidence import Calibration, log_odds
from bot.hearing.numbers.grammars import expiry_of, grammar_for
from bot.hearing.numbers.head import LogProbabilities, Vocabulary
from bot.hearing.numbers.word_grammar import Grammar
from bot.hearing.numbers.word_search import HeardWords, search_words

_OUTSIDE: Final = 0.25
"""What lies outside the limits must be heard so much better than what lies within. Callers do name
amounts that cannot be paid: the limits settle a doubt between fifteen and fifty, and no more."""

_FLOOR: Final = 1e-4
"""As low as in the search for numbers that fit: what the head thinks unlikely may be what fits."""

_CERTAIN: Final = 0.9
_LIMIT: Final = 5
_FAR_BEHIND: Final = 0.03
"""An answer this much less likely than the best is no alternative."""


@dataclass(frozen=True, slots=True)
class ValueAnswer:
    """May be a card's expiry date: the repr shows nothing of it.

    words: the likeliest wording, fillers among them. values: as its grammar counts, several where
        it can be understood in several ways; none where it is no phrase of the grammar.
    probability: the head's, of all wordings worth the same together.
    share: of all that the grammar allows, limits considered and what the search lost counted with
        them; 0 when it does not allow this one.
    fits: a phrase of the grammar, and within the limits.
    as_heard: holds the likeliest of all word sequences.
    """

    words: tuple[str, ...] = field(repr=False)
    values: tuple[int, ...] = field(repr=False)
    probability: float
    share: float
    fits: bool
    as_heard: bool

    def features(self, agreement: float) -> tuple[float, float, float]:
        """For `Calibration`. agreement: Whisper wrote the same 1, other -1, was not asked 0."""
        return log_odds(self.probability), log_odds(self.share), agreement

    def confidence(self, kind: Kind, calibration: Calibration, agreement: float) -> float:
        chance, share, _ = self.features(agreement)
        if not self.values:
            return calibration.words(chance, agreement)
        line = {Kind.EXPIRY: calibration.expiry, Kind.YES_NO: calibration.yes_no}
        return line.get(kind, calibration.amount)(chance, share, agreement)


def value_answers(
    frames: LogProbabilities,
    vocabulary: Vocabulary,
    heard: Sequence[HeardWords],
    expectation: Expectation,
) -> list[ValueAnswer]:
    """Best first; the likeliest as heard is always among them. Empty where the question has no
    grammar, or nothing was heard.

    heard: `search_words` of the frames, without a grammar.
    """
    grammar = grammar_for(expectation, vocabulary.filler)
    if grammar is None or not heard or not heard[0].words:
        return []
    lost = max(0.0, 1 - sum(one.probability for one in heard))
    phrases = search_words(frames, vocabulary, grammar=grammar, floor=_FLOOR)
    wordings = _by_value(grammar, [*heard, *phrases])
    within = {values: _is_within(values, expectation) for values in wordings}
    masses = {
        values: sum(one.probability for one in wordings[values].values()) for values in wordings
    }
    preferred = {values: masses[values] * (1 if within[values] else _OUTSIDE) for values in masses}
    total = sum(preferred.values()) + lost
    likeliest = heard[0].words
    answers = [
        ValueAnswer(
            max(ways.values(), key=lambda one: one.log_probability).words,
            values,
            min(1.0, masses[values]),
            preferred[values] / total,
            within[values],
            likeliest in ways,
        )
        for values, ways in wordings.items()
    ]
    answers.sort(key=lambda answer: answer.share, reverse=True)
    kept = [
        answer
        for answer in answers[:_LIMIT]
        if answer.as_heard or answer.probability > _FAR_BEHIND * answers[0].probability
    ]
    if any(answer.as_heard for answer in kept):
        return kept
    unread = ValueAnswer(likeliest, (), heard[0].probability, 0.0, fits=False, as_heard=True)
    as_heard = next((answer for answer in answers if answer.as_heard), unread)
    return [*kept[: _LIMIT - 1], as_heard]


def is_clear(answers: Sequence[ValueAnswer]) -> bool:
    """Whether Whisper need not be asked."""
    first = answers[0]
    return first.fits and first.as_heard and first.probability >= _CERTAIN


def _by_value(
    grammar: Grammar, heard: Sequence[HeardWords]
) -> dict[tuple[int, ...], dict[tuple[str, ...], HeardWords]]:
    """The wordings of each value, each once, with the greater of the probabilities found."""
    wordings: defaultdict[tuple[int, ...], dict[tuple[str, ...], HeardWords]] = defaultdict(dict)
    for one in heard:
        values = grammar.read(one.words)
        known = wordings[values].get(one.words) if values else None
        if values and (known is None or known.log_probability < one.log_probability):
            wordings[values][one.words] = one
    return dict(wordings)


def _is_within(values: Sequence[int], expectation: Expectation) -> bool:
    """Whether any of the values is."""
    if expectation.kind is Kind.EXPIRY and expectation.expiries is not None:
        return any(expectation.expiries.allow(expiry_of(value)) for value in values)
    if expectation.kind in {Kind.AMOUNT, Kind.OPEN} and expectation.amounts is not None:
        return any(map(expectation.amounts.allow, values))
    return True
