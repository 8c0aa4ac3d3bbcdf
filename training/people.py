"""Real people's single words: the part of Speech Commands at hand (Pete Warden, CC BY 4.0).

One word a file, 8 kHz, WORD/SPEAKER_nohash_N.wav.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from bot.project import ROOT
from training.clips import RATE, Sound
from training.vocabulary import BLANK, COLUMNS, FILLER
from training.voices import Part, part_of_speaker

FOLDER = ROOT.parent / "shared" / "data" / "speech-commands"


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
