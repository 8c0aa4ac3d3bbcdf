"""Who is on the caller's leg: the transport's side of a call, as far as recordings go.

A caller is asked for the next stretch of sound and is told what the bot says. A recorded caller
plays one recording at its own pace; a scripted one takes turns, each started by what the bot says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from bot.audio import CHUNK_SAMPLES, Samples, ms_to_samples, silence, whole_chunk
from bot.hearing.keys.key_tones import tone

KEY_MS = 100
KEY_GAP_MS = 100
"""A person's key press and the pause after it; ITU-T Q.24 asks for 40 ms of each."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The next samples on the leg."""

    samples: Samples


@dataclass(frozen=True, slots=True)
class Typed:
    """Words given as text, in place of speech; takes no time on the leg."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A key press the line tells of beside its sound. way: who says so, as in `KeyReport`."""

    way: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Gone:
    """The caller hung up."""


@dataclass(frozen=True, slots=True)
class Back:
    """The line was away, without its time going on, and is there again: what was being said when it
    went is lost, and what comes now is said anew."""


Received = Sound | Keyed | Typed | Gone | Back


class Caller(Protocol):
    """Who is told of prompts and takes no notice inherits the last three, which do nothing."""

    async def receive(self, bot_waits: bool) -> Received:
        """What comes next from the leg; sound in chunks of CHUNK_SAMPLES or fewer.

        bot_waits: everything is said, nothing is under way, and the bot waits for the caller.
        """

    def prompt_started(self, prompt_id: str, text: str) -> None:
        """text: what is being said, fit to be shown."""
        return

    def prompt_ended(self, prompt_id: str) -> None:
        """Played out or stopped."""
        return

    def interrupted(self) -> None:
        """The bot stops in the middle of what it says."""
        return


class RecordedCaller(Caller):
    """One whole recording at its own pace, then silence for `stay_ms`, then the line goes dead."""

    def __init__(self, samples: Samples, stay_ms: int = 60_000) -> None:
        self._samples = samples
        self._length = len(samples) + ms_to_samples(stay_ms)
        self._position = 0

    async def receive(self, bot_waits: bool) -> Received:
        if self._position >= self._length:
            return Gone()
        chunk = self._samples[self._position : self._position + CHUNK_SAMPLES]
        self._position += CHUNK_SAMPLES
        return Sound(whole_chunk(chunk))


def keys_sound(keys: str) -> Samples:
    """Key tones as a telephone sends them. keys: 0-9 * #, a comma is a pause of half a second.

    Raises ValueError for anything else.
    """
    parts: list[Samples] = []
    for key in keys:
        if key == ",":
            parts.append(silence(ms_to_samples(500)))
        else:
            parts += [tone(key, KEY_MS), silence(ms_to_samples(KEY_GAP_MS))]
    return np.concatenate(parts) if parts else silence(0)


@dataclass(frozen=True, slots=True)
class ScriptedTurn:
    """One thing the caller does.

    after: id of the prompt whose end (or, with `during`, start) begins the turn; None follows
        straight on the turn before.
    wait_ms: how long after that.
    sound, text: what comes; hang_up: the caller goes after it.
    """

    after: str | None
    wait_ms: int
    sound: Samples
    text: str | None = None
    during: bool = False
    hang_up: bool = False


class ScriptedCaller(Caller):
    """Takes its turns in order; between them the line is silent.

    patience_ms: with no turn left, or none triggered, how long until the line goes dead.
    """

    def __init__(self, turns: Sequence[ScriptedTurn], patience_ms: int = 180_000) -> None:
        self._turns = list(turns)
        self._patience = ms_to_samples(patience_ms)
        self._idle = 0
        self._wait: int | None = None
        self._sounding: Samples = silence(0)
        self._next_triggered = False
        self._gone = False
        self._start_if_unconditional()

    @property
    def turns_left(self) -> int:
        return len(self._turns)

    @property
    def waiting_for(self) -> str | None:
        """The prompt the next turn waits for."""
        return self._turns[0].after if self._turns else None

    async def receive(self, bot_waits: bool) -> Received:
        if self._gone:
            return Gone()
        if self._wait is not None and self._wait <= 0 and not len(self._sounding):
            turn = self._turns[0]
            self._sounding = turn.sound
            if turn.text is not None:
                self._next_turn()
                return Typed(turn.text)
            if not len(turn.sound):
                self._next_turn()
                if self._gone:
                    return Gone()
        chunk = self._sounding[:CHUNK_SAMPLES]
        if len(self._sounding):
            self._idle = 0
            self._sounding = self._sounding[CHUNK_SAMPLES:]
            if not len(self._sounding):
                self._next_turn()
        else:
            self._idle += CHUNK_SAMPLES
            if self._idle >= self._patience:
                return Gone()
            if self._wait is not None:
                self._wait -= CHUNK_SAMPLES
        return Sound(whole_chunk(chunk))

    def prompt_started(self, prompt_id: str, text: str) -> None:
        self._trigger(prompt_id, during=True)

    def prompt_ended(self, prompt_id: str) -> None:
        self._trigger(prompt_id, during=False)

    def _trigger(self, prompt_id: str, *, during: bool) -> None:
        """The bot may answer before a turn has quite ended (the pause after a last key): then the
        prompt counts for the turn that follows."""
        under_way = len(self._sounding) > 0
        following = self._turns[1:2] if under_way else self._turns[:1]
        if not following or following[0].after != prompt_id or following[0].during != during:
            return
        if under_way:
            self._next_triggered = True
        elif self._wait is None:
            self._wait = ms_to_samples(following[0].wait_ms)

    def _next_turn(self) -> None:
        self._gone = self._turns.pop(0).hang_up
        self._wait = None
        if self._next_triggered and self._turns:
            self._wait = ms_to_samples(self._turns[0].wait_ms)
        self._next_triggered = False
        self._start_if_unconditional()

    def _start_if_unconditional(self) -> None:
        if self._turns and self._turns[0].after is None:
            self._wait = ms_to_samples(self._turns[0].wait_ms)
