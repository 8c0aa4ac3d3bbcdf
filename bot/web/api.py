"""The API: prepare a call, ask what became of it, ask how the server is.

POST /api/calls         the call's parameters -> 201, its id and a token that opens it, once
GET  /api/calls/{id}    waiting, under way, over and with its result, masked; or lost; also for the
                        page that had the call, which brings its token
POST /api/demo          the same for the page's demo bill, where there is one
GET  /health            200 while the process lives
GET  /ready             200 while another call would be taken, else 503 and why
GET  /api/openapi.json  this, for programs; GET /api for people
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.calls.live.book import (
    MOST_DEMOS_WAITING,
    MOST_WAITING,
    TOKEN_SECONDS,
    PreparedCall,
)
from bot.calls.live.not_taken import Draining, NotTakenError
from bot.calls.run_call import call_started
from bot.calls.scenarios.scenario import Parameters
from bot.errors import BotError, StoreError
from bot.records.guard import refuse_card_identifier
from bot.web.access import bearer_of
from bot.web.demo import demo_bill
from bot.web.openapi import api_page, openapi_document
from bot.web.problems import Refused, json_object
from bot.web.site import Site

_log = structlog.get_logger(__name__)

_PARAMETERS = TypeAdapter(Parameters)


def routes(site: Site) -> Sequence[BaseRoute]:
    api = Api(site)
    return [
        Route("/health", _health),
        Route("/ready", api.ready),
        Route("/api/calls", api.prepare, methods=["POST"]),
        Route("/api/calls/{call_id}", api.state),
        Route("/api/demo", api.demo, methods=["POST"]),
        Route("/api/openapi.json", partial(_document, openapi_document())),
        Route("/api", api_page),
    ]


class Api:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def ready(self, _request: Request) -> Response:
        calls = self._site.calls
        why_not = calls.why_nowhere()
        return JSONResponse(
            {
                "ready": why_not is None,
                "why": str(why_not or ""),
                "calls": len(calls.under_way) + calls.others.calls,
                "most_calls": calls.most + calls.others.most,
            },
            200 if why_not is None else 503,
        )

    async def prepare(self, request: Request) -> Response:
        self._must_have_key(request)
        parameters = self._parameters(await json_object(request))
        return await self._prepared(parameters)

    async def demo(self, request: Request) -> Response:
        """The parameters are ours: who opens the page chooses the language only."""
        self._must_be_ours(request)
        if not self._site.demo:
            raise Refused(404, "no_demo", "this server offers no demo bill")
        language = (await json_object(request)).get("language", "en")
        if not isinstance(language, str) or language not in self._site.languages:
            raise Refused(422, "language", f"not one of {', '.join(self._site.languages)}")
        bill = replace(demo_bill(self._site.settings), language=language)
        return await self._prepared(bill, MOST_DEMOS_WAITING)

    async def _prepared(self, parameters: Parameters, most: int = MOST_WAITING) -> Response:
        if isinstance(why_not := self._site.calls.why_nowhere(), Draining):
            raise Refused(503, "ending", str(why_not))  # nobody would be here for its caller
        try:
            call = await self._site.calls.book.prepare(parameters, most)
        except NotTakenError as error:
            raise Refused(503, "busy", str(error)) from None
        except StoreError as error:
            raise _no_book(error) from None
        return JSONResponse(_of_prepared(call), 201)

    async def state(self, request: Request) -> Response:
        call_id = request.path_params["call_id"]
        try:
            await self._must_have_key_or_token(request, call_id)
            state = await self._site.calls.book.state(call_id)
        except StoreError as error:
            raise _no_book(error) from None
        if state is None:
            raise Refused(404, "no_such_call", "no call of this id; its token may have expired")
        told: dict[str, Any] = {"call": call_id, "state": state.state.value}
        if state.started_at is not None:
            started_at = state.started_at.isoformat(timespec="milliseconds")
            told |= {"transport": state.transport, "started_at": started_at}
        if state.result is not None:
            told["result"] = state.result
        return JSONResponse(told)

    def _must_be_ours(self, request: Request) -> None:
        if not self._site.access.is_own_page(request):
            raise Refused(403, "origin", "pages of other sites may not ask for this")

    def _must_have_key(self, request: Request) -> None:
        self._must_be_ours(request)
        if not self._site.access.has_key(request):
            raise Refused(401, "api_key", "send the API's key: Authorization: Bearer KEY")

    async def _must_have_key_or_token(self, request: Request, call_id: str) -> None:
        """The token that opened the call. Raises Refused and StoreError."""
        if not self._site.access.has_key(request):
            token = bearer_of(request) or ""
            if await self._site.calls.book.was_opened_by(token, call_id):
                self._must_be_ours(request)
                return
        self._must_have_key(request)

    def _parameters(self, content: Mapping[str, Any]) -> Parameters:
        try:
            parameters = _PARAMETERS.validate_python(content)
        except ValidationError as error:
            raise Refused(422, "parameters", "; ".join(_explained(error))) from None
        try:
            call_started("", parameters, self._site.settings, date.min)
            for text in (parameters.customer_id, parameters.merchant_id):
                refuse_card_identifier(text or "", "the parameters")
            refuse_card_identifier(parameters.payment_reference or "", "the parameters")
        except StoreError:
            raise Refused(422, "card_number", "a parameter looks like a card number") from None
        except BotError as error:
            raise Refused(422, "parameters", str(error)) from None
        return parameters


def _no_book(error: StoreError) -> Refused:
    _log.error("book_not_asked", why=str(error))
    return Refused(503, "no_book", "the book of calls does not answer")


def _of_prepared(call: PreparedCall) -> dict[str, Any]:
    return {
        "call": call.call_id,
        "token": call.token,
        "seconds": round(TOKEN_SECONDS),
        "page": f"/#{call.token}",
    }


def _explained(error: ValidationError) -> list[str]:
    """Names and rules, never the values that were sent."""
    return [
        f"{'.'.join(map(str, problem['loc'])) or 'parameters'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    ]


async def _health(_request: Request) -> Response:
    return JSONResponse({"alive": True})


async def _document(document: Mapping[str, Any], _request: Request) -> Response:
    return JSONResponse(document)
