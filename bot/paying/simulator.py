"""A payment gateway to practise on: a real HTTP server with books of its own and test cards.

    python -m bot.paying.simulator --port 8090 --ledger out/gateway.db

    POST /v1/charges                Idempotency-Key: KEY; 201 approved, 402 declined
    GET  /v1/charges/by-key/KEY     200 as above, 404 no_such_charge, 409 in_flight
    GET  /v1/ledger                 what was booked, for tests and curious people
    POST /v1/references/restart     204; counts references from the first one again, for scenarios
    GET  /health                    200; with ?instance=NAME only when started with that name

The same key with the same body gets the same answer, with another body 422, while the first is
under way 409. Errors are `{"error": {"code": …, "message": …}}` and never repeat what was sent.
A client that sends `Prefer-Declared-Delay: 1` is not kept waiting: `Simulated-Delay-Ms` tells it
how long the answer would have taken.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from babel.numbers import list_currencies
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from stdnum import luhn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.cards import brand_of, is_card_number
from bot.paying.ledger import Entry, Ledger
from bot.paying.simulated_cards import APPROVED, TEST_CARDS, Behaviour, Fault

TOKEN_VARIABLE = "PAYMENT_SIMULATOR_TOKEN"  # noqa: S105 - the variable's name, no token

_MAX_BODY_BYTES = 16 * 1024
_MAX_AMOUNT = 99_999_999
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class _Refused(Exception):
    """Becomes a 4xx answer. message: fixed words, never anything that was sent."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class _Charge:
    """A valid request. `behaviour` is all that remains of the card number."""

    amount: int
    currency: str
    brand: str
    last_four: str
    behaviour: Behaviour
    decline_reason: str | None


