"""What an ear reports while sound is fed to it. Positions are samples on its leg."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.audio import AudioChunk


@dataclass(frozen=True, slots=True)
class KeyHeard:
    """One key press found in the sound, reported once. key: one of 0-9 * # A-D."""

    key: str = field(repr=False)
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Voice long enough not to be a click. start: where the voice began (before now)."""

    start: int


@dataclass(frozen=True, slots=True)
class SpeechSound:
    """Sound of the utterance under way, from a little before its start, pauses included."""

    chunk: AudioChunk


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The caller pauses; the turn is not over. The moment to ask for a preliminary answer.

    at: the pause, by the sample at which it was first told of; the same when it is told of again.
    """

    at: int


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The utterance is over. end: the last sample with voice (so, before the waiting)."""

    start: int
    end: int


EarEvent = KeyHeard | SpeechBegan | SpeechSound | SpeechPaused | TurnEnded
