"""What every telephone line has in common: how a call is let in, held, and ended.

A connection is three things at once: reading what comes, sending what the bot says, and the call.
Whichever ends first ends the others in good order: the other end gone is a hang-up, a call that is
over is played out and closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from bot.calls.live.calls import LiveCalls
from bot.calls.live.line import LiveLine
from bot.calls.live.pace import Pace
from bot.calls.scenarios.scenario import Parameters
from bot.errors import ProtocolError

_log = structlog.get_logger(__name__)

FIRST_WORDS_SECONDS: Final = 5.0
"""A connection that has not said by then which call it is gets closed."""

PLAY_OUT_SECONDS: Final = 5.0
"""How long the other end may take to confirm that the last sound was played."""

_SENT_SECONDS: Final = 15.0
"""What was to be sent when the call was over is on its way by then, or never will be."""

_MESSAGES_A_SECOND: Final = 100
"""Twice what sound in pieces of 20 ms takes."""

_MOST_AT_ONCE: Final = 30 * _MESSAGES_A_SECOND
"""What a network held back for half a minute may come in a burst."""


class KnownCall(Protocol):
    """A call whose parameters are known: prepared over the API, or told by the line."""

    @property
    def call_id(self) -> str: ...

    @property
    def parameters(self) -> Parameters: ...


@dataclass(frozen=True, slots=True)
class Admitted:
    """A `KnownCall` that nobody prepared: the line is trusted."""

    call_id: str
    parameters: Parameters = field(repr=False)


class Redeems(Protocol):
    async def __call__(self, token: str) -> KnownCall | None:
        """The call this one-time token was given out for, once; None for any other."""


class MessageRate:
    """Refuses a sender that is much faster than any telephone line."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._allowed = float(_MOST_AT_ONCE)
        self._last = self._now()

    def count(self, messages: int = 1) -> None:
        """Raises ProtocolError when it is too many."""
        now = self._now()
        since, self._last = now - self._last, now
        self._allowed = min(_MOST_AT_ONCE, self._allowed + since * _MESSAGES_A_SECOND) - messages
        if self._allowed < 0:
            raise ProtocolError(
                f"more than {_MESSAGES_A_SECOND} messages a second, {_MOST_AT_ONCE} of them at once"
            )


async def hold_call(
    calls: LiveCalls,
    let_in: Callable[[], Awaitable[KnownCall]],
    *,
    transport: str,
    dead_after_seconds: float,
    read: Callable[[LiveLine], Awaitable[None]],
    send: Callable[[Pace], Awaitable[None]],
) -> None:
    """One call, on a line of its own. A telephone system asks afterwards what came of it.

    let_in: whose call it is; asked once there is room. Raises ProtocolError for nobody's.
    dead_after_seconds: without sound, as in `LiveLine`.
    read: until the other end is gone; raises ProtocolError for what it must not send.
    send: until all of the call has been sent. Either may raise OSError when the line breaks.

    Raises NotTakenError where the call cannot be taken, ProtocolError when the other end broke its
    protocol, other BotErrors when the call could not begin.
    """
    with calls.place(asks_afterwards=True) as place:
        call = await let_in()
        line = LiveLine(dead_after_seconds=dead_after_seconds)
        pace = Pace(line)
        broken: list[ProtocolError] = []

        async def reading() -> None:
            try:
                await read(line)
            except ProtocolError as error:
                _log.warning("line_broke_its_protocol", transport=transport, why=str(error))
                broken.append(error)
            except OSError:
                pass  # as a hang-up
            finally:
                line.hang_up()

        async def sending() -> None:
            try:
                await send(pace)
            except OSError:
                line.hang_up()

        reader, sender = asyncio.create_task(reading()), asyncio.create_task(sending())
        try:
            await calls.take(
                line, call.parameters, transport=transport, call_id=call.call_id, place=place
            )
            if not line.is_gone:
                with contextlib.suppress(TimeoutError):  # nobody reads any more
                    async with asyncio.timeout(_SENT_SECONDS):
                        await sender
        finally:
            for task in (reader, sender):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if broken:
            raise broken[0]
