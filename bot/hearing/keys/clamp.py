"""A leg's sound with every key tone taken out, from its first sample to its last.

Who must not learn a caller's card number (an agent in a conference: PCI DSS, "pause and mask")
hears this instead of the caller. Sound waits in a delay line until it is certain that it is no
tone; then it passes on unchanged, else there is silence in its place.

It catches more than keys that count: also what is too weak, too short, too far off or too crooked
for ITU-T Q.24, because another receiver may be less strict (spandsp hears tones down to -42 dBm0).
Voice looks like such a tone for a moment now and then and loses that moment; benchmarks/README.md
says how much.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from bot.audio import CHUNK_MS, CHUNK_SAMPLES, AudioChunk, ms_to_samples
from bot.hearing.events import KeyHeard
from bot.hearing.frames import Framer
from bot.hearing.keys.tone_windows import Limits
from bot.hearing.keys.tones import ToneDetector

DELAY_MS: Final = 80
"""How long sound waits. A tone is certain 20 ms after its first _CERTAIN_WINDOWS windows, and those
end at most 44 ms after it began; the rest is for windows that noise spoils."""

_LIMITS: Final = Limits(
    level_dbm0=-46.0, least_twist_db=-14.0, greatest_twist_db=10.0, offset=0.04, purity=0.75
)
_CERTAIN_WINDOWS: Final = 7
_MARGIN: Final = ms_to_samples(6)
"""Silenced before where a tone seems to begin: that is known to a few milliseconds."""


class ToneClamp:
    """One leg's clamp. Deterministic; chunks may have any length. Waits for live calls: a recorded
    one has no agent."""

    def __init__(self) -> None:
        self._framer = Framer(CHUNK_SAMPLES)
        self._tones = ToneDetector(_LIMITS, _CERTAIN_WINDOWS)
        self._waiting: deque[AudioChunk] = deque()
        self._since: int | None = None

    def feed(self, chunk: AudioChunk) -> list[AudioChunk]:
        """What may be heard now, in frames of 20 ms: DELAY_MS behind, and nothing at first.

        Their positions are those the sound came with. Raises ValueError on a gap (`Framer`).
        """
        passed = []
        for frame in self._framer.feed(chunk):
            self._judge(frame)
            if len(self._waiting) > DELAY_MS // CHUNK_MS:
                passed.append(self._waiting.popleft())
        return passed

    def flush(self) -> list[AudioChunk]:
        """The leg's sound is over: what still waits."""
        rest = self._framer.flush()
        if rest is not None:
            self._judge(rest)
        if self._waiting:
            self._take_out(self._tones.flush())
        passed = list(self._waiting)
        self._waiting.clear()
        return passed

    def _judge(self, frame: AudioChunk) -> None:
        self._waiting.append(frame)
        self._take_out(self._tones.feed(frame))

    def _take_out(self, heard: list[KeyHeard]) -> None:
        """Silence what waits from where a tone began, if one sounds or did a frame ago."""
        was, self._since = self._since, self._tones.sounding_since
        starts = [start for start in (was, self._since) if start is not None]
        starts += [key.start for key in heard]
        if not starts:
            return
        begin = min(starts) - _MARGIN
        for i, frame in enumerate(self._waiting):
            if frame.end > begin:
                samples = frame.samples.copy()
                samples[max(0, begin - frame.position) :] = 0
                self._waiting[i] = AudioChunk(samples, frame.position)
