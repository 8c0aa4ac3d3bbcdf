"""How the confirmation may be set up (R1 step 5), and the other rules a company may choose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conversation import AMEX, MASTERCARD, VISA, Conversation, change, group, reading

from bot.cards import Brand, CardNumber, SecretDigits
from bot.charges import CardStanding
from bot.dialog.commands import LookUp, Notify, Say
from bot.dialog.events import Looked, PromptPlayed, TimerName
from bot.dialog.flow import State
from bot.expectations import Field, Intent, Kind, Reading
from bot.outcomes import CallType, Destination, ErrorName, ResultName
from bot.prompts import Count, Digits
from bot.settings import BrandSettings, PaymentSettings

EACH = PaymentSettings(confirmation="each_field")
GROUPS = PaymentSettings(read_back="groups")
OFF = PaymentSettings(read_back="off")


def each_field_call(settings: PaymentSettings = EACH, card: str = MASTERCARD) -> Conversation:
    """All given and all confirmed by key: the last question is open."""
    call = Conversation(settings)
    call.says(amount="87.50")
    call.keys("1")
    call.says(digits=card)
    call.keys("1")
    call.says(expiry="04/29")
    call.keys("1")
    call.says(digits="1234" if card == AMEX else "123")
    call.keys("1")
    call.says(digits="94110")
    call.keys("1")
    assert call.is_at(State.CONFIRMATION)
    return call


def spoken_card(call: Conversation) -> str:
    number = call.prompt("confirm.card_digits").values["card_number"]
    assert isinstance(number, CardNumber)
    return number.reveal()


# After each field


def test_every_field_is_read_back_after_it_was_given() -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    assert call.bot_said("each_field.amount", "each_field.question")
    call.says(Intent.AFFIRM)
    call.says(digits=MASTERCARD)
    assert call.bot_said("each_field.card", "each_field.question")
    assert call.prompt("each_field.card").values["last_four"] == Digits("4444")
    call.says(Intent.AFFIRM)
    call.says(expiry="04/29")
    assert call.bot_said("each_field.expiry", "each_field.question")
    call.says(Intent.AFFIRM)
    call.says(digits="123")
    assert call.bot_said("each_field.security_code", "each_field.question")
    call.says(Intent.AFFIRM)
    call.says(digits="94110")
    assert call.bot_said("each_field.postal_code", "each_field.question")
    call.says(Intent.AFFIRM)
    assert call.bot_said("confirm.read_back", "confirm.pay_question")
    assert call.charges == []
    call.says(Intent.AFFIRM)
    assert call.charges == [("87.50", MASTERCARD, "123")]


@pytest.mark.parametrize(("card", "code", "digits"), [(MASTERCARD, "123", 3), (AMEX, "1234", 4)])
def test_of_the_security_code_only_its_length_is_confirmed(
    card: str, code: str, digits: int
) -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    call.keys("1")
    call.says(digits=card)
    call.keys("1")
    call.says(expiry="04/29")
    call.keys("1")
    call.says(digits=code)
    assert call.prompt("each_field.security_code").values == {"count": Count(digits)}


def test_a_postal_code_is_read_out_and_never_shown() -> None:
    call = each_field_call()
    code = call.prompt("each_field.postal_code").values["postal_code"]
    assert isinstance(code, SecretDigits)
    assert "94110" not in repr(call.commands)


@pytest.mark.parametrize("no", ["voice", "key"])
def test_a_no_asks_for_that_field_again_and_for_nothing_else(no: str) -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    call.keys("1")
    call.says(digits=MASTERCARD)
    if no == "voice":
        call.says(Intent.DENY)
    else:
        call.keys("2")
    assert call.bot_said("card_number.ask")
    assert call.prompt("card_number.ask").attempt == 2
    assert "failed not-confirmed" in call.steps("card_number")
    call.says(digits=VISA)
    call.keys("1")
    assert call.is_at(State.EXPIRY)


def test_a_no_costs_a_try_of_the_field() -> None:
    call = Conversation(PaymentSettings(confirmation="each_field", max_wrong_inputs=2))
    call.says(amount="87.50")
    call.keys("2")
    call.says(amount="88.50")
    call.keys("2")
    assert call.result.status is ResultName.TOO_MANY_FAILED_ATTEMPTS
    assert call.result.error is ErrorName.NOT_CONFIRMED
    assert call.result.reason == "amount"


def test_a_field_is_done_once_it_is_confirmed_and_not_before() -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    assert "done 87.50" not in call.steps("amount")
    call.keys("1")
    assert call.steps("amount")[-1] == "done 87.50"


@pytest.mark.parametrize("intent", [Intent.DENY, Intent.CORRECT, None])
def test_another_value_in_the_same_breath_is_read_back_in_its_turn(intent: Intent | None) -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    call.says(intent, amount="90.00")
    assert call.bot_said("corrected.amount", "each_field.amount", "each_field.question")
    assert str(call.prompt("each_field.amount").values["amount"]) == "90.00"
    call.says(Intent.AFFIRM)
    assert call.is_at(State.CARD_NUMBER)


def test_a_yes_with_another_value_is_no_yes() -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    call.says(Intent.AFFIRM, amount="80.50")
    assert call.is_at(State.FIELD_CONFIRMATION)
    assert str(call.prompt("each_field.amount").values["amount"]) == "80.50"


@pytest.mark.parametrize("intent", [Intent.AFFIRM, None])
def test_the_same_value_again_is_a_yes(intent: Intent | None) -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    call.says(intent, amount="87.50")
    assert call.is_at(State.CARD_NUMBER)


def test_that_is_wrong_is_a_no_to_what_was_read_back() -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    call.says(Intent.CORRECT)
    assert call.bot_said("amount.ask")


def test_a_key_pressed_before_the_field_was_read_back_confirms_nothing() -> None:
    call = Conversation(EACH, listens=False)
    call.hears_all()
    call.says(amount="87.50")
    call.keys("1")
    assert call.is_at(State.FIELD_CONFIRMATION)
    call.says(Intent.AFFIRM)
    assert call.prompts()[0].id == "confirm.hear_first"
    call.hears_all()
    call.keys("1")
    assert call.is_at(State.CARD_NUMBER)


def test_an_amount_that_was_offered_and_agreed_to_is_confirmed_once() -> None:
    call = Conversation(EACH, given="42.00")
    call.says(Intent.AFFIRM)
    assert call.bot_said("card_number.ask")


def test_a_corrected_field_is_confirmed_again_and_no_other() -> None:
    call = each_field_call()
    call.says(Intent.CORRECT, field=Field.EXPIRY, expiry="05/30")
    assert call.bot_said("corrected.expiry", "each_field.expiry", "each_field.question")
    call.says(Intent.AFFIRM)
    assert call.is_at(State.CONFIRMATION)


def test_another_brand_has_its_code_asked_and_confirmed() -> None:
    call = each_field_call()
    call.says(Intent.CORRECT, field=Field.CARD_NUMBER, digits=AMEX)
    call.keys("1")
    assert call.is_at(State.SECURITY_CODE)
    call.says(digits="1234")
    call.keys("11")
    assert call.charges == [("87.50", AMEX, "1234")]


def test_go_back_at_a_read_back_asks_for_its_field() -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    call.says(Intent.GO_BACK)
    assert call.bot_said("go_back", "amount.ask")


def test_the_read_back_of_a_field_expects_open_words() -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    assert call.expectation.kind is Kind.OPEN
    assert not call.expectation.sensitive


def test_more_slowly_reads_the_field_back_again() -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    call.says(Intent.SLOWER)
    assert call.bot_said("slower", "each_field.amount", "each_field.question")
    assert all(say.slow for say in call.latest if isinstance(say, Say))


# How the card is read back


def test_groups_say_every_digit_and_silence_the_recording() -> None:
    call = Conversation(GROUPS)
    call.to_confirmation()
    assert call.bot_said(
        "confirm.read_back_brand", "confirm.card_digits", "confirm.expiry", "confirm.noted_both",
        "confirm.question",
    )  # fmt: skip
    assert spoken_card(call) == MASTERCARD
    money, _rest = (c for c in call.latest if isinstance(c, Say))
    assert [prompt.id for prompt in money.prompts][-1] == "confirm.card_digits"
    call.says(Intent.AFFIRM)
    assert len(call.charges) == 1


def test_all_digits_must_be_heard_before_a_yes_counts() -> None:
    call = Conversation(GROUPS)
    call.to_confirmation()
    call.listens = False
    call.says(Intent.REPEAT)
    call.tell(PromptPlayed(call.playing[0].say_id, completed=False))
    call.says(Intent.AFFIRM)
    assert call.charges == []


def test_more_slowly_takes_a_read_back_in_groups_apart() -> None:
    call = Conversation(GROUPS)
    call.to_confirmation()
    call.says(Intent.SLOWER)
    assert call.bot_said(
        "slower", "confirm.slow_amount", "confirm.slow_brand", "confirm.card_digits",
        "confirm.expiry", "confirm.noted_both", "confirm.question",
    )  # fmt: skip
    assert all(say.slow for say in call.latest if isinstance(say, Say))


@pytest.mark.parametrize("digits", [MASTERCARD, MASTERCARD[-4:]])
def test_a_yes_with_the_digits_that_were_read_out_is_a_yes(digits: str) -> None:
    call = Conversation(GROUPS)
    call.to_confirmation()
    call.says(Intent.AFFIRM, digits=digits)
    assert len(call.charges) == 1


def test_the_copies_that_are_read_out_are_wiped_at_the_end() -> None:
    call = Conversation(PaymentSettings(confirmation="each_field", read_back="groups"))
    call.says(amount="87.50")
    call.keys("1")
    call.says(digits=MASTERCARD)
    number = call.prompt("confirm.card_digits").values["card_number"]
    assert isinstance(number, CardNumber)
    call.hangs_up()
    assert len(number) == 0


@pytest.mark.parametrize("call_type", [CallType.CONFERENCE, CallType.TRANSFER])
@pytest.mark.parametrize("policy", ["groups", "off", "last_four"])
@pytest.mark.parametrize("confirmation", ["at_end", "each_field"])
def test_where_an_agent_may_listen_the_last_four_are_forced(
    call_type: CallType, policy: Any, confirmation: Any
) -> None:
    settings = PaymentSettings(read_back=policy, confirmation=confirmation)
    call = Conversation(settings, call={"call_type": call_type})
    for keys in ("8750#", MASTERCARD, "0429", "123", "94110#"):
        call.keys(keys)
        if confirmation == "each_field":
            call.keys("1")
    assert call.is_at(State.CONFIRMATION)
    assert call.prompt("confirm.read_back").values["last_four"] == Digits("4444")
    assert not call.ever_said("confirm.card_digits")
    call.keys("1")
    assert len(call.charges) == 1


def test_with_the_read_back_off_card_and_amount_are_still_confirmed() -> None:
    call = Conversation(OFF)
    call.says(amount="87.50")
    call.gives_card()
    assert call.bot_said("confirm.read_back_brand", "confirm.pay_question")
    assert call.charges == []
    call.says(Intent.AFFIRM)
    assert call.charges == [("87.50", MASTERCARD, "123")]


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("last_four", ("each_field.card",)),
        ("groups", ("each_field.card_brand", "confirm.card_digits")),
        ("off", ("each_field.card_brand",)),
    ],
)
def test_after_each_field_the_card_is_told_as_the_policy_says(
    policy: Any, said: tuple[str, ...]
) -> None:
    call = Conversation(PaymentSettings(confirmation="each_field", read_back=policy))
    call.says(amount="87.50")
    call.keys("1")
    call.says(digits=MASTERCARD)
    assert call.bot_said(*said, "each_field.question")


# Tries, declines, amounts, words for an agent


def test_a_question_may_have_tries_of_its_own() -> None:
    call = Conversation(PaymentSettings(max_wrong_inputs=1, max_wrong_inputs_at={"expiry": 3}))
    call.says(amount="87.50")
    call.says(digits=MASTERCARD)
    call.says(expiry="04/20")
    call.says(expiry="04/20")
    assert call.is_at(State.EXPIRY)
    call.says(expiry="04/20")
    assert call.result.status is ResultName.TOO_MANY_FAILED_ATTEMPTS
    assert call.result.error is ErrorName.INVALID_DATE


def test_the_tries_of_the_confirmation_count_for_every_yes_or_no() -> None:
    tries = PaymentSettings(max_wrong_inputs_at={"confirmation": 1})
    call = Conversation(tries, given="42.00")
    call.says(Intent.PAY_BILL, confidence=0.1)
    assert call.result.status is ResultName.TOO_MANY_FAILED_ATTEMPTS


def test_where_a_call_goes_after_the_last_decline_is_a_setting_of_its_own() -> None:
    call = Conversation(
        PaymentSettings(
            max_declines=1, after_declines=Destination.IVR, after_failure=Destination.HANG_UP
        )
    )
    call.to_confirmation()
    call.says(Intent.AFFIRM)
    call.declines()
    assert call.handed_to is Destination.IVR
    assert call.result.status is ResultName.DECLINED


OFFER = PaymentSettings(minimum_amount="20.00", below_minimum="offer")


def test_to_a_caller_who_names_too_little_the_minimum_may_be_offered() -> None:
    call = Conversation(OFFER)
    call.says(amount="5.00")
    assert call.bot_said("amount.below_minimum", "amount.offer_minimum")
    call.says(Intent.AFFIRM)
    assert call.is_at(State.CARD_NUMBER)
    call.gives_card()
    call.says(Intent.AFFIRM)
    assert call.charges == [("20.00", MASTERCARD, "123")]


def test_an_offered_minimum_may_be_refused() -> None:
    call = Conversation(OFFER)
    call.says(amount="5.00")
    call.says(Intent.DENY)
    assert call.bot_said("amount.ask_instead")


def test_the_minimum_is_offered_as_often_as_there_are_tries() -> None:
    call = Conversation(OFFER)
    for _ in range(2):
        call.says(amount="5.00")
        call.says(Intent.DENY)
    call.says(amount="5.00")
    assert call.result.error is ErrorName.INVALID_AMOUNT


def test_for_a_given_amount_below_the_minimum_the_minimum_is_offered_too() -> None:
    call = Conversation(OFFER, given="5.00")
    assert call.bot_said("welcome", "amount.below_minimum", "amount.offer_minimum")


def test_a_minimum_that_is_not_among_the_allowed_amounts_is_not_offered() -> None:
    settings = PaymentSettings(
        minimum_amount="20.00", below_minimum="offer", allowed_amounts=("50.00",)
    )
    call = Conversation(settings)
    call.says(amount="5.00")
    assert call.bot_said("amount.below_minimum", "amount.ask")


@pytest.mark.parametrize("said", ["concierge", "the front desk please", "i want the Concierge"])
def test_a_company_has_its_own_words_for_an_agent(said: str) -> None:
    call = Conversation(PaymentSettings(agent_words=("concierge", "front desk")))
    call.says_perhaps(heard(said))
    assert call.result.status is ResultName.AGENT_REQUESTED


@pytest.mark.parametrize("said", ["my concierge said <amount>", "desk", "no concierge"])
def test_a_word_for_an_agent_among_others_asks_for_none(said: str) -> None:
    call = Conversation(PaymentSettings(agent_words=("concierge", "front desk")))
    call.says_perhaps(heard(said))
    assert call.is_at(State.AMOUNT)


def heard(text: str) -> Reading:
    return replace(reading(), masked_text=text)


# The card check


CHECK = PaymentSettings(
    card_check="gateway",
    brands=(Brand.VISA, Brand.MASTERCARD, Brand.MAESTRO),
    brand={Brand.MAESTRO: BrandSettings(security_code=False)},
)


def at_check(settings: PaymentSettings = CHECK, card: str = MASTERCARD) -> Conversation:
    call = Conversation(settings)
    call.says(amount="87.50")
    call.says(digits=card)
    assert call.is_at(State.CARD_CHECK)
    assert call.bot_said("card_number.checking")
    (asked,) = (c for c in call.latest if isinstance(c, LookUp))
    assert asked.card.reveal() == card
    return call


def test_off_by_default_no_service_is_asked_of_the_card() -> None:
    call = Conversation()
    call.to_confirmation()
    assert call.all(LookUp) == []


def test_a_card_the_service_knows_goes_on() -> None:
    call = at_check()
    assert "done Mastercard 4444" not in call.steps("card_number")
    call.tell(Looked(CardStanding(valid=True)))
    assert call.bot_said("expiry.ask")
    assert call.steps("card_number")[-1] == "done Mastercard 4444"


def test_a_card_the_service_does_not_know_costs_a_try() -> None:
    call = at_check()
    call.tell(Looked(CardStanding(valid=False)))
    assert call.bot_said("card_number.not_known", "card_number.ask")
    assert "failed invalid-card-number" in call.steps("card_number")
    for _ in range(2):
        call.says(digits=MASTERCARD)
        call.tell(Looked(CardStanding(valid=False)))
    assert call.result.status is ResultName.TOO_MANY_FAILED_ATTEMPTS
    assert call.result.error is ErrorName.INVALID_CARD_NUMBER


def test_the_service_has_the_last_word_on_the_brand() -> None:
    call = at_check()
    call.tell(Looked(CardStanding(valid=True, brand=Brand.MAESTRO)))
    assert call.steps("card_number")[-1] == "done Maestro 4444"
    call.says(expiry="04/29")
    assert call.is_at(State.POSTAL_CODE)
    call.says(digits="94110")
    assert call.prompt("confirm.read_back").values["brand"] is Brand.MAESTRO


def test_a_brand_that_only_the_service_sees_may_not_be_allowed() -> None:
    call = at_check()
    call.tell(Looked(CardStanding(valid=True, brand=Brand.JCB)))
    assert call.bot_said("card_number.type_not_allowed", "card_number.ask")
    assert "failed invalid-card-type" in call.steps("card_number")


def test_without_an_answer_the_number_s_own_rules_have_to_do() -> None:
    call = at_check()
    call.tell(Looked(None))
    assert call.is_at(State.EXPIRY)
    call = at_check()
    call.waits_for(TimerName.SILENCE)
    assert call.is_at(State.EXPIRY)
    call.tell(Looked(CardStanding(valid=False)))
    assert call.is_at(State.EXPIRY)


def test_keys_pressed_during_the_check_count_for_the_next_question() -> None:
    call = at_check()
    call.keys("04")
    call.tell(Looked(CardStanding(valid=True)))
    call.keys("29")
    assert call.is_at(State.SECURITY_CODE)


@pytest.mark.parametrize("how", ["star", "hang-up"])
def test_a_check_under_way_may_be_left(how: str) -> None:
    call = at_check()
    if how == "star":
        call.keys("*")
        assert call.result.status is ResultName.CALLER_CANCELLED
    else:
        call.hangs_up()
        assert call.result.status is ResultName.CALLER_HUNG_UP


def test_each_card_is_checked_and_the_same_one_once() -> None:
    call = at_check()
    call.tell(Looked(CardStanding(valid=True)))
    call.says(Intent.CORRECT, field=Field.AMOUNT, amount="90.00")
    assert call.is_at(State.EXPIRY)
    call.says(Intent.CORRECT, field=Field.CARD_NUMBER, digits=VISA)
    assert call.is_at(State.CARD_CHECK)
    assert len(call.all(LookUp)) == 2


def test_with_both_on_a_card_is_checked_and_then_read_back() -> None:
    settings = PaymentSettings(confirmation="each_field", card_check="gateway")
    call = Conversation(settings)
    call.says(amount="87.50")
    call.keys("1")
    call.says(digits=MASTERCARD)
    call.tell(Looked(CardStanding(valid=True)))
    assert call.bot_said("each_field.card", "each_field.question")


# The words, when something goes wrong again and again


def test_a_caller_who_stays_silent_hears_the_question_in_other_words_and_then_only_a_reminder() -> (
    None
):
    call = Conversation()
    said = []
    for _ in range(4):
        call.waits_for(TimerName.NO_INPUT)
        said.append([prompt.id for prompt in call.prompts()])
    assert said == [["no_input", "amount.ask"]] * 2 + [["still_there"]] * 2
    assert call.timers[TimerName.NO_INPUT] == 30_000


def test_a_question_is_not_repeated_a_third_time_in_the_same_words() -> None:
    call = Conversation()
    texts = []
    for _ in range(3):
        call.says(Intent.REPEAT)
        texts.append(call.text("amount.ask"))
    assert texts[0] != texts[1] != texts[2]


def test_nothing_is_told_of_a_step_that_may_not_be_kept() -> None:
    call = each_field_call()
    told = [note.detail for note in call.all(Notify)]
    assert "123" not in told
    assert "94110" not in told


# A part of a value, put right where each field is confirmed

CARD = "4539148803436467"
OTHER = "4539148803430122"
"""Valid too; only the last four digits are other ones."""


def test_a_part_of_the_card_is_put_right_and_the_card_read_back_again() -> None:
    call = Conversation(PaymentSettings(confirmation="each_field", read_back="groups"))
    call.says(amount="87.50")
    call.keys("1")
    call.says(digits=CARD)
    call.says(Intent.CORRECT, changes=(change(OTHER[-4:], place=group(-1)),))
    assert call.is_at(State.FIELD_CONFIRMATION)
    assert spoken_card(call) == OTHER
    call.keys("1")
    assert call.is_at(State.EXPIRY)


def test_a_month_is_put_right_and_the_date_read_back_again() -> None:
    call = Conversation(EACH)
    call.says(amount="87.50")
    call.keys("1")
    call.says(digits=CARD)
    call.keys("1")
    call.says(expiry="09/28")
    call.says(Intent.CORRECT, field=Field.EXPIRY, expiry="11/28")
    assert call.bot_said("corrected.expiry", "each_field.expiry", "each_field.question")
    call.says(Intent.AFFIRM)
    assert call.is_at(State.SECURITY_CODE)
