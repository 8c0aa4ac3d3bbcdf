"""The read-back, corrections, and "what is wrong?" (R1 steps 5 and 6)."""

from __future__ import annotations

import pytest
from conversation import AMEX, MASTERCARD, VISA, Conversation, reading

from bot.cards import Brand
from bot.dialog.commands import Say
from bot.dialog.events import PromptPlayed
from bot.dialog.flow import State
from bot.expectations import Field, Intent, Kind, Source
from bot.prompts import Digits
from bot.settings import BrandSettings, PaymentSettings


def at_confirmation(card: str = MASTERCARD) -> Conversation:
    call = Conversation()
    call.says(amount="87.50")
    call.gives_card(card, code="1234" if card == AMEX else "123")
    assert call.is_at(State.CONFIRMATION)
    return call


def read_back(call: Conversation) -> tuple[str, str, str]:
    values = call.prompt("confirm.read_back").values
    expiry = call.prompt("confirm.expiry").values["expiry"]
    last_four = values["last_four"]
    assert isinstance(last_four, Digits)
    return str(values["amount"]), last_four.text, str(expiry)


def test_amount_card_and_expiry_are_read_back_and_codes_only_noted() -> None:
    call = at_confirmation()
    assert read_back(call) == ("87.50", "4444", "04/29")
    assert call.prompt("confirm.read_back").values["brand"] == "mastercard"


def test_an_amount_two_ears_disagree_about_is_asked_again_and_nothing_is_changed() -> None:
    call = at_confirmation()
    call.says_perhaps(
        reading(Intent.CORRECT, field=Field.AMOUNT, amount="80.00", confidence=0.2),
        reading(Intent.CORRECT, field=Field.AMOUNT, amount="18.00", confidence=0.2),
    )
    assert call.bot_said("not_understood", "confirm.question")
    assert call.charges == []
    call.says(Intent.AFFIRM)
    assert call.charges == [("87.50", MASTERCARD, "123")]


def test_an_amount_rather_doubtful_is_read_back_before_anything_is_charged() -> None:
    call = at_confirmation()
    call.says_perhaps(reading(Intent.CORRECT, field=Field.AMOUNT, amount="80.00", confidence=0.4))
    assert read_back(call)[0] == "80.00"
    assert call.charges == []


@pytest.mark.parametrize("yes", ["voice", "key"])
def test_a_yes_charges_once(yes: str) -> None:
    call = at_confirmation()
    if yes == "voice":
        call.says(Intent.AFFIRM)
    else:
        call.keys("1")
    assert call.bot_said("charge.wait")
    assert call.charges == [("87.50", MASTERCARD, "123")]
    call.keys("1")
    call.says(Intent.AFFIRM)
    assert len(call.charges) == 1


def test_a_yes_said_over_the_read_back_hears_it_first() -> None:
    call = at_confirmation()
    call.listens = False
    call.says(Intent.REPEAT)
    call.says(Intent.AFFIRM)
    assert call.charges == []
    assert call.bot_said(
        "confirm.hear_first", "confirm.read_back", "confirm.expiry", "confirm.noted_both",
        "confirm.question",
    )  # fmt: skip
    assert not call.playing[0].interruptible
    call.hears_all()
    call.says(Intent.AFFIRM)
    assert len(call.charges) == 1


def test_a_yes_said_over_the_rest_of_the_read_back_counts() -> None:
    call = at_confirmation()
    call.listens = False
    call.says(Intent.REPEAT)
    money, _rest = call.playing
    call.tell(PromptPlayed(money.say_id, completed=True))
    call.says(Intent.AFFIRM)
    assert len(call.charges) == 1


def test_a_yes_meant_for_an_earlier_read_back_does_not_confirm_the_corrected_one() -> None:
    call = at_confirmation()
    earlier = call.expectation
    call.says(Intent.CORRECT, field=Field.AMOUNT, amount="90.00")
    call.says_perhaps(reading(Intent.AFFIRM), to=earlier)
    assert call.charges == []
    assert call.is_at(State.CONFIRMATION)


