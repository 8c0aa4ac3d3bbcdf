"""What counts at every question (R1 step 9), silence, barge-in, and agent-assisted calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from conversation import MASTERCARD, Conversation, part, reading

from bot.changes import Change
from bot.dialog.commands import End, PauseSaying, ResumeSaying, Say, SetTimer, StopSaying
from bot.dialog.dialog import Dialog
from bot.dialog.events import (
    AgentActed,
    HungUp,
    KeyPressed,
    PromptPlayed,
    SpeechStarted,
    TimerFired,
    TimerName,
)
from bot.dialog.flow import FIELD_ORDER, QUESTIONS, YES_NO_QUESTIONS, State
from bot.expectations import Field, Intent, Reading
from bot.outcomes import CallType, Destination, ErrorName, ResultName
from bot.settings import PaymentSettings


def walk_to(state: State, settings: PaymentSettings | None = None) -> Conversation:
    """A call standing at this question."""
    given = "42.00" if state is State.AMOUNT_CONFIRMATION else None
    settings = settings or PaymentSettings()
    if state is State.FIELD_CONFIRMATION:
        settings = replace(settings, confirmation="each_field")
    call = Conversation(settings, given=given)
    steps: list[Callable[[], None]] = [
        lambda: call.says(amount="87.50"),
        lambda: call.says(digits=MASTERCARD),
        lambda: call.says(expiry="04/29"),
        lambda: call.says(digits="123"),
        lambda: call.says(digits="94110"),
        lambda: call.says(Intent.DENY),
    ]
    for step in steps:
        if call.dialog.state == state:
            break
        step()
    assert call.is_at(state)
    return call


EVERY_QUESTION = pytest.mark.parametrize("state", sorted(QUESTIONS))


@pytest.mark.parametrize("state", sorted(YES_NO_QUESTIONS))
@pytest.mark.parametrize(
    "unnamed",
    [
        {"also": (reading(Intent.CORRECT),)},
        {"also": (reading(Intent.CORRECT, field=Field.POSTAL_CODE),)},
        {"changes": (Change(new=part("9"), old=part("5")),)},
        {},
    ],
)
def test_something_wrong_about_the_one_value_that_was_read_back_is_a_no(
    state: State, unnamed: dict[str, Any]
) -> None:
    told, denied = walk_to(state), walk_to(state)
    denied.says(Intent.DENY)
    told.says(Intent.CORRECT, **unnamed)
    assert told.dialog.state is denied.dialog.state
    assert told.latest == denied.latest


@EVERY_QUESTION
def test_an_agent_may_be_asked_for(state: State) -> None:
    call = walk_to(state)
    call.says(Intent.AGENT)
    assert call.bot_said("end.to_agent")
    assert call.result.status is ResultName.AGENT_REQUESTED
    assert call.handed_to is Destination.AGENT


@EVERY_QUESTION
@pytest.mark.parametrize("how", ["cancel", "goodbye", "star"])
def test_the_payment_may_be_cancelled(state: State, how: str) -> None:
    call = walk_to(state)
    if how == "star":
        call.keys("*")
    else:
        call.says(Intent(how))
    assert call.bot_said("end.cancelled", "end.goodbye")
    assert call.result.status is ResultName.CALLER_CANCELLED


@EVERY_QUESTION
def test_star_does_nothing_where_it_does_not_cancel(state: State) -> None:
    call = walk_to(state, PaymentSettings(star_cancels=False))
    call.keys("*")
    assert call.is_at(state)


@EVERY_QUESTION
def test_the_caller_may_hang_up(state: State) -> None:
    call = walk_to(state)
    call.hangs_up()
    assert call.result.status is ResultName.CALLER_HUNG_UP
    assert call.handed_to is None


@EVERY_QUESTION
def test_help_fits_the_question_and_the_question_follows(state: State) -> None:
    call = walk_to(state)
    question = call.prompts(latest=False)[-1]
    call.says(Intent.HELP)
    first, again = call.prompts()
    assert first.id.startswith("help.")
    assert again == question


@EVERY_QUESTION
def test_repeat_says_the_same_again(state: State) -> None:
    call = walk_to(state)
    question = call.prompts(latest=False)[-1]
    call.says(Intent.REPEAT)
    assert call.prompts()[-1].id == question.id
    if state not in {State.CONFIRMATION, State.FIELD_CONFIRMATION}:
        assert call.prompts() == [question]


@EVERY_QUESTION
def test_more_slowly_holds_for_the_rest_of_the_call(state: State) -> None:
    call = walk_to(state)
    call.says(Intent.SLOWER)
    assert call.prompts()[0].id == "slower"
    call.says(Intent.REPEAT)
    assert all(say.slow for say in call.latest if isinstance(say, Say))


@EVERY_QUESTION
def test_no_input_asks_again_in_other_words(state: State) -> None:
    call = walk_to(state)
    said = call.prompts(latest=False)[-1]
    in_words = call.text(said.id)
    call.waits_for(TimerName.NO_INPUT)
    lead, again = call.prompts()
    assert lead.id == "no_input"
    assert again.id == said.id
    assert call.text(said.id) != in_words


@EVERY_QUESTION
def test_silence_ends_the_payment(state: State) -> None:
    call = walk_to(state)
    assert call.timers[TimerName.SILENCE] == 60_000
    call.waits_for(TimerName.SILENCE)
    assert call.bot_said("end.timeout", "end.goodbye")
    assert call.result.status is ResultName.TIMEOUT
    assert call.result.error is ErrorName.TIMEOUT


@EVERY_QUESTION
def test_what_is_not_understood_three_times_ends_the_payment(state: State) -> None:
    call = walk_to(state)
    for _ in range(3):
        call.says_perhaps(reading(confidence=0.1))
    assert call.result.status is ResultName.TOO_MANY_FAILED_ATTEMPTS
    assert call.result.error is ErrorName.NOT_UNDERSTOOD


@EVERY_QUESTION
def test_what_does_not_belong_here_is_answered(state: State) -> None:
    call = walk_to(state)
    call.says(Intent.OUT_OF_SCOPE)
    assert call.prompts()[0].id == "out_of_scope"
    assert call.is_at(state)


@EVERY_QUESTION
def test_hold_on_gives_the_caller_time(state: State) -> None:
    call = walk_to(state)
    call.says(Intent.HOLD_ON)
    assert call.bot_said("hold_on")
    assert call.timers[TimerName.NO_INPUT] == 30_000
    call.says(Intent.REPEAT)
    assert call.timers[TimerName.NO_INPUT] == PaymentSettings().no_input_ms


@EVERY_QUESTION
def test_start_over_begins_with_the_amount(state: State) -> None:
    call = walk_to(state)
    call.says(Intent.START_OVER)
    assert call.prompts()[0].id == "start_over"
    first = State.AMOUNT_CONFIRMATION if state is State.AMOUNT_CONFIRMATION else State.AMOUNT
    assert call.is_at(first)


@pytest.mark.parametrize(
    ("state", "before"),
    [
        (State.CARD_NUMBER, State.AMOUNT),
        (State.EXPIRY, State.CARD_NUMBER),
        (State.SECURITY_CODE, State.EXPIRY),
        (State.POSTAL_CODE, State.SECURITY_CODE),
        (State.CONFIRMATION, State.POSTAL_CODE),
        (State.WHICH, State.CONFIRMATION),
    ],
)
def test_go_back_returns_to_the_question_before(state: State, before: State) -> None:
    call = walk_to(state)
    call.says(Intent.GO_BACK)
    assert call.prompts()[0].id == "go_back"
    assert call.is_at(before)


@pytest.mark.parametrize("state", [State.AMOUNT, State.AMOUNT_CONFIRMATION])
def test_there_is_nothing_before_the_first_question(state: State) -> None:
    call = walk_to(state)
    call.says(Intent.GO_BACK)
    assert call.prompts()[0].id == "cannot_go_back"
    assert call.is_at(state)


def test_go_back_does_not_reach_a_fixed_amount() -> None:
    call = Conversation(PaymentSettings(caller_may_change_amount=False), given="42.00")
    call.says(Intent.AFFIRM)
    call.says(Intent.GO_BACK)
    assert call.bot_said("cannot_go_back", "card_number.ask")


@pytest.mark.parametrize("field", FIELD_ORDER)
def test_who_does_not_have_it_is_told_where_it_is_and_then_gets_a_person(field: Field) -> None:
    call = walk_to(State(field.value))
    call.says(Intent.NOT_AVAILABLE)
    assert call.prompts()[0].id == f"not_available.{field}"
    call.says(Intent.NOT_AVAILABLE)
    assert call.result.status is ResultName.AGENT_REQUESTED
    assert call.result.reason == f"{field} not available"


def test_an_intent_that_is_too_unsure_does_not_count() -> None:
    call = walk_to(State.EXPIRY, PaymentSettings(accept_intent=0.95))
    call.says(Intent.CANCEL)
    assert call.bot_said("not_understood", "expiry.ask")


def test_an_agent_is_fetched_whatever_numbers_were_said_along() -> None:
    call = walk_to(State.AMOUNT)
    call.says(Intent.AGENT, amount="80.00")
    assert call.result.status is ResultName.AGENT_REQUESTED


# Silence and noise


def test_the_no_input_timer_starts_when_the_question_was_played_out() -> None:
    call = Conversation(listens=False)
    assert TimerName.NO_INPUT not in call.timers
    call.hears_all()
    assert call.timers[TimerName.NO_INPUT] == PaymentSettings().no_input_ms


def test_every_input_restarts_the_silence_timer() -> None:
    call = walk_to(State.AMOUNT)
    call.keys("8")
    assert SetTimer(TimerName.SILENCE, 60_000) in call.latest
    call.says(Intent.HELP)
    assert SetTimer(TimerName.SILENCE, 60_000) in call.latest


def test_a_sound_without_words_is_no_input() -> None:
    call = walk_to(State.EXPIRY)
    for _ in range(5):
        call.says_perhaps()
        assert call.prompts() == []
        assert SetTimer(TimerName.SILENCE, 60_000) not in call.latest
        assert call.timers[TimerName.NO_INPUT] == PaymentSettings().no_input_ms


def repeating(state: State) -> Conversation:
    """The bot says the question of this state again, and has not finished."""
    call = walk_to(state)
    call.listens = False
    call.says(Intent.REPEAT)
    return call


@pytest.mark.parametrize(
    "heard",
    [
        (),
        (reading(),),
        (reading(Intent.AFFIRM),),
        (reading(digits="123", confidence=0.05),),
    ],
    ids=["a cough", "somebody in the background", "uh huh", "hardly heard"],
)
def test_after_a_false_alarm_the_bot_goes_on_where_it_was(heard: tuple[Reading, ...]) -> None:
    call = repeating(State.EXPIRY)
    call.tell(SpeechStarted())
    assert call.latest.count(PauseSaying()) == 1
    call.tell_heard(*heard)
    assert ResumeSaying() in call.latest
    assert call.prompts() == []
    assert "failed" not in " ".join(call.steps("expiry"))
    call.hears_all()
    assert TimerName.NO_INPUT in call.timers


def test_a_yes_over_a_question_that_asks_for_it_is_its_answer() -> None:
    call = Conversation(given="42.00", listens=False)
    call.says(Intent.AFFIRM)
    assert StopSaying() in call.latest
    assert call.is_at(State.CARD_NUMBER)


def test_a_voice_where_the_last_word_was_just_said_pauses_nothing_for_good() -> None:
    call = repeating(State.EXPIRY)
    (say,) = call.playing
    call.tell(SpeechStarted())
    call.tell(PromptPlayed(say.say_id, completed=True))
    call.tell_heard()
    assert ResumeSaying() not in call.latest
    assert TimerName.NO_INPUT in call.timers


def test_what_a_voice_paused_never_comes_back_once_a_key_answered() -> None:
    call = repeating(State.EXPIRY)
    call.tell(SpeechStarted())
    call.keys("0429")
    assert StopSaying() in call.commands
    call.tell_heard()
    assert call.is_at(State.SECURITY_CODE)
    assert ResumeSaying() not in call.commands


def test_silence_does_not_interrupt_a_caller_who_speaks() -> None:
    call = walk_to(State.EXPIRY)
    call.tell(SpeechStarted())
    call.waits_for(TimerName.SILENCE)
    assert call.is_at(State.EXPIRY)
    call.waits_for(TimerName.SILENCE)
    assert call.result.status is ResultName.TIMEOUT


def test_a_timer_that_was_stopped_does_nothing_when_it_fires_all_the_same() -> None:
    call = walk_to(State.EXPIRY)
    call.tell(SpeechStarted())
    call.tell(TimerFired(TimerName.NO_INPUT))
    assert call.latest == []


def test_an_answer_to_an_earlier_question_is_not_an_answer_to_this_one() -> None:
    call = walk_to(State.SECURITY_CODE)
    earlier = call.expectation
    call.keys("123")
    call.says_perhaps(reading(digits="123"), to=earlier)
    assert call.is_at(State.POSTAL_CODE)
    assert "failed" not in " ".join(call.steps("postal_code"))


def test_who_asked_for_an_agent_gets_one_however_late_it_is_understood() -> None:
    call = walk_to(State.SECURITY_CODE)
    earlier = call.expectation
    call.keys("123")
    call.says_perhaps(reading(Intent.AGENT), to=earlier)
    assert call.result.status is ResultName.AGENT_REQUESTED


# Barge-in


def test_speech_silences_a_prompt_and_its_answer_ends_it() -> None:
    call = repeating(State.EXPIRY)
    call.tell(SpeechStarted())
    assert PauseSaying() in call.latest
    call.tell_heard(reading(expiry="04/29"))
    assert StopSaying() in call.latest
    assert call.is_at(State.SECURITY_CODE)


@pytest.mark.parametrize(
    "settings", [PaymentSettings(barge_in=False), PaymentSettings(no_barge_in=("expiry.ask",))]
)
def test_where_speech_may_not_interrupt_only_keys_do(settings: PaymentSettings) -> None:
    call = walk_to(State.EXPIRY, settings)
    call.listens = False
    call.says(Intent.REPEAT)
    (say,) = call.playing
    assert not say.interruptible
    call.tell(SpeechStarted())
    assert PauseSaying() not in call.latest
    call.tell(PromptPlayed(say.say_id, completed=True))
    assert TimerName.NO_INPUT in call.timers
    call.says(Intent.REPEAT)
    call.tell(KeyPressed("0"))
    assert StopSaying() in call.latest


# Agent-assisted calls take keys only


@pytest.mark.parametrize("call_type", [CallType.CONFERENCE, CallType.TRANSFER])
def test_in_agent_assisted_calls_only_keys_count(call_type: CallType) -> None:
    call = Conversation(given="42.00", call={"call_type": call_type})
    assert "Press one" in call.text("amount.confirm_given")
    call.says(Intent.AFFIRM)
    assert call.latest == []
    call.keys("1")
    assert "keys" in call.text("card_number.ask")
    call.keys(MASTERCARD + "0429" + "123" + "94110#")
    call.keys("1")
    assert call.charges == [("42.00", MASTERCARD, "123")]


# Odd events


def test_a_caller_who_hangs_up_before_the_payment_began_ends_it() -> None:
    dialog = Dialog(PaymentSettings())
    (end,) = dialog.handle(HungUp())
    assert isinstance(end, End)
    assert end.result.status is ResultName.CALLER_HUNG_UP
    assert dialog.handle(HungUp()) == []


@pytest.mark.parametrize(
    "event",
    [AgentActed("cancel"), HungUp(leg="agent"), KeyPressed("A"), PromptPlayed(99, completed=True)],
)
def test_what_means_nothing_here_changes_nothing(
    event: AgentActed | HungUp | KeyPressed | PromptPlayed,
) -> None:
    call = walk_to(State.EXPIRY)
    before = call.dialog.state
    call.tell(event)
    assert call.prompts() == []
    assert call.is_at(before)
