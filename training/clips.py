"""Rendered clips on disk: one WAV a phrase, and a line of JSON that says what is in it.

A clip is written whole or not at all, so rendering may be stopped and gone on with at any time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from bot.project import ROOT
from training.vocabulary import Stretch
from training.voices import Part

RATE = 8000
"""Hz, of every clip."""
Sound = NDArray[np.float32]
"""Mono at RATE, full scale 1, shape (n,)."""

NUMBERS = ROOT / "models" / "numbers"
DATA = NUMBERS / "data"
"""Ignored by git: clips and features may be gigabytes, and are never part of the project."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One spoken phrase. cuts: the sample where each stretch begins; empty when not known."""

    part: Part
    engine: str
    voice: str
    speed: float
    stretches: tuple[Stretch, ...]
    cuts: tuple[int, ...] = ()

    def pieces(self, sound: Sound) -> Iterator[tuple[Stretch, Sound]]:
        """Every stretch with its sound; nothing when the cuts are not known."""
        ends = (*self.cuts[1:], len(sound))
        for stretch, start, end in zip(self.stretches, self.cuts, ends, strict=False):
            yield stretch, sound[start:end]


def write(folder: Path, name: str, clip: Clip, sound: Sound) -> None:
    """As `name`.wav and `name`.json; the JSON, written last, makes it count."""
    folder.mkdir(parents=True, exist_ok=True)
    level = np.clip(np.round(sound * 32767), -32768, 32767).astype(np.int16)
    soundfile.write(folder / f"{name}.wav", level, RATE, subtype="PCM_16")
    path = folder / f"{name}.json"
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(asdict(clip)), "utf-8")
    unfinished.replace(path)


def read_all(folder: Path) -> Iterator[tuple[str, Clip, Sound]]:
    """Every clip that is whole, by name."""
    for path in sorted(folder.glob("*.json")):
        table = json.loads(path.read_text("utf-8"))
        parts = tuple(Stretch(part["text"], tuple(part["words"])) for part in table["stretches"])
        clip = Clip(
            table["part"],
            table["engine"],
            table["voice"],
            table["speed"],
            parts,
            tuple(table["cuts"]),
        )
        sound, rate = soundfile.read(path.with_suffix(".wav"), dtype="float32")
        if rate != RATE:
            raise ValueError(f"{path.with_suffix('.wav')}: {rate} Hz instead of {RATE}")
        yield path.stem, clip, sound


_Sample = TypeVar("_Sample", np.float32, np.float64)


def trimmed(
    sound: NDArray[_Sample], below_peak_db: float = 30.0, margin: int = RATE // 50
) -> NDArray[_Sample]:
    """Without what is that much quieter than the loudest 20 ms, before and after.

    margin: samples that stay. Silence stays as it is.
    """
    block = RATE // 50
    power = np.convolve(sound**2, np.ones(block) / block, "same")
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (-below_peak_db / 10))
    if not len(loud):
        return sound
    return sound[max(0, int(loud[0]) - margin) : int(loud[-1]) + margin]
