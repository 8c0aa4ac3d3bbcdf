"""The embedded engine: Whisper tiny.en with our number head on its encoder.

Sound comes in, and is encoded at every pause; what it may have said is for `utterance` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import soxr

from bot.audio import SAMPLE_RATE, AudioChunk, Samples
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.embedded import whisper
from bot.hearing.embedded.segments import cut_at_pauses, last_pause, stayed_quiet
from bot.hearing.embedded.utterance import NAME, Utterance, Written
from bot.hearing.embedded.whisper import TEXT_PADDING_SECONDS, Encoded, Sound, Whisper
from bot.hearing.numbers.confidence import Calibration
from bot.hearing.numbers.head import (
    FRAMES_PER_SECOND,
    PADDING_SECONDS,
    LogProbabilities,
    NumberHead,
)

_SHORTEST_SECONDS = 0.1
"""Less than this is not a word."""
_CONTEXT_SECONDS = 3.0
"""About two groups of digits: with less around them words are heard worse."""
_PAUSE_MS = 200
"""Silence after the last word, with which it is heard as well as it ever will be."""
_SHORT_PAUSE_MS = 60
"""Of a pause, when an answer is asked for first."""
_HEARD = 0.5
"""Confidence below which one listens again."""
_FULL_SCALE = 32768.0
_FRAME = SAMPLE_RATE // FRAMES_PER_SECOND
"""Samples a frame of the head stands for."""


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


_Heard = list[tuple[int, LogProbabilities]]
"""Of each piece of the sound, the sample it begins at and the head's frames."""


def padding_seconds(kind: Kind) -> float:
    """Silence behind the sound of an answer. With as much as the decoder needs one pass of the
    encoder serves the decoder and the head, which hears as well with it. The decoder is hardly
    ever asked about a card number, and that is the question where milliseconds count most."""
    return PADDING_SECONDS if kind is Kind.CARD else TEXT_PADDING_SECONDS


@dataclass(frozen=True, slots=True)
class _Answer:
    """To the first `samples` of the sound. heard: of all of them, in one piece where they are not
    too many; empty where there was nothing to hear."""

    samples: int
    hypotheses: tuple[Hypothesis, ...] = field(repr=False)
    heard: _Heard = field(repr=False)


