"""The charge, declines, and how a payment ends (R1 steps 7 and 8)."""

from __future__ import annotations

import pytest
from conversation import AMEX, MASTERCARD, VISA, Conversation

from bot.charges import ChargeOutcome, ChargeStatus, DeclineReason
from bot.dialog.commands import Charge, Command, End, HandOver, Say
from bot.dialog.events import (
    ChargeAnswered,
    HungUp,
    KeyPressed,
    PromptPlayed,
    SpeechStarted,
    TimerName,
)
from bot.dialog.flow import State
from bot.expectations import Intent
from bot.outcomes import Destination, ErrorName, ResultName
from bot.settings import PaymentSettings


def charging(settings: PaymentSettings | None = None, **start: str) -> Conversation:
    call = Conversation(
        settings or PaymentSettings(),
        call={"merchant_id": "m-7", "payment_reference": "inv-9"},
    )
    call.to_confirmation()
    call.says(Intent.AFFIRM)
    assert call.is_at(State.CHARGING)
    return call


def test_a_charge_carries_everything_the_gateway_needs() -> None:
    request = charging().open_charge
    assert request is not None
    assert request.attempt_id == "call-1-1"
    assert request.call_id == "call-1"
    assert request.postal_code == "94110"
    assert request.merchant_id == "m-7"
    assert request.payment_reference == "inv-9"


def test_the_caller_hears_that_it_takes_a_moment_before_the_charge_is_sent() -> None:
    call = charging()
    kinds = [type(c) for c in call.latest if isinstance(c, Say | Charge)]
    assert kinds == [Say, Charge]


def test_nothing_is_awaited_of_the_caller_while_charging() -> None:
    assert charging().timers == {}


def test_success_goes_where_the_settings_say_with_the_reference() -> None:
    call = charging(PaymentSettings(after_success=Destination.IVR))
    call.approves("AB12")
    assert call.bot_said("charge.approved", "end.to_menu")
    assert call.handed_to is Destination.IVR
    assert call.result.status is ResultName.SUCCESS
    assert call.result.error is None
    assert str(call.result.amount) == "87.50"
    assert call.result.brand == "mastercard"
    assert "done approved" in call.steps("charge")


def test_success_without_a_reference_says_none() -> None:
    call = charging()
    call.answers(ChargeStatus.APPROVED)
    assert call.bot_said("charge.approved_without_reference", "end.goodbye")


@pytest.mark.parametrize(
    ("reference", "is_said"),
    [
        ("K7M4Q2", True),
        ("2026-0042-7719-XY", True),
        ("…4242", False),
        ("0b2a9c1e-77aa-4e0e-9d0c-5b1f6a2d3c4e", False),
    ],
)
def test_a_reference_too_long_or_masked_is_kept_and_not_said(reference: str, is_said: bool) -> None:
    call = charging()
    call.answers(ChargeStatus.APPROVED, reference=reference)
    said = "charge.approved" if is_said else "charge.approved_without_reference"
    assert call.bot_said(said, "end.goodbye")
    assert call.result.reference == reference


@pytest.mark.parametrize("reason", list(DeclineReason))
def test_a_decline_is_told_in_fit_words_and_another_card_may_be_given(
    reason: DeclineReason,
) -> None:
    call = charging()
    call.declines(reason)
    assert call.bot_said(f"charge.declined.{reason}", "charge.another_card", "card_number.ask")
    assert "stolen" not in call.text(f"charge.declined.{reason}")
    call.gives_card(VISA, code="321")
    call.says(Intent.AFFIRM)
    assert call.charges == [("87.50", MASTERCARD, "123"), ("87.50", VISA, "321")]
    assert call.open_charge is not None
    assert call.open_charge.attempt_id == "call-1-2"
    call.approves()
    assert call.result.last_four == "1111"


def test_nothing_of_a_declined_card_is_used_for_the_next() -> None:
    call = charging()
    call.declines()
    call.says(digits=AMEX)
    assert call.is_at(State.EXPIRY)
    call.says(expiry="05/30")
    assert call.is_at(State.SECURITY_CODE)
    call.says(digits="1234")
    assert call.is_at(State.POSTAL_CODE)


