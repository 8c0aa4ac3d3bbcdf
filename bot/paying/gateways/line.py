"""The line to a gateway: one connection and one request for each exchange, and what came of it.

What is certain and what is not: a connection that was never made has sent nothing. From the first
byte on, whatever goes wrong (a timeout, a lost connection, a 5xx, an answer that makes no sense)
leaves open whether the money was taken.

Law 6: an exception's traceback keeps the locals of every frame it passed, and its context the
errors before it. So errors are values in here, and are raised only by `LineGateway.charge` and
`look_up`, whose frames never held a body.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from bot.cards import overwrite
from bot.charges import ChargeRequest
from bot.errors import GatewayError
from bot.gateway_settings import GatewaySettings
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown, Semantics
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.tls import tls_context, why_answer_lost, why_not_connected

ASK_FOR_DECLARED_DELAYS = "Prefer-Declared-Delay"
DECLARED_DELAY_MS = "Simulated-Delay-Ms"

_MAX_ANSWER_BYTES = 64 * 1024
_HANGS_SECONDS = 120.0
"""Where delays are declared the real time of an answer says nothing, on a busy machine least of
all: only a simulator that hangs is given up."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
"""httpx raises these before the first byte of a request; TLS handshakes count as connecting."""


@dataclass(frozen=True, slots=True)
class Reply:
    """delay_ms: what a simulator declares that the answer took."""

    status: int
    body: bytes
    delay_ms: int


class _Body:
    """What is sent, until it is wiped. httpx's requests outlive their answers, in cycles that only
    the garbage collector ends; so that they hold nothing, they get this instead of the bytes."""

    def __init__(self, content: bytes) -> None:
        self._held = bytearray(content)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield bytes(self._held)

    def wipe(self) -> None:
        overwrite(self._held)


NoReply = NothingTaken | OutcomeUnknown | asyncio.CancelledError


class Line:
    """HTTP to one gateway. Sends a request once, whatever happens."""

    def __init__(
        self,
        settings: GatewaySettings,
        credentials: Credentials,
        *,
        url: str | None = None,
        declared_delays: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        longest_answer_bytes: int = _MAX_ANSWER_BYTES,
    ) -> None:
        """url: instead of `settings.url`. transport: for tests.

        declared_delays: ask our simulator to declare its delays and not to wait them out; a
        declared delay beyond the answer timeout counts as that timeout, and real time as none.
        Raises GatewayError for an address, a certificate or a key that cannot be right.
        """
        self.url = checked_url(settings.url if url is None else url, settings)
        self._longest_answer_bytes = longest_answer_bytes
        self._answer_timeout_ms = settings.answer_timeout_ms
        connect_seconds = settings.connect_timeout_ms / 1000
        answer_seconds = settings.answer_timeout_ms / 1000
        if declared_delays:
            connect_seconds = answer_seconds = _HANGS_SECONDS
        self._bound_seconds = connect_seconds + answer_seconds
        self._declared_delays = declared_delays
        headers = {"Accept-Encoding": "identity"}
        if declared_delays:
            headers[ASK_FOR_DECLARED_DELAYS] = "1"
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(answer_seconds, connect=connect_seconds),
            verify=tls_context(settings.tls, credentials),
            # No idle connection is used again: one that the gateway has just closed would make
            # "never sent" look like "answer lost".
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Reply | NoReply:
        """One request and its answer, or why there is none. Raises nothing."""
        body = None
        if content is not None:
            body = _Body(content)
            headers = {**headers, "Content-Length": str(len(content))}
            del content
        try:
            # The bound is for a gateway that dribbles: httpx times each read by itself.
            async with (
                asyncio.timeout(self._bound_seconds),
                self._client.stream(method, url, content=body, headers=headers) as response,
            ):
                answer = bytearray()
                async for part in response.aiter_bytes():
                    answer += part
                    if len(answer) > self._longest_answer_bytes:
                        return OutcomeUnknown("the gateway's answer has no end")
                return self._reply(response, bytes(answer))
        except asyncio.CancelledError:
            return asyncio.CancelledError()  # a new one: the old one's traceback knows the body
        except _NOTHING_SENT as error:
            return NothingTaken(f"not sent: {why_not_connected(error)}")
        except (TimeoutError, httpx.TimeoutException):
            return OutcomeUnknown("the gateway did not answer in time")
        except Exception as error:  # noqa: BLE001 - whatever it was, bytes may have gone out
            return OutcomeUnknown(why_answer_lost(error))
        finally:
            if body is not None:
                body.wipe()

    def _reply(self, response: httpx.Response, body: bytes) -> Reply | OutcomeUnknown:
        text = response.headers.get(DECLARED_DELAY_MS, "") if self._declared_delays else ""
        delay_ms = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0
        if delay_ms > self._answer_timeout_ms:
            return OutcomeUnknown("the gateway did not answer in time", self._answer_timeout_ms)
        return Reply(response.status_code, body, delay_ms)


