"""What happened in a call, moment by moment: masked before it gets here, safe to keep and show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class EntryKind(StrEnum):
    PROMPT = "prompt"
    """The bot spoke; text is what was played. details: id, attempt, completed, source."""
    SPEECH = "speech"
    """The caller's voice was active from `at` to `until`; no text."""
    HEARD = "heard"
    """An utterance was understood. text masked. details: confidence, source, engine, intent,
    field, and amount or expiry where they may be kept; of speech end_of_turn_ms, recognition_ms,
    understanding_ms, one after the other from `until` on (0 where the clock stands still)."""
    DROPPED = "dropped"
    """Speech or a key that did not count. details: why."""
    KEY = "key"
    """text is the key, a bullet for every digit."""
    STEP = "step"
    """A step of the payment changed. details: step, state, detail."""
    CHARGE = "charge"
    """From sending to the answer. details: status, reason, reference, amount."""
    WAITING = "waiting"
    """From the end of the caller's speech to the first sound of the answer."""
    SILENCED = "silenced"
    """The recording is silent from `at` to `until`. details: leg, why."""
    DEGRADED = "degraded"
    """Something worked less well than it should (Rasa away). details: what."""
    END = "end"
    """details: status, reason."""


@dataclass(frozen=True, slots=True)
class Entry:
    """at, until: milliseconds since the call began. who: caller, bot, gateway or call."""

    at: int
    kind: EntryKind
    who: str
    text: str = ""
    until: int | None = None
    details: Mapping[str, str | int | float | bool] = field(
        default_factory=lambda: MappingProxyType({})
    )


class Trace:
    """The entries of one call, in the order they became known. Calls `watch` with each."""

    def __init__(self, watch: Callable[[Entry], None] | None = None) -> None:
        self.entries: list[Entry] = []
        self._watch = watch

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if self._watch is not None:
            self._watch(entry)
