"""The REST adapter: JSON over HTTPS. POST /v1/charges, GET /v1/charges/by-key/{key}.

Law 6: the card's digits are revealed in `_charge_body` only.
"""

from __future__ import annotations

import json
from urllib.parse import quote

import httpx

from bot.charges import ChargeRequest
from bot.gateway_settings import GatewaySettings
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, RepeatedKey, Semantics
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.line import Line, LineGateway
from bot.paying.gateways.rest_answers import FINAL_STATUSES, read_charge, read_look_up

SEMANTICS = Semantics(
    repeated_key=RepeatedKey.SAME_ANSWER,
    key_lifetime_seconds=24 * 3600,
    can_look_up=True,
    carried_out_within_seconds=600,
    final_statuses=FINAL_STATUSES,
)


class RestGateway(LineGateway):
    """A gateway at `settings.url` that speaks our JSON format. See `Line` for the arguments."""

    def __init__(
        self,
        settings: GatewaySettings,
        credentials: Credentials | None = None,
        *,
        url: str | None = None,
        declared_delays: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        credentials = credentials or Credentials()
        line = Line(
            settings, credentials, url=url, declared_delays=declared_delays, transport=transport
        )
        super().__init__(line, SEMANTICS)
        self._base = str(line.url).rstrip("/")
        self._headers = {"Accept": "application/json"}
        if token := credentials.token.get_secret_value():
            self._headers["Authorization"] = f"Bearer {token}"

    async def _charge(self, request: ChargeRequest, key: str) -> GatewayAnswer | BaseException:
        reply = await self._line.exchange(
            "POST",
            f"{self._base}/v1/charges",
            {**self._headers, "Content-Type": "application/json", "Idempotency-Key": key},
            _charge_body(request),
        )
        if isinstance(reply, BaseException):
            return reply
        return read_charge(reply.status, reply.body, key, request.amount, reply.delay_ms)

    async def _look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState | BaseException:
        reply = await self._line.exchange(
            "GET", f"{self._base}/v1/charges/by-key/{quote(key, safe='')}", self._headers
        )
        if isinstance(reply, BaseException):
            return reply
        return read_look_up(reply.status, reply.body, key, amount, reply.delay_ms)


def _charge_body(request: ChargeRequest) -> bytes:
    card: dict[str, str | int] = {
        "number": request.card.reveal(),
        "expiry_month": request.expiry.month,
        "expiry_year": request.expiry.year,
    }
    if request.security_code is not None:
        card["security_code"] = request.security_code.reveal()
    if request.postal_code is not None:
        card["postal_code"] = request.postal_code
    body: dict[str, object] = {
        "amount": request.amount.minor_units,
        "currency": request.amount.currency,
        "card": card,
    }
    if request.merchant_id is not None:
        body["merchant_id"] = request.merchant_id
    if request.payment_reference is not None:
        body["payment_reference"] = request.payment_reference
    return json.dumps(body, separators=(",", ":")).encode("utf-8")
