"""The Stripe adapter over a transport that answers as Stripe documents it, or does not."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import stripe
from exception_search import cancelled_while_it_is_sent, everything_in
from hypothesis import given
from hypothesis import strategies as st
from paying_doubles import a_request
from paying_search import finds
from pydantic import SecretStr

from bot.charges import ChargeRequest, ChargeStatus, DeclineReason
from bot.errors import GatewayError
from bot.gateway_settings import GatewaySettings, StripeSettings
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.stripe import StripeGateway
from bot.paying.gateways.stripe_answers import read_error, read_intent, stripe_amount
from bot.paying.references import reference_of_key

URL = "https://stripe.example"
KEY = "attempt-1"
AMOUNT = Money(8750, "USD")
CARD = "4929173560829143"
CODE = "737"
SECRET_KEY = "sk_test_4eC39HqLyjWDarjt"
REFERENCE = reference_of_key(KEY)
INTENT: dict[str, Any] = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 8750,
    "amount_received": 8750,
    "currency": "usd",
    "status": "succeeded",
    "last_payment_error": None,
    "metadata": {"attempt_id": KEY, "reference": REFERENCE},
}
APPROVED = GatewayAnswer(ChargeStatus.APPROVED, REFERENCE)


def declined_intent(code: str = "card_declined", decline_code: str | None = None) -> dict[str, Any]:
    error = {"type": "card_error", "code": code, "decline_code": decline_code}
    status = "requires_payment_method"
    return {**INTENT, "status": status, "amount_received": 0, "last_payment_error": error}


class Stripe:
    """Answers by path, in turn; notes every request."""

    def __init__(self, **answers: tuple[int, Any] | type[Exception]) -> None:
        self.answers = answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path.removeprefix("/v1/payment_")
        name = {
            ("POST", "methods"): "method",
            ("POST", "intents"): "intent",
            ("GET", "intents"): "newest",
            ("GET", "intents/search"): "search",
        }.get((request.method, path), "one")
        usual: dict[str, Any] = {"id": "pm_1"} if name == "method" else {"data": []}
        answer = self.answers.get(name, (200, usual))
        if isinstance(answer, type):
            body = request.content  # kept in this frame, as httpx's own frames keep it
            raise answer(f"lost {len(body)} bytes")
        status, body = answer
        if isinstance(body, bytes):
            return httpx.Response(status, content=body)
        return httpx.Response(status, json=body)

    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(request.content.decode())) for request in self.requests]


def gateway(handler: Callable[[httpx.Request], Any], **settings: Any) -> StripeGateway:
    return StripeGateway(
        GatewaySettings(kind="stripe", url=URL, stripe=StripeSettings(**settings)),
        Credentials(SecretStr(SECRET_KEY)),
        transport=httpx.MockTransport(handler),
    )


async def charge(request: ChargeRequest | None = None, **answers: Any) -> GatewayAnswer:
    async with gateway(Stripe(**answers)) as adapter:
        return await adapter.charge(request or a_request(), KEY)


async def look_up(**answers: Any) -> GatewayAnswer | KeyState:
    async with gateway(Stripe(**answers)) as adapter:
        return await adapter.look_up(KEY, AMOUNT)


def error(kind: str, **more: Any) -> dict[str, Any]:
    return {"error": {"type": kind, "message": "…", **more}}


# -- what is sent --------------------------------------------------------------------------------


async def test_the_card_goes_first_and_the_payment_carries_the_idempotency_key() -> None:
    seen = Stripe(intent=(200, INTENT))
    async with gateway(seen, moto=True, account="acct_1") as adapter:
        assert await adapter.charge(a_request(number=CARD), KEY) == APPROVED
    card, payment = seen.forms()
    assert card == {
        "type": "card",
        "card[number]": CARD,
        "card[exp_month]": "4",
        "card[exp_year]": "2029",
        "card[cvc]": CODE,
        "billing_details[address][postal_code]": "90210",
    }
    assert payment == {
        "amount": "8750",
        "currency": "usd",
        "payment_method": "pm_1",
        "allowed_payment_method_types[0]": "card",
        "confirm": "true",
        "error_on_requires_action": "true",
        "description": f"Telephone payment {REFERENCE}",
        "metadata[attempt_id]": KEY,
        "metadata[reference]": REFERENCE,
        "metadata[call_id]": "call-1",
        "payment_method_options[card][moto]": "true",
    }
    first, second = seen.requests
    assert second.headers["idempotency-key"] == KEY
    assert first.headers["idempotency-key"] != KEY
    for request in (first, second):
        assert request.headers["authorization"] == f"Bearer {SECRET_KEY}"
        assert request.headers["stripe-account"] == "acct_1"
        assert not [name for name in request.headers if "telemetry" in name or "client" in name]


async def test_a_charge_takes_as_many_exchanges_as_its_lease_is_made_for() -> None:
    stripe = Stripe(intent=(200, INTENT))
    async with gateway(stripe) as adapter:
        await adapter.charge(a_request(), KEY)
        assert len(stripe.requests) == adapter.semantics.exchanges_per_charge


async def test_only_what_belongs_to_the_charge_is_sent() -> None:
    seen = Stripe(intent=(200, INTENT))
    async with gateway(seen) as adapter:
        await adapter.charge(a_request(code=None), KEY)
    card, payment = seen.forms()
    assert "card[cvc]" not in card
    assert "payment_method_options[card][moto]" not in payment


async def test_nothing_is_ever_sent_twice() -> None:
    for answer in ((409, error("idempotency_error")), (500, error("api_error")), (503, b""),
                   httpx.ReadTimeout):  # fmt: skip
        seen = Stripe(intent=answer)
        async with gateway(seen) as adapter:
            with pytest.raises(OutcomeUnknown):
                await adapter.charge(a_request(), KEY)
        assert [request.url.path for request in seen.requests] == [
            "/v1/payment_methods",
            "/v1/payment_intents",
        ]


# -- what comes back -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "decline_code", "reason"),
    [
        ("card_declined", "insufficient_funds", DeclineReason.INSUFFICIENT_FUNDS),
        ("card_declined", "card_velocity_exceeded", DeclineReason.LIMIT_EXCEEDED),
        ("card_declined", "stolen_card", DeclineReason.DECLINED),
        ("card_declined", "do_not_honor", DeclineReason.DECLINED),
        ("card_declined", "of_tomorrow", DeclineReason.DECLINED),
        ("expired_card", None, DeclineReason.EXPIRED_CARD),
        ("incorrect_cvc", None, DeclineReason.WRONG_SECURITY_CODE),
        ("incorrect_zip", None, DeclineReason.WRONG_POSTAL_CODE),
        ("authentication_required", None, DeclineReason.CONFIRMATION_NEEDED),
        ("processing_error", None, DeclineReason.BANK_UNAVAILABLE),
    ],
)
async def test_a_decline_is_told_by_the_banks_code_or_else_by_stripes(
    code: str, decline_code: str | None, reason: DeclineReason
) -> None:
    intent = declined_intent(code, decline_code)
    body = error("card_error", code=code, decline_code=decline_code, payment_intent=intent)
    expected = GatewayAnswer(ChargeStatus.DECLINED, None, reason)
    assert await charge(intent=(402, body)) == expected
    assert await look_up(newest=(200, {"data": [intent]})) == expected


async def test_a_card_that_stripe_does_not_take_is_declined_before_any_payment() -> None:
    body = error("card_error", code="incorrect_number")
    seen = Stripe(method=(402, body))
    async with gateway(seen) as adapter:
        answer = await adapter.charge(a_request(), KEY)
    assert answer.decline_reason is DeclineReason.WRONG_CARD_NUMBER
    assert len(seen.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (400, error("invalid_request_error")),
        (402, error("invalid_request_error")),
        (401, b"proxy"),
        (500, error("api_error")),
        (200, {"object": "payment_method"}),
        (200, b"<html>"),
        httpx.ReadTimeout,
        httpx.ConnectError,
        ValueError,
    ],
)
async def test_while_only_the_card_was_sent_nothing_can_have_been_taken(answer: Any) -> None:
    seen = Stripe(method=answer)
    async with gateway(seen) as adapter:
        with pytest.raises(NothingTaken):
            await adapter.charge(a_request(), KEY)
    assert len(seen.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
async def test_a_refused_payment_took_nothing(status: int) -> None:
    with pytest.raises(NothingTaken):
        await charge(intent=(status, error("invalid_request_error")))


@pytest.mark.parametrize(
    "answer",
    [
        (400, error("idempotency_error")),
        (409, error("idempotency_error", code="idempotency_key_in_use")),
        (400, error("invalid_request_error", payment_intent=INTENT)),
        (402, error("card_error", code="card_declined")),
        (402, error("card_error", code="card_declined", payment_intent=INTENT)),
        (402, error("invalid_request_error", payment_intent=declined_intent())),
        (402, error("card_error", payment_intent={**declined_intent(), "amount": 1})),
        (424, error("api_error")),
        (500, error("api_error")),
        (502, b"<html>bad gateway</html>"),
        (200, b""),
        (200, b"[]"),
        (200, b'"succeeded"'),
        (200, {**INTENT, "amount": 8751}),
        (200, {**INTENT, "amount_received": 8749}),
        (200, {**INTENT, "amount_received": "8750"}),
        (200, {**INTENT, "currency": "eur"}),
        (200, {**INTENT, "metadata": {"attempt_id": "attempt-2", "reference": REFERENCE}}),
        (200, {**INTENT, "metadata": {"attempt_id": KEY}}),
        (200, {**INTENT, "metadata": None}),
        (200, {**INTENT, "status": "requires_capture"}),
        (200, {**INTENT, "status": "requires_action"}),
        (200, {**INTENT, "status": "processing"}),
        (200, {**INTENT, "status": ["succeeded"]}),
        (200, {**INTENT, "status": "requires_payment_method"}),
        httpx.ReadError,
        httpx.RemoteProtocolError,
        ValueError,
    ],
)
async def test_whatever_else_comes_back_leaves_the_money_open(answer: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        await charge(intent=answer)


@given(status=st.integers(100, 599), body=st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["error", "type", "payment_intent", "status", "metadata", "amount"]), inner, max_size=4),
    max_leaves=8))  # fmt: skip
def test_no_answer_makes_the_reader_stumble_or_approve(status: int, body: Any) -> None:
    assert isinstance(read_error(status, body, KEY, AMOUNT, 0), NothingTaken | OutcomeUnknown)
    if isinstance(body, dict):
        assert isinstance(read_intent(body, KEY, AMOUNT, 0), OutcomeUnknown)


# -- look-ups ------------------------------------------------------------------------------------


async def test_the_newest_payments_are_asked_first() -> None:
    seen = Stripe(newest=(200, {"data": [{"metadata": {}}, INTENT]}))
    async with gateway(seen) as adapter:
        assert await adapter.look_up(KEY, AMOUNT) == APPROVED
    (request,) = seen.requests
    assert request.method == "GET"


async def test_an_older_payment_is_searched_by_its_key_and_asked_for_its_state_of_now() -> None:
    stale = {**INTENT, "status": "processing"}
    seen = Stripe(search=(200, {"data": [stale]}), one=(200, INTENT))
    key = 'at"te\\mpt'
    async with gateway(seen) as adapter:
        assert await adapter.look_up(KEY, AMOUNT) == APPROVED
        assert await adapter.look_up(key, AMOUNT) is KeyState.NOT_FOUND
    queries = [dict(request.url.params).get("query") for request in seen.requests]
    assert f'metadata["attempt_id"]:"{KEY}"' in queries
    assert 'metadata["attempt_id"]:"at\\"te\\\\mpt"' in queries
    assert seen.requests[2].url.path == "/v1/payment_intents/pi_1"


@pytest.mark.parametrize(
    "intent",
    [
        {**INTENT, "status": "processing"},
        {**INTENT, "status": "requires_confirmation"},
        {**INTENT, "status": "requires_payment_method"},
    ],
)
async def test_a_payment_that_is_not_decided_yet_is_in_flight(intent: dict[str, Any]) -> None:
    assert await look_up(newest=(200, {"data": [intent]})) is KeyState.IN_FLIGHT


async def test_a_payment_that_was_cancelled_took_nothing() -> None:
    answer = await look_up(newest=(200, {"data": [{**INTENT, "status": "canceled"}]}))
    assert isinstance(answer, GatewayAnswer)
    assert answer.status is ChargeStatus.DECLINED


@pytest.mark.parametrize(
    "answers",
    [
        {"newest": (500, error("api_error"))},
        {"newest": (200, {})},
        {"newest": httpx.ConnectError},
        {"newest": (200, {"data": [INTENT, INTENT]})},
        {"search": (400, error("invalid_request_error"))},
        {"search": (200, b"garbage")},
        {"search": httpx.ReadTimeout},
        {"search": (200, {"data": [INTENT]}), "one": (404, error("invalid_request_error"))},
        {"search": (200, {"data": [INTENT]}), "one": (200, {**INTENT, "metadata": {}})},
    ],
)
async def test_a_look_up_that_fails_anywhere_says_nothing(answers: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        await look_up(**answers)


async def test_a_search_that_finds_nothing_proves_nothing_for_two_hours() -> None:
    """It may be an hour behind."""
    async with gateway(Stripe()) as adapter:
        assert await adapter.look_up(KEY, AMOUNT) is KeyState.NOT_FOUND
        assert not adapter.semantics.not_found_is_final(3600, 10)
        assert adapter.semantics.not_found_is_final(2 * 3600 + 1, 2)
        assert not adapter.semantics.not_found_is_final(24 * 3600, 10)


# -- money ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("87.50", "USD", 8750),
        ("87", "JPY", 87),
        ("87.500", "KWD", 87500),
        ("87.505", "KWD", None),
        ("87", "RSD", 8700),
        ("87", "ISK", None),
        ("87", "UGX", None),
    ],
)
def test_amounts_are_counted_as_stripe_counts_them(
    text: str, currency: str, expected: int | None
) -> None:
    assert stripe_amount(Money.parse(text, currency)) == expected


async def test_an_amount_that_stripe_does_not_take_is_never_sent() -> None:
    seen = Stripe()
    request = a_request()
    object.__setattr__(request, "amount", Money(87, "ISK"))
    async with gateway(seen) as adapter:
        with pytest.raises(NothingTaken):
            await adapter.charge(request, KEY)
    assert seen.requests == []


# -- secrets and card data -----------------------------------------------------------------------


def test_without_stripes_secret_key_it_is_told_where_to_put_it() -> None:
    with pytest.raises(GatewayError, match=r"PAYMENT_GATEWAY_TOKEN or gateway\.token_file"):
        StripeGateway(GatewaySettings(kind="stripe", url=URL), Credentials())


@pytest.mark.parametrize(
    "answers",
    [
        {"method": httpx.ReadError},
        {"method": RuntimeError},
        {"method": (400, error("invalid_request_error", param=CARD))},
        {"method": (200, f'{{"id": "{CARD}'.encode())},
        {"intent": httpx.ReadError},
        {"intent": (500, CARD.encode())},
        {"intent": (200, {**INTENT, "amount": CARD})},
    ],
)
async def test_an_exception_carries_no_card_data_anywhere(answers: dict[str, Any]) -> None:
    with pytest.raises(GatewayError) as caught:
        await charge(a_request(number=CARD), **answers)
    assert CARD not in everything_in(caught.value)


async def test_a_cancelled_charge_leaves_no_card_data_in_the_cancellation() -> None:
    cancelled = await cancelled_while_it_is_sent(gateway, a_request(number=CARD))
    assert CARD not in everything_in(cancelled)


@pytest.mark.parametrize("level", ["debug", "info"])
async def test_stripes_client_logs_and_prints_nothing_of_a_request(
    level: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it is, its debug log holds the whole form; STRIPE_LOG prints it, too."""
    monkeypatch.setattr(stripe._util, "STRIPE_LOG", level)
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "stripe")
    body = error("card_error", code="card_declined", payment_intent=declined_intent())
    await charge(a_request(number=CARD, code="8361"), intent=(402, body))
    captured = capfd.readouterr()
    told = captured.out + captured.err + caplog.text
    told += "\n".join(json.dumps(str(vars(record))) for record in caplog.records)
    assert finds(told.encode(), CARD, "8361") == []
    assert SECRET_KEY not in told
    assert "stripe" not in {record.name for record in caplog.records}


def test_stripes_client_would_tell_it_all(capfd: pytest.CaptureFixture[str]) -> None:
    """What the test above guards against is really there."""
    stripe.log = "debug"
    try:
        log: Any = stripe._util.log_debug
        log("Post details", post_data=f"card[number]={CARD}")
    finally:
        stripe.log = None
    assert CARD in capfd.readouterr().err
