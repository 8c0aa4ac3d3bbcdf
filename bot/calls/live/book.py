"""The book of live calls: which wait for their callers, which are under way, what came of them.

Who knows a call's parameters (a billing system, the page of a demo) prepares it and gets a token;
who brings that token is its caller. A token opens one call, once, and not for long. It is
written as a UUID, so that lines that know calls by UUIDs can carry it.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from bot.calls.live.not_taken import TooManyWaiting
from bot.calls.run_call import new_call_id
from bot.calls.scenarios.scenario import Parameters
from bot.letters import in_letters

TOKEN_SECONDS: Final = 120.0
"""How long a token counts."""

MOST_WAITING: Final = 1_000
"""Calls that are announced and not yet there; who only announces fills no memory."""

MOST_DEMOS_WAITING: Final = 100
"""So many wait, and no demo bill is prepared: anybody may ask for one. Others find room still."""

_RESULTS_KEPT: Final = 1_000
"""In memory, for who asks soon after a call; the records have all of them."""


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """token: 128 random bits, written as a UUID is."""

    call_id: str
    parameters: Parameters
    token: str = field(repr=False)


class State(StrEnum):
    """LOST: the process that held the call died with it."""

    WAITING = "waiting"
    UNDER_WAY = "under_way"
    OVER = "over"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class CallState:
    """transport, started_at (aware): of a call under way. process: which has it, of several
    (`bot.processes.new_owner`). result: the content of result.json, of one that is over."""

    state: State
    transport: str = ""
    started_at: datetime | None = None
    result: Mapping[str, Any] | None = None
    process: str = ""


class CallBook(Protocol):
    """Of one process (`OwnBook`), or of all behind one port (`shared_book.SharedBook`), which then
    may raise StoreError in every method."""

    async def prepare(self, parameters: Parameters, most: int = MOST_WAITING) -> PreparedCall:
        """Raises TooManyWaiting where `most` wait already."""

    async def redeem(self, token: str) -> PreparedCall | None:
        """The call this token opens, which it never does again. None: unknown, used, or too old."""

    async def was_opened_by(self, token: str, call_id: str) -> bool:
        """Whether this token has opened this call: who brought it may know what came of it."""

    async def began(self, call_id: str, transport: str, started_at: datetime) -> None:
        """Raises UnderWay for a call that another process has."""

    async def ended(self, call_id: str, result: Mapping[str, Any] | None) -> None:
        """result: None for a call that never came to one."""

    async def state(self, call_id: str) -> CallState | None:
        """None: no such call, or its token has expired."""


def new_prepared_call(parameters: Parameters) -> PreparedCall:
    token = uuid.UUID(bytes=secrets.token_bytes(16))
    return PreparedCall(new_call_id(), parameters, str(token))


def hashed(token: str) -> str:
    """What a book keeps of a token: how long a look-up takes tells nothing of it, and who reads
    the book can open no call."""
    return in_letters(hashlib.sha256(token.encode("utf-8", "replace")).digest())


class OwnBook:
    """Of one process; in memory only."""

    def __init__(
        self, *, seconds: float = TOKEN_SECONDS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._now = now
        self._waiting: dict[str, tuple[float, PreparedCall]] = {}
        """By the token's hash, in the order in which they expire."""
        self._opened: dict[str, str] = {}
        """The hash of the token that did, by call."""
        self._under_way: dict[str, CallState] = {}
        self._over: dict[str, CallState] = {}

    async def prepare(self, parameters: Parameters, most: int = MOST_WAITING) -> PreparedCall:
        self._forget_expired()
        if len(self._waiting) >= most:
            raise TooManyWaiting
        call = new_prepared_call(parameters)
        self._waiting[hashed(call.token)] = self._now() + self._seconds, call
        return call

    async def redeem(self, token: str) -> PreparedCall | None:
        self._forget_expired()
        _, call = self._waiting.pop(hashed(token), (0.0, None))
        if call is not None:
            self._opened[call.call_id] = hashed(token)
            if len(self._opened) > _RESULTS_KEPT:
                del self._opened[next(iter(self._opened))]
        return call

    async def was_opened_by(self, token: str, call_id: str) -> bool:
        return self._opened.get(call_id) == hashed(token)

    async def began(self, call_id: str, transport: str, started_at: datetime) -> None:
        self._under_way[call_id] = CallState(State.UNDER_WAY, transport, started_at.astimezone(UTC))

    async def ended(self, call_id: str, result: Mapping[str, Any] | None) -> None:
        self._under_way.pop(call_id, None)
        if result is None:
            return
        self._over[call_id] = CallState(State.OVER, result=result)
        if len(self._over) > _RESULTS_KEPT:
            del self._over[next(iter(self._over))]

    async def state(self, call_id: str) -> CallState | None:
        self._forget_expired()
        if any(call.call_id == call_id for _, call in self._waiting.values()):
            return CallState(State.WAITING)
        return self._under_way.get(call_id) or self._over.get(call_id)

    def _forget_expired(self) -> None:
        now = self._now()
        for key, (expires_at, _) in list(self._waiting.items()):
            if expires_at > now:
                break
            del self._waiting[key]
