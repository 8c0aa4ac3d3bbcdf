"""What one utterance may have said, from what the number head and Whisper make of its sound.

Numbers come from the head, words from Whisper's decoder, which is asked only when the head says
that words were spoken (its filler), when the head is in doubt, or when the question is open. Where
both heard a number, agreement raises the confidence and disagreement lowers it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot.cards import SecretDigits, SecretText
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.embedded.half_heard import (
    is_hardly_written,
    is_seconded,
    unwritten_answer,
    with_written_month,
)
from bot.hearing.embedded.whisper import FreeText
from bot.hearing.numbers.confidence import Calibration, log_odds
from bot.hearing.numbers.digit_answers import DigitAnswer, digit_answers
from bot.hearing.numbers.digit_words import ASIDES, REPAIRS, spell
from bot.hearing.numbers.grammars import grammar_for
from bot.hearing.numbers.head import LogProbabilities, Vocabulary
from bot.hearing.numbers.number_text import (
    Merged,
    agrees,
    is_stuttered,
    merge,
    plain,
    spoken_text,
    with_heard_answer,
    with_number_added,
    written_digits,
    written_stretches,
)
from bot.hearing.numbers.value_answers import ValueAnswer, is_clear, value_answers
from bot.hearing.numbers.word_search import HeardWords, search_words

NAME = "embedded"

_SHORT_SECONDS = 4.0
"""Digits this short are heard by Whisper as well."""
_ALTERNATIVES = 5
_FAR_BEHIND = 0.03
"""A word sequence this much less likely than the best is no alternative."""
_WORTH_ASKING = 0.2
"""A number that fits comes first when it is at least this probable."""
_MANY = 6
"""Number words that no sentence of others is mistaken for."""
_SURE = 0.5
_CERTAIN = 0.9
_CERTAIN_ALONE = 0.98
"""For a yes or no that Whisper did not write. Chosen on the validation part of Speech Commands: of
1,180 recordings two words taken for a yes are below it, and 22 of 88 true ones with them."""
_WELL_WRITTEN = 0.6
"""A word of Whisper's this probable is what was said: "here" for "yes" never was."""
_DISPUTED = 0.65
"""The most that is believed of a number in a sentence when Whisper wrote another one: the rest lies
above `accept_confidence`, so that neither is taken for the other unasked. Chosen, not measured."""


@dataclass(frozen=True, slots=True)
class Written:
    """Whisper's text, made plain, and its probability per token."""

    text: str = field(repr=False)
    probability: float

    @classmethod
    def of(cls, pieces: list[FreeText]) -> Written:
        """What Whisper wrote of each piece of the sound; as sure as of the least sure piece."""
        text = plain(" ".join(one.text for one in pieces))
        return cls(text, min(one.token_probability for one in pieces))

    @property
    def digits(self) -> str:
        return written_digits(self.text)


