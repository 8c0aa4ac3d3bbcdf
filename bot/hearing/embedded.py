"""The embedded engine: Whisper tiny.en with our number head on its encoder.

Numbers come from the head, words from Whisper's decoder, which is asked only when the head says
that words were spoken (its filler), or when the question is open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr

from bot.audio import SAMPLE_RATE, AudioChunk, Samples
from bot.cards import SecretDigits
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing import whisper
from bot.hearing.confidence import Calibration, log_odds
from bot.hearing.digit_words import ASIDES, REPAIRS, spell
from bot.hearing.number_answers import DigitAnswer, digit_answers
from bot.hearing.number_head import (
    FRAMES_PER_SECOND,
    PADDING_SECONDS,
    LogProbabilities,
    NumberHead,
)
from bot.hearing.number_text import (
    agrees,
    merge,
    plain,
    spoken_text,
    with_heard_answer,
    with_number_added,
    written_digits,
    written_stretches,
)
from bot.hearing.whisper import Sound, Whisper
from bot.hearing.word_search import HeardWords, search_words

NAME = "embedded"

_LONGEST_SECONDS = 28.0
"""Longer sound is cut at a quiet place: the encoder has positions for 30 s, padding included."""
_SHORTEST_CUT_SECONDS = 20.0
_SHORTEST_SECONDS = 0.1
"""Less than this is not a word."""
_SHORT_SECONDS = 4.0
"""Digits this short are heard by Whisper as well."""
_ALTERNATIVES = 5
_FAR_BEHIND = 0.03
"""A word sequence this much less likely than the best is no alternative."""
_WORTH_ASKING = 0.2
"""A number that fits comes first when it is at least this probable."""
_MANY = 6
"""Number words that no sentence of others is mistaken for."""
_PLAIN_ANSWERS = frozenset({("yes",), ("no",), ("correct",), ("wrong",)})
_SURE = 0.5
_CERTAIN = 0.9
_FULL_SCALE = 32768.0


class EmbeddedEngine:
    """The loaded models, shared by all calls."""

    name = NAME

    def __init__(
        self, numbers: Path, workers: int = 1, progress: Callable[[str], None] = lambda _: None
    ) -> None:
        """numbers: folder of the number head. workers: decodes at once. Raises ModelError."""
        progress("loading the embedded recogniser")
        self.whisper = Whisper(workers=workers)
        self.head = NumberHead(numbers)
        self.calibration = Calibration.read(numbers / "calibration.json")

    def recogniser(self) -> EmbeddedRecogniser:
        return EmbeddedRecogniser(self)


@dataclass(frozen=True, slots=True)
class _Written:
    """Whisper's text, made plain, and its probability per token."""

    text: str = field(repr=False)
    probability: float

    @property
    def digits(self) -> str:
        return written_digits(self.text)


