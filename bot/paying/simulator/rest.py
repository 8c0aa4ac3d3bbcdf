"""The simulator's REST format; see `simulator`."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.paying.simulator.bank import Refused, SimulatedBank, SimulatedCharge
from bot.paying.simulator.http import Door, body_of, headers_of, wants_declared_delays
from bot.paying.simulator.ledger import Entry


class RestCounter:
    """POST /v1/charges and its look-up, and card checks."""

    def __init__(self, bank: SimulatedBank) -> None:
        self._bank = bank

    def routes(self, door: Door) -> list[Route]:
        return [
            door.route("/v1/charges", self._post_charge, json_refusal, ("POST",)),
            door.route("/v1/charges/by-key/{key}", self._get_charge, json_refusal),
            door.route("/v1/card-checks", self._post_card_check, json_refusal, ("POST",)),
        ]

    async def _post_charge(self, request: Request) -> Response:
        body = await _json_body(request)
        charge = SimulatedCharge(
            body.get("amount"),  # type: ignore[arg-type]  # the bank checks it
            body.get("currency"),  # type: ignore[arg-type]
            self._bank.card(body.get("card")),
            body,
        )
        decision = await self._bank.charge(
            request.headers.get("idempotency-key", ""),
            charge,
            declared=wants_declared_delays(request),
        )
        status = 201 if decision.entry.status == "approved" else 402
        return JSONResponse(_shown(decision.entry), status, headers_of(decision))

    async def _post_card_check(self, request: Request) -> Response:
        card = (await _json_body(request)).get("card")
        number = card.get("number") if isinstance(card, dict) else None
        if not isinstance(number, str):
            raise Refused(400, "invalid_card", "card.number: text")
        known, brand = self._bank.check(number)
        return JSONResponse({"valid": known, "brand": brand} if known else {"valid": False})

    async def _get_charge(self, request: Request) -> Response:
        return JSONResponse(_shown(self._bank.look_up(request.path_params["key"])))


def json_refusal(refused: Refused) -> Response:
    error = {"code": refused.code, "message": refused.message}
    return JSONResponse({"error": error}, refused.status)


async def _json_body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await body_of(request))
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "not_json", "the body is not a JSON object")
    return body


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "status": entry.status,
        "idempotency_key": entry.key,
        "amount": entry.amount,
        "currency": entry.currency,
        "brand": entry.brand,
        "last_four": entry.last_four,
        "reference": entry.reference,
        "decline_reason": entry.decline_reason,
    }
