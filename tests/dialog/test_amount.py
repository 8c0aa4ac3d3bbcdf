"""The amount (R1 step 3)."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Conversation, reading

from bot.dialog.events import TimerName
from bot.dialog.flow import State
from bot.expectations import Intent, Kind, Reading
from bot.outcomes import Destination, ErrorName, ResultName
from bot.settings import PaymentSettings

FIXED = PaymentSettings(caller_may_change_amount=False, minimum_amount="10.00")


def amount_of(call: Conversation) -> str:
    """As the read-back gives it, after the rest of the payment."""
    call.gives_card()
    return str(call.prompt("confirm.read_back").values["amount"])


def test_without_an_amount_the_caller_is_welcomed_and_asked_openly() -> None:
    call = Conversation()
    assert call.bot_said("welcome", "amount.ask")
    kinds = [call.expectation.kind]
    call.says_perhaps(reading(confidence=0.05))
    kinds.append(call.expectation.kind)
    assert kinds == [Kind.OPEN, Kind.AMOUNT]


@pytest.mark.parametrize("intent", [None, Intent.PAY_AMOUNT, Intent.AFFIRM, Intent.CORRECT])
def test_an_amount_is_taken_with_or_without_words_around_it(intent: Intent | None) -> None:
    call = Conversation()
    call.says(intent, amount="87.50")
    assert call.bot_said("card_number.ask")
    assert amount_of(call) == "87.50"


def test_hearing_is_told_what_can_be_paid() -> None:
    settings = PaymentSettings(allowed_amounts=("25.00", "50.00"))
    limits = Conversation(settings).expectation.amounts
    assert limits is not None
    assert [str(limits.least), str(limits.most)] == ["1.00", "5000.00"]
    cents = (99, 100, 2500, 2600, 5000, 500_000, 500_001)
    assert [amount for amount in cents if limits.allow(amount)] == [2500, 5000]
    anything = Conversation().expectation.amounts
    assert anything is not None
    assert [amount for amount in cents if anything.allow(amount)] == list(cents[1:-1])


@pytest.mark.parametrize("amount", ["1.00", "5000.00"])
def test_the_limits_themselves_can_be_paid(amount: str) -> None:
    call = Conversation()
    call.says(amount=amount)
    assert call.bot_said("card_number.ask")


@pytest.mark.parametrize(
    ("amount", "why", "told"),
    [
        ("0.99", "amount.below_minimum", "1.00"),
        ("5000.01", "amount.above_maximum", "5000.00"),
    ],
)
def test_beyond_a_limit_the_caller_is_told_the_limit_and_asked_again(
    amount: str, why: str, told: str
) -> None:
    call = Conversation()
    call.says(amount=amount)
    assert call.bot_said(why, "amount.ask")
    assert str(call.prompt(why).values["amount"]) == told
    assert call.prompt("amount.ask").attempt == 2
    assert "failed invalid-amount" in call.steps("amount")


def test_where_only_some_amounts_are_allowed_they_are_read_out() -> None:
    call = Conversation(PaymentSettings(allowed_amounts=("25.00", "50.00")))
    call.says(amount="30.00")
    assert call.bot_said("amount.not_allowed", "amount.choices", "amount.choice", "amount.ask")
    call.says(amount="50.00")
    assert call.bot_said("card_number.ask")


def test_the_limits_do_not_choose_among_readings_of_an_amount() -> None:
    call = Conversation(PaymentSettings(minimum_amount="100.00"))
    call.says_perhaps(reading(amount="87.50"), reading(amount="875.00"))
    assert call.prompts()[0].id == "amount.below_minimum"


def test_an_amount_is_keyed_in_cents_and_ended_with_hash() -> None:
    call = Conversation()
    call.keys("8750#")
    assert call.bot_said("card_number.ask")
    assert amount_of(call) == "87.50"


def test_a_pause_after_the_keys_ends_an_amount_too() -> None:
    call = Conversation()
    call.keys("8750")
    assert call.timers[TimerName.INTER_DIGIT] == PaymentSettings().inter_digit_ms
    assert TimerName.NO_INPUT not in call.timers
    call.waits_for(TimerName.INTER_DIGIT)
    assert call.bot_said("card_number.ask")


def test_a_card_number_keyed_as_amount_is_no_amount_and_is_not_repeated() -> None:
    call = Conversation()
    call.keys("5555555555554444#")
    assert call.bot_said("amount.invalid", "amount.ask")


def test_three_wrong_amounts_end_the_payment_with_an_agent() -> None:
    call = Conversation()
    for _ in range(3):
        call.says(amount="0.10")
    assert call.result.status is ResultName.TOO_MANY_FAILED_ATTEMPTS
    assert call.result.error is ErrorName.INVALID_AMOUNT
    assert call.result.reason == "amount"
    assert call.handed_to is Destination.AGENT


# An amount that came with the call


@pytest.mark.parametrize("yes", ["voice", "key"])
def test_a_given_amount_is_confirmed(yes: str) -> None:
    call = Conversation(given="42.00")
    assert call.bot_said("welcome", "amount.confirm_given")
    assert call.expectation.kind is Kind.YES_NO
    if yes == "voice":
        call.says(Intent.AFFIRM)
    else:
        call.keys("1")
    assert call.bot_said("card_number.ask")
    assert amount_of(call) == "42.00"


@pytest.mark.parametrize("no", ["voice", "key"])
def test_a_denied_amount_is_asked_for_instead(no: str) -> None:
    call = Conversation(given="42.00")
    if no == "voice":
        call.says(Intent.DENY)
    else:
        call.keys("2")
    assert call.bot_said("amount.ask_instead")
    call.says(amount="40.00")
    assert amount_of(call) == "40.00"


def test_a_denial_with_an_amount_is_taken_at_once() -> None:
    call = Conversation(given="42.00")
    call.says(Intent.DENY, amount="40.00")
    assert call.bot_said("card_number.ask")
    assert amount_of(call) == "40.00"


def test_a_denial_of_the_very_amount_is_a_denial() -> None:
    call = Conversation(given="42.00")
    call.says(Intent.DENY, amount="42.00")
    assert call.bot_said("amount.ask_instead")


def test_saying_the_given_amount_confirms_it() -> None:
    call = Conversation(given="42.00")
    call.says(amount="42.00")
    assert call.bot_said("card_number.ask")


def test_a_denied_amount_that_is_fixed_goes_where_failures_go() -> None:
    call = Conversation(FIXED, given="42.00")
    call.says(Intent.DENY)
    assert call.result.status is ResultName.CALLER_CANCELLED
    assert call.result.error is ErrorName.NOT_CONFIRMED
    assert call.handed_to is Destination.AGENT


def test_a_fixed_amount_cannot_be_changed_by_naming_another() -> None:
    call = Conversation(FIXED, given="42.00")
    call.says(amount="40.00")
    assert call.bot_said("amount.cannot_change", "amount.confirm_given")
    call.says(Intent.AFFIRM)
    assert amount_of(call) == "42.00"


def test_a_given_amount_below_the_minimum_is_explained_and_asked_for() -> None:
    call = Conversation(given="0.50")
    assert call.bot_said("welcome", "amount.below_minimum", "amount.ask")


def test_a_given_amount_below_the_minimum_that_is_fixed_ends_the_payment() -> None:
    call = Conversation(FIXED, given="5.00")
    assert call.bot_said(
        "welcome", "amount.below_minimum", "amount.cannot_change", "end.too_many", "end.to_agent"
    )
    assert call.result.error is ErrorName.INVALID_AMOUNT


def test_a_key_that_means_nothing_at_yes_or_no_is_a_wrong_input() -> None:
    call = Conversation(given="42.00")
    call.keys("7")
    assert call.bot_said("not_understood", "amount.confirm_given")
    assert call.prompt("amount.confirm_given").attempt == 2


# The balance


def test_the_full_amount_is_the_balance() -> None:
    call = Conversation(balance="120.00")
    call.says(Intent.PAY_FULL)
    assert amount_of(call) == "120.00"


def test_the_minimum_is_the_minimum_due() -> None:
    call = Conversation(balance="120.00", minimum_due="20.00")
    call.says(Intent.PAY_MINIMUM)
    assert amount_of(call) == "20.00"


@pytest.mark.parametrize(
    ("intent", "told"),
    [
        (Intent.PAY_FULL, ("amount.no_balance",)),
        (Intent.BALANCE, ("amount.no_balance",)),
        (Intent.PAY_MINIMUM, ("amount.no_minimum_due",)),
        (Intent.PAY_BILL, ()),
    ],
)
def test_what_is_not_known_is_said_so_and_is_no_error(
    intent: Intent, told: tuple[str, ...]
) -> None:
    call = Conversation(PaymentSettings(max_wrong_inputs=1))
    call.says(intent)
    assert call.bot_said(*told, "amount.ask")


@pytest.mark.parametrize("intent", [Intent.PAY_BILL, Intent.BALANCE])
def test_a_known_balance_is_offered(intent: Intent) -> None:
    call = Conversation(balance="120.00")
    call.says(intent)
    assert call.bot_said("amount.offer_balance")
    call.says(Intent.PAY_FULL)
    assert call.bot_said("card_number.ask")
    assert amount_of(call) == "120.00"


def test_a_balance_that_cannot_be_paid_is_told_but_not_offered() -> None:
    call = Conversation(balance="0.00")
    call.says(Intent.PAY_BILL)
    assert call.bot_said("amount.balance", "amount.ask")


def test_asking_for_the_balance_does_not_lose_a_given_amount() -> None:
    call = Conversation(given="42.00", balance="120.00")
    call.says(Intent.BALANCE)
    assert call.bot_said("amount.balance", "amount.confirm_given")
    assert call.is_at(State.AMOUNT_CONFIRMATION)


# Said in a way that can mean two


def test_of_two_amounts_the_one_that_can_be_paid_is_meant() -> None:
    call = Conversation(PaymentSettings(maximum_amount="100.00"))
    call.says(amount="5.50", rival="550.00")
    assert call.is_at(State.CARD_NUMBER)
    call = Conversation(PaymentSettings(minimum_amount="10.00"))
    call.says(amount="5.50", rival="550.00")
    call.gives_card()
    assert str(call.prompt("confirm.read_back").values["amount"]) == "550.00"


@pytest.mark.parametrize(
    ("known", "amount"),
    [
        ({"balance": "550.00"}, "550.00"),
        ({"balance": "5.50"}, "5.50"),
        ({"balance": "42.00"}, "5.50"),
        ({"balance": "900.00", "minimum_due": "550.00"}, "550.00"),
    ],
)
def test_of_two_amounts_the_one_that_is_due_or_no_more_than_owed_is_meant(
    known: dict[str, Any], amount: str
) -> None:
    call = Conversation(**known)
    call.says(amount="5.50", rival="550.00")
    call.gives_card()
    assert str(call.prompt("confirm.read_back").values["amount"]) == amount


def test_of_two_amounts_that_may_both_be_meant_each_is_offered() -> None:
    call = Conversation()
    call.says(amount="5.50", rival="550.00")
    assert call.bot_said("amount.offer_heard")
    first = call.expectation.question
    call.says(Intent.DENY)
    assert call.bot_said("amount.offer_other")
    assert str(call.prompt("amount.offer_other").values["amount"]) == "550.00"
    assert call.expectation.question != first, "a late yes to the first is none to the second"
    call.says(Intent.AFFIRM)
    assert call.is_at(State.CARD_NUMBER)


def test_where_two_amounts_were_heard_the_caller_is_asked_which() -> None:
    call = Conversation()
    call.says_perhaps(
        reading(amount="80.00", confidence=0.6), reading(amount="18.00", confidence=0.4)
    )
    assert str(call.prompt("amount.offer_heard").values["amount"]) == "80.00"
    call.says(Intent.DENY)
    assert str(call.prompt("amount.offer_other").values["amount"]) == "18.00"
    call.says(Intent.AFFIRM)
    assert call.is_at(State.CARD_NUMBER)


@pytest.mark.parametrize(
    "others",
    [
        [reading(amount="80.00", confidence=0.4)],
        [reading(amount="18.00", confidence=0.1)],
        [reading(amount="18000.00", confidence=0.4)],
    ],
)
def test_an_amount_that_nothing_speaks_against_is_not_questioned(others: list[Reading]) -> None:
    call = Conversation()
    call.says_perhaps(reading(amount="80.00", confidence=0.6), *others)
    assert call.is_at(State.CARD_NUMBER)


def test_who_refuses_both_names_the_amount_anew() -> None:
    call = Conversation()
    call.says(amount="5.50", rival="550.00")
    call.says(Intent.DENY)
    call.says(Intent.DENY)
    assert call.is_at(State.AMOUNT)


def test_where_neither_of_two_amounts_can_be_paid_the_likelier_is_refused() -> None:
    call = Conversation(PaymentSettings(allowed_amounts=("20.00",)))
    call.says(amount="5.50", rival="550.00")
    assert call.steps("amount")[-2:] == ["failed invalid-amount", "entering"]


def test_a_yes_with_an_amount_that_may_be_the_one_read_back_is_a_yes() -> None:
    call = Conversation()
    call.to_confirmation("550.00")
    call.says(Intent.AFFIRM, amount="5.50", rival="550.00")
    assert call.is_at(State.CHARGING)
