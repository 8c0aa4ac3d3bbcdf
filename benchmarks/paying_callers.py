"""Recorded callers who pay by voice, and how long each waited for the answers.

Measured on sound, at the phone: from the last sample of what the caller said to the first sample of
the bot's answer, network and pacing included.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.turns import voiced_stretches
from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, Samples
from bot.calls.wav import read_wav
from bot.project import ROOT

sys.path.insert(0, str(ROOT / "tests"))
from telephony.person import Moment, Person, Says

__all__ = ["CALLERS", "LONGEST_WAIT", "LOUD", "QUESTIONS", "Person", "Watched", "waits"]

QUESTIONS = ("amount", "card-number", "expiry", "security-code", "postal-code", "confirm")
CALLERS = ("amex", "change", "declined", "doubles", "help", "interrupt", "pairs", "unknown")
"""Who answer all six. "full", who pays everything that is owed, is understood by Rasa alone."""
LOUD = 300
"""Full scale 32768: the bot's speech, which has no noise. The callers' recordings have: where their
speech ends tells `voiced_stretches`."""
LONGEST_WAIT = 6.0


class Watched(Person):
    """Notes which chunk each thing said began with."""

    def __init__(self, caller: str) -> None:
        folder = ROOT / "audio" / "callers" / caller
        self.said_by_question = [read_wav(folder / f"{q}.wav", None) for q in QUESTIONS]
        super().__init__([Says(sound) for sound in self.said_by_question], quiet_ms=1200)
        self.began: list[int] = []

    def live(self, heard: Samples) -> Moment:
        left = self.actions_left
        moment = super().live(heard)
        if self.actions_left < left:
            self.began.append(len(self.moments) - 1)
        return moment

    def spoke(self, number: int) -> tuple[int, int]:
        """Where the answer to that question began to come, and where its speech ended: samples."""
        first = self.began[number] * CHUNK_SAMPLES
        return first, first + list(voiced_stretches(self.said_by_question[number]))[-1][1]


def waits(person: Watched) -> list[tuple[str, float]]:
    """Seconds for each question; negative: cut off so long before the end; infinite: unanswered."""
    loud = np.flatnonzero(np.abs(person.heard.astype(np.int32)) > LOUD)
    found = []
    for number, question in enumerate(QUESTIONS[: len(person.began)]):
        first, last = person.spoke(number)
        after = loud[loud > first]
        waited = (int(after[0]) - last) / SAMPLE_RATE if len(after) else np.inf
        found.append((question, waited if waited < LONGEST_WAIT else np.inf))
    return found
