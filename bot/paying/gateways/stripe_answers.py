"""Reading Stripe's PaymentIntents: pure functions from its JSON to meaning.

    succeeded                                    approved
    canceled                                     declined: nothing was or will be taken
    requires_payment_method, with an error       declined for that error's reason
      the same without one, requires_confirmation, processing     still under way
    requires_action, requires_capture, new ones  unknown: we never ask for those

Source: Stripe's API reference, "The PaymentIntent object" and "Errors".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.numbers import get_currency_precision

from bot.charges import ChargeStatus
from bot.errors import GatewayError
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown
from bot.paying.gateways.answers import Statement, believed
from bot.paying.gateways.declines import reason_for

ATTEMPT = "attempt_id"
"""The metadata that names our charge."""
REFERENCE = "reference"
"""The metadata with the reference that the caller is told."""

FINAL_STATUSES = frozenset({400, 401, 403, 404, 429})

_ZERO_DECIMAL = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
     "XOF", "XPF")
)  # fmt: skip
_THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
_AMBIGUOUS = frozenset({"ISK", "UGX"})
"""Zero-decimal, but counted in hundredths by Stripe for old customers' sake: not worth the risk."""


def stripe_amount(amount: Money) -> int | None:
    """In what Stripe counts the currency; None where that cannot be said for certain."""
    if amount.currency in _AMBIGUOUS:
        return None
    shift: int = _stripe_precision(amount.currency) - get_currency_precision(amount.currency)
    if shift >= 0:
        scaled, rest = amount.minor_units * int(10**shift), 0
    else:
        scaled, rest = divmod(amount.minor_units, int(10**-shift))
    if rest or (amount.currency in _THREE_DECIMAL and scaled % 10):
        return None  # three decimals, of which Stripe takes two
    return scaled


def read_intent(
    intent: Mapping[str, Any], key: str, amount: Money, delay_ms: int
) -> GatewayAnswer | KeyState | OutcomeUnknown:
    """What a PaymentIntent says of the charge with this key."""
    metadata = intent.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    status, error = _status_of(intent)
    if status is None:
        if _is_under_way(intent) and metadata.get(ATTEMPT) == key:
            return KeyState.IN_FLIGHT
        return OutcomeUnknown("the PaymentIntent is in a state that was not asked for", delay_ms)
    sums = [intent.get("amount")]
    if status is ChargeStatus.APPROVED:
        sums.append(intent.get("amount_received"))
    right = all(type(one) is int and one == stripe_amount(amount) for one in sums)
    currency = intent.get("currency")
    statement = Statement(
        status=status,
        key=metadata.get(ATTEMPT),
        minor_units=amount.minor_units if right else None,
        currency=currency.upper() if isinstance(currency, str) else None,
        reference=metadata.get(REFERENCE),
        reason=reason_for(error.get("decline_code") or error.get("code")),
    )
    return believed(statement, key, amount, delay_ms)


def read_error(
    status: int | None, body: object, key: str, amount: Money, delay_ms: int
) -> GatewayAnswer | GatewayError:
    """What an error says that came instead of a PaymentIntent that was to be created."""
    found = body.get("error") if isinstance(body, Mapping) else None
    error: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    intent = error.get("payment_intent")
    if status == 402 and error.get("type") == "card_error" and isinstance(intent, Mapping):
        answer = read_intent(intent, key, amount, delay_ms)
        if isinstance(answer, GatewayAnswer) and answer.status is ChargeStatus.DECLINED:
            return GatewayAnswer(ChargeStatus.DECLINED, None, reason_of(error), delay_ms)
        return OutcomeUnknown("the decline contradicts its PaymentIntent", delay_ms)
    if status in FINAL_STATUSES and error.get("type") != "idempotency_error" and intent is None:
        return NothingTaken(f"Stripe refused the request with status {status}", delay_ms)
    return OutcomeUnknown(f"Stripe answered with status {status}", delay_ms)


def reason_of(error: Mapping[str, Any]) -> Any:
    """Why a card was declined: the bank's code if there is one, else Stripe's."""
    decline_code = error.get("decline_code")
    return reason_for(decline_code if isinstance(decline_code, str) else error.get("code"))


def _status_of(intent: Mapping[str, Any]) -> tuple[ChargeStatus | None, Mapping[str, Any]]:
    error = intent.get("last_payment_error")
    match intent.get("status"):
        case "succeeded":
            return ChargeStatus.APPROVED, {}
        case "canceled":
            return ChargeStatus.DECLINED, error if isinstance(error, Mapping) else {}
        case "requires_payment_method" if isinstance(error, Mapping):
            return ChargeStatus.DECLINED, error
    return None, {}


def _is_under_way(intent: Mapping[str, Any]) -> bool:
    match intent.get("status"):
        case "requires_payment_method" | "requires_confirmation" | "processing":
            return True
    return False


def _stripe_precision(currency: str) -> int:
    if currency in _ZERO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMAL else 2
