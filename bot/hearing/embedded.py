"""The embedded engine: Whisper tiny.en with our number head on its encoder.

Sound comes in, and is encoded at every pause; what it may have said is for `utterance` to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from bot.audio import SAMPLE_RATE, AudioChunk, Samples, ms_to_samples
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing import whisper
from bot.hearing.confidence import Calibration
from bot.hearing.number_head import (
    FRAMES_PER_SECOND,
    PADDING_SECONDS,
    LogProbabilities,
    NumberHead,
)
from bot.hearing.utterance import NAME, Utterance, Written
from bot.hearing.whisper import Sound, Whisper
from bot.hearing.word_search import HeardWords

_LONGEST_SECONDS = 28.0
"""Longer sound is cut at a quiet place: the encoder has positions for 30 s, padding included."""
_SHORTEST_CUT_SECONDS = 20.0
_SHORTEST_SECONDS = 0.1
"""Less than this is not a word."""
_FULL_SCALE = 32768.0

_BLOCK = ms_to_samples(20)
_PAUSE_BLOCKS = 10
"""200 ms: so long it must have been quiet before it can be said that it stayed quiet."""
_PAUSE_BELOW_SPEECH = 0.25
"""12 dB: a pause on a line with more noise than this is not known by its level."""
_STILL_QUIET = 1.5
"""Times the loudest of the pause: as much as noise varies, less than a voice."""


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
class _Answer:
    """To the first `samples` of the sound."""

    samples: int
    hypotheses: tuple[Hypothesis, ...] = field(repr=False)


class EmbeddedRecogniser:
    """Belongs to one call; keeps the sound of one utterance and forgets it at its end."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine
        self._expectation = Expectation(Kind.OPEN)
        self._sound = bytearray()
        self._start = 0
        self._answer: _Answer | None = None

    def begin(self, expectation: Expectation) -> None:
        self._forget()
        self._expectation = expectation

    def accept(self, chunk: AudioChunk) -> None:
        if not self._sound:
            self._start = chunk.position
        self._sound += chunk.samples.tobytes()

    def preliminary(self) -> tuple[Hypothesis, ...]:
        """The last answer again where nothing but silence came after it."""
        samples = np.frombuffer(bytes(self._sound), dtype=np.int16)
        if self._answer is None or not stayed_quiet(samples, since=self._answer.samples):
            self._answer = _Answer(len(samples), self._recognise(samples))
        return self._answer.hypotheses

    def finish(self) -> tuple[Hypothesis, ...]:
        try:
            return self.preliminary()
        finally:
            self._forget()

    def _forget(self) -> None:
        self._sound[:] = bytes(len(self._sound))
        self._sound.clear()
        self._answer = None

    def _recognise(self, samples: Samples) -> tuple[Hypothesis, ...]:
        if len(samples) < _SHORTEST_SECONDS * SAMPLE_RATE:
            return ()
        engine = self._engine
        pieces = [resampled(piece) for piece in cut_at_pauses(samples)]
        utterance = Utterance(
            np.concatenate([self._frames(piece) for piece in pieces]),
            len(samples) / SAMPLE_RATE,
            self._expectation,
            engine.head.vocabulary,
            engine.calibration,
            lambda: Written.of([engine.whisper.text(piece)[0] for piece in pieces]),
        )
        return self._timed(utterance.hypotheses(), utterance.best, len(samples))

    def _frames(self, piece: Sound) -> LogProbabilities:
        return self._engine.head(self._engine.whisper.encode(piece, PADDING_SECONDS))

    def _timed(
        self, answers: list[Hypothesis], best: HeardWords, samples: int
    ) -> tuple[Hypothesis, ...]:
        """With their place on the caller's leg, from the head's first and last word."""
        per_frame = SAMPLE_RATE // FRAMES_PER_SECOND
        last = self._start + samples
        start = min(last, self._start + best.first_frame * per_frame)
        end = min(last, self._start + (best.last_frame + 1) * per_frame)
        return tuple(replace(answer, start=start, end=end) for answer in answers)


def stayed_quiet(samples: Samples, since: int) -> bool:
    """Whether there was a pause at that sample and nothing has been said after it.

    Judged by level alone: on a noisy line the answer is no, and the sound is heard once more.
    """
    if since == len(samples):
        return True
    before, after = _levels(samples[:since]), _levels(samples[since:])
    if len(before) <= _PAUSE_BLOCKS:
        return False
    pause = float(before[-_PAUSE_BLOCKS:].max())
    is_pause = pause <= _PAUSE_BELOW_SPEECH * float(np.percentile(before, 90))
    return is_pause and bool((after <= max(1.0, _STILL_QUIET * pause)).all())


def _levels(samples: Samples) -> NDArray[np.float64]:
    """Root mean square of each block, counted from the end; the first may be a part of one."""
    size = -(-len(samples) // _BLOCK) * _BLOCK
    padded = np.zeros(size)
    padded[size - len(samples) :] = samples
    return np.asarray(np.sqrt(np.square(padded).reshape(-1, _BLOCK).mean(axis=1)))


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
