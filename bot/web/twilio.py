"""Calls over Twilio Media Streams: the WebSocket, and the webhooks around it.

    POST /twilio/answer   Twilio asks what to do with a call: it is streamed to us
    WS   /twilio          its sound and keys, and what the bot says
    POST /twilio/after    the stream is over; Twilio asks what comes next, and gets the result along

Who may come in: what Twilio signed (X-Twilio-Signature, on webhooks and on the WebSocket's
handshake), or a stream whose custom parameter `token` is the one-time token of a prepared call. The
latter is for TwiML of one's own and for other services that speak the protocol without a signature.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

import structlog
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.calls.live.calls import LiveCalls
from bot.calls.live.line import Clear, Finished, LiveLine, Play
from bot.calls.live.not_taken import Busy, NotTakenError
from bot.calls.live.pace import Pace
from bot.calls.live.parameters import parameters_of
from bot.calls.run_call import new_call_id
from bot.errors import BotError, ProtocolError, StoreError
from bot.live_settings import LiveSettings
from bot.outcomes import Destination
from bot.transports import media_streams as streams
from bot.transports import twiml
from bot.transports.media_order import MediaOrder
from bot.transports.twilio_signature import is_signed
from bot.web.site import WAITING_FOR_HELLO
from bot.web.telephone import (
    FIRST_WORDS_SECONDS,
    PLAY_OUT_SECONDS,
    Admitted,
    KnownCall,
    MessageRate,
    Redeems,
    hold_call,
)

_log = structlog.get_logger(__name__)

TRANSPORT: Final = "twilio"

_CALL: Final = "call"
"""The parameter by which our own TwiML names a call, to us."""

_CALL_ID: Final = re.compile(r"[a-z]{16}")
_LONGEST_FORM: Final = 1 << 16
_END: Final = "end"

_TOLD: Final = ("status", "error", "reference", "amount", "brand", "last_four")
"""Of a result: what travels on with the call."""

_OVER, _NOT_ALLOWED, _OUR_FAULT, _BUSY = 1000, 1008, 1011, 1013
"""Close codes of RFC 6455 and its registry."""


class TwilioLine:
    """Twilio's end of the server: `routes` of a starlette application."""

    def __init__(
        self,
        calls: LiveCalls,
        settings: LiveSettings,
        auth_token: SecretStr,
        redeem: Redeems,
    ) -> None:
        self._calls = calls
        self._settings = settings
        self._auth_token = auth_token.get_secret_value()
        self._redeem = redeem
        self._public_url = settings.twilio.public_url
        self._strangers = asyncio.Semaphore(WAITING_FOR_HELLO)

    @property
    def routes(self) -> list[BaseRoute]:
        routes: list[BaseRoute] = [WebSocketRoute("/twilio", self._stream)]
        if self._public_url:
            routes += [
                Route("/twilio/answer", self._answer, methods=["POST"]),
                Route("/twilio/after", self._after, methods=["POST"]),
            ]
        return routes

    # --- webhooks

    async def _answer(self, request: Request) -> Response:
        """The URL's own query holds parameters of the call: ?merchant_id=m1&amount=87.50."""
        if not await self._is_twilios(request):
            return _refused()
        if self._calls.why_nowhere() is not None:
            return _twiml(twiml.busy())
        asked = dict(request.query_params)
        try:
            parameters_of(asked)
        except ProtocolError as error:
            return PlainTextResponse(str(error), 400)
        call_id = new_call_id()
        stream = self._public_url.replace("http", "ws", 1) + "/twilio"
        after = f"{self._public_url}/twilio/after?{urlencode({_CALL: call_id})}"
        return _twiml(twiml.stream(stream, {**asked, _CALL: call_id}, after))

    async def _after(self, request: Request) -> Response:
        if not await self._is_twilios(request):
            return _refused()
        call_id = request.query_params.get(_CALL, "")
        try:
            state = await self._calls.book.state(call_id)
        except StoreError as error:
            _log.error("book_not_asked", why=str(error))
            state = None
        result = (state and state.result) or {}
        twilio = self._settings.twilio
        there = {Destination.AGENT.value: twilio.agent_url, Destination.IVR.value: twilio.ivr_url}
        url = there.get(result.get("hand_over") or "", "")
        if not url:
            return _twiml(twiml.hang_up())
        told = urlencode({_CALL: call_id, **{name: result[name] or "" for name in _TOLD}})
        return _twiml(twiml.redirect(f"{url}{'&' if '?' in url else '?'}{told}"))

    async def _is_twilios(self, request: Request) -> bool:
        form: list[tuple[str, str]] = []
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _LONGEST_FORM:
                return False
        try:
            form = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
        except ValueError:
            return False
        url = self._public_url + _path_and_query(request)
        return is_signed(request.headers.get("x-twilio-signature"), self._auth_token, url, form)

    # --- the stream

    async def _stream(self, socket: WebSocket) -> None:
        signature = socket.headers.get("x-twilio-signature")
        signed = False
        if signature is not None:
            url = self._public_url.replace("http", "ws", 1) + _path_and_query(socket)
            signed = is_signed(signature, self._auth_token, url)
            if not signed:
                _log.warning("stream_wrongly_signed")
                await socket.close()  # before it is accepted: HTTP 403
                return
        await socket.accept()
        code, why = _OVER, ""
        try:
            await self._one_call(_Stream(socket), signed=signed)
        except NotTakenError as error:
            code, why = _BUSY, str(error)
        except (ProtocolError, TimeoutError) as error:
            code, why = _NOT_ALLOWED, str(error) or "no start message came in time"
        except OSError:
            return  # gone before the call began
        except BotError as error:
            _log.error("call_not_begun", transport=TRANSPORT, why=str(error))
            code, why = _OUR_FAULT, "the call could not begin"
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, OSError):  # closed already
            await socket.close(code, why[:100])

    async def _one_call(self, stream: _Stream, *, signed: bool) -> None:
        start = await self._started(stream, signed=signed)
        await hold_call(
            self._calls,
            lambda: self._let_in(start.parameters, signed=signed),
            transport=TRANSPORT,
            dead_after_seconds=self._settings.dead_line_seconds,
            read=stream.read,
            send=lambda pace: stream.send(start.stream_sid, pace),
        )

    async def _started(self, stream: _Stream, *, signed: bool) -> streams.Start:
        """Raises TimeoutError, ProtocolError, and Busy when too many others have not said who they
        are; Twilio, which has, never waits for them."""
        if not signed and self._strangers.locked():
            raise Busy("too many connections that have not begun a call")
        async with contextlib.nullcontext() if signed else self._strangers:
            async with asyncio.timeout(FIRST_WORDS_SECONDS):
                return await stream.start()

    async def _let_in(self, parameters: Mapping[str, str], *, signed: bool) -> KnownCall:
        """Raises ProtocolError for a stream nobody vouches for, and for a token that opens nothing:
        without the bill that it stands for, the call would be another."""
        if token := parameters.get("token", ""):
            if (call := await self._redeem(token)) is None:
                raise ProtocolError("a token that is unknown, used, or too old")
            return call
        if not signed:
            raise ProtocolError("a stream that is not signed needs the token of a prepared call")
        call_id = parameters.get(_CALL, "")
        if not _CALL_ID.fullmatch(call_id):
            call_id = new_call_id()  # TwiML of somebody's own
        return Admitted(call_id, parameters_of(parameters))


