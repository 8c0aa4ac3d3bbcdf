"""A part of a value is put right, and nothing else changes (R1 step 6)."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import (
    AMEX,
    MASTERCARD,
    VISA,
    Conversation,
    change,
    digits,
    group,
    reading,
)
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from stdnum import luhn

from bot.changes import Change, Place, Unit
from bot.dialog.events import TimerName
from bot.dialog.flow import State
from bot.expectations import Field, Intent, Reading
from bot.outcomes import ErrorName
from bot.settings import PaymentSettings

CARD = "4539148803436467"
OTHER = "4539148803430122"
"""Valid too; only the last four digits are other ones."""
MONTH, YEAR = Place(Unit.MONTH), Place(Unit.YEAR)

assert luhn.is_valid(CARD)
assert luhn.is_valid(OTHER)


def puts_right(call: Conversation, *changes: Change, **values: Any) -> None:
    call.says(Intent.CORRECT, changes=changes, **values)


def at_confirmation(card: str = CARD, **how: Any) -> Conversation:
    call = Conversation(**how)
    call.to_confirmation(card=card)
    return call


def charged(call: Conversation) -> dict[str, str]:
    """What is charged when the caller agrees."""
    assert call.is_at(State.CONFIRMATION)
    call.says(Intent.AFFIRM)
    request = call.open_charge
    assert request is not None
    assert request.security_code is not None
    assert request.postal_code is not None
    return {
        "amount": str(request.amount),
        "card_number": request.card.reveal(),
        "expiry": str(request.expiry),
        "security_code": request.security_code.reveal(),
        "postal_code": request.postal_code,
    }


GIVEN = {"amount": "87.50", "card_number": CARD, "expiry": "04/29", "security_code": "123",
         "postal_code": "94110"}  # fmt: skip


# The card number, by position


def test_the_last_four_are_taken_at_once_and_everything_else_stands() -> None:
    call = at_confirmation()
    puts_right(call, change("0122", place=digits(-1, 4)))
    assert call.prompts()[0].id == "corrected.card_number"
    assert charged(call) == {**GIVEN, "card_number": OTHER}


def test_a_change_that_makes_no_valid_number_is_told_and_only_that_group_is_asked() -> None:
    call = at_confirmation()
    puts_right(call, change("1499", place=group(1)))
    assert call.bot_said("card_number.change_invalid", "card_number.group_second")
    assert call.steps(Field.CARD_NUMBER)[-2:] == ["failed invalid-card-number", "entering"]
    call.says(digits="1488")
    assert call.is_at(State.CONFIRMATION)
    assert charged(call) == GIVEN


def test_one_changed_digit_is_never_taken_for_then_the_check_digit_is_wrong() -> None:
    call = at_confirmation()
    puts_right(call, change("7", place=digits(2)))
    assert call.bot_said("card_number.change_invalid", "card_number.group_first")
    call.says(digits="4539148803430122")
    assert charged(call) == {**GIVEN, "card_number": OTHER}


def test_a_group_that_is_said_to_be_wrong_is_asked_alone() -> None:
    call = at_confirmation()
    puts_right(call, change(None, place=group(-1)))
    assert call.bot_said("card_number.group_last")
    call.says(digits="0122")
    assert charged(call) == {**GIVEN, "card_number": OTHER}


def test_a_group_that_was_not_heard_surely_is_asked_and_not_taken() -> None:
    call = at_confirmation()
    puts_right(call, change("0122", place=group(-1)), confidence=0.6)
    assert call.bot_said("card_number.group_last")
    call.keys("0122#")
    assert charged(call) == {**GIVEN, "card_number": OTHER}


def test_where_we_heard_other_digits_than_the_caller_says_the_group_is_asked() -> None:
    call = at_confirmation()
    puts_right(call, change("0122", place=group(-1), old="9999"))
    assert call.bot_said("card_number.group_last")


def test_a_place_across_groups_has_the_whole_number_asked_for() -> None:
    call = at_confirmation()
    puts_right(call, change("453915", place=digits(0, 6)))
    assert call.bot_said("card_number.change_invalid", "card_number.ask")
    call.says(digits=OTHER)
    assert charged(call) == {**GIVEN, "card_number": OTHER}


def test_a_change_to_what_is_there_already_is_no_change() -> None:
    call = at_confirmation()
    puts_right(call, change("6467", place=digits(-1, 4)), field=Field.CARD_NUMBER, digits="6467")
    # A card number of four digits it is not either: as before, the whole number is asked for.
    assert call.bot_said("card_number.ask")


def test_yes_with_the_last_four_as_they_were_read_is_a_yes() -> None:
    call = at_confirmation()
    call.says(Intent.AFFIRM, digits="6467", changes=(change("6467", place=digits(-1, 4)),))
    assert call.is_at(State.CHARGING)


def test_yes_with_other_last_four_is_a_correction() -> None:
    call = at_confirmation()
    call.says(Intent.AFFIRM, digits="0122", changes=(change("0122", place=digits(-1, 4)),))
    assert call.is_at(State.CONFIRMATION)
    assert charged(call)["card_number"] == OTHER


def test_a_wish_to_hear_the_last_four_again_changes_nothing() -> None:
    call = at_confirmation()
    call.says(Intent.REPEAT, changes=(change(None, place=digits(-1, 4)),))
    assert "confirm.read_back" in [prompt.id for prompt in call.prompts()]
    assert charged(call) == GIVEN


def test_groups_are_those_of_the_brand() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.gives_card(AMEX, code="1234")
    puts_right(call, change(None, place=group(None)))
    assert call.bot_said("card_number.group_middle")


def test_groups_are_those_the_caller_read() -> None:
    call = Conversation()
    call.says(amount="87.50")
    for piece in ("378", "2822", "4631", "0005"):
        call.says(digits=piece)
    call.says(expiry="04/29")
    puts_right(call, change("2823", place=group(1)))
    assert call.bot_said("card_number.change_invalid", "card_number.ask")


# While it is being given


def at_card(*pieces: str, settings: PaymentSettings | None = None) -> Conversation:
    call = Conversation(settings or PaymentSettings())
    call.says(amount="87.50")
    for piece in pieces:
        call.says(digits=piece)
    return call


def test_a_piece_is_put_right_by_its_place_and_the_number_goes_on() -> None:
    call = at_card("4539", "1499")
    puts_right(call, change("1488", place=group(1)), digits="1488")
    assert call.bot_said("card_number.so_far")
    call.says(digits="0343")
    call.says(digits="6467")
    assert call.is_at(State.EXPIRY)


def test_a_piece_is_put_right_by_contrast() -> None:
    call = at_card("4539", "1499")
    call.says(digits="1488", changes=(change("1488", old="1499"),))
    assert call.bot_said("card_number.so_far")
    call.says(digits="03436467")
    assert call.is_at(State.EXPIRY)


def test_a_contrast_that_nothing_said_before_has_is_digits_as_ever() -> None:
    call = at_card("4539")
    call.says(digits="1488", changes=(change("1488", old="7777"),))
    assert call.bot_stays_silent()
    assert call.expectation.given == 8


def test_a_piece_that_is_wrong_is_dropped_with_what_came_after_it() -> None:
    call = at_card("4539", "1499", "0343")
    puts_right(call, change(None, place=group(1)))
    assert call.bot_said("card_number.so_far")
    assert call.expectation.given == 4
    call.says(digits="148803436467")
    assert call.is_at(State.EXPIRY)


def test_a_piece_with_a_digit_too_few_is_put_right() -> None:
    call = at_card("4539", "148", "0343")
    puts_right(call, change("1488", place=group(1)))
    call.says(digits="6467")
    assert call.is_at(State.EXPIRY)


def test_a_number_that_was_refused_is_put_right_in_part() -> None:
    call = at_card("4539148803436460")
    assert call.bot_said("card_number.invalid", "card_number.ask")
    puts_right(call, change("7", place=digits(-1)), digits="7")
    assert call.is_at(State.EXPIRY)


def test_after_other_digits_a_refused_number_is_gone() -> None:
    call = at_card("4539148803436460", "5555")
    puts_right(call, change("7", place=digits(15)), digits="7", field=Field.CARD_NUMBER)
    assert call.is_at(State.CARD_NUMBER)


# By contrast at the read-back


def test_a_contrast_is_about_what_was_read_back() -> None:
    call = at_confirmation()
    call.says(Intent.DENY, digits="0122", changes=(change("0122", old="6467"),))
    assert charged(call) == {**GIVEN, "card_number": OTHER}


def test_no_contrast_is_about_digits_that_were_not_read_back() -> None:
    call = at_confirmation()
    call.says(Intent.DENY, digits="9999", changes=(change("9999", old="1488"),))
    assert call.is_at(State.WHICH)
    assert call.ever_said("card_number.change_invalid") is False


def test_a_contrast_in_a_named_card_number_is_about_any_of_its_digits() -> None:
    call = at_confirmation()
    puts_right(call, change("9999", old="1488"), change_of=Field.CARD_NUMBER)
    assert call.bot_said("card_number.change_invalid", "card_number.group_second")


def test_a_contrast_that_fits_two_things_read_back_is_asked_about() -> None:
    call = Conversation()
    call.says(Intent.PAY_AMOUNT, amount="29.00")
    call.gives_card()
    call.says(Intent.DENY, changes=(change("30", old="29"),))
    assert call.bot_said("which.ask")


@pytest.mark.parametrize(
    ("new", "old", "amount"),
    [("90", "87", "90.50"), ("60", "50", "87.60"), ("92.25", "87.50", "92.25")],
)
def test_the_amount_by_contrast_its_dollars_its_cents_or_all_of_it(
    new: str, old: str, amount: str
) -> None:
    call = at_confirmation()
    call.says(Intent.DENY, changes=(change(new, old=old),), change_of=Field.AMOUNT)
    assert charged(call) == {**GIVEN, "amount": amount}


def test_an_amount_that_may_not_change_is_not_changed_by_contrast() -> None:
    call = Conversation(PaymentSettings(caller_may_change_amount=False), given="87.50")
    call.says(Intent.AFFIRM)
    call.gives_card(CARD)
    call.says(Intent.DENY, changes=(change("92.25", old="87.50"),))
    assert call.ever_said("amount.cannot_change")
    assert charged(call) == GIVEN


# The expiry date


@pytest.mark.parametrize(
    ("said", "expiry"),
    [
        (change("November", place=MONTH), "11/29"),
        (change("11", place=MONTH), "11/29"),
        (change("November", old="April"), "11/29"),
        (change("November", old="September"), "11/29"),
        (change("31", place=YEAR), "04/31"),
        (change(2031, old=2029), "04/31"),
        (change("31", old="29"), "04/31"),
        (change("11", old="4"), "11/29"),
    ],
)
def test_month_or_year_alone(said: Change, expiry: str) -> None:
    call = at_confirmation()
    puts_right(call, said, change_of=Field.EXPIRY if said.place else None)
    assert call.prompts()[0].id == "corrected.expiry"
    assert charged(call) == {**GIVEN, "expiry": expiry}


def test_a_month_that_makes_the_date_past_is_told_and_the_date_is_asked() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says(digits=CARD)
    call.says(expiry="12/26")
    puts_right(call, change("April", place=MONTH), change_of=Field.EXPIRY)
    assert call.bot_said("expiry.past", "expiry.ask")
    puts_right(call, change(2029, place=YEAR), change_of=Field.EXPIRY)
    assert call.is_at(State.SECURITY_CODE)


def test_the_year_of_a_date_that_was_refused_is_put_right() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says(digits=CARD)
    call.says(expiry="04/20")
    puts_right(call, change(2029, place=YEAR), change_of=Field.EXPIRY)
    assert call.is_at(State.SECURITY_CODE)


def test_a_month_that_is_no_date_yet_is_asked_about_again() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says(digits=CARD)
    puts_right(call, change("April", place=MONTH), change_of=Field.EXPIRY)
    assert call.is_at(State.EXPIRY)


# Security code and postal code


def test_a_digit_of_the_zip_code_by_its_place() -> None:
    call = at_confirmation()
    puts_right(call, change("8", place=digits(-1)), change_of=Field.POSTAL_CODE)
    assert charged(call) == {**GIVEN, "postal_code": "94118"}


def test_a_digit_of_the_security_code_by_contrast() -> None:
    call = at_confirmation()
    puts_right(call, change("7", old="3"), field=Field.SECURITY_CODE)
    assert charged(call) == {**GIVEN, "security_code": "127"}


def test_a_digit_of_a_code_that_was_not_heard_surely_has_the_code_asked() -> None:
    call = at_confirmation()
    puts_right(call, change("8", place=digits(-1)), change_of=Field.POSTAL_CODE, confidence=0.5)
    assert call.bot_said("postal_code.ask")


# Several at once, and another card


def both(first: Reading, *others: Reading) -> Reading:
    return reading(
        Intent.CORRECT, field=first.field, also=others,
        expiry=str(first.expiry) if first.expiry else None,
    )  # fmt: skip


def test_two_fields_that_are_wrong_are_asked_one_after_the_other() -> None:
    call = at_confirmation()
    expiry = reading(Intent.CORRECT, field=Field.EXPIRY)
    code = reading(Intent.CORRECT, field=Field.POSTAL_CODE)
    call.says_perhaps(both(expiry, code))
    assert call.bot_said("expiry.ask")
    call.says(expiry="05/30")
    assert call.bot_said("corrected.expiry", "postal_code.ask")
    call.says(digits="10001")
    assert charged(call) == {**GIVEN, "expiry": "05/30", "postal_code": "10001"}


def test_two_fields_with_their_values_are_both_taken_at_once() -> None:
    call = at_confirmation()
    call.says_perhaps(
        both(
            reading(field=Field.EXPIRY, expiry="05/30"),
            reading(Intent.CORRECT, field=Field.POSTAL_CODE, digits="10001"),
        )
    )
    assert [p.id for p in call.prompts()[:2]] == ["corrected.expiry", "corrected.postal_code"]
    assert charged(call) == {**GIVEN, "expiry": "05/30", "postal_code": "10001"}


def test_of_two_fields_the_value_that_cannot_be_is_told_and_asked() -> None:
    call = at_confirmation()
    call.says_perhaps(
        both(
            reading(field=Field.EXPIRY, expiry="05/20"),
            reading(Intent.CORRECT, field=Field.POSTAL_CODE, digits="10001"),
        )
    )
    assert call.bot_said("corrected.postal_code", "expiry.past", "expiry.ask")
    call.says(expiry="05/30")
    assert charged(call) == {**GIVEN, "expiry": "05/30", "postal_code": "10001"}


def test_one_field_with_its_value_and_one_without() -> None:
    call = at_confirmation()
    call.says_perhaps(
        both(
            reading(field=Field.EXPIRY, expiry="05/30"),
            reading(Intent.CORRECT, field=Field.SECURITY_CODE),
        )
    )
    assert call.bot_said("corrected.expiry", "security_code.ask_three")


def test_a_part_of_one_field_and_another_field_at_once() -> None:
    call = at_confirmation()
    last_four = change("0122", place=digits(-1, 4))
    first = reading(
        Intent.CORRECT,
        field=Field.CARD_NUMBER,
        changes=(last_four,),
        change_of=Field.CARD_NUMBER,
        also=(reading(Intent.CORRECT, field=Field.POSTAL_CODE, digits="10001"),),
    )
    call.says_perhaps(first)
    assert charged(call) == {**GIVEN, "card_number": OTHER, "postal_code": "10001"}


@pytest.mark.parametrize("card_first", [False, True])
def test_a_wrong_number_of_an_old_card_is_one_wish_for_another_card(card_first: bool) -> None:
    call = at_confirmation()
    parts = [reading(Intent.CORRECT, field=field) for field in (Field.CARD_NUMBER, Field.CARD)]
    call.says_perhaps(both(*(reversed(parts) if card_first else parts)))
    assert call.bot_said("corrected.card", "card_number.ask")
    call.says(digits=OTHER)
    assert call.is_at(State.EXPIRY)


def test_of_several_what_was_not_given_yet_is_left_for_its_question() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says_perhaps(
        both(reading(field=Field.EXPIRY), reading(Intent.CORRECT, field=Field.POSTAL_CODE))
    )
    assert call.is_at(State.CARD_NUMBER)
    assert call.steps(Field.CARD_NUMBER)[-2:] == [f"failed {ErrorName.NOT_UNDERSTOOD}", "entering"]


def test_another_card_has_its_number_expiry_and_code_asked_and_the_rest_stands() -> None:
    call = at_confirmation()
    call.says(Intent.CORRECT, field=Field.CARD)
    assert call.bot_said("corrected.card", "card_number.ask")
    call.says(digits=VISA)
    call.says(expiry="05/30")
    call.says(digits="321")
    assert charged(call) == {
        **GIVEN, "card_number": VISA, "expiry": "05/30", "security_code": "321",
    }  # fmt: skip


def test_another_card_with_its_number_in_the_same_breath() -> None:
    call = at_confirmation()
    call.says(Intent.CORRECT, field=Field.CARD, digits=MASTERCARD)
    assert call.is_at(State.EXPIRY)


def test_another_card_in_the_middle_of_a_card() -> None:
    call = at_card(CARD)
    call.says(Intent.CORRECT, field=Field.CARD)
    assert call.bot_said("corrected.card", "card_number.ask")


def test_another_card_before_there_is_one_is_not_understood() -> None:
    call = Conversation()
    call.says(Intent.CORRECT, field=Field.CARD)
    assert call.is_at(State.AMOUNT)


# Whatever is corrected, the rest stands

CORRECTIONS: list[tuple[str, dict[str, Any]]] = [
    ("card_number", {"changes": (change("0122", place=digits(-1, 4)),)}),
    ("card_number", {"changes": (change(None, place=group(1)),)}),
    ("card_number", {"changes": (change("7", place=digits(3)),)}),
    ("card_number", {"field": Field.CARD_NUMBER}),
    ("expiry", {"changes": (change("November", place=MONTH),), "change_of": Field.EXPIRY}),
    ("expiry", {"changes": (change(2031, place=YEAR),), "change_of": Field.EXPIRY}),
    ("expiry", {"field": Field.EXPIRY}),
    ("expiry", {"field": Field.EXPIRY, "expiry": "05/30"}),
    ("amount", {"changes": (change("90", old="87"),), "change_of": Field.AMOUNT}),
    ("amount", {"field": Field.AMOUNT}),
    ("postal_code", {"changes": (change("8", place=digits(-1)),), "change_of": Field.POSTAL_CODE}),
    ("postal_code", {"field": Field.POSTAL_CODE, "digits": "94118"}),
    ("security_code", {"field": Field.SECURITY_CODE, "digits": "999"}),
    ("security_code", {"changes": (change("9", place=digits(0)),),
                       "change_of": Field.SECURITY_CODE}),
]  # fmt: skip

ANSWERS: dict[State, dict[str, Any]] = {
    State.AMOUNT: {"amount": "50.00"},
    State.CARD_NUMBER: {"digits": OTHER},
    State.EXPIRY: {"expiry": "06/32"},
    State.SECURITY_CODE: {"digits": "777"},
    State.POSTAL_CODE: {"digits": "30303"},
}


@given(st.sampled_from(CORRECTIONS))
def test_what_was_not_corrected_is_not_asked_again_and_keeps_its_value(
    correction: tuple[str, dict[str, Any]],
) -> None:
    field, said = correction
    call = at_confirmation()
    call.says(Intent.CORRECT, **said)
    while call.state is not State.CONFIRMATION:
        assert call.is_at(State(field)), f"{field} was corrected"
        call.says(**ANSWERS[call.state])
    now = charged(call)
    assert {name: now[name] for name in GIVEN if name != field} == {
        name: GIVEN[name] for name in GIVEN if name != field
    }
    assert now[field] != GIVEN[field]


def groups(number: str) -> set[str]:
    return {number[i : i + 4] for i in range(0, 16, 4)}


@given(
    st.lists(
        st.builds(
            change,
            st.sampled_from(["0122", "1488", "7", "99", None]),
            place=st.sampled_from([group(1), group(-1), digits(-1, 4), digits(2), None]),
            old=st.sampled_from([None, "6467", "4"]),
        ),
        min_size=1,
        max_size=2,
    ),
    st.sampled_from([0.95, 0.6]),
)
@hypothesis_settings(deadline=None)
def test_no_change_has_a_card_charged_that_is_not_valid_or_was_not_said(
    changes: list[Change], confidence: float
) -> None:
    call = at_confirmation()
    call.says(Intent.CORRECT, changes=tuple(changes), confidence=confidence)
    if call.state is State.WHICH:
        call.says(Intent.DENY)
    while call.state is not State.CONFIRMATION:
        assert call.is_at(State.CARD_NUMBER)
        call.says(digits=OTHER)
    now = charged(call)
    assert luhn.is_valid(now["card_number"])
    charged_groups, *known = map(groups, (now["card_number"], CARD, OTHER))
    # Two groups that were said surely may by chance make another valid number: that was said.
    said = {"0122", "1488"} if confidence > 0.9 and len(changes) > 1 else set()
    assert charged_groups <= said.union(*known)
    assert said or now["card_number"] in (CARD, OTHER)
    assert now == {**GIVEN, "card_number": now["card_number"]}


# Go on


def test_between_pieces_the_bot_is_silent_and_says_go_on_to_a_caller_who_waits() -> None:
    call = at_card("4539")
    assert call.bot_stays_silent()
    call.waits_for(TimerName.NO_INPUT)
    assert call.bot_said("card_number.go_on")
    call.waits_for(TimerName.NO_INPUT)
    assert call.bot_said("no_input", "card_number.so_far")


def test_go_on_may_be_said_at_once() -> None:
    call = at_card("4539", settings=PaymentSettings(go_on_ms=0))
    assert call.bot_said("card_number.go_on")


def test_a_caller_who_goes_on_by_key_is_not_told_to_go_on() -> None:
    call = at_card("4539")
    call.keys("1")
    assert TimerName.NO_INPUT not in call.timers
