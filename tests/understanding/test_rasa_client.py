import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NluUnavailable
from bot.expectations import Field, Intent
from bot.understanding.rasa_client import UNHURRIED, Parsed, Patience, RasaClient

AFFIRM = {"intent": {"name": "affirm", "confidence": 0.97}, "entities": []}
EXPIRY = {
    "intent": {"name": "correct", "confidence": 0.9},
    "entities": [
        {"entity": "date", "value": "??"},
        {"entity": "field", "value": "amount", "confidence": 0.1},
        {"entity": "field", "value": "expiry", "confidence": 0.8},
    ],
}


class Server:
    """Stands in for Rasa: answers what it is told to and keeps what it was asked."""

    def __init__(self, answer: object = AFFIRM, status: int = 200) -> None:
        self.answer = answer
        self.status = status
        self.requests: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, bytes):
            return httpx.Response(self.status, content=self.answer)
        return httpx.Response(self.status, json=self.answer)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def client_of(
    server: Server,
    clock: Clock | None = None,
    token: str = "",
    patience: Patience = Patience(answer_seconds=5.0),  # noqa: B008 - frozen
) -> RasaClient:
    return RasaClient(
        "http://rasa.test",
        token,
        patience=patience,
        transport=httpx.MockTransport(server),
        clock=clock or Clock(),
    )


async def test_the_text_and_the_token_are_sent() -> None:
    server = Server()
    async with client_of(server, token="let me in") as client:
        await client.parse("yes that's right")
    (request,) = server.requests
    assert request.method == "POST"
    assert request.url.path == "/model/parse"
    assert request.url.params["token"] == "let me in"
    assert json.loads(request.content) == {"text": "yes that's right"}


async def test_intent_and_the_surest_field_come_back() -> None:
    async with client_of(Server(EXPIRY)) as client:
        parsed = await client.parse("no it's <date>")
    assert parsed == Parsed(Intent.CORRECT, 0.9, Field.EXPIRY, 0.8)


@given(
    before=st.text(),
    digit=st.characters(categories=["Nd"]),
    after=st.text(),
)
async def test_a_text_with_any_digit_in_it_is_never_sent(
    before: str, digit: str, after: str
) -> None:
    server = Server()
    async with client_of(server) as client:
        with pytest.raises(ValueError, match="replaced") as error:
            await client.parse(before + digit + after)
    assert server.requests == []
    assert str(error.value) == "a text for Rasa must have its numbers replaced"


async def test_what_else_came_close_comes_back_too() -> None:
    ranking = [{"name": "affirm", "confidence": 0.97}, {"name": "brand_new", "confidence": 0.03}]
    async with client_of(Server({**AFFIRM, "intent_ranking": ranking})) as client:
        parsed = await client.parse("yes please do")
    assert parsed.ranking == (("affirm", 0.97), ("brand_new", 0.03))


@pytest.mark.parametrize(
    "answer",
    [
        b"not json",
        b"\xff\xfe",
        [],
        {},
        {"intent": None, "entities": []},
        {"intent": {"name": "affirm"}, "entities": []},
        {"intent": {"name": "order_pizza", "confidence": 0.9}, "entities": []},
        {"intent": {"name": "affirm", "confidence": 7}, "entities": []},
        {"intent": {"name": "affirm", "confidence": True}, "entities": []},
        {"intent": {"name": "affirm", "confidence": 0.9}},
        {
            "intent": {"name": "correct", "confidence": 0.9},
            "entities": [{"entity": "field", "value": "shoe_size"}],
        },
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("half an answer"),
    ],
    ids=repr,
)
async def test_whatever_goes_wrong_is_rasa_being_unavailable(answer: object) -> None:
    async with client_of(Server(answer)) as client:
        with pytest.raises(NluUnavailable):
            await client.parse("yes")
        assert client.failures == 1


@pytest.mark.parametrize("status", [401, 404, 500, 503])
async def test_a_refusal_is_rasa_being_unavailable_and_says_the_status(status: int) -> None:
    async with client_of(Server(AFFIRM, status)) as client:
        with pytest.raises(NluUnavailable, match=str(status)):
            await client.parse("yes")


async def test_an_error_does_not_repeat_what_the_caller_said() -> None:
    answer = {"text": "my secret", "intent": {"name": "secret"}}
    async with client_of(Server(answer)) as client:
        with pytest.raises(NluUnavailable) as error:
            await client.parse("my secret")
    assert "secret" not in str(error.value)
    assert error.value.__cause__ is None


async def test_after_a_failure_rasa_is_left_alone_and_then_asked_again() -> None:
    clock, server = Clock(), Server(httpx.ConnectError("refused"))
    async with client_of(server, clock) as client:
        for _ in range(3):
            with pytest.raises(NluUnavailable):
                await client.parse("yes")
        assert len(server.requests) == 1
        server.answer = AFFIRM
        clock.now += 5.1
        assert (await client.parse("yes")).intent is Intent.AFFIRM
        assert (await client.parse("yes")).intent is Intent.AFFIRM
    assert len(server.requests) == 3
    assert client.failures == 1


async def test_for_a_recorded_call_no_failure_outlasts_itself() -> None:
    """How far apart two utterances are by the wall says nothing of a recorded call."""
    server = Server(httpx.ConnectError("refused"))
    async with client_of(server, patience=UNHURRIED) as client:
        with pytest.raises(NluUnavailable):
            await client.parse("yes")
        server.answer = AFFIRM
        assert (await client.parse("yes")).intent is Intent.AFFIRM


async def test_an_answer_is_awaited_as_long_as_patience_says() -> None:
    limits: list[float] = []

    class Timed(Server):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            limits.append(request.extensions["timeout"]["read"])
            return await super().__call__(request)

    for patience in (Patience(answer_seconds=0.25), UNHURRIED):
        async with client_of(Timed(), patience=patience) as client:
            await client.parse("yes")
    assert limits[0] == 0.25
    assert limits[1] > 60


async def test_a_very_long_text_is_cut() -> None:
    server = Server()
    async with client_of(server) as client:
        await client.parse("yes " * 5000)
    assert len(json.loads(server.requests[0].content)["text"]) == 2000
