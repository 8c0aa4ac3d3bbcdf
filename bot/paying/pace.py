"""How paying waits between look-ups: really, or by declaring that it would have.

In a scenario a call's clock stands still while something computes and jumps by declared delays
only (design.md, "Clock"). Then a pause between two look-ups costs no time either: it is declared,
and travels to the call in `ChargeOutcome.declared_delay_ms`.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Protocol


class Pace(Protocol):
    def now(self) -> datetime:
        """The date and time, aware, UTC: for the journal."""

    def elapsed(self) -> float:
        """Seconds that really went by since some moment; only differences mean anything."""

    async def wait(self, seconds: float) -> int:
        """A pause between look-ups. Returns the milliseconds declared instead of waited."""

    def within(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Around a look-up that may take so long; raises TimeoutError when it takes longer."""


class RealPace:
    """Follows the wall clock: live calls, and settling in the background."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def elapsed(self) -> float:
        return time.monotonic()

    async def wait(self, seconds: float) -> int:
        await asyncio.sleep(seconds)
        return 0

    def within(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(seconds)


class DeclaredPace:
    """For scenarios: no pause costs time, each is declared. Look-ups themselves cost nothing."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def elapsed(self) -> float:
        return 0.0

    async def wait(self, seconds: float) -> int:
        await asyncio.sleep(0)
        return round(seconds * 1000)

    def within(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """However long it really takes: on a busy machine the caller waits no longer."""
        return asyncio.timeout(None)