class EmbeddedRecogniser:
    """Belongs to one call; keeps the sound of one utterance and forgets it at its end."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine
        self._expectation = Expectation(Kind.OPEN)
        self._sound = bytearray()
        self._start = 0
        self._answer: tuple[int, tuple[Hypothesis, ...]] | None = None

    def begin(self, expectation: Expectation) -> None:
        self._forget()
        self._expectation = expectation

    def accept(self, chunk: AudioChunk) -> None:
        if not self._sound:
            self._start = chunk.position
        self._sound += chunk.samples.tobytes()

    def preliminary(self) -> tuple[Hypothesis, ...]:
        if self._answer is None or self._answer[0] != len(self._sound):
            self._answer = (len(self._sound), self._recognise())
        return self._answer[1]

    def finish(self) -> tuple[Hypothesis, ...]:
        try:
            return self.preliminary()
        finally:
            self._forget()

    def _forget(self) -> None:
        self._sound[:] = bytes(len(self._sound))
        self._sound.clear()
        self._answer = None

    def _recognise(self) -> tuple[Hypothesis, ...]:
        samples = np.frombuffer(bytes(self._sound), dtype=np.int16)
        if len(samples) < _SHORTEST_SECONDS * SAMPLE_RATE:
            return ()
        pieces = [resampled(piece) for piece in cut_at_pauses(samples)]
        frames = np.concatenate([self._frames(piece) for piece in pieces])
        heard = search_words(frames, self._engine.head.vocabulary)
        if not heard[0].words:
            return ()  # the head knows silence, noise and tones from any speech
        return self._timed(self._answers(pieces, frames, heard), heard[0])

    def _frames(self, piece: Sound) -> LogProbabilities:
        return self._engine.head(self._engine.whisper.encode(piece, PADDING_SECONDS))

    def _answers(
        self, pieces: list[Sound], frames: LogProbabilities, heard: list[HeardWords]
    ) -> list[Hypothesis]:
        """Best first."""
        match self._expectation.kind:
            case Kind.CARD | Kind.DIGITS:
                return self._digits(pieces, frames, heard)
            case Kind.AMOUNT | Kind.EXPIRY if self._only_numbers(heard[0]):
                return self._numbers(pieces, heard)
            case Kind.YES_NO if heard[0].words in _PLAIN_ANSWERS and _is_sure(heard[0]):
                return self._spoken(heard, None)
            case _:
                return self._merged(self._write(pieces), heard)

    def _digits(
        self, pieces: list[Sound], frames: LogProbabilities, heard: list[HeardWords]
    ) -> list[Hypothesis]:
        filler = self._engine.head.vocabulary.filler
        only_digits = spell(heard[0].words, filler) is not None
        words_too = filler in heard[0].words or not only_digits or not _is_sure(heard[0])
        short = sum(map(len, pieces)) < _SHORT_SECONDS * whisper.SAMPLE_RATE
        second_opinion = short and self._expectation.kind is Kind.DIGITS
        written = self._write(pieces) if words_too or second_opinion else None
        answers = digit_answers(frames, self._engine.head.vocabulary, heard, self._expectation)
        opinion = written.digits if written and second_opinion else None
        digits = sorted(
            (self._digit_hypothesis(answer, opinion) for answer in answers),
            key=lambda heard: (heard.fits and heard.confidence >= _WORTH_ASKING, heard.confidence),
            reverse=True,
        )
        if not words_too or written is None:
            return digits
        texts = self._merged(written, heard)
        if REPAIRS & set(heard[0].words) and _is_sure(heard[0]):
            texts = self._spoken(heard[:1], None) + texts  # "four one no four two"
        number_words = sum(word != filler for word in heard[0].words)
        mostly_words = number_words < _MANY and len(written.digits) < len(written.text.split()) / 2
        fits = bool(digits) and digits[0].fits and digits[0].confidence >= _SURE
        return texts + digits if not fits and (mostly_words or not only_digits) else digits + texts

    def _digit_hypothesis(self, answer: DigitAnswer, written: str | None) -> Hypothesis:
        return Hypothesis(
            answer.digits,
            answer.confidence(self._expectation.kind, self._engine.calibration, written),
            digits=SecretDigits(answer.digits),
            fits=answer.fits,
            as_heard=answer.as_heard,
            engine=NAME,
        )

    def _numbers(self, pieces: list[Sound], heard: list[HeardWords]) -> list[Hypothesis]:
        """The head heard nothing but numbers. In doubt Whisper chooses among its sequences
        (nineteen or ninety), or finds that they were no numbers at all."""
        if heard[0].probability >= _CERTAIN:
            return self._spoken(heard, None)
        written = self._write(pieces)
        spoken = self._spoken(heard, written)
        words = written.text.split()
        if len(words) > 1 and written_stretches(words) != [(0, len(words))]:
            return self._merged(written, heard) + spoken
        return spoken

    def _only_numbers(self, heard: HeardWords) -> bool:
        others = {self._engine.head.vocabulary.filler, "yes", "no", *ASIDES}
        return not others & set(heard.words)

    def _spoken(self, heard: list[HeardWords], written: _Written | None) -> list[Hypothesis]:
        """The head's own words, best first; those that Whisper agrees with before the others."""
        filler = self._engine.head.vocabulary.filler
        likely = [one for one in heard if one.probability > _FAR_BEHIND * heard[0].probability]
        answers: dict[str, Hypothesis] = {}
        for one in likely[:_ALTERNATIVES]:
            agreement = 0.0
            if written is not None:
                agreement = 1.0 if agrees(one.words, written.text, filler) else -1.0
            confidence = self._engine.calibration.words(log_odds(one.probability), agreement)
            text = spoken_text(one.words, filler)
            if text and text not in answers:
                answers[text] = Hypothesis(text, confidence, engine=NAME)
        return sorted(answers.values(), key=lambda answer: -answer.confidence)

    def _write(self, pieces: list[Sound]) -> _Written:
        written = [self._engine.whisper.text(piece)[0] for piece in pieces]
        return _Written(
            plain(" ".join(one.text for one in written)),
            min(one.token_probability for one in written),
        )

    def _merged(self, written: _Written, heard: list[HeardWords]) -> list[Hypothesis]:
        """Whisper's text with the head's numbers where they can be told apart; then its own."""
        if not written.text:
            return []
        filler = self._engine.head.vocabulary.filler
        text = with_heard_answer(written.text, heard[0].words)
        likely = [one for one in heard if one.probability > _FAR_BEHIND * heard[0].probability]
        merged = merge(text, [one.words for one in likely], filler)
        agreement = 0.0 if merged is None else 1.0 if merged.agreed else -1.0
        confidence = self._engine.calibration.text(log_odds(written.probability), agreement)
        texts = [text] if merged is None else [merged.text, text]
        hypotheses = [Hypothesis(one, confidence, engine=NAME) for one in dict.fromkeys(texts)]
        added = with_number_added(text, heard[0].words, filler)
        if added is not None:
            doubtful = self._engine.calibration.words(log_odds(heard[0].probability), -1.0)
            hypotheses.append(Hypothesis(added, doubtful, engine=NAME))
        return hypotheses

    def _timed(self, answers: list[Hypothesis], best: HeardWords) -> tuple[Hypothesis, ...]:
        """With their place on the caller's leg, from the head's first and last word."""
        per_frame = SAMPLE_RATE // FRAMES_PER_SECOND
        last = self._start + len(self._sound) // 2
        start = min(last, self._start + best.first_frame * per_frame)
        end = min(last, self._start + (best.last_frame + 1) * per_frame)
        return tuple(
            Hypothesis(
                answer.text, answer.confidence, answer.digits, start, end,
                answer.fits, answer.as_heard, answer.engine,
            )
            for answer in answers
        )  # fmt: skip


def _is_sure(heard: HeardWords) -> bool:
    return heard.probability >= _SURE


def cut_at_pauses(samples: Samples) -> list[Samples]:
    """Pieces no longer than 28 s, each cut at the quietest tenth of a second of its last eight."""
    pieces = []
    longest, shortest = (int(s * SAMPLE_RATE) for s in (_LONGEST_SECONDS, _SHORTEST_CUT_SECONDS))
    block = SAMPLE_RATE // 10
    while len(samples) > longest:
        tail = samples[shortest:longest].astype(np.float64).reshape(-1, block)
        cut = shortest + int(np.argmin((tail**2).sum(axis=1))) * block + block // 2
        pieces.append(samples[:cut])
        samples = samples[cut:]
    pieces.append(samples)
    return pieces


def resampled(samples: Samples) -> Sound:
    """As Whisper wants it."""
    sound = samples.astype(np.float32) / np.float32(_FULL_SCALE)
    return np.asarray(soxr.resample(sound, SAMPLE_RATE, whisper.SAMPLE_RATE), dtype=np.float32)
