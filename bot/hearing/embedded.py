"""The embedded engine: Whisper tiny.en with our number head on its encoder.

Numbers come from the head, words from Whisper's decoder, which is asked only when the head says
that words were spoken (its filler), or when the question is open.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soxr

from bot.audio import SAMPLE_RATE, AudioChunk, Samples
from bot.cards import SecretDigits
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing import whisper
from bot.hearing.confidence import Calibration, log_odds
from bot.hearing.number_answers import DigitAnswer, digit_answers
from bot.hearing.number_head import (
    FRAMES_PER_SECOND,
    PADDING_SECONDS,
    LogProbabilities,
    NumberHead,
)
from bot.hearing.number_text import merge, plain, spoken_stretches
from bot.hearing.whisper import Sound, Whisper
from bot.hearing.word_search import HeardWords, search_words

NAME = "embedded"

_LONGEST_SECONDS = 28.0
"""Longer sound is cut at a quiet place: the encoder has positions for 30 s, padding included."""
_SHORTEST_CUT_SECONDS = 20.0
_SHORTEST_SECONDS = 0.1
"""Less than this is not a word."""
_ALTERNATIVES = 3
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
        pieces = [_resampled(piece) for piece in cut_at_pauses(samples)]
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
        filler = self._engine.head.vocabulary.filler
        words = heard[0].words
        match self._expectation.kind:
            case Kind.CARD | Kind.DIGITS:
                digits = digit_answers(
                    frames,
                    self._engine.head.vocabulary,
                    heard,
                    self._expectation,
                    self._engine.calibration,
                )
                answers = [_digit_hypothesis(answer) for answer in digits]
                if not answers or filler in words or {"yes", "no"} & set(words):
                    texts = self._texts(pieces, heard)
                    mostly_words = sum(word != filler for word in words) <= 2
                    fits = bool(digits) and digits[0].fits
                    answers = texts + answers if mostly_words and not fits else answers + texts
                return answers
            case Kind.YES_NO if words in {("yes",), ("no",)}:
                return self._spoken(heard)
            case Kind.AMOUNT | Kind.EXPIRY if filler not in words and not {"yes", "no"} & set(
                words
            ):
                return self._spoken(heard)
            case _:
                return self._texts(pieces, heard)

    def _spoken(self, heard: list[HeardWords]) -> list[Hypothesis]:
        """The head's own words, where it heard nothing else."""
        filler = self._engine.head.vocabulary.filler
        answers = []
        for one in heard[:_ALTERNATIVES]:
            text = _text_of(one.words, filler)
            if text:
                confidence = self._engine.calibration.words(log_odds(one.probability))
                answers.append(Hypothesis(text, confidence, engine=NAME))
        return answers

    def _texts(self, pieces: list[Sound], heard: list[HeardWords]) -> list[Hypothesis]:
        """Whisper's text, first with the head's numbers in it where they can be told apart."""
        written = [self._engine.whisper.text(piece)[0] for piece in pieces]
        text = plain(" ".join(one.text for one in written))
        if not text:
            return []
        probability = min(one.token_probability for one in written)
        confidence = self._engine.calibration.text(log_odds(probability))
        answers = [Hypothesis(text, confidence, engine=NAME)]
        merged = merge(text, heard[0].words, self._engine.head.vocabulary.filler)
        if merged is not None and merged != text:
            answers.insert(0, Hypothesis(merged, confidence, engine=NAME))
        return answers

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


def _resampled(samples: Samples) -> Sound:
    sound = samples.astype(np.float32) / np.float32(_FULL_SCALE)
    return np.asarray(soxr.resample(sound, SAMPLE_RATE, whisper.SAMPLE_RATE), dtype=np.float32)


def _digit_hypothesis(answer: DigitAnswer) -> Hypothesis:
    return Hypothesis(
        answer.digits,
        answer.confidence,
        digits=SecretDigits(answer.digits),
        fits=answer.fits,
        as_heard=answer.as_heard,
        engine=NAME,
    )


def _text_of(words: tuple[str, ...], filler: str) -> str:
    return " ".join(
        " ".join(stretch) for stretch in [*spoken_stretches(words, filler)]
    ) or " ".join(word for word in words if word != filler)
