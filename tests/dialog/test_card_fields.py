"""Card number, expiry, security code and postal code (R1 step 4, R1.10)."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import AMEX, MASTERCARD, VISA, Conversation, reading
from stdnum import luhn

from bot.cards import Brand
from bot.dialog.commands import Listen, StopSaying
from bot.dialog.events import KeyPressed, SpeechStarted, TimerName
from bot.dialog.flow import State
from bot.expectations import Intent, Kind
from bot.outcomes import ErrorName, ResultName
from bot.settings import BrandSettings, PaymentSettings

DISCOVER = "6011111111111117"


def at_card(settings: PaymentSettings | None = None) -> Conversation:
    call = Conversation(settings or PaymentSettings())
    call.says(amount="87.50")
    assert call.is_at(State.CARD_NUMBER)
    return call


def at_expiry() -> Conversation:
    call = at_card()
    call.says(digits=MASTERCARD)
    return call


# The card number by voice


@pytest.mark.parametrize("pieces", [(16,), (8, 8), (4, 4, 4, 4), (6, 10), (1, 15)])
def test_a_card_number_may_be_spoken_in_pieces(pieces: tuple[int, ...]) -> None:
    call = at_card()
    start = 0
    for length in pieces[:-1]:
        call.says(digits=MASTERCARD[start : start + length])
        assert call.bot_stays_silent()
        start += length
        assert call.expectation.given == start
        given = call.expectation.given_digits
        assert given is not None
        assert given.reveal() == MASTERCARD[:start]
    call.says(digits=MASTERCARD[start:])
    assert call.bot_said("expiry.ask")
    assert "done Mastercard 4444" in call.steps("card_number")


def test_the_card_question_expects_the_lengths_that_are_still_possible() -> None:
    call = at_card()
    assert call.expectation.kind is Kind.CARD
    assert call.expectation.sensitive
    call.says(digits="3782")
    assert call.expectation.lengths == (15,)


def test_voice_and_keys_mix_inside_one_number() -> None:
    call = at_card()
    call.says(digits=MASTERCARD[:4])
    call.keys(MASTERCARD[4:10])
    call.says(digits=MASTERCARD[10:12])
    call.keys(MASTERCARD[12:])
    assert call.is_at(State.EXPIRY)


def test_keys_pressed_before_the_spoken_half_is_understood_come_after_it() -> None:
    call = at_card()
    to = call.expectation
    call.tell(SpeechStarted())
    call.keys(MASTERCARD[8:])
    assert call.is_at(State.CARD_NUMBER)
    call.tell_heard(reading(digits=MASTERCARD[:8]), to=to)
    assert call.is_at(State.EXPIRY)


def test_keys_are_not_lost_when_the_speech_before_them_was_only_noise() -> None:
    call = at_card()
    to = call.expectation
    call.tell(SpeechStarted())
    call.keys(MASTERCARD)
    call.tell_heard(to=to)
    assert call.is_at(State.EXPIRY)


def test_keys_are_not_lost_when_nothing_comes_of_the_speech_before_them() -> None:
    call = at_card()
    call.tell(SpeechStarted())
    call.keys(MASTERCARD)
    call.waits_for(TimerName.INTER_DIGIT)
    assert call.is_at(State.EXPIRY)


def test_a_caller_who_begins_the_number_anew_is_followed() -> None:
    call = at_card()
    call.says(digits="5555")
    call.says(digits=MASTERCARD)
    assert call.is_at(State.EXPIRY)


def test_a_no_with_digits_replaces_what_was_said_so_far() -> None:
    call = at_card()
    call.says(digits="4111")
    call.says(Intent.DENY, digits="5555")
    assert call.expectation.given_digits is not None
    assert call.expectation.given_digits.reveal() == "5555"


@pytest.mark.parametrize("intent", [Intent.DENY, Intent.START_OVER, Intent.CORRECT])
def test_in_the_middle_of_a_number_starting_over_means_the_number(intent: Intent) -> None:
    call = at_card(PaymentSettings(max_wrong_inputs=1))
    call.says(digits="4111")
    call.says(intent)
    assert call.bot_said("card_number.ask")
    assert call.expectation.given == 0


def test_a_clearly_heard_number_that_is_no_card_is_refused_as_such() -> None:
    call = at_card()
    call.says(digits="5555555555554445")
    assert call.bot_said("card_number.invalid", "card_number.ask")
    assert "failed invalid-card-number" in call.steps("card_number")
    assert call.expectation.given == 0


@pytest.mark.parametrize("digits", ["9999", "0000", "1234567"])
def test_digits_no_card_begins_with_are_refused_at_once(digits: str) -> None:
    call = at_card()
    call.says(digits=digits)
    assert call.bot_said("card_number.invalid", "card_number.ask")


# The doubtful card (design.md)


def test_the_fitting_reading_is_taken_when_it_is_likely_enough() -> None:
    call = at_card(PaymentSettings(accept_card_confidence=0.5))
    call.says_perhaps(
        reading(digits="5555555555554445", confidence=0.4),
        reading(digits=MASTERCARD, confidence=0.5, as_heard=False),
    )
    assert call.is_at(State.EXPIRY)


def test_a_doubtful_number_is_asked_again_and_never_repaired() -> None:
    call = at_card(PaymentSettings(accept_card_confidence=0.5))
    call.says_perhaps(
        reading(digits="5555555555554445", confidence=0.45),
        reading(digits=MASTERCARD, confidence=0.49, as_heard=False),
    )
    assert call.bot_said("card_number.doubtful", "card_number.ask")
    assert call.expectation.given == 0


def test_after_two_doubtful_tries_the_keys_are_offered() -> None:
    call = at_card(PaymentSettings(max_wrong_inputs=10))
    call.says(digits=MASTERCARD, confidence=0.2)
    assert call.bot_said("card_number.doubtful", "card_number.ask")
    for attempt in (1, 2, 3):
        call.says(digits=MASTERCARD, confidence=0.2)
        assert call.bot_said("card_number.use_keys", "card_number.ask")
        assert call.prompt("card_number.use_keys").attempt == attempt
        assert "keys" in call.text("card_number.use_keys")
        assert "keys" in call.text("card_number.ask")
    call.keys(MASTERCARD)
    assert call.is_at(State.EXPIRY)


def test_a_clearly_heard_piece_is_no_doubt_even_if_an_unlikely_reading_fits() -> None:
    call = at_card()
    call.says_perhaps(
        reading(digits="5555", confidence=0.9),
        reading(digits=MASTERCARD, confidence=0.05, as_heard=False),
    )
    assert call.bot_stays_silent()


def test_only_the_doubtful_piece_is_asked_again_at_first() -> None:
    call = at_card()
    call.says(digits=MASTERCARD[:8])
    call.says(digits="5155", confidence=0.3)
    assert call.bot_said("not_understood", "card_number.so_far")
    assert call.prompt("card_number.so_far").values["count"].value == 8  # type: ignore[union-attr]
    call.says(digits=MASTERCARD[8:])
    assert call.is_at(State.EXPIRY)


# Brands


def test_a_brand_that_is_not_allowed_gets_its_own_message() -> None:
    call = at_card(PaymentSettings(brands=(Brand.VISA,)))
    call.keys(MASTERCARD)
    assert call.bot_said("card_number.type_not_allowed", "card_number.ask")
    assert "failed invalid-card-type" in call.steps("card_number")


@pytest.mark.parametrize(
    ("card", "prompt", "length"),
    [(MASTERCARD, "security_code.ask_three", 3), (AMEX, "security_code.ask_four", 4)],
)
def test_the_brand_decides_the_security_code(card: str, prompt: str, length: int) -> None:
    call = at_card()
    call.says(digits=card)
    call.says(expiry="04/29")
    assert call.bot_said(prompt)
    assert call.expectation.lengths == (length,)
    assert call.expectation.sensitive


@pytest.mark.parametrize(
    ("asks", "said"),
    [
        (BrandSettings(security_code=False), ("postal_code.ask",)),
        (BrandSettings(postal_code=False), ("security_code.ask_three",)),
        (
            BrandSettings(security_code=False, postal_code=False),
            ("confirm.read_back", "confirm.expiry", "confirm.question"),
        ),
    ],
)
def test_the_settings_decide_what_a_brand_is_asked_for(
    asks: BrandSettings, said: tuple[str, ...]
) -> None:
    call = at_card(PaymentSettings(brand={Brand.MASTERCARD: asks}))
    call.says(digits=MASTERCARD)
    call.says(expiry="04/29")
    assert call.bot_said(*said)


# The card number by keys


@pytest.mark.parametrize("card", [MASTERCARD, AMEX])
def test_reaching_the_full_length_ends_a_keyed_number_at_once(card: str) -> None:
    call = at_card()
    call.keys(card)
    assert call.bot_said("expiry.ask")


def test_a_number_whose_brand_has_longer_ones_waits_for_hash_or_a_pause() -> None:
    for end in ("#", "pause"):
        call = at_card()
        call.keys(VISA)
        assert call.is_at(State.CARD_NUMBER)
        if end == "#":
            call.keys("#")
        else:
            call.waits_for(TimerName.INTER_DIGIT)
        assert call.is_at(State.EXPIRY)


def test_hash_after_a_number_that_ended_by_itself_is_swallowed() -> None:
    call = at_card()
    call.keys(MASTERCARD + "#")
    assert call.is_at(State.EXPIRY)
    assert call.prompts() == []
    assert "failed" not in " ".join(call.steps("expiry"))


@pytest.mark.parametrize("end", ["#", "pause"])
def test_an_unfinished_keyed_number_is_refused_when_it_is_ended(end: str) -> None:
    call = at_card()
    call.keys("5555")
    if end == "#":
        call.keys("#")
    else:
        call.waits_for(TimerName.INTER_DIGIT)
    assert call.bot_said("card_number.invalid", "card_number.ask")


def test_keys_beyond_a_card_number_count_for_the_expiry_date() -> None:
    call = at_card()
    call.keys(VISA + "0429")
    assert call.is_at(State.SECURITY_CODE)
    assert "done 04/29" in call.steps("expiry")


def test_an_expiry_date_typed_ahead_makes_no_longer_card_number_by_chance() -> None:
    """One in ten does by its check digit; the usual length and a month are likelier."""
    month = next(f"{m:02}" for m in range(1, 13) if luhn.is_valid(f"{VISA}{m:02}2"))
    call = at_card()
    call.keys(f"{VISA}{month}29")
    assert call.is_at(State.SECURITY_CODE)
    assert f"done {month}/29" in call.steps("expiry")


@pytest.mark.parametrize("number", ["4000000000000000006", "6212345678901232042"])
def test_a_long_number_is_taken_whole_where_its_beginning_is_none_or_no_check_digit_tells(
    number: str,
) -> None:
    call = at_card()
    call.keys(number)
    assert call.is_at(State.EXPIRY)
    assert any(step.endswith(number[-4:]) for step in call.steps("card_number"))


def test_everything_may_be_typed_ahead_but_never_the_yes_to_the_read_back() -> None:
    call = at_card()
    call.listens = False
    call.keys(MASTERCARD + "0429" + "123" + "94110#" + "1")
    assert call.is_at(State.CONFIRMATION)
    assert call.charges == []
    call.listens = True
    call.hears_all()
    call.keys("1")
    assert call.charges == [("87.50", MASTERCARD, "123")]


def test_a_key_stops_the_prompt_and_counts() -> None:
    call = at_card(PaymentSettings(go_on_ms=0))
    call.listens = False
    call.says(digits="5555")
    assert call.bot_said("card_number.go_on")
    call.tell(KeyPressed("5"))
    assert call.all(StopSaying)
    assert call.expectation.given == 5


def test_the_recogniser_learns_of_every_key() -> None:
    call = at_card()
    before = len(call.all(Listen))
    call.keys("55")
    assert len(call.all(Listen)) == before + 2


def test_three_wrong_card_numbers_end_the_payment() -> None:
    call = at_card()
    for _ in range(3):
        call.keys("5555555555554445")
    assert call.result.status is ResultName.TOO_MANY_FAILED_ATTEMPTS
    assert call.result.error is ErrorName.INVALID_CARD_NUMBER
    assert call.result.reason == "card_number"


# The expiry date


def test_four_keys_are_month_and_year() -> None:
    call = at_expiry()
    call.keys("1126")
    assert call.is_at(State.SECURITY_CODE)
    assert "done 11/26" in call.steps("expiry")


@pytest.mark.parametrize(
    ("keys", "why"),
    [("1026", "expiry.past"), ("1329", "expiry.invalid"), ("0099", "expiry.invalid")],
)
def test_a_date_no_card_can_have_now_is_refused(keys: str, why: str) -> None:
    call = at_expiry()
    call.keys(keys)
    assert call.bot_said(why, "expiry.ask")
    assert "failed invalid-date" in call.steps("expiry")


def test_the_calendar_chooses_among_readings() -> None:
    call = at_expiry()
    call.says_perhaps(reading(expiry="04/20"), reading(expiry="04/29", confidence=0.4))
    assert "done 04/29" in call.steps("expiry")


def test_a_spoken_date_in_the_past_is_told_as_past() -> None:
    call = at_expiry()
    call.says(expiry="04/20")
    assert call.bot_said("expiry.past", "expiry.ask")


@pytest.mark.parametrize("digits", ["0429", "042029"])
def test_a_date_spoken_as_digits_is_a_date(digits: str) -> None:
    call = at_expiry()
    call.says(digits=digits)
    assert "done 04/29" in call.steps("expiry")


def test_a_date_may_be_half_keyed_and_half_spoken() -> None:
    call = at_expiry()
    call.keys("04")
    call.says(digits="29")
    assert "done 04/29" in call.steps("expiry")


# The security code and the postal code


def test_a_security_code_of_the_wrong_length_is_told_the_right_one() -> None:
    call = at_expiry()
    call.says(expiry="04/29")
    call.says(digits="1234")
    assert call.bot_said("security_code.invalid", "security_code.ask_three")
    assert call.prompt("security_code.invalid").values["count"].value == 3  # type: ignore[union-attr]
    call.says_perhaps(reading(digits="12"), reading(digits="122", confidence=0.85))
    assert call.bot_said("postal_code.ask")


def test_a_security_or_postal_code_heard_unsurely_is_asked_again() -> None:
    call = at_expiry()
    call.says(expiry="04/29")
    call.says(digits="123", confidence=0.79)
    assert call.is_at(State.SECURITY_CODE)
    call.says(digits="123", confidence=0.8)
    assert call.is_at(State.POSTAL_CODE)
    call.says(digits="94110", confidence=0.79)
    assert call.is_at(State.POSTAL_CODE)
    call.says(digits="94110", confidence=0.8)
    assert call.is_at(State.CONFIRMATION)


@pytest.mark.parametrize(
    ("keys", "fits"), [("94110#", True), ("941105555", True), ("9411#", False)]
)
def test_a_postal_code_has_one_of_the_lengths_of_the_settings(keys: str, fits: bool) -> None:
    call = at_expiry()
    call.says(expiry="04/29")
    call.keys("123")
    call.keys(keys)
    if fits:
        assert call.is_at(State.CONFIRMATION)
    else:
        assert call.bot_said("postal_code.invalid", "postal_code.ask")


def test_a_reading_that_is_too_unsure_is_not_taken() -> None:
    call = at_expiry()
    call.says(expiry="04/29", confidence=0.29)
    assert call.bot_said("not_understood", "expiry.ask")


def test_each_field_has_tries_of_its_own() -> None:
    call = at_card()
    call.keys("5555555555554445" * 2)
    call.keys(MASTERCARD)
    call.keys("1326" * 2)
    call.keys("0429")
    assert call.is_at(State.SECURITY_CODE)


def test_what_was_refused_is_asked_in_other_words() -> None:
    call = at_expiry()
    texts = set()
    for _ in range(2):
        call.keys("1326")
        texts |= {call.text("expiry.ask"), call.text("expiry.invalid")}
    assert len(texts) == 4


ASKED_ONCE_MORE = pytest.mark.parametrize(
    "said", [{"intent": Intent.HELP}, {"intent": Intent.REPEAT}, {"intent": Intent.SLOWER}, {}]
)


@ASKED_ONCE_MORE
def test_keys_of_a_code_that_had_begun_are_none_of_the_answer_to_the_question_asked_again(
    said: dict[str, Any],
) -> None:
    call = at_expiry()
    call.says(expiry="04/29")
    call.keys("99")
    call.says(**said)
    call.keys("123")
    call.says(digits="94110")
    call.says(Intent.AFFIRM)
    assert call.open_charge is not None
    assert call.open_charge.security_code is not None
    assert call.open_charge.security_code.reveal() == "123"


@ASKED_ONCE_MORE
def test_keys_of_a_date_that_had_begun_are_none_of_the_answer_to_the_question_asked_again(
    said: dict[str, Any],
) -> None:
    call = at_expiry()
    call.keys("04")
    call.says(**said)
    call.keys("0529")
    assert call.is_at(State.SECURITY_CODE)


@ASKED_ONCE_MORE
def test_keys_of_an_amount_that_had_begun_are_none_of_the_answer_to_the_question_asked_again(
    said: dict[str, Any],
) -> None:
    call = Conversation()
    call.keys("12")
    call.says(**said)
    call.keys("8750#")
    call.gives_card()
    call.says(Intent.AFFIRM)
    assert call.open_charge is not None
    assert str(call.open_charge.amount) == "87.50"


def test_keyed_digits_wait_for_the_rest_when_the_spoken_rest_was_unclear() -> None:
    call = at_card()
    call.keys(MASTERCARD[:8])
    call.says(digits=MASTERCARD[8:], confidence=0.3)
    assert call.bot_said("not_understood", "card_number.so_far")
    assert TimerName.INTER_DIGIT not in call.timers
    assert TimerName.NO_INPUT in call.timers
    call.says(digits=MASTERCARD[8:])
    assert call.is_at(State.EXPIRY)
