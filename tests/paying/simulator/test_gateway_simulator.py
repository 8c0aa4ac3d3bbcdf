"""The simulator as its clients see it, and the bot's paying room against it over real HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from paying_doubles import a_request
from paying_search import finds
from pydantic import SecretStr
from sqlalchemy import Engine
from stdnum import luhn

from bot.cards import is_card_number
from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus, DeclineReason
from bot.errors import BotError, GatewayError
from bot.gateway_settings import GatewayKind, GatewaySettings
from bot.paying.gateways.credentials import Credentials, simulated_credentials
from bot.paying.gateways.kinds import open_gateway
from bot.paying.gateways.rest import RestGateway
from bot.paying.pace import DeclaredPace
from bot.paying.references import reference_for, reference_of_key
from bot.paying.service import PaymentService
from bot.paying.simulator.cards import APPROVED, TEST_CARDS, Behaviour, Fault
from bot.paying.simulator.ledger import Ledger
from bot.paying.simulator.process import restart_references, running_simulator, simulated_url
from bot.paying.simulator.server import SimulatedGateway, server

BY_TITLE = {behaviour.title: number for number, behaviour in TEST_CARDS.items()}
TODAY = date(2026, 3, 31)
BODY: dict[str, Any] = {
    "amount": 8750,
    "currency": "USD",
    "card": {
        "number": "4242424242424242",
        "expiry_month": 3,
        "expiry_year": 2026,
        "security_code": "737",
        "postal_code": "90210",
    },
}


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    ledger = Ledger(None)
    yield ledger
    ledger.close()


def client_of(ledger: Ledger, **options: Any) -> httpx.AsyncClient:
    """The application without a server: for everything but dropped lines."""
    app = SimulatedGateway(ledger, today=lambda: TODAY, **options).app()
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://simulator")


async def post(
    client: httpx.AsyncClient, body: Any = BODY, key: str | None = "key-1", **headers: str
) -> httpx.Response:
    if key is not None:
        headers["Idempotency-Key"] = key
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("/v1/charges", content=content, headers=headers)


def with_card(**changes: Any) -> dict[str, Any]:
    return {**BODY, "card": {**BODY["card"], **changes}}


# -- requests ------------------------------------------------------------------------------------


async def test_an_approved_charge_is_booked_and_found_by_its_key(ledger: Ledger) -> None:
    async with client_of(ledger) as client:
        answer = await post(client)
        found = await client.get("/v1/charges/by-key/key-1")
        books = await client.get("/v1/ledger")
    expected = {
        "status": "approved",
        "idempotency_key": "key-1",
        "amount": 8750,
        "currency": "USD",
        "brand": "visa",
        "last_four": "4242",
        "reference": reference_for(1),
        "decline_reason": None,
    }
    assert (answer.status_code, answer.json()) == (201, expected)
    assert (found.status_code, found.json()) == (200, expected)
    (entry,) = books.json()["entries"]
    assert entry["key"] == "key-1"
    assert entry["requests"] == 1
    assert "fingerprint" not in entry


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("do not honour", "do_not_honour"),
        ("insufficient funds", "insufficient_funds"),
        ("stolen", "stolen_card"),
        ("expired", "expired_card"),
        ("wrong security code", "incorrect_security_code"),
    ],
)
async def test_each_decline_card_is_declined_for_its_reason(
    ledger: Ledger, title: str, reason: str
) -> None:
    async with client_of(ledger) as client:
        answer = await post(client, with_card(number=BY_TITLE[title]))
    assert answer.status_code == 402
    assert (answer.json()["decline_reason"], answer.json()["reference"]) == (reason, None)


async def test_a_card_is_good_through_the_last_day_of_its_month(ledger: Ledger) -> None:
    async with client_of(ledger) as client:
        assert (await post(client, key="this-month")).status_code == 201
        past = await post(client, with_card(expiry_month=2), "last-month")
    assert (past.status_code, past.json()["decline_reason"]) == (402, "expired_card")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"[]", "not_json"),
        (b"\xff", "not_json"),
        (b"[" * 10_000, "not_json"),
        ({**BODY, "amount": 0}, "invalid_amount"),
        ({**BODY, "amount": -1}, "invalid_amount"),
        ({**BODY, "amount": 87.5}, "invalid_amount"),
        ({**BODY, "amount": True}, "invalid_amount"),
        ({**BODY, "amount": "8750"}, "invalid_amount"),
        ({**BODY, "amount": 10**12}, "invalid_amount"),
        ({**BODY, "currency": "XXL"}, "invalid_currency"),
        ({**BODY, "currency": ["USD"]}, "invalid_currency"),
        ({**BODY, "card": "4242424242424242"}, "invalid_card"),
        (with_card(number="4242424242424241"), "invalid_card_number"),
        (with_card(number=4242424242424242), "invalid_card_number"),
        (with_card(number="4242 4242 4242 4242"), "invalid_card_number"),
        (with_card(number=""), "invalid_card_number"),
        (with_card(expiry_month=13), "invalid_expiry"),
        (with_card(expiry_month="3"), "invalid_expiry"),
        (with_card(expiry_year=26), "invalid_expiry"),
        (with_card(security_code="12"), "invalid_security_code"),
        (with_card(security_code=737), "invalid_security_code"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused_without_repeating_it(
    ledger: Ledger, body: Any, code: str
) -> None:
    async with client_of(ledger) as client:
        answer = await post(client, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    for sent in ("4242", "737", "8750", "90210", "XXL"):
        assert sent not in answer.text
    assert ledger.entries() == []


async def test_a_charge_without_a_key_or_too_large_is_refused(ledger: Ledger) -> None:
    async with client_of(ledger) as client:
        assert (await post(client, key=None)).status_code == 400
        assert (await post(client, {**BODY, "more": "x" * 20_000})).status_code == 413


async def test_a_wrong_token_is_refused_everywhere(ledger: Ledger) -> None:
    async with client_of(ledger, token="right") as client:
        for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "right"}):
            assert (await post(client, **wrong)).status_code == 401
            for path in ("/v1/charges/by-key/key-1", "/v1/ledger"):
                assert (await client.get(path, headers=wrong)).status_code == 401
        assert (await post(client, Authorization="Bearer right")).status_code == 201


# -- repeated keys -------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["approved", "insufficient funds"])
async def test_the_same_key_and_body_get_the_same_answer_and_take_nothing(
    ledger: Ledger, title: str
) -> None:
    body = with_card(number=BY_TITLE[title])
    async with client_of(ledger) as client:
        first, second = await post(client, body), await post(client, body)
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert second.headers["idempotent-replayed"] == "true"
    (entry,) = ledger.entries()
    assert entry.requests == 2


@pytest.mark.parametrize(
    "other",
    [
        {**BODY, "amount": 8751},
        with_card(number="5555555555554444"),
        with_card(security_code="738"),
        with_card(expiry_month=4),
    ],
)
async def test_the_same_key_with_another_body_is_refused(ledger: Ledger, other: Any) -> None:
    async with client_of(ledger) as client:
        await post(client)
        answer = await post(client, other)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "key_reused")
    assert len(ledger.entries()) == 1


async def test_keys_are_remembered_over_a_restart(tmp_path: Path) -> None:
    answers = []
    for _ in range(2):
        ledger = Ledger(tmp_path / "ledger.db")
        async with client_of(ledger) as client:
            answers.append((await post(client)).json())
            other = await post(client, {**BODY, "amount": 1})
        ledger.close()
        assert other.status_code == 422
    assert answers[0] == answers[1]


async def test_while_a_charge_is_under_way_its_key_is_in_flight(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, go_on = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        assert seconds == 4
        waiting.set()
        await go_on.wait()

    monkeypatch.setattr("bot.paying.simulator.bank.asyncio.sleep", sleep)
    slow = with_card(number=BY_TITLE["slow: 4 s"])
    async with client_of(ledger) as client:
        first = asyncio.create_task(post(client, slow))
        await waiting.wait()
        again = await post(client, slow)
        found = await client.get("/v1/charges/by-key/key-1")
        go_on.set()
        assert (await first).status_code == 201
    for answer in (again, found):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "in_flight")


async def test_a_client_that_asks_for_it_is_told_the_delay_and_not_kept_waiting(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sleep(_: float) -> None:
        raise AssertionError("kept waiting")

    monkeypatch.setattr("bot.paying.simulator.bank.asyncio.sleep", sleep)
    preference = {"Prefer-Declared-Delay": "1"}
    async with client_of(ledger) as client:
        slow = await post(client, with_card(number=BY_TITLE["slow: 4 s"]), "1", **preference)
        stalls = await post(client, with_card(number=BY_TITLE["stalls: 60 s"]), "2", **preference)
    assert slow.headers["simulated-delay-ms"] == "4000"
    assert stalls.headers["simulated-delay-ms"] == "60000"


# -- test cards and references -------------------------------------------------------------------


def test_every_test_card_is_a_number_callers_can_give() -> None:
    for number, behaviour in TEST_CARDS.items():
        assert is_card_number(number), behaviour.title
        assert luhn.is_valid(number), behaviour.title
    assert {behaviour.fault for behaviour in TEST_CARDS.values()} == {None, *Fault}


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_references_are_easy_to_say_and_never_repeat(one: int, other: int) -> None:
    assert re.fullmatch(r"([A-HJ-NP-Z][2-9]){3}", reference_for(one))
    assert (reference_for(one) == reference_for(other)) == (one == other)


def test_the_same_charges_in_the_same_order_get_the_same_references(tmp_path: Path) -> None:
    def references(name: str) -> list[str | None]:
        ledger = Ledger(tmp_path / name)
        for key in "abc":
            ledger.book(
                key=key,
                amount=1,
                currency="USD",
                brand="visa",
                last_four="4242",
                decline_reason=None,
                fingerprint="",
                fingerprint_key="",
                look_ups_refused=0,
            )
        booked = [entry.reference for entry in ledger.entries()]
        ledger.close()
        return booked

    assert references("one.db") == references("two.db")


# -- the paying room against a real server -------------------------------------------------------


@asynccontextmanager
async def serving(
    ledger: Ledger, cards: Mapping[str, Behaviour] = TEST_CARDS
) -> AsyncIterator[str]:
    """The simulator on a real socket, in this process."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    gateway = SimulatedGateway(ledger, today=lambda: TODAY, cards=cards)
    uvicorn_server = server(gateway, port)
    serve = asyncio.create_task(uvicorn_server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        uvicorn_server.should_exit = True
        await serve
        listener.close()


@asynccontextmanager
async def paying(
    engine: Engine, base: str, kind: GatewayKind = "rest"
) -> AsyncIterator[PaymentService]:
    settings = GatewaySettings(kind=kind, url=simulated_url(base, kind))
    async with open_gateway(settings, simulated_credentials(), declared_delays=True) as gateway:
        service = PaymentService(engine, gateway, settings, pace=DeclaredPace())
        yield service
        await service.aclose()


@pytest.mark.parametrize("kind", ["rest", "xml", "stripe"])
@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("approved", ChargeOutcome(ChargeStatus.APPROVED, "", "D9K2J8")),
        (
            "limit exceeded",
            ChargeOutcome(ChargeStatus.DECLINED, "", decline_reason=DeclineReason.LIMIT_EXCEEDED),
        ),
        (
            "the bank is away",
            ChargeOutcome(ChargeStatus.DECLINED, "", decline_reason=DeclineReason.BANK_UNAVAILABLE),
        ),
        (
            "confirmation needed",
            ChargeOutcome(
                ChargeStatus.DECLINED, "", decline_reason=DeclineReason.CONFIRMATION_NEEDED
            ),
        ),
        (
            "lost",
            ChargeOutcome(ChargeStatus.DECLINED, "", decline_reason=DeclineReason.DECLINED),
        ),
        (
            "fraud",
            ChargeOutcome(ChargeStatus.DECLINED, "", decline_reason=DeclineReason.DECLINED),
        ),
        (
            "stolen",
            ChargeOutcome(ChargeStatus.DECLINED, "", decline_reason=DeclineReason.DECLINED),
        ),
        (
            "wrong security code",
            ChargeOutcome(
                ChargeStatus.DECLINED, "", decline_reason=DeclineReason.WRONG_SECURITY_CODE
            ),
        ),
        (
            "slow: 4 s",
            ChargeOutcome(ChargeStatus.APPROVED, "", "D9K2J8", declared_delay_ms=4_000),
        ),
        (
            "stalls: 60 s",
            ChargeOutcome(ChargeStatus.APPROVED, "", "D9K2J8", None, True, 20_000),
        ),
        (
            "the line drops after the money",
            ChargeOutcome(ChargeStatus.APPROVED, "", "D9K2J8", None, True),
        ),
        (
            "status 500 after the money",
            ChargeOutcome(ChargeStatus.APPROVED, "", "D9K2J8", None, True),
        ),
        (
            "the line drops before the money",
            ChargeOutcome(ChargeStatus.UNKNOWN, "", declared_delay_ms=3_500),
        ),
        (
            "the line drops after the money, and the first six look-ups fail",
            ChargeOutcome(ChargeStatus.UNKNOWN, "", declared_delay_ms=3_500),
        ),
    ],
)
async def test_every_card_comes_to_its_outcome_over_real_http(
    engine: Engine, ledger: Ledger, kind: GatewayKind, title: str, expected: ChargeOutcome
) -> None:
    async with serving(ledger) as url, paying(engine, url, kind) as service:
        outcome = await service.charge(a_request("key-1", number=BY_TITLE[title]))
        intent = await service.find("key-1")
    assert intent is not None
    assert intent.outcome().status is outcome.status
    if kind == "stripe" and expected.reference:
        expected = replace(expected, reference=reference_of_key("key-1"))
    assert replace(outcome, attempt_id="") == expected
    assert [entry.requests for entry in ledger.entries()] in ([], [1])


