"""Cut the rendered clips of one part into words, for the benchmarks that splice strings of them.

    uv run --group train python -m training.words PART FOLDER

Writes WORD_VOICE_N.wav into FOLDER: of "validation" for benchmarks.fit_confidence, of "test" for
benchmarks.hearing. Nobody in them was trained on.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from training import clips, voices
from training.clips import RATE, trimmed
from training.vocabulary import DIGITS

_WORDS = frozenset({*DIGITS, "oh", "double"})


def cut(source: Path, folder: Path) -> Counter[str]:
    """Every digit word of the clips in `source`; how many there are of each voice and word."""
    folder.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    for _, clip, sound in clips.read_all(source):
        for stretch, piece in clip.pieces(sound):
            word = trimmed(piece)
            if len(stretch.words) != 1 or stretch.words[0] not in _WORDS or len(word) < RATE // 10:
                continue
            voice = clip.voice.replace("_", "-").replace("+", "-")
            name = f"{stretch.words[0]}_{voice}"
            level = np.round(np.clip(word, -1, 1) * 32767).astype(np.int16)
            path = folder / f"{name}_{counts[name]}.wav"
            soundfile.write(path, level, RATE, subtype="PCM_16")
            counts[name] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("part", choices=voices.PARTS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=clips.DATA)
    options = parser.parse_args()
    counts = cut(options.data / "clips" / options.part, options.folder)
    speakers = {name.split("_")[1] for name in counts}
    missing = [
        f"{word}_{speaker}"
        for speaker in sorted(speakers)
        for word in DIGITS
        if not counts[f"{word}_{speaker}"]
    ]
    sys.stdout.write(f"{sum(counts.values())} words of {len(speakers)} voices\n")
    if missing:
        sys.stdout.write(f"never said: {', '.join(missing)}; render more clips\n")


if __name__ == "__main__":
    main()
