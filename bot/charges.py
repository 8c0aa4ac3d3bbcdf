"""What is asked of a gateway and what it answers: shared by the dialog, paying and calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.cards import Brand, CardNumber, Expiry, SecurityCode
from bot.money import Money


class ChargeStatus(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"
    UNAVAILABLE = "unavailable"
    """Certain that nothing was taken: the gateway was not reached or refused before the money."""
    UNKNOWN = "unknown"
    """Sent, and no answer that can be trusted; settled later by look-up, never sent again."""


class DeclineReason(StrEnum):
    """Reasons in words fit for a caller; 'stolen' is never said, it becomes DECLINED."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    LIMIT_EXCEEDED = "limit_exceeded"
    EXPIRED_CARD = "expired_card"
    WRONG_CARD_NUMBER = "wrong_card_number"
    WRONG_EXPIRY = "wrong_expiry"
    WRONG_SECURITY_CODE = "wrong_security_code"
    WRONG_POSTAL_CODE = "wrong_postal_code"
    NOT_PERMITTED = "not_permitted"
    """The card cannot be used for such a payment, or not in this currency."""
    CONFIRMATION_NEEDED = "confirmation_needed"
    """The bank wants its customer to confirm the payment, which no telephone call can."""
    BANK_UNAVAILABLE = "bank_unavailable"
    """The bank could not be asked; it may say yes later."""
    DECLINED = "declined"
    """Everything else, and everything that nobody should hear."""


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """One charge. `attempt_id` becomes the idempotency key: one per card and amount tried."""

    attempt_id: str
    call_id: str
    amount: Money
    card: CardNumber
    expiry: Expiry
    security_code: SecurityCode | None = None
    postal_code: str | None = field(default=None, repr=False)
    merchant_id: str | None = None
    payment_reference: str | None = None


@dataclass(frozen=True, slots=True)
class ChargeOutcome:
    """reference: the gateway's, when approved. decline_reason: when declined.

    settled_by_lookup: the answer was lost and the look-up gave this outcome.
    declared_delay_ms: how long the simulator declares this took; the call's clock jumps by it.
    """

    status: ChargeStatus
    attempt_id: str
    reference: str | None = None
    decline_reason: DeclineReason | None = None
    settled_by_lookup: bool = False
    declared_delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class CardStanding:
    """What a service says of a card (R1 step 4, a hook). brand: None where it does not say."""

    valid: bool
    brand: Brand | None = None
