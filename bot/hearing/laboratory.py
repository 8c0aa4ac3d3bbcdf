"""One recording, one answer: the laboratory's way in, without a call around it."""

from __future__ import annotations

from bot.audio import CHUNK_SAMPLES, AudioChunk, Samples, ms_to_samples
from bot.expectations import Expectation, Hypothesis
from bot.hearing.recogniser import Engine
from bot.hearing.voice.activity import VoiceActivity, VoiceState

_MARGIN_BEFORE_MS = 300
_MARGIN_AFTER_MS = 400
_AGGRESSIVENESS = 1
"""webrtcvad's: rather too much sound than a word lost."""


def hear_file(engine: Engine, samples: Samples, expectation: Expectation) -> tuple[Hypothesis, ...]:
    """What a whole recording says, best first; empty when nobody speaks in it.

    samples: 8 kHz. The silence around the speech is left out, pauses within it are not.
    """
    start, end = speech_span(samples)
    recogniser = engine.recogniser()
    recogniser.begin(expectation)
    for position in range(start, end, CHUNK_SAMPLES):
        piece = samples[position : min(end, position + CHUNK_SAMPLES)]
        recogniser.accept(AudioChunk(piece, position))
    return recogniser.finish()


def speech_span(samples: Samples) -> tuple[int, int]:
    """First and last sample worth hearing, with a margin; the whole where no voice is found."""
    voice = VoiceActivity(_AGGRESSIVENESS)
    spans = []
    for position in range(0, len(samples) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        frame = AudioChunk(samples[position : position + CHUNK_SAMPLES], position)
        if voice.feed(frame) in {VoiceState.SPEAKING, VoiceState.STOPPING}:
            spans.append((voice.start, voice.end))
    if not spans:
        return 0, len(samples)
    return (
        max(0, spans[0][0] - ms_to_samples(_MARGIN_BEFORE_MS)),
        min(len(samples), spans[-1][1] + ms_to_samples(_MARGIN_AFTER_MS)),
    )