@pytest.mark.parametrize("kind", ["rest", "xml", "stripe"])
async def test_a_caller_is_told_unknown_and_the_intent_is_settled_afterwards(
    engine: Engine, ledger: Ledger, kind: GatewayKind
) -> None:
    number = BY_TITLE["the line drops after the money, and the first six look-ups fail"]
    async with serving(ledger) as url, paying(engine, url, kind) as service:
        assert (await service.charge(a_request(number=number))).status is ChargeStatus.UNKNOWN
        assert ledger.find("attempt-1") is not None
        (settled,) = await service.settle_open(patience_seconds=60)
        assert await service.open_intents() == []
    assert settled.outcome.status is ChargeStatus.APPROVED
    (entry,) = ledger.entries()
    reference = reference_of_key("attempt-1") if kind == "stripe" else entry.reference
    assert (reference, entry.requests) == (settled.outcome.reference, 1)


@pytest.mark.parametrize("kind", ["rest", "xml", "stripe"])
async def test_with_nobody_listening_nothing_is_taken_for_certain(
    engine: Engine, kind: GatewayKind
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with paying(engine, f"http://127.0.0.1:{port}", kind) as service:
        assert (await service.charge(a_request())).status is ChargeStatus.UNAVAILABLE


async def test_the_simulator_runs_as_a_process_of_its_own_and_keeps_its_books(
    engine: Engine, tmp_path: Path
) -> None:
    books = tmp_path / "gateway.db"
    settings = GatewaySettings()
    credentials = Credentials(SecretStr("a-token"))
    async with running_simulator(tmp_path, books, token="a-token", today=TODAY) as url:
        async with RestGateway(settings, credentials, url=url) as gateway:
            service = PaymentService(engine, gateway, settings)
            outcome = await service.charge(a_request())
            await service.aclose()
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{url}/health?instance=other")).status_code == 404
    assert outcome.status is ChargeStatus.APPROVED
    ledger = Ledger(books)
    assert [entry.reference for entry in ledger.entries()] == [outcome.reference]
    ledger.close()
    assert "POST /v1/charges" in (tmp_path / "gateway-simulator.log").read_text()


async def test_references_are_counted_from_the_first_one_again_and_the_books_are_kept(
    ledger: Ledger,
) -> None:
    """So a scenario sounds the same whatever ran before it."""
    async with client_of(ledger, token="a-token") as client:
        bearer = {"Authorization": "Bearer a-token"}
        first = await post(client, key="key-1", **bearer)
        second = await post(client, key="key-2", **bearer)
        assert (await client.post("/v1/references/restart")).status_code == 401
        assert (await client.post("/v1/references/restart", headers=bearer)).status_code == 204
        third = await post(client, key="key-3", **bearer)
    references = [answer.json()["reference"] for answer in (first, second, third)]
    assert references == [reference_for(1), reference_for(2), reference_for(1)]
    assert [entry.key for entry in ledger.entries()] == ["key-1", "key-2", "key-3"]


@pytest.mark.parametrize("token", ["", "a-token"])
async def test_a_running_simulator_is_told_to_count_its_references_anew(
    tmp_path: Path, token: str
) -> None:
    async with running_simulator(tmp_path, tmp_path / "books.db", token=token) as url:
        await restart_references(url, token)
        with pytest.raises(GatewayError, match="simulator fails"):
            await restart_references(f"{url}/elsewhere", token)


async def test_a_simulator_that_cannot_start_says_where_to_look(tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    with pytest.raises(BotError, match=r"gateway-simulator\.log"):
        async with running_simulator(tmp_path, tmp_path / "books"):
            pass


# -- card data -----------------------------------------------------------------------------------

MADE_UP = {
    "4929173560829148": Behaviour("refused"),  # its check digit is wrong
    "4929173560829143": APPROVED,
    "5391827465028376": Behaviour("declined", "insufficient_funds"),
    "4716502938475164": Behaviour("slow", fault=Fault.SLOW, delay_ms=10),
    "4539607182935504": Behaviour("drops before", fault=Fault.DROPS_BEFORE),
    "4485917263540185": Behaviour("drops after", fault=Fault.DROPS_AFTER, look_ups_refused=5),
    "4024839175620482": Behaviour("fails after", fault=Fault.FAILS_AFTER),
}
CODE = "8361"


@pytest.mark.parametrize("kind", ["rest", "xml", "stripe"])
async def test_no_card_data_is_left_in_any_file_or_log_of_any_flow(
    kind: GatewayKind,
    engine: Engine,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    cards = {_valid(number): behaviour for number, behaviour in MADE_UP.items()}
    ledger = Ledger(tmp_path / "ledger.db")
    outcomes = []
    with structlog.testing.capture_logs() as entries:
        async with serving(ledger, cards) as url, paying(engine, url, kind) as service:
            logging.getLogger("uvicorn").setLevel(logging.DEBUG)
            for i, number in enumerate([*cards, "4929173560829148"]):
                request: ChargeRequest = a_request(f"attempt-{i}", number=number, code=CODE)
                outcomes.append((await service.charge(request)).status)
            await service.settle_open(patience_seconds=10)
            written = everything_under(tmp_path)
    ledger.close()
    captured = capfd.readouterr()
    logs = f"{entries}\n{captured.out}\n{captured.err}\n{caplog.text}"
    logs += "\n".join(str(vars(record)) for record in caplog.records)

    # Stripe declines a number that cannot be one; the others refuse the request.
    never = {ChargeStatus.UNAVAILABLE} if kind == "stripe" else set()
    assert set(outcomes) == set(ChargeStatus) - never
    assert b"attempt-0" in written
    assert "httpcore" in logs
    assert {"rest": "/v1/charges", "xml": "/xml", "stripe": "/v1/payment_intents"}[kind] in logs
    for number in [*cards, "4929173560829148"]:
        assert finds(written, number, CODE) == []
        assert finds(logs.encode(), number, CODE) == []


def everything_under(folder: Path) -> bytes:
    """Databases, their write-ahead logs, and whatever else lies there."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _valid(number: str) -> str:
    return number[:-1] + luhn.calc_check_digit(number[:-1])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"number":"4929173560829148"', "digits of the number"),
        ("last twelve 173560829148", "digits of the number"),
        ("4929-1735-6082-9148", "digits of the number"),
        ("4 9 2 9 1 7 3 5", "digits of the number"),
        ("eyJudW1iZXIiOiI0OTI5MTczNTYwODI5MTQ4In0=", "the number in base64"),
        ('"security_code": "8361"', "the security code"),
    ],
)
def test_the_search_finds_card_data_in_all_its_forms(tmp_path: Path, text: str, found: str) -> None:
    connection = sqlite3.connect(tmp_path / "leak.db")
    connection.execute("CREATE TABLE leak (text TEXT)")
    connection.execute("INSERT INTO leak VALUES (?)", (text,))
    connection.commit()
    connection.close()
    assert finds((tmp_path / "leak.db").read_bytes(), "4929173560829148", CODE) == [found]


def test_the_search_keeps_quiet_about_masked_data() -> None:
    assert finds(b"visa ending in 9148, code ****, 12:08:29.148", "4929173560829148", CODE) == []
