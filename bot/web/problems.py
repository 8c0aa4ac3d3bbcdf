"""Requests that are refused, in one form: `{"error": {"code": …, "message": …}}`."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

MOST_BODY = 16 * 1024


class Refused(Exception):
    """Becomes a 4xx or 5xx answer. message: never repeats what was sent."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


async def answer_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - it is registered for these
    content = {"error": {"code": error.code, "message": error.message}}
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse(content, error.status, headers)


async def json_object(request: Request) -> dict[str, Any]:
    """The body. Raises Refused; a form of another site cannot send this type without asking."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused(415, "not_json", "send a JSON object, as application/json")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY:
            raise Refused(413, "too_large", f"a body of more than {MOST_BODY} bytes")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "not_json", "the body is no JSON") from None
    if not isinstance(content, dict):
        raise Refused(400, "not_an_object", "the body is no JSON object")
    return content