class LineGateway(ABC):
    """What every adapter over a line shares; see `gateway.Gateway`.

    Use as an async context manager, or call `aclose`.
    """

    def __init__(self, line: Line, semantics: Semantics) -> None:
        self._line = line
        self._semantics = semantics

    @property
    def semantics(self) -> Semantics:
        return self._semantics

    async def aclose(self) -> None:
        await self._line.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def charge(self, request: ChargeRequest, key: str) -> GatewayAnswer:
        """See `Gateway.charge`."""
        answer = await self._charge_once(request, key)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
        """See `Gateway.look_up`."""
        answer = await self._look_up_once(key, amount)
        if isinstance(answer, NothingTaken):  # of the look-up; of the charge it says nothing
            answer = OutcomeUnknown(f"no look-up: {answer}")
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def _charge_once(self, request: ChargeRequest, key: str) -> GatewayAnswer | BaseException:
        if not _KEY.fullmatch(key):
            return NothingTaken("not sent: the attempt's id cannot be an idempotency key")
        code = request.security_code
        if len(request.card) == 0 or (code is not None and len(code) == 0):
            return NothingTaken("not sent: the card data of this attempt was wiped already")
        try:
            return await self._charge(request, key)
        except asyncio.CancelledError:
            return asyncio.CancelledError()
        except Exception as error:  # noqa: BLE001 - a bug: its traceback may know the body
            return OutcomeUnknown(f"adapter: {type(error).__name__}")

    async def _look_up_once(
        self, key: str, amount: Money
    ) -> GatewayAnswer | KeyState | BaseException:
        try:
            return await self._look_up(key, amount)
        except asyncio.CancelledError:
            return asyncio.CancelledError()
        except Exception as error:  # noqa: BLE001 - one adapter's bug must not end the settling
            return OutcomeUnknown(f"adapter: {type(error).__name__}")

    @abstractmethod
    async def _charge(self, request: ChargeRequest, key: str) -> GatewayAnswer | BaseException:
        """Send a charge that may be sent. Returns every error, raises none."""

    @abstractmethod
    async def _look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState | BaseException:
        """The same for a look-up."""


def checked_url(text: str, settings: GatewaySettings, key: str = "gateway.url") -> httpx.URL:
    """key: the setting, for errors. Raises GatewayError.

    Card data travels encrypted, or does not leave this machine.
    """
    problem = key + (
        " = {!r}: an address such as https://gateway.example/pay, without password, query or "
        "fragment: addresses are kept in logs and in the journal"
    )
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise GatewayError(problem.format(text)) from None
    if url.userinfo or url.query or url.fragment:
        raise GatewayError(problem.format(f"{url.scheme}://{url.host}"))
    if url.scheme not in {"http", "https"} or not url.host:
        raise GatewayError(problem.format(text))
    if url.scheme == "http" and url.host not in _LOOPBACK and not settings.allow_plain_http:
        raise GatewayError(
            f"{key} = {text!r}: card data travels over https; plain http is for a gateway on "
            "this machine (127.0.0.1), or where something else encrypts the way there: "
            "gateway.allow_plain_http = true"
        )
    return url
