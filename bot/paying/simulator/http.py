"""What the simulator's formats share of HTTP: the token, the body, the answers, cut lines."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.paying.simulator.bank import Decision, LineDropped, Refused
from bot.uncaught import told

_MAX_BODY_BYTES = 16 * 1024

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """Lets requests in. token: the bearer token that is demanded; empty demands none."""

    token: str = ""

    def route(
        self,
        path: str,
        handler: Handler,
        refusal: Callable[[Refused], Response],
        methods: tuple[str, ...] = ("GET",),
    ) -> Route:
        """refusal: how this format says no."""

        async def answer(request: Request) -> Response:
            try:
                self._check_token(request)
                return await handler(request)
            except LineDropped:
                return await _drop_the_line(request)
            except Refused as refused:
                return refusal(refused)
            except Exception as error:  # noqa: BLE001 - its message may hold what was sent
                logging.getLogger("uvicorn.error").error("a request failed\n%s", told(error))
                return Response(status_code=500)

        return Route(path, answer, methods=list(methods))

    def _check_token(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if self.token and not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            raise Refused(401, "unauthorized", "send the right bearer token")


async def body_of(request: Request) -> bytes:
    """Raises Refused for one that is too large."""
    text = bytearray()
    async for part in request.stream():
        text += part
        if len(text) > _MAX_BODY_BYTES:
            raise Refused(413, "too_large", "the body is too large")
    return bytes(text)


def wants_declared_delays(request: Request) -> bool:
    return request.headers.get("prefer-declared-delay") == "1"


def headers_of(decision: Decision) -> dict[str, str]:
    headers = {"Idempotent-Replayed": "true"} if decision.is_replay else {}
    if decision.delay_ms:
        headers["Simulated-Delay-Ms"] = str(decision.delay_ms)
    return headers


class Line(H11Protocol):
    """uvicorn's connection, with a way for a handler to cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "cut": transport.abort}


async def _drop_the_line(request: Request) -> Response:
    """Cut the TCP connection: the client gets not one byte of an answer."""
    request.state.cut()
    await request.receive()  # the body was read before, so this is the disconnection
    return Response(status_code=500)  # goes nowhere
