"""What every gateway adapter offers, and what it must say about itself.

Errors are split by the one thing that matters about a charge, whether money may have moved:

    GatewayError
     +-- NothingTaken     certain: nothing was sent, or it was refused before the money
     +-- OutcomeUnknown   anything else that is not a clear answer: look up, never send again

An adapter raises `NothingTaken` only where it can prove it. Its exceptions carry no request body,
neither in their text, nor in `__context__`, nor in the locals of their traceback.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from bot.charges import ChargeRequest, ChargeStatus, DeclineReason
from bot.errors import GatewayError
from bot.money import Money

LONGEST_PAUSE_SECONDS = 900.0
"""Between two look-ups of one charge; the first come sooner."""


class NothingTaken(GatewayError):
    """Certain that no money moved and none will.

    declared_delay_ms: what a simulator declares that finding this out took.
    """

    def __init__(self, message: str, declared_delay_ms: int = 0) -> None:
        super().__init__(message)
        self.declared_delay_ms = declared_delay_ms


class OutcomeUnknown(GatewayError):
    """Sent, perhaps, and no answer that can be trusted; or a look-up that gave none."""

    def __init__(self, message: str, declared_delay_ms: int = 0) -> None:
        super().__init__(message)
        self.declared_delay_ms = declared_delay_ms


class RepeatedKey(StrEnum):
    """What a gateway does with a second request that carries a known idempotency key."""

    SAME_ANSWER = "same_answer"
    REFUSED = "refused"
    TAKEN_AGAIN = "taken_again"


class KeyState(StrEnum):
    """What a look-up says of a key that has no answer."""

    IN_FLIGHT = "in_flight"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Semantics:
    """How a gateway treats repeated requests: its promise, written down by the adapter.

    repeated_key: what a second request with the same key does. We send none, not even where it
    would be safe: the card data is gone by then, and a request that never arrived would be
    carried out after the caller was told that the outcome is unknown. It tells a person what may
    be tried by hand.
    key_lifetime_seconds: how long a key is remembered; afterwards "not found" means nothing.
    can_look_up: whether the fate of a key can be asked without sending the charge again.
    carried_out_within_seconds: a request the sender gave up on may still sit in a proxy or a
        queue and be carried out later; after this long it is dead if it has not been.
    not_founds_needed: how many look-ups, all after that time, must say "not found".
    final_statuses: HTTP status codes that are a refusal before the money, whatever the body.
    exchanges_per_charge: requests that one charge takes, one after the other, each as long as the
        settings' timeouts allow. Meanwhile no other process may look it up.
    """

    repeated_key: RepeatedKey
    key_lifetime_seconds: float
    can_look_up: bool
    carried_out_within_seconds: float
    not_founds_needed: int = 2
    final_statuses: frozenset[int] = frozenset()
    exchanges_per_charge: int = 1

    @property
    def settled_after_seconds(self) -> float:
        """How long after sending enough look-ups have said "not found", at their slowest."""
        pauses = self.not_founds_needed * LONGEST_PAUSE_SECONDS
        return self.carried_out_within_seconds + pauses

    def is_late(self, age_seconds: float) -> bool:
        """Whether a "not found" this long after sending is evidence at all.

        Before: the request may still be on its way, and the money be taken after we have told
        the caller that it was not. After: the gateway may have forgotten a charge it made.
        """
        return self.carried_out_within_seconds < age_seconds < self.key_lifetime_seconds

    def not_found_is_final(self, age_seconds: float, late_not_founds: int) -> bool:
        """Whether "never heard of this key" proves that nothing was taken and nothing will be.

        age_seconds: since the request went out. late_not_founds: look-ups, this one included,
        that said "not found" while `is_late` held. One alone may come from a replica that lags.
        """
        return self.is_late(age_seconds) and late_not_founds >= self.not_founds_needed


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """A clear answer for exactly the charge that was asked about.

    reference: the gateway's, always there when approved. decline_reason: when declined.
    declared_delay_ms: how long the simulator declares this took.
    """

    status: Literal[ChargeStatus.APPROVED, ChargeStatus.DECLINED]
    reference: str | None = None
    decline_reason: DeclineReason | None = None
    declared_delay_ms: int = 0


class Gateway(Protocol):
    """One payment gateway. Safe to use from many calls at once."""

    @property
    def semantics(self) -> Semantics: ...

    async def charge(self, request: ChargeRequest, key: str) -> GatewayAnswer:
        """Send the charge once. Never sends twice by itself, whatever happens.

        Raises NothingTaken, OutcomeUnknown.
        """

    async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
        """What became of the charge with this key. Takes no money, may be asked at any time.

        amount: what the charge was for; an answer for another amount is not trusted.
        Raises OutcomeUnknown where the gateway gives no clear answer.
        """
