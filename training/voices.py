"""Who speaks in training, in validation and in the test: nobody in two of them.

Kokoro's voices are kept apart by name, the other engines' by engine and voice, people by the
speaker's name in their recordings.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from bot.speaking.kokoro import RESERVED_VOICES

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)

KOKORO: dict[Part, tuple[str, ...]] = {
    "train": (
        "af_alloy", "af_heart", "af_jessica", "af_kore", "af_nicole", "af_nova", "af_sarah",
        "af_sky", "am_adam", "am_echo", "am_eric", "am_onyx", "am_santa", "bf_alice",
        "bf_isabella", "bm_daniel", "bm_lewis", "ef_dora", "em_santa", "ff_siwis", "hf_alpha",
        "hm_omega", "if_sara", "im_nicola", "jf_alpha", "jm_kumo", "pf_dora", "pm_alex",
        "zf_xiaobei", "zf_xiaoxiao", "zm_yunjian", "zm_yunyang",
    ),
    "validation": ("af_river", "am_liam"),
    "test": ("am_michael", "bf_emma", "hm_psi"),
}  # fmt: skip
"""The first letter is the language the voice was made for: those of other languages speak English
with an accent. The first version of the weights was not trained on those of validation and test
either."""
DEMO = frozenset({"am_michael", "bf_emma", "af_bella", "bm_george", "am_puck"})
"""Voices of the demo's callers (audio/callers): never in training. The first version of the
weights heard the last three, so they test nothing here."""
ACCEPTANCE = RESERVED_VOICES
"""In none of the parts: nothing is rendered with them."""

FLITE = ("kal16", "awb", "rms", "slt")
FESTIVAL = ("cmu_us_slt_arctic_hts", "kal_diphone")
PIPER = ("joe",)
_ESPEAK_ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-us-nyc")
_ESPEAK_VARIANTS = (
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5", "max", "anika", "steph",
    "mike", "robert", "travis", "adam", "edward", "belinda", "linda", "grandpa",
)  # fmt: skip
ESPEAK = tuple(f"{accent}+{variant}" for accent in _ESPEAK_ACCENTS for variant in _ESPEAK_VARIANTS)
"""Used in training only: what is measured with them would say little about people."""

_PEOPLE_OF_ALL_DIGITS: dict[Part, frozenset[str]] = {
    "train": frozenset({"51055bda", "97f4c236", "439c84f4", "93ec8b84", "988e2f9a", "a8cb6dda"}),
    "validation": frozenset({"563aa4e6"}),
    "test": frozenset({"b87bdb22"}),
}
"""Few people in the part of Speech Commands at hand said every digit: each part gets some."""

_BLENDED = 0.35
"""Share of Kokoro's training phrases spoken by somebody half-way between two voices."""


@dataclass(frozen=True, slots=True)
class Voice:
    """name: unique within its engine. accent: en-us or en-gb where the engine can choose."""

    engine: str
    name: str
    accent: str = "en-us"


def kokoro_voice(random: Random, part: Part) -> Voice:
    """A voice of that part; in training sometimes a blend of two of that part's."""
    voices = KOKORO[part]
    name = random.choice(voices)
    accent = {"a": "en-us", "b": "en-gb"}.get(name[0]) or random.choice(["en-us", "en-gb"])
    if part == "train" and random.random() < _BLENDED:
        other = random.choice([voice for voice in voices if voice != name])
        name = "+".join(sorted((name, other)))
    return Voice("kokoro", name, accent)


def part_of_speaker(name: str) -> Part:
    """Where a recorded person belongs: mostly in training, a sixth in each of the others."""
    for part, people in _PEOPLE_OF_ALL_DIGITS.items():
        if name in people:
            return part
    place = hashlib.sha256(name.encode()).digest()[0] / 256
    return "train" if place < 2 / 3 else "validation" if place < 5 / 6 else "test"