def test_a_yes_with_another_amount_is_a_correction_and_no_yes() -> None:
    call = at_confirmation()
    call.says(Intent.AFFIRM, amount="90.00")
    assert call.charges == []
    assert read_back(call) == ("90.00", "4444", "04/29")


@pytest.mark.parametrize("values", [{"amount": "87.50"}, {"digits": "4444"}, {"expiry": "04/29"}])
def test_a_yes_that_repeats_what_was_read_back_is_a_yes(values: dict[str, str]) -> None:
    call = at_confirmation()
    call.says(Intent.AFFIRM, **values)
    assert len(call.charges) == 1


def test_a_yes_that_is_too_unsure_does_not_pay() -> None:
    call = at_confirmation()
    call.says(Intent.AFFIRM, confidence=0.29)
    assert call.charges == []
    assert call.bot_said("not_understood", "confirm.question")


@pytest.mark.parametrize("no", ["voice", "key"])
def test_a_no_asks_what_is_wrong(no: str) -> None:
    call = at_confirmation()
    if no == "voice":
        call.says(Intent.DENY)
    else:
        call.keys("2")
    assert call.bot_said("which.ask")
    assert "failed not-confirmed" in call.steps("confirmation")


@pytest.mark.parametrize(
    ("key", "state"),
    [
        ("1", State.AMOUNT),
        ("2", State.CARD_NUMBER),
        ("3", State.EXPIRY),
        ("4", State.SECURITY_CODE),
        ("5", State.POSTAL_CODE),
    ],
)
def test_keys_name_what_is_wrong(key: str, state: State) -> None:
    call = at_confirmation()
    call.keys("2" + key)
    assert call.state is state


GIVEN = {
    Field.AMOUNT: "87.50",
    Field.CARD_NUMBER: MASTERCARD,
    Field.EXPIRY: "04/29",
    Field.SECURITY_CODE: "123",
    Field.POSTAL_CODE: "94110",
}
CORRECTED = {
    Field.AMOUNT: "90.00",
    Field.CARD_NUMBER: VISA,
    Field.EXPIRY: "05/30",
    Field.SECURITY_CODE: "321",
    Field.POSTAL_CODE: "10001",
}


def as_value(field: Field, text: str) -> dict[str, str]:
    return {{Field.AMOUNT: "amount", Field.EXPIRY: "expiry"}.get(field, "digits"): text}


def charged(call: Conversation) -> dict[Field, str]:
    request = call.open_charge
    assert request is not None
    assert request.security_code is not None
    return {
        Field.AMOUNT: str(request.amount),
        Field.CARD_NUMBER: request.card.reveal(),
        Field.EXPIRY: str(request.expiry),
        Field.SECURITY_CODE: request.security_code.reveal(),
        Field.POSTAL_CODE: str(request.postal_code),
    }


@pytest.mark.parametrize("field", list(GIVEN))
@pytest.mark.parametrize("in_the_same_breath", [True, False])
@pytest.mark.parametrize("after_no", [True, False])
def test_a_correction_changes_that_field_and_nothing_else(
    field: Field, in_the_same_breath: bool, after_no: bool
) -> None:
    call = at_confirmation()
    value = as_value(field, CORRECTED[field])
    if after_no:
        call.says(Intent.DENY)
    if in_the_same_breath:
        call.says(Intent.CORRECT, field=field, source=Source.RASA, **value)
    else:
        call.says(Intent.CORRECT, field=field, source=Source.RASA)
        assert call.state.value == field.value
        call.says(None, **value)
    assert call.prompts()[0].id == f"corrected.{field}"
    assert call.is_at(State.CONFIRMATION)
    call.says(Intent.AFFIRM)
    assert charged(call) == {**GIVEN, field: CORRECTED[field]}
    call.approves()
    assert call.result.corrections_by_rasa == (field.value,)