class EmbeddedRecogniser:
    """Belongs to one call; keeps the sound of one utterance and forgets it at its end."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine
        self._expectation = Expectation(Kind.OPEN)
        self._sound = bytearray()
        self._start = 0
        self._answer: _Answer | None = None
        self._encoded: dict[tuple[int, int], tuple[Encoded, LogProbabilities]] = {}
        """By first and last sample of the piece; all of one utterance."""

    def begin(self, expectation: Expectation) -> None:
        self._forget()
        self._expectation = expectation

    def accept(self, chunk: AudioChunk) -> None:
        if not self._sound:
            self._start = chunk.position
        self._sound += chunk.samples.tobytes()

    def preliminary(self) -> tuple[Hypothesis, ...]:
        """The last answer again where it heard the pause and nothing but silence came after."""
        return self._answered(_PAUSE_MS)

    def finish(self) -> tuple[Hypothesis, ...]:
        """The last answer again where nothing but silence came after it: it may have ended the
        turn. Words that were hardly heard in the pause are heard again with all the silence."""
        if self._expectation.kind is Kind.OPEN and self._hardly_heard():
            self._answer = None
        try:
            return self._answered(_SHORT_PAUSE_MS)
        finally:
            self._forget()

    def _hardly_heard(self) -> bool:
        hypotheses = self._answer.hypotheses if self._answer is not None else ()
        return all(one.confidence < _HEARD for one in hypotheses)

    def _answered(self, pause_ms: int) -> tuple[Hypothesis, ...]:
        samples = np.frombuffer(bytes(self._sound), dtype=np.int16)
        answer = self._answer
        if answer is None or not stayed_quiet(samples, answer.samples, pause_ms):
            answer = self._answer = self._recognise(samples, answer)
        return answer.hypotheses

    def _forget(self) -> None:
        self._sound[:] = bytes(len(self._sound))
        self._sound.clear()
        self._answer = None
        self._encoded.clear()

    def _recognise(self, samples: Samples, earlier: _Answer | None) -> _Answer:
        """earlier: to a part of the sound, given in a pause of the caller.

        Of a card number only what was said since then is encoded, with the group before it for
        context: where that makes it sure, the turn can end at once. Else all of it is heard in one
        piece, which is a little better and takes longer (ARCHITECTURE.md)."""
        if len(samples) < _SHORTEST_SECONDS * SAMPLE_RATE:
            return _Answer(len(samples), (), [])
        if self._expectation.kind is Kind.CARD and earlier is not None:
            heard = self._continued(samples, earlier)
            utterance = self._utterance(samples, heard) if heard else None
            if utterance and (sure := utterance.sure_card(search=False)):
                return _Answer(len(samples), self._timed(sure, utterance, samples, heard), heard)
        heard = self._heard(cut_at_pauses(samples))
        utterance = self._utterance(samples, heard)
        answers = self._timed(utterance.hypotheses(), utterance, samples, heard)
        return _Answer(len(samples), answers, heard)

    def _continued(self, samples: Samples, earlier: _Answer) -> _Heard:
        """What was heard earlier up to a pause, and what comes after it; empty where no pause is
        known."""
        context = len(samples) - int(_CONTEXT_SECONDS * SAMPLE_RATE)
        cut = last_pause(samples, before=min(earlier.samples, context))
        if cut is None:
            return []
        kept = [
            (start, frames[: max(0, cut - start) // _FRAME])
            for start, frames in earlier.heard
            if start < cut
        ]
        return kept + self._heard(cut_at_pauses(samples[cut:]), cut)

    def _utterance(self, samples: Samples, heard: _Heard) -> Utterance:
        engine = self._engine
        return Utterance(
            np.concatenate([frames for _, frames in heard]),
            len(samples) / SAMPLE_RATE,
            self._expectation,
            engine.head.vocabulary,
            engine.calibration,
            lambda: Written.of(
                [engine.whisper.text(one)[0] for one in self._for_the_decoder(samples)]
            ),
        )

    def _for_the_decoder(self, samples: Samples) -> list[Encoded]:
        """What the head heard, where that was encoded with silence enough behind it."""
        whisper = self._engine.whisper
        places = _places(cut_at_pauses(samples))
        if padding_seconds(self._expectation.kind) < TEXT_PADDING_SECONDS:
            pieces = (resampled(samples[start:end]) for start, end in places)
            return [whisper.encode(piece, TEXT_PADDING_SECONDS) for piece in pieces]
        return [self._encode(samples[start:end], (start, end))[0] for start, end in places]

    def _timed(
        self,
        answers: Sequence[Hypothesis],
        utterance: Utterance,
        samples: Samples,
        heard: _Heard,
    ) -> tuple[Hypothesis, ...]:
        """With their place on the caller's leg, from the head's first and last word."""
        first, last = (
            self._start + _sample_of(frame, heard)
            for frame in (utterance.best.first_frame, utterance.best.last_frame + 1)
        )
        end = self._start + len(samples)
        return tuple(
            replace(answer, start=min(first, end), end=min(last, end)) for answer in answers
        )

    def _heard(self, pieces: Sequence[Samples], first: int = 0) -> _Heard:
        """first: sample at which the first piece begins."""
        places = _places(pieces, first)
        return [
            (place[0], self._encode(piece, place)[1])
            for piece, place in zip(pieces, places, strict=True)
        ]

    def _encode(self, piece: Samples, place: tuple[int, int]) -> tuple[Encoded, LogProbabilities]:
        """place: its first and last sample. What was encoded before is kept."""
        if place not in self._encoded:
            padding = padding_seconds(self._expectation.kind)
            encoded = self._engine.whisper.encode(resampled(piece), padding)
            self._encoded[place] = encoded, self._engine.head(encoded.states)
        return self._encoded[place]


def _places(pieces: Sequence[Samples], first: int = 0) -> list[tuple[int, int]]:
    """Where each of the pieces begins and ends, the first at that sample."""
    ends = [first + end for end in accumulate(len(piece) for piece in pieces)]
    return list(zip([first, *ends], ends, strict=False))


def _sample_of(frame: int, heard: _Heard) -> int:
    """Where a frame, counted over all pieces, begins. Each piece has frames of padding at its
    end."""
    for start, frames in heard:
        if frame < len(frames):
            return start + frame * _FRAME
        frame -= len(frames)
    return heard[-1][0] + len(heard[-1][1]) * _FRAME


def resampled(samples: Samples) -> Sound:
    """As Whisper wants it."""
    sound = samples.astype(np.float32) / np.float32(_FULL_SCALE)
    return np.asarray(soxr.resample(sound, SAMPLE_RATE, whisper.SAMPLE_RATE), dtype=np.float32)
