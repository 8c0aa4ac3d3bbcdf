"""Real people's single words: the part of Speech Commands at hand (Pete Warden, CC BY 4.0).

One word a file, 8 kHz, WORD/SPEAKER_nohash_N.wav.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from bot.project import ROOT
from training.clips import RATE, Sound
from training.vocabulary import BLANK, COLUMNS, FILLER
from training.voices import Part, part_of_speaker

FOLDER = ROOT.parent / "shared" / "data" / "speech-commands"
_BLOCK = RATE // 50
_BELOW_PEAK_DB = 30.0


@dataclass(frozen=True, slots=True)
class Word:
    """word: of the vocabulary, the filler for any other. sound: the whole file."""

    word: str
    speaker: str
    sound: Sound = field(repr=False)


def read_people(folder: Path, part: Part) -> list[Word]:
    """The words of that part's people; none when the folder is not there."""
    words = []
    for path in sorted(folder.glob("*/*.wav")):
        speaker = path.name.split("_", 1)[0]
        if part_of_speaker(speaker) != part:
            continue
        sound, rate = soundfile.read(path, dtype="float32")
        if rate != RATE:
            raise ValueError(f"{path}: {rate} Hz instead of {RATE}")
        said = path.parent.name
        known = said in COLUMNS and said not in (BLANK, FILLER)
        words.append(Word(said if known else FILLER, speaker, sound))
    return words


def trimmed(sound: Sound, keep: int = _BLOCK) -> Sound:
    """From the first to the last 20 ms louder than 30 dB below the loudest, and `keep` around."""
    power = np.convolve(np.square(sound), np.ones(_BLOCK) / _BLOCK, mode="same")
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (-_BELOW_PEAK_DB / 10))
    if not len(loud):
        return sound
    return sound[max(0, loud[0] - keep) : loud[-1] + keep]
