"""Calls that were announced with their parameters, and wait for the caller to come.

Who knows a call's parameters (a billing system, the page of a demo) prepares it and gets a token;
who brings that token is its caller. A token opens one call, once, and not for long. It is a random
UUID, so that lines that know calls by UUIDs can carry it.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.calls.live.calls import NotTakenError
from bot.calls.run_call import new_call_id
from bot.calls.scenarios.scenario import Parameters

TOKEN_SECONDS = 120.0
_MOST_WAITING = 1_000


class TooManyWaiting(NotTakenError):
    """As many prepared calls as there is room for."""


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """token: 122 random bits as a UUID, in hexadecimal with dashes. expires_at: of the clock that
    `PreparedCalls` was given."""

    call_id: str
    parameters: Parameters
    expires_at: float
    token: str = field(repr=False)


class PreparedCalls:
    """Of one process; in memory only."""

    def __init__(
        self, *, seconds: float = TOKEN_SECONDS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._now = now
        self._waiting: dict[bytes, PreparedCall] = {}
        """By the token's hash: how long a look-up takes tells nothing of the token."""

    @property
    def seconds(self) -> float:
        """How long a token counts."""
        return self._seconds

    def prepare(self, parameters: Parameters) -> PreparedCall:
        """Raises TooManyWaiting."""
        self._forget_expired()
        if len(self._waiting) >= _MOST_WAITING:
            raise TooManyWaiting("too many prepared calls wait for their callers; try again soon")
        call = PreparedCall(
            new_call_id(), parameters, self._now() + self._seconds, str(uuid.uuid4())
        )
        self._waiting[_hashed(call.token)] = call
        return call

    def redeem(self, token: str) -> PreparedCall | None:
        """The call this token opens, which it never does again. None: unknown, used, or too old."""
        self._forget_expired()
        return self._waiting.pop(_hashed(token), None)

    def is_waiting(self, call_id: str) -> bool:
        self._forget_expired()
        return any(call.call_id == call_id for call in self._waiting.values())

    def _forget_expired(self) -> None:
        now = self._now()
        for key, call in list(self._waiting.items()):  # in the order they expire
            if call.expires_at > now:
                break
            del self._waiting[key]


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
