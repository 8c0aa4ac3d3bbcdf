"""Is somebody speaking? Frame by frame, in four states.

webrtcvad judges the spectrum of each 20 ms. It also fires on line noise, clicks and tones, so a
frame counts as voice only when it stands out from the noise floor too, and the caller says that
no key tone is sounding. The floor is the quietest frame of the last three seconds: speech has
such gaps within a second or two, steady noise has nothing else, so noise that sets in becomes
the floor, and a turn that it held open ends. Noise that swells by more than 5 dB within these
three seconds can still pass for voice.

    quiet ----voice----> starting ----enough of it----> speaking <---voice again--- stopping
      ^                     |                              |                          ^  |
      +------none left------+                              +--------no voice----------+  |
      +------------------------------- settle() ------------------------------------------+

`stopping` lasts until `settle`: how long a pause may be is for the question to say (`turns`).
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Final

import numpy as np
import webrtcvad

from bot.audio import CHUNK_MS, CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples

FLOOR_MEMORY_FRAMES: Final = 3000 // CHUNK_MS
_FLOOR_DBFS: Final = (-60.0, -30.0)
"""The floor is never taken for lower (a digital line has none) or higher (that is a voice)."""
_ABOVE_FLOOR_DB: Final = 5.0
"""Measured (benchmarks/ear.py): 8 dB misses three times as many words 10 dB above white noise,
without fewer false starts."""
_FLOOR_KNOWN_FRAMES: Final = 500 // CHUNK_MS
"""Before half a second was heard the line counts as quiet: the sound may begin with a voice."""

_START_WINDOW: Final = 200 // CHUNK_MS
_START_VOICED: Final = 120 // CHUNK_MS
"""Speech starts with 120 ms of voice within 200 ms: "no" has that; a click or a cough has not."""

_RESUME_WINDOW: Final = 100 // CHUNK_MS
_RESUME_VOICED: Final = 60 // CHUNK_MS
"""A pause is over with 60 ms of voice within 100 ms: a click must not stretch the pause."""


class VoiceState(Enum):
    QUIET = "quiet"
    STARTING = "starting"
    SPEAKING = "speaking"
    STOPPING = "stopping"


def level_dbfs(samples: Samples) -> float:
    """Root mean square of one frame against full scale; -100 for silence."""
    power = float(np.mean(np.square(samples.astype(np.float64)))) / 32768**2
    return 10 * float(np.log10(power + 1e-10))


class VoiceActivity:
    """Of one leg. Fed with whole frames of CHUNK_SAMPLES, in order.

    start, end: of the voice of the utterance under way, in samples; they mean something in the
        states `speaking` and `stopping` only. end is the last sample that had voice.
    """

    def __init__(self, aggressiveness: int) -> None:
        """aggressiveness: webrtcvad's, 0 to 3. Raises ValueError for any other."""
        self._vad = webrtcvad.Vad(aggressiveness)
        self._levels: deque[float] = deque(maxlen=FLOOR_MEMORY_FRAMES)
        self._voiced: deque[bool] = deque(maxlen=_START_WINDOW)
        self.state = VoiceState.QUIET
        self.start = 0
        self.end = 0

    @property
    def floor_dbfs(self) -> float:
        """The noise floor, from what was heard so far."""
        low, high = _FLOOR_DBFS
        if len(self._levels) < _FLOOR_KNOWN_FRAMES:
            return low
        return min(max(min(self._levels), low), high)

    def feed(self, frame: AudioChunk, *, tone: bool = False) -> VoiceState:
        """The state after this frame. tone: a key is sounding in it; it is no voice."""
        voiced = not tone and self._is_voice(frame.samples)
        self._voiced.append(voiced)
        match self.state:
            case VoiceState.QUIET | VoiceState.STARTING:
                self._consider_starting(frame)
            case VoiceState.SPEAKING:
                if voiced:
                    self.end = frame.end
                else:
                    self.state = VoiceState.STOPPING
            case VoiceState.STOPPING:
                if voiced and sum(list(self._voiced)[-_RESUME_WINDOW:]) >= _RESUME_VOICED:
                    self.state = VoiceState.SPEAKING
                    self.end = frame.end
        return self.state

    def was_no_voice(self, since: int, now: int) -> None:
        """The frames from sample `since` on were a key tone, as one knows only `now`.

        Takes back what they did to an utterance that has not started.
        """
        frames = min(len(self._voiced), -(-(now - since) // CHUNK_SAMPLES))
        for i in range(1, frames + 1):
            self._voiced[-i] = False
        if self.state is VoiceState.STARTING and not any(self._voiced):
            self.state = VoiceState.QUIET

    def settle(self) -> None:
        """The utterance is over; what was heard so far counts for no other. Keeps the floor."""
        self.state = VoiceState.QUIET
        self._voiced.clear()

    def _is_voice(self, samples: Samples) -> bool:
        level = level_dbfs(samples)
        self._levels.append(level)
        # webrtcvad is asked about every frame: it follows the line itself.
        spectrum_says = bool(self._vad.is_speech(samples.tobytes(), SAMPLE_RATE))
        return spectrum_says and level >= self.floor_dbfs + _ABOVE_FLOOR_DB

    def _consider_starting(self, frame: AudioChunk) -> None:
        count = sum(self._voiced)
        if count >= _START_VOICED:
            first = list(self._voiced).index(True)
            self.start = frame.end - (len(self._voiced) - first) * CHUNK_SAMPLES
            self.end = frame.end
            self.state = VoiceState.SPEAKING
        else:
            self.state = VoiceState.STARTING if count else VoiceState.QUIET
