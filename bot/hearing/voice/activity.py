"""Is somebody speaking? Frame by frame, in four states.

webrtcvad judges the spectrum of each 20 ms. It also fires on line noise, clicks and tones, so a
frame counts as voice only when it stands out from the noise floor too, and the caller says that
no key tone is sounding. The floor is the quietest frame of the last three seconds: speech has
such gaps within a second or two, steady noise has nothing else, so noise that sets in becomes
the floor, and a turn that it held open ends.

That is cheap, misses next to nothing, and takes coughs, music and noise that swells for speech.
So it only proposes: Silero, a network that knows these, hears what was proposed from a little
before, and has to agree that speech starts, and that it goes on (`hearing.voice_detector`). It
rests while nothing is proposed, which is most of a call.

    quiet ----voice----> starting ----enough of it----> speaking <---voice again--- stopping
      ^                     |         and agreed           |                          ^  |
      +------none left------+                              +--------no voice----------+  |
      +------------------------------- settle() ------------------------------------------+

`stopping` lasts until `settle`: how long a pause may be is for the question to say (`turns`).
"""

from __future__ import annotations

import math
from collections import deque
from enum import Enum
from typing import Final

import numpy as np
import webrtcvad

from bot.audio import CHUNK_MS, CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, silence
from bot.hearing.voice.silero import Silero, SileroStream

FLOOR_MEMORY_FRAMES: Final = 3000 // CHUNK_MS
_FLOOR_DBFS: Final = (-60.0, -30.0)
"""The floor is never taken for lower (a digital line has none) or higher (that is a voice)."""
_ABOVE_FLOOR_DB: Final = 5.0
"""Measured (benchmarks/voice.py): 8 dB misses three times as many words 10 dB above white noise,
without fewer false starts."""
_FLOOR_KNOWN_FRAMES: Final = 500 // CHUNK_MS
"""Before half a second was heard the line counts as quiet: the sound may begin with a voice."""

_LOUDNESS_FRAMES: Final = 100 // CHUNK_MS
"""The utterance's loudest: what 100 ms of its voice reached, so that no click counts."""
_BELOW_LOUDEST_DB: Final = 25.0
"""A voice that much quieter than the utterance's loudest is another one's, in the background: it
does not keep the turn open. One person's sounds lie closer together (benchmarks/voice.py)."""

_START_WINDOW: Final = 200 // CHUNK_MS
_START_VOICED: Final = 120 // CHUNK_MS
"""Speech starts with 120 ms of voice within 200 ms: "no" has that; a click or a cough has not."""

_PATIENCE: Final = 200 // CHUNK_MS
"""For so long a start that was proposed waits for Silero, which is surest in the vowel."""
_PROPOSAL_FRAMES: Final = _START_WINDOW + _PATIENCE
NOTICED_WITHIN_MS: Final = _PROPOSAL_FRAMES * CHUNK_MS
"""A start is reported at most that long after the first voice of it."""

_RESUME_WINDOW: Final = 100 // CHUNK_MS
_RESUME_VOICED: Final = 60 // CHUNK_MS
"""A pause is over with 60 ms of voice within 100 ms: a click must not stretch the pause."""

