"""What a gateway says of a card, and what counts as no answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.cards import Brand, CardNumber
from bot.charges import CardStanding
from bot.gateway_settings import GatewaySettings
from bot.paying.card_check import RestCardCheck
from bot.paying.gateways.credentials import Credentials

CARD = "4929173560829148"


def check(handler: Any) -> RestCardCheck:
    return RestCardCheck(
        GatewaySettings(url="http://127.0.0.1:9"),
        Credentials(SecretStr("a-token")),
        transport=httpx.MockTransport(handler),
    )


def answering(status: int, body: Any) -> Any:
    return lambda _: httpx.Response(status, json=body)


async def test_the_gateway_is_sent_the_number_and_nothing_else() -> None:
    asked: list[httpx.Request] = []

    async def handle(request: httpx.Request) -> httpx.Response:
        await request.aread()
        asked.append(request)
        return httpx.Response(200, json={"valid": True, "brand": "visa"})

    assert await check(handle).standing_of(CardNumber(CARD)) == CardStanding(True, Brand.VISA)
    (request,) = asked
    assert request.url.path == "/v1/card-checks"
    assert request.headers["authorization"] == "Bearer a-token"
    assert request.content == b'{"card":{"number":"' + CARD.encode() + b'"}}'


@pytest.mark.parametrize(
    ("body", "standing"),
    [
        ({"valid": False}, CardStanding(False)),
        ({"valid": True}, CardStanding(True)),
        ({"valid": True, "brand": "maestro"}, CardStanding(True, Brand.MAESTRO)),
        ({"valid": True, "brand": "a new one"}, CardStanding(True)),
    ],
)
async def test_an_answer_is_read(body: Any, standing: CardStanding) -> None:
    assert await check(answering(200, body)).standing_of(CardNumber(CARD)) == standing


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, {}), (200, {"valid": "yes"}), (200, ["valid"]), (404, {"valid": True}), (500, {})],
)
async def test_what_is_no_clear_answer_is_none(status: int, body: Any) -> None:
    assert await check(answering(status, body)).standing_of(CardNumber(CARD)) is None


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError])
async def test_a_gateway_that_is_away_or_late_says_nothing(error: type[Exception]) -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        raise error("away")

    assert await check(handle).standing_of(CardNumber(CARD)) is None


async def test_what_is_no_json_is_no_answer() -> None:
    gateway = check(lambda _: httpx.Response(200, content=b"<html>"))
    assert await gateway.standing_of(CardNumber(CARD)) is None