def test_only_corrections_that_rasa_understood_are_counted_as_its_own() -> None:
    call = at_confirmation()
    call.says(Intent.CORRECT, field=Field.EXPIRY, expiry="05/30", source=Source.GRAMMAR)
    call.says(Intent.CORRECT, field=Field.AMOUNT, amount="90.00", source=Source.RASA)
    call.says(Intent.CORRECT, field=Field.AMOUNT, amount="91.00", source=Source.RASA)
    call.hangs_up()
    assert call.result.corrections_by_rasa == ("amount",)


@pytest.mark.parametrize("intent", [Intent.DENY, Intent.CORRECT, None])
@pytest.mark.parametrize(
    ("value", "field"),
    [({"expiry": "05/30"}, "expiry"), ({"amount": "90.00"}, "amount"), ({"digits": VISA}, "card")],
)
def test_a_value_whose_kind_leaves_no_doubt_says_itself_what_is_wrong(
    intent: Intent | None, value: dict[str, str], field: str
) -> None:
    call = at_confirmation()
    call.says(intent, **value)
    assert call.prompts()[0].id.startswith(f"corrected.{field}")


def test_digits_that_could_be_several_fields_are_asked_about() -> None:
    call = at_confirmation()
    call.says(Intent.CORRECT, digits="321")
    assert call.bot_said("which.ask")


def test_a_value_that_changes_nothing_is_not_announced_as_a_change() -> None:
    call = at_confirmation()
    call.says(Intent.CORRECT, field=Field.EXPIRY, expiry="04/29")
    assert call.prompts()[0].id == "confirm.read_back"


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        (Field.AMOUNT, {"amount": "0.10"}, "amount.below_minimum"),
        (Field.CARD_NUMBER, {"digits": "5555555555554445"}, "card_number.invalid"),
        (Field.EXPIRY, {"expiry": "04/20"}, "expiry.past"),
        (Field.SECURITY_CODE, {"digits": "12"}, "security_code.invalid"),
        (Field.POSTAL_CODE, {"digits": "12"}, "postal_code.invalid"),
    ],
)
def test_a_correction_that_cannot_be_right_asks_for_just_that_field(
    field: Field, value: dict[str, str], why: str
) -> None:
    call = at_confirmation()
    call.says(Intent.CORRECT, field=field, **value)
    assert call.prompts()[0].id == why
    assert call.state.value == field.value
    call.says(None, **as_value(field, CORRECTED[field]))
    assert call.prompts()[0].id == f"corrected.{field}"
    call.says(Intent.AFFIRM)
    assert charged(call) == {**GIVEN, field: CORRECTED[field]}


def test_a_piece_of_a_card_number_asks_for_the_whole_number() -> None:
    call = at_confirmation()
    call.says(Intent.CORRECT, field=Field.CARD_NUMBER, digits="4539")
    assert call.bot_said("card_number.ask")
    assert call.expectation.given == 0


def test_another_brand_asks_for_the_security_code_it_needs() -> None:
    call = at_confirmation()
    call.says(Intent.CORRECT, field=Field.CARD_NUMBER, digits=AMEX)
    assert call.bot_said("corrected.card_number", "security_code.ask_four")
    call.says(digits="1234")
    call.says(Intent.AFFIRM)
    assert call.charges == [("87.50", AMEX, "1234")]


def test_a_brand_without_a_security_code_is_sent_none() -> None:
    call = Conversation(PaymentSettings(brand={Brand.VISA: BrandSettings(security_code=False)}))
    call.to_confirmation()
    call.says(Intent.CORRECT, field=Field.CARD_NUMBER, digits=VISA)
    call.says(Intent.AFFIRM)
    assert call.charges == [("87.50", VISA, "")]


