"""When a call's recording is silent: the rules, told to a `Recording` that applies them.

Each rule is a stretch that begins with one thing that happens in the call and ends with another.
A call without a recording, or one whose disk is full, goes on all the same: then nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.audio import Samples, ms_to_samples
from bot.calls.clock import CallClock
from bot.calls.recording import BOT, CALLER, Recording, Silenced
from bot.errors import AudioError
from bot.expectations import Expectation

_log = structlog.get_logger(__name__)

_FADE = ms_to_samples(10)
"""A stopped prompt fades out; that end of it is silenced too."""

_KEY_MARGIN = ms_to_samples(40)
"""Silenced around a key tone besides the tone: its flanks still tell which key it was."""


class Silences:
    """Of one call's recording.

    pre_roll: samples the ear reaches back before a speech start.
    lost: called once when the recording cannot be written any more.
    """

    def __init__(
        self,
        recording: Recording | None,
        clock: CallClock,
        pre_roll: int,
        lost: Callable[[], None],
    ) -> None:
        self._recording = recording
        self._clock = clock
        self._pre_roll = pre_roll
        self._lost = lost
        self._field: Silenced | None = None
        self._key: Silenced | None = None
        self._dropped: Silenced | None = None
        self._read_back: Silenced | None = None

    def add(self, caller: Samples, bot: Samples) -> None:
        """The next stretch of both channels."""
        if self._recording is not None:
            try:
                self._recording.add(caller, bot)
            except AudioError as error:
                self._lose(error)

    def finish(self) -> list[Silenced]:
        """Put the file in its place; the stretches that are silent in it."""
        if self._recording is not None:
            try:
                self._recording.close()
            except AudioError as error:
                self._lose(error)
        return [] if self._recording is None else self._recording.silenced

    def question(self, expectation: Expectation) -> None:
        """This is asked from now on: the caller's channel is silent while a card field is open."""
        if not expectation.sensitive:
            _end(self._field, self._clock.now)
            self._field = None
        elif self._field is None:
            self._field = self._begin(CALLER, self._clock.now, "a card field is open")

    def key_heard(self, start: int) -> None:
        if self._key is None:
            self._key = self._begin(CALLER, start - _KEY_MARGIN, "a key tone")

    def key_over(self) -> None:
        _end(self._key, self._clock.now + _KEY_MARGIN)
        self._key = None

    def speech_dropped(self, start: int) -> None:
        """All of it, and it goes on: nobody will ever judge what is still to come."""
        if self._dropped is None:
            self._dropped = self._begin(
                CALLER, start - self._pre_roll, "speech that was not judged"
            )

    def dropped_speech_over(self) -> None:
        _end(self._dropped, self._clock.now)
        self._dropped = None

    def speech_began(self, start: int) -> None:
        """Nothing of it is written before it is judged."""
        if self._recording is not None:
            self._recording.hold(start, start - self._pre_roll)

    def speech_judged(self, start: int, *, sensitive: bool) -> None:
        """sensitive: what was said from `start` until now may hold card digits."""
        if self._recording is None:
            return
        if sensitive:
            self._recording.silence(
                CALLER, start - self._pre_roll, self._clock.now, "card digits were said"
            )
        self._recording.release(start)

    def speech_broke_off(self, start: int) -> None:
        """The rest of it never came, so nobody judges it."""
        if self._recording is None:
            return
        self._recording.silence(
            CALLER, start - self._pre_roll, self._clock.now, "speech that was not judged"
        )
        self._recording.release(start)

    def read_back_began(self, at: int) -> None:
        self._read_back = self._begin(BOT, at, "the bot reads card digits")

    def prompt_over(self, at: int) -> None:
        _end(self._read_back, at + _FADE)
        self._read_back = None

    def _begin(self, channel: int, start: int, why: str) -> Silenced | None:
        if self._recording is None:
            return None
        return self._recording.silence(channel, start, None, why)

    def _lose(self, error: AudioError) -> None:
        """A full disk costs the recording, never the call or its payment."""
        _log.error("recording_lost", why=str(error))
        if self._recording is not None:
            self._recording.discard()
            self._recording = None
        self._lost()


def _end(stretch: Silenced | None, at: int) -> None:
    if stretch is not None:
        stretch.end = at
