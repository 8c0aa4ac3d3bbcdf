"""The simulator's likeness of Stripe: as much of PaymentIntents as our adapter uses, no more.

    POST /v1/payment_methods           a card, kept for minutes and without its number
    POST /v1/payment_intents           created and confirmed at once; Idempotency-Key
    GET  /v1/payment_intents           newest first
    GET  /v1/payment_intents/search    metadata["name"]:"value"
    GET  /v1/payment_intents/{id}

It is not Stripe, and takes less than Stripe does: an unknown parameter is refused, so that a test
against it notices one. Source: Stripe's API reference (parameters, objects, error shapes).
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.paying.simulator.bank import Refused, SimulatedBank, SimulatedCard, SimulatedCharge
from bot.paying.simulator.http import Door, body_of, headers_of, wants_declared_delays
from bot.paying.simulator.ledger import Entry

_MOST_METHODS = 1000
_QUERY = re.compile(r'metadata\["((?:[^"\\]|\\.)+)"\]:"((?:[^"\\]|\\.)*)"')
_METHOD_PARAMETERS = re.compile(
    r"type|card\[(number|exp_month|exp_year|cvc)\]|billing_details\[address\]\[postal_code\]"
)
_INTENT_PARAMETERS = re.compile(
    r"amount|currency|payment_method|confirm|error_on_requires_action|description"
    r"|allowed_payment_method_types\[0\]|metadata\[[a-z_]+\]|payment_method_options\[card\]\[moto\]"
)

_CODES = {
    "do_not_honour": ("card_declined", "do_not_honor"),
    "insufficient_funds": ("card_declined", "insufficient_funds"),
    "stolen_card": ("card_declined", "stolen_card"),
    "lost_card": ("card_declined", "lost_card"),
    "fraudulent": ("card_declined", "fraudulent"),
    "expired_card": ("expired_card", "expired_card"),
    "incorrect_security_code": ("incorrect_cvc", "incorrect_cvc"),
    "limit_exceeded": ("card_declined", "card_velocity_exceeded"),
    "bank_unavailable": ("processing_error", "processing_error"),
    "authentication_required": ("authentication_required", "authentication_required"),
}
"""Of each decline, Stripe's error code and its decline code."""

_REFUSALS = {
    "in_flight": (409, "idempotency_error", "idempotency_key_in_use"),
    "key_reused": (400, "idempotency_error", None),
    "no_such_charge": (404, "invalid_request_error", "resource_missing"),
    "invalid_card_number": (402, "card_error", "incorrect_number"),
    "invalid_expiry": (402, "card_error", "invalid_expiry_month"),
    "invalid_security_code": (402, "card_error", "invalid_cvc"),
}
"""HTTP status, type and code of what the bank refuses; the rest by status."""