class _Stream:
    """One WebSocket with Twilio's messages on it. Raises OSError when it breaks."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._rate = MessageRate()
        self._order = MediaOrder()
        self._played_out = asyncio.Event()

    async def start(self) -> streams.Start:
        """Raises ProtocolError when something else comes first."""
        while True:
            match await self._next():
                case streams.Start() as start:
                    return start
                case streams.Connected():
                    continue
                case _:
                    raise ProtocolError("a stream begins with connected and start")

    async def read(self, line: LiveLine) -> None:
        while True:
            match await self._next():
                case streams.Media(samples, chunk):
                    for piece in self._order.push(samples, chunk):
                        line.sound(piece)
                case streams.Dtmf(key):
                    line.key("message", key)
                case streams.Mark(name) if name == _END:
                    self._played_out.set()
                case streams.Stop():
                    return
                case streams.Start() | streams.Connected():
                    raise ProtocolError("a stream starts once")
                case _:
                    pass

    async def send(self, stream_sid: str, pace: Pace) -> None:
        while True:
            match await pace.next_outgoing():
                case Play(samples):
                    await self._send(streams.media(stream_sid, samples))
                case Clear():
                    await self._send(streams.clear(stream_sid))
                case Finished():
                    break
        await self._send(streams.mark(stream_sid, _END))
        try:
            async with asyncio.timeout(pace.seconds_to_play + PLAY_OUT_SECONDS):
                await self._played_out.wait()
        except TimeoutError:
            _log.info("last_sound_not_confirmed", transport=TRANSPORT)

    async def _next(self) -> streams.Message:
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise ConnectionResetError
        self._rate.count()
        text = received.get("text")
        if text is None:
            raise ProtocolError("a binary message; all of this protocol's are text")
        return streams.parse(text)

    async def _send(self, message: str) -> None:
        try:
            await self._socket.send_text(message)
        except (WebSocketDisconnect, RuntimeError):  # starlette's two ways to say that it is closed
            raise ConnectionResetError from None


def _path_and_query(request: Request | WebSocket) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def _twiml(document: str) -> Response:
    return Response(document, media_type="text/xml")


def _refused() -> Response:
    return PlainTextResponse("not signed by Twilio", 403)
