"""Test speech rendered by voices that the number recogniser was never trained on, kept on disk."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import soundfile
import soxr

from benchmarks.telephone import RATE, Sound
from bot.speaking import kokoro
from training.clips import trimmed
from training.voices import KOKORO

Part = Literal["validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
VOICES: dict[Part, tuple[str, ...]] = {
    "validation": (*KOKORO["validation"], "af_river+hf_beta", "am_liam+zm_yunxi"),
    "test": KOKORO["test"],
}
"""Validation has but two voices that no version of the weights was trained on; with each, somebody
half-way between it and a voice of another language speaks as well."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to say. about: what is written beside its sound, as JSON."""

    text: str
    speed: float
    about: dict[str, str] = field(repr=False)


def render(lines: Sequence[Line], engine: kokoro.Kokoro, voice: str, folder: Path) -> None:
    """Into folder/voice; what is there already is not rendered again."""
    (folder / voice).mkdir(parents=True, exist_ok=True)
    missing = [n for n in range(len(lines)) if not _about(folder, voice, n).exists()]
    began = time.monotonic()
    for done, number in enumerate(missing, start=1):
        line, about = lines[number], _about(folder, voice, number)
        (sound,) = engine.render([line.text], voice, line.speed, _accent(voice))
        narrow = soxr.resample(sound, kokoro.RATE, RATE, quality="VHQ")
        soundfile.write(about.with_suffix(".wav"), narrow, RATE, subtype="PCM_16")
        about.write_text(json.dumps({**line.about, "text": line.text}), "utf-8")
        if done % 20 == 0:
            left = (time.monotonic() - began) / done * (len(missing) - done) / 60
            sys.stdout.write(f"{voice} {number}: {left:.0f} min left\n")
            sys.stdout.flush()


def rendered(
    folder: Path, voices: Iterable[str], lines_of_a_voice: int
) -> Iterator[tuple[str, dict[str, str], Sound]]:
    """(voice, about, sound at 8 kHz without the silence around it) of those voices that are whole;
    one half rendered lacks some sort of line."""
    for voice in voices:
        if not _about(folder, voice, lines_of_a_voice - 1).exists():
            continue
        for number in range(lines_of_a_voice):
            about = _about(folder, voice, number)
            sound, _ = soundfile.read(about.with_suffix(".wav"), dtype="float64")
            yield voice, json.loads(about.read_text("utf-8")), trimmed(np.asarray(sound))


def _about(folder: Path, voice: str, number: int) -> Path:
    return folder / voice / f"{number:04d}.json"


def _accent(voice: str) -> str:
    """British voices speak British, everybody else, also from abroad, American."""
    return "en-gb" if voice.startswith("b") else "en-us"
