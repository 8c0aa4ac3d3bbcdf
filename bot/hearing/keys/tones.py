"""Key tones (DTMF) found in the sound itself, to ITU-T Q.24.

Every 2 ms the last 20 ms are judged (`tone_windows`). Windows that look like the same key for as
long as a key lasts are a key; voice looks like one for a moment now and then, hardly ever for
longer. Only where a whole frame of 20 ms may hold a key, or the one before it did, all its windows
are judged: no tone that is long enough slips through, and hardly any speech is looked at twice.

What Q.24 (Table 1 and Annex A, the strictest of the administrations' figures) asks, and how far
from both sides of each limit the thresholds here were put:

    frequency    accept within 1.5 %, refuse from 3.5 %       here: 2.5 %
    level        accept 0 to -25 dBm0 each, refuse -29        here: from -27 dBm0
    twist        accept high - low from -8 to +4 dB           here: -10 to +6 dB
    duration     accept from 40 ms, refuse up to 23 ms        here: about 31 ms
    pause        from 40 ms it parts two keys                 here: about 20 ms
    interruption up to 10 ms it does not

Ours, because the packages there are (`dtmf`, `pydtmf`) judge whole recordings, block by block of
fixed place: they measure neither duration nor pause to these limits and know no stream. How it
does beside spandsp and multimon-ng stands in benchmarks/README.md.

A key is reported when it is certain, about 40 ms after its start, so that it can stop a prompt
while it is still held; its end is not known then, and `KeyHeard.end` is the last sample looked
at. `ToneDetector.sounding_since` tells how long it really is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.audio import CHUNK_SAMPLES, AudioChunk, Samples, ms_to_samples, silence
from bot.hearing.events import KeyHeard
from bot.hearing.frames import Framer
from bot.hearing.keys.tone_windows import (
    BEFORE,
    HOP,
    NO_KEY,
    WINDOW,
    Limits,
    WindowJudge,
    key_name,
)

_OVERHANG: Final = ms_to_samples(6.5)
"""How far a window that is just taken for a key reaches out of the tone, at either end."""

Q24: Final = Limits()

CERTAIN_WINDOWS: Final = 12
"""Windows that look alike before a key is certain. A tone of d ms has about (d - 7) / 2 of them:
16 at 40 ms, 8 at 23 ms."""

_GAP_HOPS: Final = 13
"""Windows without the tone that end it. A pause of p ms makes about (p + 7) / 2 of them: 23 at
40 ms; an interruption of 10 ms at most 9."""

_FRAMES_AT_ONCE: Final = 256
"""As many as stay in a processor's cache; more at once are not faster."""


@dataclass(slots=True)
class _Tone:
    """A run of windows that look like the same key. Positions are ends of windows, in samples."""

    key: int
    first: int
    last: int
    windows: int = 0
    certain: bool = False

    @property
    def start(self) -> int:
        return self.first - WINDOW + _OVERHANG

    def ended(self, now: int) -> bool:
        """Whether, all windows up to the one that ends at `now` seen, the key is released."""
        return now - self.last >= _GAP_HOPS * HOP


class ToneDetector:
    """Key presses in the sound of one leg. Deterministic; chunks may have any length.

    limits, certain_windows: other than Q.24's for who must catch more than keys (`clamp`).
    """

    def __init__(self, limits: Limits = Q24, certain_windows: int = CERTAIN_WINDOWS) -> None:
        self._judge = WindowJudge(limits)
        self._certain_windows = certain_windows
        self._framer = Framer(CHUNK_SAMPLES)
        self._recent: Samples = silence(BEFORE)
        self._worth_looking = False
        self._tone: _Tone | None = None
        self._looked_at = 0

    @property
    def sounding_since(self) -> int | None:
        """Where the key that is being held, and was reported, began; None when none is.

        Held means: heard within the last 26 ms. Shorter interruptions do not release a key.
        """
        tone = self._tone
        if tone is None or not tone.certain or tone.ended(self._looked_at):
            return None
        return tone.start

    @property
    def sounding(self) -> bool:
        return self.sounding_since is not None

    def feed(self, chunk: AudioChunk) -> list[KeyHeard]:
        """The keys that became certain; each press once. Raises ValueError on a gap (`Framer`)."""
        return self._look(self._framer.gather(chunk))

    def flush(self) -> list[KeyHeard]:
        """The leg's sound is over, nothing is fed any more: silence follows.

        A key that was almost certain may become so.
        """
        rest = self._framer.flush()
        keys: list[KeyHeard] = []
        if rest is not None:
            padded = np.concatenate((rest.samples, silence(CHUNK_SAMPLES - len(rest.samples))))
            keys = self._look(AudioChunk(padded, rest.position))
        return keys + self._look(AudioChunk(silence(CHUNK_SAMPLES), self._looked_at))

    def _look(self, frames: AudioChunk) -> list[KeyHeard]:
        """frames: any number of whole ones."""
        heard = []
        for begin in range(0, len(frames.samples), _FRAMES_AT_ONCE * CHUNK_SAMPLES):
            some = frames.samples[begin : begin + _FRAMES_AT_ONCE * CHUNK_SAMPLES]
            position = frames.position + begin
            self._looked_at = position + len(some)
            for end, key in self._windows_with_a_key(some, position):
                found = self._follow(key, end)
                if found is not None:
                    heard.append(found)
        return heard

    def _windows_with_a_key(self, samples: Samples, position: int) -> list[tuple[int, int]]:
        """(end, number of the key) of each window that looks like one, in order."""
        before, self._recent = self._recent, np.concatenate((self._recent, samples))[-BEFORE:]
        worth = self._judge.may_hold_key(samples.reshape(-1, CHUNK_SAMPLES).astype(np.float64))
        look: NDArray[np.bool_] = worth.copy()
        look[0] |= self._worth_looking
        look[1:] |= worth[:-1]
        self._worth_looking = bool(worth[-1])
        frames = np.flatnonzero(look)
        if not len(frames):
            return []
        sound = np.concatenate((before, samples)).astype(np.float64)
        keys = self._judge.keys_in(sound, BEFORE + frames * CHUNK_SAMPLES)
        which, hop = np.nonzero(keys != NO_KEY)
        ends = position + frames[which] * CHUNK_SAMPLES + (hop + 1) * HOP
        return list(zip(ends.tolist(), keys[which, hop].tolist(), strict=True))

    def _follow(self, key: int, end: int) -> KeyHeard | None:
        """Take one more window with a key, which ends at sample `end`, into the run under way."""
        tone = self._tone
        if tone is None or tone.key != key or tone.ended(end - HOP):
            tone = self._tone = _Tone(key, first=end, last=end)
        tone.last = end
        tone.windows += 1
        if tone.certain or tone.windows < self._certain_windows:
            return None
        tone.certain = True
        return KeyHeard(key_name(key), tone.start, end)