_LOOK_BACK_FRAMES: Final = 500 // CHUNK_MS
"""What Silero hears before the first frame that is proposed: it judges by what came before."""
_AGREES_TO_START: Final = 0.25
_AGREES_TO_GO_ON: Final = 0.2
"""Silero's probabilities from which it agrees: low, for it has not to find speech on its own.
Chosen on a third of the speakers and published on the others (benchmarks/voice.py)."""
_AGREES_FOR_FRAMES: Final = 300 // CHUNK_MS
"""How long it counts as agreed: long enough for the end of "yes", where it hears no voice."""


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

    def __init__(self, aggressiveness: int, silero: Silero | None = None) -> None:
        """aggressiveness: webrtcvad's, 0 to 3. silero: None to do without.

        Raises ValueError for any other aggressiveness.
        """
        self._vad = webrtcvad.Vad(aggressiveness)
        self._second = None if silero is None else _SecondOpinion(silero)
        self._levels: deque[float] = deque(maxlen=FLOOR_MEMORY_FRAMES)
        self._voiced: deque[bool] = deque(maxlen=_PROPOSAL_FRAMES)
        self._loudness = _Loudness()
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

    def feed(self, frame: AudioChunk, *, key: bool = False, echo: bool = False) -> VoiceState:
        """The state after this frame. key, echo: somebody knows that it is that and no voice."""
        voiced = self._proposes(frame.samples) and not (key or echo)
        if self._second is not None:
            awake = voiced or self.state is not VoiceState.QUIET
            # Of an echo it hears what is left, with the line's noise: it takes a cough that comes
            # out of sudden silence for a word.
            heard = silence(len(frame.samples)) if key else frame.samples
            self._second.hear(heard, awake=awake)
        match self.state:
            case VoiceState.QUIET | VoiceState.STARTING:
                self._voiced.append(voiced)
                self._consider_starting(frame)
            case VoiceState.SPEAKING | VoiceState.STOPPING:
                voiced = voiced and self._goes_on()
                self._voiced.append(voiced)
                self._follow(frame, voiced)
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

    def _proposes(self, samples: Samples) -> bool:
        """What can be told without Silero."""
        level = level_dbfs(samples)
        self._levels.append(level)
        # webrtcvad is asked about every frame: it follows the line itself.
        spectrum_says = bool(self._vad.is_speech(samples.tobytes(), SAMPLE_RATE))
        return spectrum_says and level >= self.floor_dbfs + _ABOVE_FLOOR_DB

    def _goes_on(self) -> bool:
        if self._levels[-1] < self._loudness.loudest - _BELOW_LOUDEST_DB:
            return False
        return self._second is None or self._second.latest >= _AGREES_TO_GO_ON

    def _follow(self, frame: AudioChunk, voiced: bool) -> None:
        """An utterance under way."""
        if not voiced:
            self.state = VoiceState.STOPPING
            return
        recent = sum(list(self._voiced)[-_RESUME_WINDOW:])
        if self.state is VoiceState.SPEAKING or recent >= _RESUME_VOICED:
            self.state = VoiceState.SPEAKING
            self.end = frame.end
            self._loudness.hear(self._levels[-1])

    def _consider_starting(self, frame: AudioChunk) -> None:
        voiced = list(self._voiced)
        begins = _proposed_start(voiced)
        if begins is None or not self._agreed_to_start():
            self.state = VoiceState.STARTING if any(voiced) else VoiceState.QUIET
            return
        last = len(voiced) - 1 - voiced[::-1].index(True)
        self.start = frame.end - (len(voiced) - begins) * CHUNK_SAMPLES
        self.end = frame.end - (len(voiced) - 1 - last) * CHUNK_SAMPLES
        self._loudness = _Loudness()
        self.state = VoiceState.SPEAKING

    def _agreed_to_start(self) -> bool:
        return self._second is None or self._second.latest >= _AGREES_TO_START


def _proposed_start(voiced: list[bool]) -> int | None:
    """Where the first window with enough voice has its first; None where none has."""
    for begin in range(max(1, len(voiced) - _START_WINDOW + 1)):
        window = voiced[begin : begin + _START_WINDOW]
        if sum(window) >= _START_VOICED:
            return begin + window.index(True)
    return None


class _Loudness:
    """Of one utterance's voice."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=_LOUDNESS_FRAMES)
        self.loudest = -math.inf

    def hear(self, level: float) -> None:
        """One frame with voice; dBFS."""
        self._last.append(level)
        if len(self._last) == _LOUDNESS_FRAMES:
            self.loudest = max(self.loudest, min(self._last))


class _SecondOpinion:
    """Silero, awake while something is proposed; each time it hears a little of what came before
    and nothing of earlier times, so what it says depends on the sound around alone."""

    def __init__(self, silero: Silero) -> None:
        self._silero = silero
        self._before: deque[Samples] = deque(maxlen=_LOOK_BACK_FRAMES)
        self._stream: SileroStream | None = None
        self._said: deque[float] = deque(maxlen=_AGREES_FOR_FRAMES)

    @property
    def latest(self) -> float:
        """The highest probability of speech in the last moments; 0 while asleep."""
        return max(self._said, default=0.0)

    def hear(self, samples: Samples, *, awake: bool) -> None:
        """One frame."""
        if not awake:
            self._stream = None
            self._said.clear()
        else:
            if self._stream is None:
                self._stream = SileroStream(self._silero)
                if self._before:
                    self._stream.feed(np.concatenate(self._before))
            self._said.append(max(self._stream.feed(samples), default=0.0))
        self._before.append(samples)
