"""Where sound may be cut before it is encoded, judged by its level alone.

The encoder's time grows with the sound. Digits are read in groups; where they are cut in a pause,
what was heard of the sound before it need not be encoded again.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.audio import SAMPLE_RATE, Samples, ms_to_samples

_LONGEST_SECONDS: Final = 28.0
"""Longer sound is cut at a quiet place: the encoder has positions for 30 s, padding included."""
_SHORTEST_CUT_SECONDS: Final = 20.0

_BLOCK_MS: Final = 20
_BLOCK: Final = ms_to_samples(_BLOCK_MS)
_PAUSE_BLOCKS: Final = 10
"""200 ms of quiet are a pause: longer than the stops inside words."""
_BELOW_LOUDEST: Final = 0.125
"""18 dB below the loudest block so far is quiet. On a line with more noise than that no pause is
known by its level, and nothing is cut."""
_STILL_QUIET: Final = 1.5
"""Times the loudest of a pause: as much as noise varies, less than a voice."""


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


def last_pause(samples: Samples, before: int) -> int | None:
    """The middle of the last pause that has its middle no later than that sample; None: there is
    none, or none can be told from the noise."""
    levels = _levels(samples)
    quiet = levels <= _BELOW_LOUDEST * np.maximum.accumulate(levels)
    changes = np.flatnonzero(np.diff(np.concatenate(([False], quiet, [False])).astype(int)))
    found = None
    for start, end in changes.reshape(-1, 2).tolist():
        middle = (start + end) // 2 * _BLOCK
        # Silence before the first word is no pause.
        if start > 0 and end - start >= _PAUSE_BLOCKS and middle <= before:
            found = middle
    return found


def stayed_quiet(samples: Samples, since: int, pause_ms: int = _PAUSE_BLOCKS * _BLOCK_MS) -> bool:
    """Whether there was a pause of that length before the sample and nothing was said after it.

    On a noisy line the answer is no.
    """
    if since == len(samples):
        return True
    before, after = _levels(samples[since % _BLOCK : since]), _levels(samples[since:])
    pause = before[-(pause_ms // _BLOCK_MS) :].max(initial=0.0)
    if len(before) <= _PAUSE_BLOCKS or pause > _BELOW_LOUDEST * before.max():
        return False
    return bool(after.max(initial=0.0) <= max(1.0, _STILL_QUIET * pause))


def _levels(samples: Samples) -> NDArray[np.float64]:
    """Root mean square of each whole block; a part of one at the end is too short for a word."""
    whole = samples[: len(samples) // _BLOCK * _BLOCK].astype(np.float64)
    return np.asarray(np.sqrt(np.square(whole).reshape(-1, _BLOCK).mean(axis=1)))
