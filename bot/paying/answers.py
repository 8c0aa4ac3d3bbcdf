"""Reading what a REST gateway answers: pure functions from status and body to meaning.

Only a well-formed answer for the very key, amount and currency that were sent is believed.
Nothing of a body is quoted in an error: a gateway may echo what it was sent. For the same reason
errors are returned, not raised: a traceback would keep the body among the locals of its frames.

    charge    200, 201, 402   an answer object      approved or declined
              400 401 403 …   final refusal         nothing taken (`FINAL_STATUSES`)
              anything else                         unknown
    look-up   200             an answer object      approved or declined
              404 no_such_charge                    the gateway does not know the key
              409 in_flight                         it is still at it
              anything else                         unknown
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.charges import ChargeStatus, DeclineReason
from bot.errors import GatewayError
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown

FINAL_STATUSES = frozenset({400, 401, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422, 429, 431})
"""Refusals that a server gives instead of carrying the request out (RFC 9110 §15.5, RFC 6585).

Not among them: 402, which is a decline; 408, 409 and 425, which speak of another request or of
the way here; and what is not standardised, such as a proxy's 499.
"""

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

_DECLINE_REASONS: Mapping[str, DeclineReason] = {
    "insufficient_funds": DeclineReason.INSUFFICIENT_FUNDS,
    "expired_card": DeclineReason.EXPIRED_CARD,
    "incorrect_security_code": DeclineReason.WRONG_SECURITY_CODE,
}
"""Every other reason ("stolen_card", "do_not_honour", new ones) is told as DECLINED."""


def read_charge(
    status: int, body: bytes, key: str, amount: Money, delay_ms: int
) -> GatewayAnswer | GatewayError:
    """The answer to a charge; NothingTaken or OutcomeUnknown where it is none."""
    if status in FINAL_STATUSES:
        return NothingTaken(f"the gateway refused the request with status {status}", delay_ms)
    if status not in {200, 201, 402}:
        return OutcomeUnknown(f"the gateway answered with status {status}", delay_ms)
    answer = _read_answer(_json_object(body), key, amount, delay_ms)
    if (
        status == 402
        and isinstance(answer, GatewayAnswer)
        and answer.status is not ChargeStatus.DECLINED
    ):
        return OutcomeUnknown("the gateway's answer contradicts its status 402", delay_ms)
    return answer


def read_look_up(
    status: int, body: bytes, key: str, amount: Money, delay_ms: int
) -> GatewayAnswer | KeyState | GatewayError:
    """The answer to a look-up; OutcomeUnknown where it is none.

    A bare 404 or 409 is not enough: a proxy, or a mistyped address, says the same.
    """
    match status, _error_code(body):
        case 200, _:
            return _read_answer(_json_object(body), key, amount, delay_ms)
        case 404, "no_such_charge":
            return KeyState.NOT_FOUND
        case 409, "in_flight":
            return KeyState.IN_FLIGHT
    return OutcomeUnknown(f"the look-up was answered with status {status}", delay_ms)


def _read_answer(
    answer: Mapping[str, Any] | None, key: str, amount: Money, delay_ms: int
) -> GatewayAnswer | OutcomeUnknown:
    if answer is None:
        return OutcomeUnknown("the gateway's answer is not a JSON object", delay_ms)
    doubt = _doubt(answer, key, amount)
    if doubt is not None:
        return OutcomeUnknown(f"the gateway's answer {doubt}", delay_ms)
    if answer["status"] == "approved":
        return GatewayAnswer(ChargeStatus.APPROVED, answer["reference"], None, delay_ms)
    reason = answer.get("decline_reason")
    known = _DECLINE_REASONS.get(reason) if isinstance(reason, str) else None
    return GatewayAnswer(ChargeStatus.DECLINED, None, known or DeclineReason.DECLINED, delay_ms)


def _doubt(answer: Mapping[str, Any], key: str, amount: Money) -> str | None:
    """Why an answer is not to be believed; None for a good one."""
    minor_units = answer.get("amount")
    status, reference = answer.get("status"), answer.get("reference")
    if answer.get("idempotency_key") != key:
        return "is for another request"
    if type(minor_units) is not int or minor_units != amount.minor_units:
        return "names another amount"
    if answer.get("currency") != amount.currency:
        return "names another currency"
    if status not in ("approved", "declined"):
        return "is neither approved nor declined"
    is_usable = isinstance(reference, str) and _REFERENCE.fullmatch(reference)
    if status == "approved" and not is_usable:
        return "approves without a usable reference"
    return None


def _error_code(body: bytes) -> str | None:
    error = (_json_object(body) or {}).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else None


def _json_object(body: bytes) -> dict[str, Any] | None:
    """The object in a body; None when there is none, or one that says a thing twice.

    None and not an exception: a JSON error carries the whole text it failed on.
    """
    try:
        value = json.loads(body, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a member is there twice")
    return dict(pairs)