class Utterance:
    """One utterance as an answer to a question. May hold card data; nothing is kept of it."""

    def __init__(
        self,
        frames: LogProbabilities,
        seconds: float,
        expectation: Expectation,
        vocabulary: Vocabulary,
        calibration: Calibration,
        write: Callable[[], Written],
    ) -> None:
        """frames: the head's. seconds: how long the sound is. write: asks Whisper."""
        self._frames = frames
        self._seconds = seconds
        self._expectation = expectation
        self._vocabulary = vocabulary
        self._filler = vocabulary.filler
        self._calibration = calibration
        self._write = write
        self._grammar = grammar_for(expectation, vocabulary.filler)
        self._sequences = search_words(frames, vocabulary)

    @property
    def best(self) -> HeardWords:
        """The head's likeliest word sequence; without words in silence, noise and tones."""
        return self._sequences[0]

    @cached_property
    def _written(self) -> Written:
        return self._write()

    @cached_property
    def _digit_answers(self) -> list[DigitAnswer]:
        return self._find_digits(search=True)

    def _find_digits(self, *, search: bool) -> list[DigitAnswer]:
        return digit_answers(
            self._frames, self._vocabulary, self._sequences, self._expectation, search=search
        )

    @cached_property
    def _values(self) -> list[ValueAnswer]:
        return value_answers(self._frames, self._vocabulary, self._sequences, self._expectation)

    def hypotheses(self) -> list[Hypothesis]:
        """Best first, without their place on the leg."""
        if not self.best.words:
            return []
        match self._expectation.kind:
            case Kind.CARD | Kind.DIGITS:
                return self._digits()
            case Kind.AMOUNT | Kind.EXPIRY if self._only_numbers():
                return self._numbers()
            case Kind.YES_NO | Kind.OPEN:
                return self._yes_or_no()
            case Kind.EXPIRY:
                return self._date_in_words()
            case _:
                return self._merged()

    # --- digits ------------------------------------------------------------------------------

    def _digits(self) -> list[Hypothesis]:
        heard = self.best.words
        only_digits = spell(heard, self._filler) is not None
        sure = self.best.probability >= _SURE
        words_too = self._filler in heard or not only_digits or not sure
        short = self._seconds < _SHORT_SECONDS
        second_opinion = short and self._expectation.kind is Kind.DIGITS
        opinion = self._written.digits if second_opinion else None
        digits = self._digit_hypotheses(self._digit_answers, opinion)
        if not words_too or (only_digits and self.sure_card()):
            return digits  # words around a whole card number that is surely one add nothing
        texts = self._merged()
        if REPAIRS & set(heard) and sure:
            texts = self._spoken(self._sequences[:1]) + texts  # "four one no four two"
        number_words = sum(word != self._filler for word in heard)
        written = self._written
        mostly_words = number_words < _MANY and len(written.digits) < len(written.text.split()) / 2
        fits = bool(digits) and digits[0].fits and digits[0].confidence >= _SURE
        return texts + digits if not fits and (mostly_words or not only_digits) else digits + texts

    def sure_card(self, *, search: bool = True) -> list[Hypothesis]:
        """The digits, best first, where they are surely a whole card number; else none. Whisper is
        not asked. search: whether, where what was heard does not fit, something else may."""
        if self._expectation.kind is not Kind.CARD or not self.best.words:
            return []
        answers = self._digit_answers if search else self._find_digits(search=False)
        digits = self._digit_hypotheses(answers, None)
        sure = bool(digits) and digits[0].fits and digits[0].confidence >= _CERTAIN
        return digits if sure and spell(self.best.words, self._filler) is not None else []

    def _digit_hypotheses(
        self, answers: list[DigitAnswer], opinion: str | None
    ) -> list[Hypothesis]:
        """opinion: the digits Whisper wrote, None where it was not asked."""
        return sorted(
            (self._digit_hypothesis(answer, opinion) for answer in answers),
            key=lambda heard: (heard.fits and heard.confidence >= _WORTH_ASKING, heard.confidence),
            reverse=True,
        )

    def _digit_hypothesis(self, answer: DigitAnswer, written: str | None) -> Hypothesis:
        return Hypothesis(
            SecretText(answer.digits),
            answer.confidence(self._expectation.kind, self._calibration, written),
            digits=SecretDigits(answer.digits),
            fits=answer.fits,
            as_heard=answer.as_heard,
            engine=NAME,
            doubtful=answer.doubtful,
        )

    # --- amounts, dates, yes and no ----------------------------------------------------------

    def _only_numbers(self) -> bool:
        others = {self._filler, "yes", "no", *ASIDES}
        return not others & set(self.best.words)

    def _numbers(self) -> list[Hypothesis]:
        """The head heard nothing but numbers. In doubt Whisper is asked too (nineteen or ninety),
        and may find that they were no numbers at all. A date is not so easily made of other words
        ("when I'm thirty one" is oh nine thirty one): where the calendar knows it and the head is
        rather sure, although Whisper disagrees, it comes first."""
        answers = self._values
        if is_clear(answers):
            return self._value_hypotheses(answers, asked=False)
        spoken = self._value_hypotheses(answers, asked=True)
        words = self._written.text.split()
        if len(words) > 1 and written_stretches(words) != [(0, len(words))]:
            is_date = (
                self._expectation.kind is Kind.EXPIRY
                and bool(spoken)
                and spoken[0].fits
                and spoken[0].confidence >= _SURE
            )
            return spoken + self._merged() if is_date else self._merged() + spoken
        return spoken

    def _yes_or_no(self) -> list[Hypothesis]:
        if self._expectation.kind is Kind.YES_NO:
            return self._plain_answers() or self._merged() + self._unwritten_answer()
        asks_for_amount = self._expectation.field is not None
        return self._merged() if asks_for_amount else self._seconded_answers() or self._merged()

    def _plain_answers(self) -> list[Hypothesis]:
        """Yes or no and nothing else; empty where that is not what was heard."""
        answers = self._values
        plainly = answers and answers[0].as_heard and answers[0].values
        if not plainly or answers[0].probability < _SURE:
            return []
        return self._value_hypotheses(answers, asked=False, kind=Kind.YES_NO)

    def _seconded_answers(self) -> list[Hypothesis]:
        """The same at a question that may be answered with a whole sentence, and where a yes may
        pay: Whisper has to agree, or to have written hardly anything while the head is certain."""
        answers = self._plain_answers()
        if not answers or is_seconded(answers[0].said.reveal().split()[0], self._written.text):
            return answers
        alone = (
            self._values[0].probability >= _CERTAIN_ALONE
            and self._written.probability < _WELL_WRITTEN
            and is_hardly_written(self._written.text)
        )
        return answers if alone else []

    def _unwritten_answer(self) -> list[Hypothesis]:
        """Yes or no where Whisper wrote something else. Only one of the two can be right: what is
        believed of Whisper's words is not believed of the answer."""
        found = unwritten_answer(self._likely(), self._written.text, self._filler)
        if found is None:
            return []
        answer, probability = found
        confidence = min(
            self._calibration.words(log_odds(probability), -1.0),
            1 - self._calibration.text(log_odds(self._written.probability)),
        )
        return [Hypothesis(SecretText(answer), confidence, engine=NAME)]

    def _date_in_words(self) -> list[Hypothesis]:
        """The head's date comes before a text that has none: "to thirty three" may be a two."""
        merged = self._merged()
        grammar = self._grammar
        answers = self._values
        whole = bool(answers) and answers[0].as_heard and answers[0].fits
        if grammar is None or not whole or answers[0].probability < _SURE:
            return merged
        known = set(self._vocabulary.words)
        if merged and grammar.read(w for w in merged[0].said.reveal().split() if w in known):
            return merged
        return self._value_hypotheses(answers[:1], asked=True) + merged

    def _value_hypotheses(
        self, answers: list[ValueAnswer], *, asked: bool, kind: Kind | None = None
    ) -> list[Hypothesis]:
        """The surest first. asked: whether Whisper was."""
        found: dict[str, Hypothesis] = {}
        for answer in answers:
            agreement = 0.0
            if asked:
                agreement = 1.0 if agrees(answer.words, self._written.text, self._filler) else -1.0
            text = spoken_text(answer.words, self._filler)
            if text:
                confidence = answer.confidence(
                    kind or self._expectation.kind, self._calibration, agreement
                )
                found.setdefault(
                    text,
                    Hypothesis(
                        SecretText(text),
                        confidence,
                        fits=answer.fits,
                        as_heard=answer.as_heard,
                        engine=NAME,
                    ),
                )
        return sorted(found.values(), key=lambda one: one.confidence, reverse=True)

    # --- words -------------------------------------------------------------------------------

    def _likely(self) -> list[HeardWords]:
        enough = _FAR_BEHIND * self.best.probability
        return [one for one in self._sequences if one.probability > enough]

    def _words(self, heard: HeardWords) -> tuple[str, ...]:
        """What a text is merged with."""
        if self._expectation.kind is not Kind.EXPIRY or self._grammar is None:
            return heard.words
        return with_written_month(heard.words, self._written.text, self._grammar, self._filler)

    def _spoken(self, sequences: list[HeardWords]) -> list[Hypothesis]:
        """The head's own words, nobody else asked."""
        found: dict[str, Hypothesis] = {}
        for one in sequences[:_ALTERNATIVES]:
            text = spoken_text(one.words, self._filler)
            if text:
                confidence = self._calibration.words(log_odds(one.probability), 0.0)
                found.setdefault(text, Hypothesis(SecretText(text), confidence, engine=NAME))
        return list(found.values())

    def _merged(self) -> list[Hypothesis]:
        """Whisper's text with the head's numbers where they can be told apart; then its own."""
        written = self._written
        if not written.text:
            return []
        text = with_heard_answer(written.text, self.best.words)
        merged = merge(text, [self._words(one) for one in self._likely()], self._filler)
        if merged is None:
            confidence = self._calibration.text(log_odds(written.probability))
            hypotheses = [Hypothesis(SecretText(text), confidence, engine=NAME)]
        else:
            hypotheses = self._with_number(text, merged)
        added = with_number_added(text, self.best.words, self._filler)
        if added is not None:
            doubtful = self._calibration.words(log_odds(self.best.probability), -1.0)
            hypotheses.append(Hypothesis(SecretText(added), doubtful, engine=NAME))
        return hypotheses

    def _with_number(self, text: str, merged: Merged) -> list[Hypothesis]:
        """The text with the head's numbers, then with Whisper's where they are others.

        Only one of the two can be right: what is believed of the one is not believed of the other,
        and Whisper's number never more than the head's. Where any is believed both are, so that
        the caller is asked.
        """
        same = [
            one for one in self._likely() if merge(text, [self._words(one)], self._filler) == merged
        ]
        confidence = self._calibration.sentence(
            *sentence_features(sum(one.probability for one in same), self._written, merged)
        )
        if merged.agreed or is_stuttered(written_digits(text), written_digits(merged.text)):
            return [Hypothesis(SecretText(merged.text), confidence, engine=NAME)]
        believed = min(confidence, _DISPUTED)
        first = Hypothesis(SecretText(merged.text), believed, engine=NAME)
        other = min(1 - believed, believed)
        return [first, replace(first, said=SecretText(text), confidence=other)]


def sentence_features(
    probability: float, written: Written, merged: Merged
) -> tuple[float, float, float]:
    """For `Calibration`. probability: the head's, of all sequences that make the same text."""
    agreement = 1.0 if merged.agreed else -1.0
    return log_odds(probability), log_odds(written.probability), agreement
