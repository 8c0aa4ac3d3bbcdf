"""The names of R1 for what goes wrong and how a payment ends. They appear in results, records,
scenarios and the catalogue, and never change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.cards import Brand
from bot.money import Money


class ErrorName(StrEnum):
    TIMEOUT = "timeout"
    INVALID_CARD_NUMBER = "invalid-card-number"
    INVALID_CARD_TYPE = "invalid-card-type"
    INVALID_DATE = "invalid-date"
    INVALID_SECURITY_CODE = "invalid-security-code"
    INVALID_POSTAL_CODE = "invalid-postal-code"
    INVALID_AMOUNT = "invalid-amount"
    NOT_UNDERSTOOD = "not-understood"
    NOT_CONFIRMED = "not-confirmed"
    CARD_DECLINED = "card-declined"


class ResultName(StrEnum):
    SUCCESS = "success"
    DECLINED = "declined"
    TOO_MANY_FAILED_ATTEMPTS = "too-many-failed-attempts"
    CALLER_CANCELLED = "caller-cancelled"
    CALLER_HUNG_UP = "caller-hung-up"
    TIMEOUT = "timeout"
    GATEWAY_UNAVAILABLE = "gateway-unavailable"
    OUTCOME_UNKNOWN = "outcome-unknown"
    NOT_IDENTIFIED = "not-identified"
    AGENT_REQUESTED = "agent-requested"
    INTERNAL_ERROR = "internal-error"


class Destination(StrEnum):
    """Where a call goes after the payment."""

    AGENT = "agent"
    IVR = "ivr"
    HANG_UP = "hang_up"


class CallType(StrEnum):
    AUTOMATED = "automated"
    CONFERENCE = "conference"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class PaymentResult:
    """What a payment came to; holds nothing that may not be kept.

    error: the last error name, where one led to this result.
    corrections_by_rasa: fields whose correction Rasa understood.
    """

    status: ResultName
    reason: str = ""
    error: ErrorName | None = None
    reference: str | None = None
    amount: Money | None = None
    brand: Brand | None = None
    last_four: str | None = None
    corrections_by_rasa: tuple[str, ...] = ()