def test_after_the_maximum_of_declines_the_payment_ends() -> None:
    call = charging(PaymentSettings(max_declines=2))
    call.declines()
    call.gives_card(VISA)
    call.says(Intent.AFFIRM)
    call.declines(DeclineReason.INSUFFICIENT_FUNDS)
    assert call.bot_said(
        "charge.declined.insufficient_funds", "charge.no_more_cards", "end.to_agent"
    )
    assert call.result.status is ResultName.DECLINED
    assert call.result.error is ErrorName.CARD_DECLINED
    assert call.result.reason == "insufficient_funds"
    assert call.result.last_four == "1111"


@pytest.mark.parametrize(
    ("status", "prompt", "result"),
    [
        (ChargeStatus.UNAVAILABLE, "charge.unavailable", ResultName.GATEWAY_UNAVAILABLE),
        (ChargeStatus.UNKNOWN, "charge.unknown", ResultName.OUTCOME_UNKNOWN),
    ],
)
def test_the_truth_is_told_when_the_gateway_gives_no_answer(
    status: ChargeStatus, prompt: str, result: ResultName
) -> None:
    call = charging()
    call.answers(status)
    assert call.bot_said(prompt, "end.to_agent")
    assert call.result.status is result
    assert len(call.charges) == 1


def test_an_answer_to_another_attempt_is_no_answer() -> None:
    call = charging()
    call.tell(ChargeAnswered(ChargeOutcome(ChargeStatus.APPROVED, "call-1-7", "AB12")))
    assert call.is_at(State.CHARGING)
    assert call.latest == []


@pytest.mark.parametrize("how", ["star", "cancel", "agent"])
def test_a_charge_on_its_way_cannot_be_cancelled_and_the_caller_is_told(how: str) -> None:
    call = charging()
    if how == "star":
        call.keys("*")
    else:
        call.says(Intent(how))
    assert call.bot_said("charge.too_late")
    assert call.is_at(State.CHARGING)
    call.approves()
    assert call.result.status is ResultName.SUCCESS


def test_a_hang_up_while_charging_ends_the_call_and_leaves_the_charge_its_card() -> None:
    call = charging()
    request = call.open_charge
    assert request is not None
    call.hangs_up()
    assert call.result.status is ResultName.CALLER_HUNG_UP
    assert call.result.reason == "while charging"
    assert request.card.reveal() == MASTERCARD
    assert request.security_code is not None
    assert request.security_code.reveal() == "123"


def test_the_security_code_is_gone_once_the_answer_is_here() -> None:
    call = charging()
    request = call.open_charge
    assert request is not None
    call.listens = False
    call.declines()
    assert len(request.security_code or "") == 0
    assert len(request.card) == 0


def test_every_secret_is_wiped_at_the_end() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says(digits=MASTERCARD[:8])
    handed_out = call.expectation.given_digits
    assert handed_out is not None
    assert len(handed_out) == 8
    call.hangs_up()
    assert len(handed_out) == 0


def test_a_result_that_stands_is_not_changed_by_hanging_up() -> None:
    call = charging()
    call.listens = False
    call.approves()
    assert call.all(End) == []
    call.hangs_up()
    assert call.result.status is ResultName.SUCCESS
    assert call.all(HandOver) == []


def test_the_call_is_handed_over_after_the_last_words_not_before() -> None:
    call = charging()
    call.hears_all()
    call.listens = False
    call.approves()
    assert call.all(HandOver) == []
    (last,) = call.playing
    assert not last.interruptible
    call.tell(KeyPressed("1"))
    assert call.latest == []
    call.tell(PromptPlayed(last.say_id, completed=True))
    assert [type(command) for command in call.latest] == [HandOver, End]


def test_the_call_ends_even_if_the_last_words_are_never_played() -> None:
    call = charging()
    call.listens = False
    call.approves()
    call.waits_for(TimerName.SILENCE)
    assert call.result.status is ResultName.SUCCESS


def test_after_the_end_nothing_follows() -> None:
    call = charging()
    call.approves()
    assert call.is_at(State.ENDED)
    after: list[Command] = []
    for event in (KeyPressed("1"), HungUp(), PromptPlayed(1, completed=True)):
        after += call.dialog.handle(event)
    assert after == []


def test_speech_that_the_charge_overtook_does_not_hold_up_the_next_card() -> None:
    call = Conversation()
    call.to_confirmation()
    call.tell(SpeechStarted())
    call.keys("1")
    call.declines()
    assert TimerName.NO_INPUT in call.timers
    call.keys(AMEX)
    assert call.is_at(State.EXPIRY)
