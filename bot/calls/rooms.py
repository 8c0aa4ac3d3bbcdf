"""What a call uses of the process it runs in. Shared by all calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from bot.cards import CardNumber
from bot.charges import CardStanding, ChargeOutcome, ChargeRequest
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


class ChecksCards(Protocol):
    async def standing_of(self, card: CardNumber) -> CardStanding | None:
        """None where the service does not know the card, or does not answer in time."""


@dataclass(frozen=True, slots=True)
class Rooms:
    settings: Settings
    understanding: Callable[[Callable[[str], None]], Understands]
    """Makes a call's understanding; told what to do when something it needs is away."""
    speaker: Speaker
    payments: Charges
    executor: Executor
    """Bounded; decoding runs here."""
    card_check: ChecksCards | None = None
