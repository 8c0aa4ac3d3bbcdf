"""Which answers of a REST gateway are believed, and which are not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charges import ChargeStatus, DeclineReason
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown
from bot.paying.gateways.rest_answers import FINAL_STATUSES, read_charge, read_look_up

KEY = "attempt-1"
AMOUNT = Money(8750, "USD")
APPROVED: dict[str, Any] = {
    "status": "approved",
    "idempotency_key": KEY,
    "amount": 8750,
    "currency": "USD",
    "reference": "K7M4Q2",
    "decline_reason": None,
}
DECLINED = {**APPROVED, "status": "declined", "reference": None, "decline_reason": "stolen_card"}


def charge(status: int, body: object) -> object:
    return read_charge(status, _bytes(body), KEY, AMOUNT, 0)


def look_up(status: int, body: object) -> object:
    return read_look_up(status, _bytes(body), KEY, AMOUNT, 0)


def _bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.mark.parametrize("status", [200, 201])
def test_an_approval_for_the_very_charge_is_believed(status: int) -> None:
    assert charge(status, APPROVED) == GatewayAnswer(ChargeStatus.APPROVED, "K7M4Q2")


@pytest.mark.parametrize(
    ("wire", "told"),
    [
        ("insufficient_funds", DeclineReason.INSUFFICIENT_FUNDS),
        ("expired_card", DeclineReason.EXPIRED_CARD),
        ("incorrect_security_code", DeclineReason.WRONG_SECURITY_CODE),
        ("stolen_card", DeclineReason.DECLINED),
        ("do_not_honour", DeclineReason.DECLINED),
        ("a_reason_of_tomorrow", DeclineReason.DECLINED),
        (None, DeclineReason.DECLINED),
        (["nonsense"], DeclineReason.DECLINED),
    ],
)
def test_a_decline_is_told_by_a_reason_fit_for_the_caller(wire: Any, told: DeclineReason) -> None:
    expected = GatewayAnswer(ChargeStatus.DECLINED, None, told)
    assert charge(402, {**DECLINED, "decline_reason": wire}) == expected


@pytest.mark.parametrize("status", sorted(FINAL_STATUSES))
def test_a_refusal_before_the_money_is_certain(status: int) -> None:
    assert isinstance(charge(status, b"anything"), NothingTaken)


@pytest.mark.parametrize(
    "status", [100, 202, 204, 301, 302, 307, 408, 409, 425, 499, 500, 502, 503, 504, 599]
)
def test_every_other_status_leaves_the_money_open(status: int) -> None:
    assert isinstance(charge(status, APPROVED), OutcomeUnknown)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 8751},
        {"amount": "8750"},
        {"amount": 8750.0},
        {"amount": None},
        {"currency": "EUR"},
        {"currency": None},
        {"idempotency_key": "attempt-2"},
        {"idempotency_key": None},
        {"status": "pending"},
        {"status": ["approved"]},
        {"reference": None},
        {"reference": ""},
        {"reference": 42},
        {"reference": "K7 M4"},
        {"reference": "K" * 65},
    ],
)
def test_an_approval_that_does_not_fit_the_charge_is_not_believed(change: dict[str, Any]) -> None:
    assert isinstance(charge(201, {**APPROVED, **change}), OutcomeUnknown)
    assert isinstance(look_up(200, {**APPROVED, **change}), OutcomeUnknown)


@pytest.mark.parametrize("change", [{"amount": 1}, {"currency": "EUR"}, {"idempotency_key": "x"}])
def test_a_decline_of_another_charge_is_not_believed(change: dict[str, Any]) -> None:
    assert isinstance(charge(402, {**DECLINED, **change}), OutcomeUnknown)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>proxy</html>",
        b"[]",
        b"null",
        b'"approved"',
        b"{",
        b"\xff\xfe",
        b"[" * 60_000,
        json.dumps(APPROVED).encode()[:-1] + b', "status": "declined"}',
    ],
)
@pytest.mark.parametrize("status", [200, 201, 402])
def test_garbage_and_answers_that_say_two_things_are_not_believed(status: int, body: bytes) -> None:
    assert isinstance(charge(status, body), OutcomeUnknown)


def test_a_402_that_approves_contradicts_itself() -> None:
    assert isinstance(charge(402, APPROVED), OutcomeUnknown)


@given(status=st.integers(100, 599), body=st.binary(max_size=200))
def test_whatever_comes_back_nothing_is_approved_by_accident(status: int, body: bytes) -> None:
    assert isinstance(charge(status, body), NothingTaken | OutcomeUnknown)
    assert isinstance(look_up(status, body), OutcomeUnknown)


def test_a_look_up_finds_what_became_of_the_charge() -> None:
    assert look_up(200, APPROVED) == GatewayAnswer(ChargeStatus.APPROVED, "K7M4Q2")
    declined = GatewayAnswer(ChargeStatus.DECLINED, None, DeclineReason.DECLINED)
    assert look_up(200, DECLINED) == declined


def test_only_the_gateways_own_words_mean_not_found_or_in_flight() -> None:
    assert look_up(404, {"error": {"code": "no_such_charge"}}) is KeyState.NOT_FOUND
    assert look_up(409, {"error": {"code": "in_flight"}}) is KeyState.IN_FLIGHT
    for status, body in [
        (404, b"<h1>404</h1>"),
        (404, {"detail": "Not Found"}),
        (404, {"error": "no_such_charge"}),
        (410, {"error": {"code": "no_such_charge"}}),
        (503, {"error": {"code": "no_such_charge"}}),
        (409, b""),
        (201, APPROVED),
    ]:
        assert isinstance(look_up(status, body), OutcomeUnknown), (status, body)


def test_an_error_repeats_nothing_of_the_body() -> None:
    secret = "4111111111111111"
    for status in (201, 400, 402, 500):
        error = charge(status, {**APPROVED, "amount": secret, "reference": secret})
        assert isinstance(error, Exception)
        assert secret not in str(error)
        assert error.__traceback__ is None
        assert error.__context__ is None
