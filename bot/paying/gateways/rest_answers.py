"""Reading what a REST gateway answers: pure functions from status and body to meaning.

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
from collections.abc import Mapping
from typing import Any

from bot.charges import ChargeStatus
from bot.errors import GatewayError
from bot.gateway_settings import REFUSING_STATUSES
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown
from bot.paying.gateways.answers import Statement, believed
from bot.paying.gateways.declines import reason_for

FINAL_STATUSES = frozenset(REFUSING_STATUSES)

_STATUSES = {"approved": ChargeStatus.APPROVED, "declined": ChargeStatus.DECLINED}


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
    status = answer.get("status")
    statement = Statement(
        status=_STATUSES.get(status) if isinstance(status, str) else None,
        key=answer.get("idempotency_key"),
        minor_units=answer.get("amount"),
        currency=answer.get("currency"),
        reference=answer.get("reference"),
        reason=reason_for(answer.get("decline_reason")),
    )
    return believed(statement, key, amount, delay_ms)


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
