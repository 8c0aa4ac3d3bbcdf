"""What the API takes and answers: as OpenAPI 3.1 for programs, as a page for people.

The page is made here, without a script and without another host: the usual viewers fetch theirs
from somewhere else.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.calls.live.book import State
from bot.calls.scenarios.scenario import Parameters
from bot.records.result import SCHEMA
from bot.web.page import PAGES

_ERROR = {
    "description": "Refused; the message says why and repeats nothing that was sent.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}
_KEY: list[dict[str, list[str]]] = [{"api_key": []}]


@cache
def openapi_document() -> dict[str, Any]:
    """OpenAPI 3.1. The same for every server: what it asks of a client is in the answers."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Payment voicebot",
            "version": "1",
            "description": "Prepare calls, ask what became of them, ask how the server is. Where "
            "only its own machine reaches the server no key is needed.",
        },
        "paths": {
            "/api/calls": {"post": _prepare()},
            "/api/calls/{call}": {"get": _state()},
            "/health": {"get": _operation("Whether the process lives", {"200": "It does."})},
            "/ready": {
                "get": _operation(
                    "Whether another call would be taken",
                    {
                        "200": "It would.",
                        "503": "All lines are busy, or the server is about to end.",
                    },
                )
            },
        },
        "components": {
            "securitySchemes": {"api_key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Parameters": TypeAdapter(Parameters).json_schema(),
                "PreparedCall": _PREPARED,
                "Result": json.loads(SCHEMA.read_text("utf-8")),
                "Error": _ERROR_SCHEMA,
            },
        },
    }


def _prepare() -> dict[str, Any]:
    operation = _operation(
        "Prepare a call",
        {"201": "The call, and a token that opens it once, within two minutes: in the phone page's "
                "address, in AudioSocket's UUID, or in the first message of a WebSocket."},
    )  # fmt: skip
    operation["security"] = _KEY
    operation["requestBody"] = {
        "required": True,
        "content": _json("Parameters"),
    }
    operation["responses"]["201"]["content"] = _json("PreparedCall")
    operation["responses"] |= dict.fromkeys(
        ("400", "401", "403", "413", "415", "422", "503"), _ERROR
    )
    return operation


def _state() -> dict[str, Any]:
    operation = _operation(
        "What became of a call; instead of the key, the token that opened it will do",
        {"200": "waiting, under_way, over with its result; lost: its process died"},
    )
    operation["security"] = _KEY
    operation["parameters"] = [
        {"name": "call", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    operation["responses"]["200"]["content"] = {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["call", "state"],
                "properties": {
                    "call": {"type": "string"},
                    "state": {"enum": [state.value for state in State]},
                    "transport": {
                        "type": "string",
                        "description": "Of a call that has begun and is not over.",
                    },
                    "started_at": {"type": "string", "format": "date-time"},
                    "result": {"$ref": "#/components/schemas/Result"},
                },
            }
        }
    }
    operation["responses"] |= dict.fromkeys(("401", "403", "404", "503"), _ERROR)
    return operation


_PREPARED = {
    "type": "object",
    "required": ["call", "token", "seconds", "page"],
    "properties": {
        "call": {"type": "string", "description": "The call's id."},
        "token": {"type": "string", "format": "uuid", "description": "Opens the call, once."},
        "seconds": {"type": "integer", "description": "How long the token counts."},
        "page": {"type": "string", "description": "The phone page's path for this very call."},
    },
}

_ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}


def _operation(summary: str, answers: dict[str, str]) -> dict[str, Any]:
    return {
        "summary": summary,
        "responses": {status: {"description": text} for status, text in answers.items()},
    }


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


async def api_page(_request: Request) -> Response:
    """The document for people."""
    return HTMLResponse(_rendered())


@cache
def _rendered() -> str:
    environment = Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined
    )
    document = openapi_document()
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return environment.get_template("api.html.j2").render(
        info=document["info"],
        operations=operations,
        parameters=document["components"]["schemas"]["Parameters"],
    )