class StripeCounter:
    def __init__(self, bank: SimulatedBank) -> None:
        self._bank = bank
        self._methods: OrderedDict[str, SimulatedCard] = OrderedDict()

    def routes(self, door: Door) -> list[Route]:
        intents = "/v1/payment_intents"
        return [
            door.route("/v1/payment_methods", self._post_method, _refusal, ("POST",)),
            door.route(intents, self._post_intent, _refusal, ("POST",)),
            door.route(intents, self._list, _refusal),
            door.route(f"{intents}/search", self._search, _refusal),
            door.route(f"{intents}/{{id}}", self._get, _refusal),
        ]

    async def _post_method(self, request: Request) -> Response:
        form = await _form(request, _METHOD_PARAMETERS)
        card = self._bank.card(
            {
                "number": form.get("card[number]"),
                "expiry_month": _whole(form.get("card[exp_month]")),
                "expiry_year": _whole(form.get("card[exp_year]")),
                "security_code": form.get("card[cvc]"),
            }
        )
        name = f"pm_{secrets.token_hex(12)}"
        self._methods[name] = card
        while len(self._methods) > _MOST_METHODS:
            self._methods.popitem(last=False)
        shown = {"brand": card.brand, "last4": card.last_four}
        return JSONResponse({"id": name, "object": "payment_method", "type": "card", "card": shown})

    async def _post_intent(self, request: Request) -> Response:
        form = await _form(request, _INTENT_PARAMETERS)
        card = self._methods.get(form.get("payment_method", ""))
        if card is None:
            raise Refused(404, "no_such_charge", "no such payment_method")
        if form.get("confirm") != "true" or form.get("error_on_requires_action") != "true":
            raise Refused(400, "not_simulated", "confirm and error_on_requires_action: true")
        metadata = {
            name[len("metadata[") : -1]: text
            for name, text in form.items()
            if name.startswith("metadata[")
        }
        charge = SimulatedCharge(
            _whole(form.get("amount")) or 0,
            form.get("currency", "").upper(),
            card,
            form,
            note=json.dumps(metadata),
        )
        decision = await self._bank.charge(
            request.headers.get("idempotency-key", ""),
            charge,
            declared=wants_declared_delays(request),
        )
        intent = _intent(decision.entry)
        headers = headers_of(decision)
        if decision.entry.decline_reason is None:
            return JSONResponse(intent, 200, headers)
        error = {**intent["last_payment_error"], "payment_intent": intent}
        return JSONResponse({"error": error}, 402, headers)

    async def _list(self, request: Request) -> Response:
        limit = _whole(request.query_params.get("limit")) or 10
        entries = self._bank.ledger.entries()[::-1]
        found = [self._bank.shown(entry) for entry in entries[:limit]]
        return JSONResponse({**_listing("list", found), "has_more": len(entries) > len(found)})

    async def _search(self, request: Request) -> Response:
        query = _QUERY.fullmatch(request.query_params.get("query", ""))
        if query is None:
            raise Refused(400, "not_simulated", 'query: metadata["name"]:"value" only')
        name, value = (re.sub(r"\\(.)", r"\1", text) for text in query.groups())
        found = [
            self._bank.shown(entry)
            for entry in self._bank.ledger.entries()
            if _metadata(entry).get(name) == value
        ]
        return JSONResponse({**_listing("search_result", found), "has_more": False})

    async def _get(self, request: Request) -> Response:
        for entry in self._bank.ledger.entries():
            if _id(entry) == request.path_params["id"]:
                return JSONResponse(_intent(self._bank.shown(entry)))
        raise Refused(404, "no_such_charge", "no such payment_intent")


async def _form(request: Request, known: re.Pattern[str]) -> dict[str, str]:
    """Raises Refused for a parameter that is unknown, or there twice."""
    text = (await body_of(request)).decode("utf-8", "replace")
    pairs = parse_qsl(text, keep_blank_values=True)
    form = dict(pairs)
    if len(form) != len(pairs) or not all(known.fullmatch(name) for name in form):
        raise Refused(400, "parameter_unknown", "a parameter is unknown, or there twice")
    return form


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,9}", text) else None


def _id(entry: Entry) -> str:
    return f"pi_{hashlib.sha256(entry.key.encode()).hexdigest()[:24]}"


def _metadata(entry: Entry) -> Mapping[str, Any]:
    metadata = json.loads(entry.note) if entry.note else {}
    return metadata if isinstance(metadata, dict) else {}


def _intent(entry: Entry) -> dict[str, Any]:
    approved = entry.decline_reason is None
    error = None
    if entry.decline_reason is not None:
        code, decline_code = _CODES.get(entry.decline_reason, ("card_declined", "generic_decline"))
        error = {
            "type": "card_error",
            "code": code,
            "decline_code": decline_code,
            "message": "The card was declined.",
        }
    return {
        "id": _id(entry),
        "object": "payment_intent",
        "amount": entry.amount,
        "amount_received": entry.amount if approved else 0,
        "currency": entry.currency.lower(),
        "status": "succeeded" if approved else "requires_payment_method",
        "last_payment_error": error,
        "metadata": _metadata(entry),
        "livemode": False,
    }


def _listing(kind: str, entries: Iterable[Entry]) -> dict[str, Any]:
    return {
        "object": kind,
        "url": "/v1/payment_intents",
        "data": [_intent(entry) for entry in entries],
    }


def _refusal(refused: Refused) -> Response:
    by_status = "api_error" if refused.status >= 500 else "invalid_request_error"
    status, kind, code = _REFUSALS.get(refused.code, (refused.status, by_status, refused.code))
    error = {"type": kind, "message": refused.message}
    return JSONResponse({"error": error if code is None else {**error, "code": code}}, status)