class SimulatedGateway:
    """The simulator without its server.

    today: for expiry dates. token: the bearer token that is demanded; empty demands none.
    cards: what to do with which number; others are approved.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        token: str = "",
        instance: str = "",
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
        cards: Mapping[str, Behaviour] = TEST_CARDS,
    ) -> None:
        self._ledger = ledger
        self._token = token
        self._instance = instance
        self._today = today
        self._cards = cards
        self._in_flight: set[str] = set()
        self._secret = secrets.token_bytes(32)
        self._secret_name = secrets.token_hex(8)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/charges", self._post_charge, methods=["POST"]),
                Route("/v1/charges/by-key/{key}", self._get_charge),
                Route("/v1/ledger", self._get_ledger),
                Route("/v1/references/restart", self._restart_references, methods=["POST"]),
                Route("/health", self._get_health),
            ],
            exception_handlers={_Refused: _answer_refusal},
        )

    async def _post_charge(self, request: Request) -> Response:
        self._check_token(request)
        key = request.headers.get("idempotency-key", "")
        if not _KEY.fullmatch(key):
            raise _Refused(400, "missing_idempotency_key", "send an Idempotency-Key header")
        body = await _json_body(request)
        charge = _validated(body, self._today(), self._cards)
        fingerprint = self._fingerprint(body)
        if key in self._in_flight:
            raise _Refused(409, "in_flight", "a request with this key is under way")
        entry = self._ledger.find(key)
        if entry is not None:
            self._ledger.note_request(key)
            if not self._is_same(entry, charge, fingerprint):
                raise _Refused(422, "key_reused", "this key was used for another request")
            return _answer(entry, {"Idempotent-Replayed": "true"})
        self._in_flight.add(key)
        try:
            return await self._carry_out(request, key, charge, fingerprint)
        finally:
            self._in_flight.discard(key)

    async def _carry_out(
        self, request: Request, key: str, charge: _Charge, fingerprint: str
    ) -> Response:
        behaviour = charge.behaviour
        declared = request.headers.get("prefer-declared-delay") == "1"
        headers = {"Simulated-Delay-Ms": str(behaviour.delay_ms)} if declared else {}
        if behaviour.fault is Fault.DROPS_BEFORE:
            return await _drop_the_line(request)
        if behaviour.fault is Fault.SLOW and not declared:
            await asyncio.sleep(behaviour.delay_ms / 1000)
        entry = self._ledger.book(
            key=key,
            amount=charge.amount,
            currency=charge.currency,
            brand=charge.brand,
            last_four=charge.last_four,
            decline_reason=charge.decline_reason,
            fingerprint=fingerprint,
            fingerprint_key=self._secret_name,
            look_ups_refused=behaviour.look_ups_refused,
        )
        self._in_flight.discard(key)  # decided: from now on it can be looked up
        match behaviour.fault:
            case Fault.DROPS_AFTER:
                return await _drop_the_line(request)
            case Fault.FAILS_AFTER:
                return _error(500, "internal", "something went wrong")
            case Fault.STALLS if not declared:
                await asyncio.sleep(behaviour.delay_ms / 1000)
        return _answer(entry, headers)

    async def _get_charge(self, request: Request) -> Response:
        self._check_token(request)
        key = request.path_params["key"]
        if key in self._in_flight:
            raise _Refused(409, "in_flight", "the charge with this key is under way")
        entry = self._ledger.find(key)
        if entry is None:
            raise _Refused(404, "no_such_charge", "no charge has this key")
        if entry.look_ups_refused > 0:
            self._ledger.note_refused_look_up(key)
            return _error(503, "unavailable", "look-ups are out of service")
        return JSONResponse(_shown(entry))

    async def _get_ledger(self, request: Request) -> Response:
        self._check_token(request)
        return JSONResponse({"entries": [entry.public() for entry in self._ledger.entries()]})

    async def _restart_references(self, request: Request) -> Response:
        self._check_token(request)
        self._ledger.count_anew()
        return Response(status_code=204)

    async def _get_health(self, request: Request) -> Response:
        if request.query_params.get("instance", self._instance) != self._instance:
            raise _Refused(404, "other_instance", "this is another simulator")
        return JSONResponse({"status": "ok"})

    def _check_token(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if self._token and not hmac.compare_digest(
            given.encode(), f"Bearer {self._token}".encode()
        ):
            raise _Refused(401, "unauthorized", "send the right bearer token")

    def _fingerprint(self, body: Mapping[str, Any]) -> str:
        """Tells equal bodies from others without keeping them: the secret dies with the process."""
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        return hmac.new(self._secret, text.encode(), "sha256").hexdigest()

    def _is_same(self, entry: Entry, charge: _Charge, fingerprint: str) -> bool:
        """After a restart, under another secret, what the ledger holds is compared instead."""
        if entry.fingerprint_key == self._secret_name:
            return hmac.compare_digest(entry.fingerprint, fingerprint)
        return (entry.amount, entry.currency, entry.brand, entry.last_four) == (
            charge.amount,
            charge.currency,
            charge.brand,
            charge.last_four,
        )


async def _json_body(request: Request) -> dict[str, Any]:
    text = bytearray()
    async for part in request.stream():
        text += part
        if len(text) > _MAX_BODY_BYTES:
            raise _Refused(413, "too_large", "the body is too large")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise _Refused(400, "not_json", "the body is not a JSON object")
    return body


def _validated(body: Mapping[str, Any], today: date, cards: Mapping[str, Behaviour]) -> _Charge:
    """Raises _Refused."""
    amount = body.get("amount")
    if type(amount) is not int or not 0 < amount <= _MAX_AMOUNT:
        raise _Refused(400, "invalid_amount", "amount: a whole number of minor units above 0")
    currency = body.get("currency")
    if not isinstance(currency, str) or currency not in list_currencies():
        raise _Refused(400, "invalid_currency", "currency: an ISO 4217 code")
    card = body.get("card")
    if not isinstance(card, dict):
        raise _Refused(400, "invalid_card", "card: an object")
    number = card.get("number")
    if not isinstance(number, str) or not _is_plausible(number):
        raise _Refused(400, "invalid_card_number", "card.number: length or check digit is wrong")
    month, year = card.get("expiry_month"), card.get("expiry_year")
    if type(month) is not int or type(year) is not int or not 1 <= month <= 12:
        raise _Refused(400, "invalid_expiry", "card.expiry_month: 1 to 12; card.expiry_year")
    if not 2000 <= year <= 2099:
        raise _Refused(400, "invalid_expiry", "card.expiry_year: 2000 to 2099")
    code = card.get("security_code")
    if code is not None and not (isinstance(code, str) and re.fullmatch(r"[0-9]{3,4}", code)):
        raise _Refused(400, "invalid_security_code", "card.security_code: three or four digits")
    behaviour = cards.get(number, APPROVED)
    reason = behaviour.decline_reason
    if (year, month) < (today.year, today.month):
        reason = "expired_card"
    return _Charge(amount, currency, (brand_of(number) or "other"), number[-4:], behaviour, reason)


def _is_plausible(number: str) -> bool:
    if is_card_number(number):
        return True
    return bool(re.fullmatch(r"[0-9]{12,19}", number)) and bool(luhn.is_valid(number))


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


def _answer(entry: Entry, headers: Mapping[str, str]) -> Response:
    status = 201 if entry.status == "approved" else 402
    return JSONResponse(_shown(entry), status, headers)


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


async def _answer_refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, _Refused)  # noqa: S101 - registered for nothing else
    return _error(error.status, error.code, error.message)


class _Line(H11Protocol):
    """uvicorn's connection, with a way for a handler to cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "cut": transport.abort}


async def _drop_the_line(request: Request) -> Response:
    """Cut the TCP connection: the client gets not one byte of an answer."""
    request.state.cut()
    await request.receive()  # the body was read before, so this is the disconnection
    return Response(status_code=500)  # goes nowhere


def server(gateway: SimulatedGateway, port: int) -> uvicorn.Server:
    """On loopback only: it takes whatever looks like a card, and shows its books to anyone."""
    return uvicorn.Server(
        uvicorn.Config(
            gateway.app(),
            host="127.0.0.1",
            port=port,
            http=_Line,
            lifespan="off",
            log_level="info",
            timeout_graceful_shutdown=1,
        )
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A payment gateway to practise on.")
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    parser.add_argument("--ledger", type=Path, help="its books, an SQLite file; none: in memory")
    parser.add_argument("--instance", default="", help="a name for /health to answer to")
    parser.add_argument(
        "--today", type=date.fromisoformat, help="judge expiry dates as of this day"
    )
    options = parser.parse_args(arguments)
    ledger = Ledger(options.ledger)
    today: dict[str, Any] = (
        {} if options.today is None else {"today": partial(_same, options.today)}
    )
    gateway = SimulatedGateway(
        ledger, token=os.environ.get(TOKEN_VARIABLE, ""), instance=options.instance, **today
    )
    try:
        server(gateway, options.port).run()
    finally:
        ledger.close()


def _same(day: date) -> date:
    return day


if __name__ == "__main__":
    main()