def test_everything_wrong_begins_again() -> None:
    call = at_confirmation()
    call.says(Intent.CORRECT, field=Field.EVERYTHING)
    assert call.bot_said("corrected.everything", "amount.ask")
    call.says(amount="20.00")
    assert call.is_at(State.CARD_NUMBER)


def test_a_correction_comes_at_any_question_and_the_question_goes_on() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says(digits=MASTERCARD)
    call.says(Intent.CORRECT, field=Field.AMOUNT, amount="90.00")
    assert call.bot_said("corrected.amount", "expiry.ask")
    call.says(Intent.CORRECT, field=Field.AMOUNT)
    assert call.bot_said("amount.ask_instead")
    call.says(amount="91.00")
    assert call.bot_said("corrected.amount", "expiry.ask")
    assert call.prompt("corrected.amount").attempt == 2


def test_a_correction_in_the_middle_of_a_card_number_keeps_its_digits() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says(digits=MASTERCARD[:8])
    call.says(Intent.CORRECT, field=Field.AMOUNT, amount="90.00")
    assert call.bot_said("corrected.amount", "card_number.so_far")
    call.says(digits=MASTERCARD[8:])
    assert call.is_at(State.EXPIRY)


def test_a_no_with_an_amount_corrects_the_amount_at_any_question() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says(digits=MASTERCARD)
    call.says(Intent.DENY, amount="90.00")
    assert call.bot_said("corrected.amount", "expiry.ask")


def test_what_was_not_given_yet_cannot_be_corrected() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says(Intent.CORRECT, field=Field.POSTAL_CODE, digits="94110")
    assert call.bot_said("not_understood", "card_number.ask")


def test_a_fixed_amount_is_not_corrected() -> None:
    call = Conversation(PaymentSettings(caller_may_change_amount=False), given="42.00")
    call.says(Intent.AFFIRM)
    call.gives_card()
    call.says(Intent.CORRECT, field=Field.AMOUNT, amount="1.00")
    assert call.bot_said("amount.cannot_change", "confirm.question")
    call.says(Intent.AFFIRM)
    assert call.charges == [("42.00", MASTERCARD, "123")]


@pytest.mark.parametrize("intent", [Intent.AFFIRM, Intent.DENY])
def test_nothing_wrong_after_all_reads_back_again(intent: Intent) -> None:
    call = at_confirmation()
    call.says(Intent.DENY)
    call.says(intent)
    assert call.is_at(State.CONFIRMATION)
    assert call.prompts()[0].id == "confirm.read_back"
    assert call.charges == []


def test_a_correction_may_interrupt_the_read_back() -> None:
    call = at_confirmation()
    call.listens = False
    call.says(Intent.REPEAT)
    call.says(Intent.CORRECT, field=Field.EXPIRY, expiry="05/30")
    assert call.prompts()[0].id == "corrected.expiry"


def test_the_confirmation_expects_open_words_and_is_not_sensitive() -> None:
    call = at_confirmation()
    assert call.expectation.kind is Kind.OPEN
    assert not call.expectation.sensitive


def test_more_slowly_takes_the_read_back_apart() -> None:
    call = at_confirmation()
    call.says(Intent.SLOWER)
    assert call.bot_said(
        "slower", "confirm.slow_amount", "confirm.slow_card", "confirm.expiry",
        "confirm.noted_both", "confirm.question",
    )  # fmt: skip
    assert all(say.slow for say in call.latest if isinstance(say, Say))


def test_a_correction_has_as_many_tries_as_the_first_time() -> None:
    call = Conversation(PaymentSettings(max_wrong_inputs=2))
    call.says(amount="87.50")
    call.says(digits=MASTERCARD)
    call.says(expiry="04/20")
    call.says(expiry="04/29")
    call.says(digits="123")
    call.says(digits="94110")
    call.says(Intent.CORRECT, field=Field.EXPIRY, expiry="05/20")
    assert call.is_at(State.EXPIRY)
