"""The REST adapter over a transport that fails in every way a line can."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from exception_search import cancelled_while_it_is_sent, everything_in
from paying_doubles import a_request
from pydantic import SecretStr

from bot.charges import ChargeStatus
from bot.errors import GatewayError
from bot.gateway_settings import GatewaySettings
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.rest import RestGateway

URL = "http://127.0.0.1:9"
CARD = "4929173560829148"
CODE = "737"


def gateway(handler: Callable[[httpx.Request], Any], **options: Any) -> RestGateway:
    settings = GatewaySettings(url=URL, answer_timeout_ms=20_000)
    credentials = Credentials(SecretStr("a-token"))
    return RestGateway(settings, credentials, transport=httpx.MockTransport(handler), **options)


def answering(status: int, **changes: Any) -> Callable[[httpx.Request], httpx.Response]:
    def handle(request: httpx.Request) -> httpx.Response:
        body = {
            "status": "approved",
            "idempotency_key": request.headers.get("idempotency-key", "attempt-1"),
            "amount": 8750,
            "currency": "USD",
            "reference": "K7M4Q2",
        }
        return httpx.Response(status, json={**body, **changes})

    return handle


def raising(error: type[Exception]) -> Callable[[httpx.Request], httpx.Response]:
    def handle(request: httpx.Request) -> httpx.Response:
        body = request.content  # kept in this frame, as httpx's own frames keep it
        raise error(f"lost {len(body)} bytes")

    return handle


@pytest.mark.parametrize(("declared", "seconds"), [(False, 20.0), (True, 120.0)])
async def test_where_delays_are_declared_only_a_gateway_that_hangs_is_given_up(
    declared: bool, seconds: float
) -> None:
    limits: list[float] = []

    def handle(request: httpx.Request) -> httpx.Response:
        limits.append(request.extensions["timeout"]["read"])
        return answering(201)(request)

    async with gateway(handle, declared_delays=declared) as rest:
        await rest.charge(a_request(), "attempt-1")
    assert limits == [seconds]


async def test_a_charge_carries_key_token_amount_and_card() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answering(201)(request)

    async with gateway(handle) as rest:
        answer = await rest.charge(a_request(number=CARD), "attempt-1")
    assert answer == GatewayAnswer(ChargeStatus.APPROVED, "K7M4Q2")
    (request,) = seen
    assert (request.method, request.url.path) == ("POST", "/v1/charges")
    assert request.headers["idempotency-key"] == "attempt-1"
    assert request.headers["authorization"] == "Bearer a-token"
    assert "prefer-declared-delay" not in request.headers
    assert json.loads(request.content) == {
        "amount": 8750,
        "currency": "USD",
        "card": {
            "number": CARD,
            "expiry_month": 4,
            "expiry_year": 2029,
            "security_code": CODE,
            "postal_code": "90210",
        },
    }


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol],
)
async def test_without_a_connection_nothing_was_sent(error: type[Exception]) -> None:
    async with gateway(raising(error)) as rest:
        with pytest.raises(NothingTaken):
            await rest.charge(a_request(), "attempt-1")


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout,
        httpx.WriteTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.CloseError,
        httpx.RemoteProtocolError,
        httpx.LocalProtocolError,
        httpx.DecodingError,
        ValueError,
        OSError,
    ],
)
async def test_a_line_lost_after_the_first_byte_leaves_the_money_open(
    error: type[Exception],
) -> None:
    async with gateway(raising(error)) as rest:
        with pytest.raises(OutcomeUnknown):
            await rest.charge(a_request(), "attempt-1")


async def test_the_transport_is_asked_once_whatever_happens() -> None:
    for status in (200, 302, 307, 408, 409, 500, 503):
        calls: list[str] = []

        def handle(
            request: httpx.Request, status: int = status, calls: list[str] = calls
        ) -> httpx.Response:
            calls.append(str(request.url))
            return httpx.Response(status, headers={"Location": f"{URL}/elsewhere"})

        async with gateway(handle) as rest:
            with pytest.raises(OutcomeUnknown):
                await rest.charge(a_request(), "attempt-1")
        assert calls == [f"{URL}/v1/charges"]


async def test_an_answer_without_end_is_cut_off() -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b" " * 4096

    async with gateway(lambda _: httpx.Response(201, stream=Endless())) as rest:
        with pytest.raises(OutcomeUnknown, match="no end"):
            await rest.charge(a_request(), "attempt-1")


async def test_a_gateway_that_dribbles_is_not_waited_for_forever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with gateway(never) as rest:
        monkeypatch.setattr(rest._line, "_bound_seconds", 0)
        with pytest.raises(OutcomeUnknown, match="in time"):
            await rest.charge(a_request(), "attempt-1")


async def test_a_failed_look_up_says_nothing_about_the_charge() -> None:
    for error in (httpx.ConnectError, httpx.ReadTimeout, RuntimeError):
        async with gateway(raising(error)) as rest:
            with pytest.raises(OutcomeUnknown):
                await rest.look_up("attempt-1", Money(8750))


async def test_a_look_up_asks_by_key_and_reads_the_answer() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.content) == ("GET", b"")
        if request.url.raw_path.endswith(b"/v1/charges/by-key/odd%2Fkey%3F"):
            return httpx.Response(404, json={"error": {"code": "no_such_charge"}})
        return answering(200)(request)

    async with gateway(handle) as rest:
        assert await rest.look_up("odd/key?", Money(8750)) is KeyState.NOT_FOUND
        answer = await rest.look_up("attempt-1", Money(8750))
        assert answer == GatewayAnswer(ChargeStatus.APPROVED, "K7M4Q2")


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "ключ", "k" * 256])
async def test_a_key_that_cannot_travel_is_never_sent(key: str) -> None:
    async with gateway(raising(AssertionError)) as rest:
        with pytest.raises(NothingTaken):
            await rest.charge(a_request(), key)


async def test_wiped_card_data_is_never_sent() -> None:
    without_code, without_card = a_request(), a_request()
    assert without_code.security_code is not None
    without_code.security_code.wipe()
    without_card.card.wipe()
    async with gateway(raising(AssertionError)) as rest:
        for request in (without_code, without_card):
            with pytest.raises(NothingTaken, match="wiped"):
                await rest.charge(request, "attempt-1")


@pytest.mark.parametrize(
    ("declared", "expected_ms"), [("4000", 4000), ("-1", 0), ("1e3", 0), ("", 0), ("٣", 0)]
)
async def test_a_declared_delay_travels_with_the_answer(declared: str, expected_ms: int) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.headers["prefer-declared-delay"] == "1"
        response = answering(201)(request)
        response.headers = httpx.Headers(
            [*response.headers.raw, (b"Simulated-Delay-Ms", declared.encode())]
        )
        return response

    async with gateway(handle, declared_delays=True) as rest:
        answer = await rest.charge(a_request(), "attempt-1")
    assert answer.declared_delay_ms == expected_ms


async def test_a_declared_delay_beyond_the_timeout_is_a_timeout() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        response = answering(201)(request)
        response.headers["Simulated-Delay-Ms"] = "20001"
        return response

    async with gateway(handle, declared_delays=True) as rest:
        with pytest.raises(OutcomeUnknown) as caught:
            await rest.charge(a_request(), "attempt-1")
    assert caught.value.declared_delay_ms == 20_000


async def test_a_delay_that_nobody_asked_for_is_ignored() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        response = answering(201)(request)
        response.headers["Simulated-Delay-Ms"] = "4000"
        return response

    async with gateway(handle) as rest:
        assert (await rest.charge(a_request(), "attempt-1")).declared_delay_ms == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gateway.example",
        "ftp://gateway.example/",
        "https://",
        "https://user:secret@gateway.example/",
        "https://gateway.example/?key=secret",
        "http://gateway.example/",
        "http://127.0.0.1.gateway.example/",
        "https://gateway.example:port/",
    ],
)
def test_an_address_where_card_data_must_not_go_is_refused(url: str) -> None:
    with pytest.raises(GatewayError, match=r"gateway\.url") as caught:
        RestGateway(GatewaySettings(url=url))
    assert "secret" not in str(caught.value)


async def test_https_anywhere_and_http_on_this_machine_are_accepted() -> None:
    for url in ("https://gateway.example/pay/", "http://localhost:80", "http://[::1]:8080/"):
        await RestGateway(GatewaySettings(url=url)).aclose()


# -- nothing of the card in an exception ---------------------------------------------------------


@pytest.mark.parametrize(
    "handler",
    [
        raising(httpx.ConnectError),
        raising(httpx.ReadError),
        raising(RuntimeError),
        answering(400, message=CARD),
        answering(500, message=CARD),
        answering(201, amount=CARD),
        answering(201, reference=f"{CARD} "),
    ],
)
async def test_an_exception_carries_no_card_data_anywhere(
    handler: Callable[[httpx.Request], httpx.Response],
) -> None:
    async with gateway(handler) as rest:
        with pytest.raises(GatewayError) as caught:
            await rest.charge(a_request(number=CARD), "attempt-1")
    assert CARD not in everything_in(caught.value)


async def test_a_cancelled_charge_leaves_no_card_data_in_the_cancellation() -> None:
    cancelled = await cancelled_while_it_is_sent(gateway, a_request(number=CARD))
    assert CARD not in everything_in(cancelled)


async def test_the_search_would_find_card_data_in_an_exception() -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(raising(httpx.ReadError))) as client:
        with pytest.raises(httpx.ReadError) as caught:
            await client.post(URL, content=CARD.encode())
    assert CARD in everything_in(caught.value)
