"""The REST adapter: JSON over HTTPS, one connection and one request per charge.

What is certain and what is not: a connection that was never made has sent nothing. From the first
byte on, whatever goes wrong (a timeout, a lost connection, a 5xx, an answer that makes no sense)
leaves open whether the money was taken.

Law 6: the card's digits are revealed in `_charge_body` only. An exception's traceback keeps the
locals of every frame it passed, and its context the errors before it. So errors are values in
here, and are raised only in `charge` and `look_up`, whose frames never held a body.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import quote

import httpx

from bot.charges import ChargeRequest
from bot.errors import GatewayError
from bot.money import Money
from bot.paying.answers import FINAL_STATUSES, read_charge, read_look_up
from bot.paying.gateway import (
    GatewayAnswer,
    KeyState,
    NothingTaken,
    OutcomeUnknown,
    RepeatedKey,
    Semantics,
)
from bot.settings import GatewaySettings

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
class _Reply:
    status: int
    body: bytes
    delay_ms: int


class RestGateway:
    """A gateway at `settings.url`: POST /v1/charges, GET /v1/charges/by-key/{key}.

    Use as an async context manager, or call `aclose`.
    """

    semantics = Semantics(
        repeated_key=RepeatedKey.SAME_ANSWER,
        key_lifetime_seconds=24 * 3600,
        can_look_up=True,
        carried_out_within_seconds=600,
        final_statuses=FINAL_STATUSES,
    )

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        url: str | None = None,
        declared_delays: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """url: instead of `settings.url`. transport: for tests.

        declared_delays: ask our simulator to declare its delays and not to wait them out; a
        declared delay beyond the answer timeout counts as that timeout, and real time as none.
        Raises GatewayError for an address or token that cannot be right.
        """
        self._answer_timeout_ms = settings.answer_timeout_ms
        connect_seconds = settings.connect_timeout_ms / 1000
        answer_seconds = settings.answer_timeout_ms / 1000
        if declared_delays:
            connect_seconds = answer_seconds = _HANGS_SECONDS
        self._bound_seconds = connect_seconds + answer_seconds
        self._declared_delays = declared_delays
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if settings.token:
            if not _KEY.fullmatch(settings.token):
                raise GatewayError("gateway.token = '***': printable ASCII without spaces")
            headers["Authorization"] = f"Bearer {settings.token}"
        if declared_delays:
            headers[ASK_FOR_DECLARED_DELAYS] = "1"
        self._client = httpx.AsyncClient(
            base_url=_checked_url(settings.url if url is None else url),
            headers=headers,
            timeout=httpx.Timeout(answer_seconds, connect=connect_seconds),
            # No idle connection is used again: one that the gateway has just closed would make
            # "never sent" look like "answer lost".
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def __aenter__(self) -> RestGateway:
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
        answer = await self._charge(request, key)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
        """See `Gateway.look_up`."""
        answer = await self._look_up(key, amount)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def _charge(self, request: ChargeRequest, key: str) -> GatewayAnswer | BaseException:
        if not _KEY.fullmatch(key):
            return NothingTaken("not sent: the attempt's id cannot be an idempotency key")
        code = request.security_code
        if len(request.card) == 0 or (code is not None and len(code) == 0):
            return NothingTaken("not sent: the card data of this attempt was wiped already")
        reply = await self._exchange("POST", "v1/charges", key, _charge_body(request))
        if isinstance(reply, BaseException):
            return reply
        return read_charge(reply.status, reply.body, key, request.amount, reply.delay_ms)

    async def _look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState | BaseException:
        reply = await self._exchange("GET", f"v1/charges/by-key/{quote(key, safe='')}", None, None)
        if isinstance(reply, NothingTaken):  # of the look-up; of the charge it says nothing
            return OutcomeUnknown(f"no look-up: {reply}")
        if isinstance(reply, BaseException):
            return reply
        return read_look_up(reply.status, reply.body, key, amount, reply.delay_ms)

    async def _exchange(
        self, method: str, path: str, key: str | None, content: bytes | None
    ) -> _Reply | NothingTaken | OutcomeUnknown | asyncio.CancelledError:
        """One request and its answer, or why there is none. Raises nothing."""
        headers = {"Content-Type": "application/json"} if content is not None else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        try:
            # The bound is for a gateway that dribbles: httpx times each read by itself.
            async with (
                asyncio.timeout(self._bound_seconds),
                self._client.stream(method, path, content=content, headers=headers) as response,
            ):
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > _MAX_ANSWER_BYTES:
                        return OutcomeUnknown("the gateway's answer has no end")
                return self._reply(response, bytes(body))
        except asyncio.CancelledError:
            return asyncio.CancelledError()  # a new one: the old one's traceback knows the body
        except _NOTHING_SENT as error:
            return NothingTaken(f"not sent: no connection to the gateway ({type(error).__name__})")
        except (TimeoutError, httpx.TimeoutException):
            return OutcomeUnknown("the gateway did not answer in time")
        except Exception as error:  # noqa: BLE001 - whatever it was, bytes may have gone out
            return OutcomeUnknown(f"the gateway's answer was lost ({type(error).__name__})")

    def _reply(self, response: httpx.Response, body: bytes) -> _Reply | OutcomeUnknown:
        text = response.headers.get(DECLARED_DELAY_MS, "") if self._declared_delays else ""
        delay_ms = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0
        if delay_ms > self._answer_timeout_ms:
            return OutcomeUnknown("the gateway did not answer in time", self._answer_timeout_ms)
        return _Reply(response.status_code, body, delay_ms)


def _charge_body(request: ChargeRequest) -> bytes:
    """The JSON body; the only place in the product's paying room where card data is revealed."""
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


def _checked_url(text: str) -> httpx.URL:
    """Raises GatewayError. Card data travels encrypted, or does not leave this machine."""
    problem = "gateway.url = {!r}: an address such as https://gateway.example/, without a password"
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise GatewayError(problem.format(text)) from None
    if url.userinfo or url.query or url.fragment:
        raise GatewayError(problem.format(f"{url.scheme}://{url.host}"))
    if url.scheme not in {"http", "https"} or not url.host:
        raise GatewayError(problem.format(text))
    if url.scheme == "http" and url.host not in _LOOPBACK:
        raise GatewayError(
            f"gateway.url = {text!r}: card data travels over https; "
            "plain http is for a gateway on this machine (127.0.0.1)"
        )
    return url
