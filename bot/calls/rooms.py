"""What a call uses of the process it runs in. Shared by all calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from bot.charges import ChargeOutcome, ChargeRequest
from bot.expectations import Expectation, Hypothesis, Reading
from bot.settings import Settings
from bot.speaking.speaker import Speaker


class Understands(Protocol):
    async def understand(
        self,
        hypotheses: Sequence[Hypothesis],
        expectation: Expectation,
        *,
        currency: str,
        this_year: int,
    ) -> tuple[Reading, ...]: ...


class Charges(Protocol):
    async def charge(self, request: ChargeRequest) -> ChargeOutcome: ...


@dataclass(frozen=True, slots=True)
class Rooms:
    settings: Settings
    understanding: Callable[[Callable[[str], None]], Understands]
    """Makes a call's understanding; told what to do when something it needs is away."""
    speaker: Speaker
    payments: Charges
    executor: Executor
    """Bounded; decoding runs here."""
