"""Asks a gateway that speaks our JSON format about a card: is it valid, and of which brand?

POST /v1/card-checks {"card": {"number": ...}} is answered with {"valid": true, "brand": "visa"};
the brand may be left out. Nothing is paid by it. A caller waits for the answer, so a late one is
none; without an answer the number's own rules have to do (R1 step 4).
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import httpx

from bot.cards import Brand, CardNumber
from bot.charges import CardStanding
from bot.gateway_settings import GatewaySettings
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.line import Line

_LONGEST_ANSWER_MS = 5_000
"""How long a caller is kept waiting for it."""


class RestCardCheck:
    """See `Line` for the arguments. Close it after use."""

    def __init__(
        self,
        settings: GatewaySettings,
        credentials: Credentials,
        *,
        url: str | None = None,
        declared_delays: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        hurried = min(settings.answer_timeout_ms, _LONGEST_ANSWER_MS)
        self._line = Line(
            replace(settings, answer_timeout_ms=hurried),
            credentials,
            url=url,
            declared_delays=declared_delays,
            transport=transport,
        )
        self._url = str(self._line.url).rstrip("/") + "/v1/card-checks"
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token := credentials.token.get_secret_value():
            self._headers["Authorization"] = f"Bearer {token}"

    async def aclose(self) -> None:
        await self._line.aclose()

    async def standing_of(self, card: CardNumber) -> CardStanding | None:
        """None where the gateway gives no clear answer in time."""
        reply = await self._line.exchange("POST", self._url, self._headers, _body(card))
        if isinstance(reply, asyncio.CancelledError):
            raise reply
        if isinstance(reply, BaseException) or reply.status != 200:
            return None
        return _standing(reply.body)


def _body(card: CardNumber) -> bytes:
    """Law 6: the digits are revealed here only."""
    return json.dumps({"card": {"number": card.reveal()}}, separators=(",", ":")).encode("utf-8")


def _standing(body: bytes) -> CardStanding | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict) or not isinstance(answer.get("valid"), bool):
        return None
    brand = answer.get("brand")
    known = brand if isinstance(brand, str) and brand in set(Brand) else None
    return CardStanding(answer["valid"], Brand(known) if known is not None else None)
