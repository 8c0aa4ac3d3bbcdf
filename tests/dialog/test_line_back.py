"""The caller's connection broke and is there again: what is said then, and still counts."""

from __future__ import annotations

from conversation import MASTERCARD, VISA, Conversation, reading
from test_any_time import EVERY_QUESTION, walk_to

from bot.dialog.commands import Charge, ResumeSaying, Say, StopSaying
from bot.dialog.events import LineBack, SpeechStarted, TimerName
from bot.dialog.flow import State
from bot.expectations import Intent


def question_of(call: Conversation) -> str:
    return call.prompts(latest=False)[-1].id


@EVERY_QUESTION
def test_who_was_being_waited_for_is_asked_again_and_it_costs_no_try(state: State) -> None:
    call = walk_to(state)
    asked = question_of(call)
    for _ in range(5):
        call.tell(LineBack())
        assert question_of(call) == asked
    assert call.is_at(state)
    assert call.steps(call.dialog._course.step)[-1] == "entering"  # type: ignore[union-attr]


def test_what_was_being_said_goes_on() -> None:
    call = Conversation(given="42.00", listens=False)
    call.tell(LineBack())
    assert not any(isinstance(command, Say | StopSaying) for command in call.latest)


def test_what_the_callers_voice_made_wait_is_said_on_for_what_they_said_is_lost() -> None:
    call = Conversation(listens=False)
    call.tell(SpeechStarted())
    call.tell(LineBack())
    assert any(isinstance(command, ResumeSaying) for command in call.latest)
    assert not call.dialog._floor.caller_speaks


def test_what_a_yes_agrees_to_is_said_again_and_counts_when_it_was_heard() -> None:
    call = Conversation()
    call.to_confirmation()
    read_back = [prompt.id for prompt in call.prompts()][-2:]
    call.listens = False
    call.tell(LineBack())
    assert [prompt.id for prompt in call.prompts()][-2:] == read_back
    call.keys("1")
    assert call.all(Charge) == []
    call.hears_all()
    call.keys("1")
    assert len(call.all(Charge)) == 1


def test_keys_of_half_a_number_stand_and_have_their_time_again() -> None:
    call = walk_to(State.CARD_NUMBER)
    call.keys(VISA[:8])
    call.tell(LineBack())
    assert call.bot_said()
    assert call.timers[TimerName.INTER_DIGIT] == call.settings.inter_digit_ms
    call.keys(VISA[8:] + "#")
    assert call.is_at(State.EXPIRY)


def test_who_had_said_half_a_card_number_is_told_how_far_it_came() -> None:
    call = walk_to(State.CARD_NUMBER)
    call.says(digits=MASTERCARD[:8])
    call.tell(LineBack())
    assert call.bot_said("card_number.so_far")
    call.says(digits=MASTERCARD[8:])
    assert call.is_at(State.EXPIRY)


def test_keys_that_waited_for_an_utterance_that_is_lost_count() -> None:
    call = walk_to(State.SECURITY_CODE)
    call.tell(SpeechStarted())
    call.keys("123")
    call.tell(LineBack())
    assert call.is_at(State.POSTAL_CODE)


def test_a_charge_under_way_is_left_alone() -> None:
    call = Conversation()
    call.to_confirmation()
    call.says(Intent.AFFIRM)
    assert call.is_at(State.CHARGING)
    call.tell(LineBack())
    assert call.latest == []
    call.approves()
    assert call.is_at(State.ENDED)


def test_an_utterance_that_was_whole_before_the_break_is_taken_first() -> None:
    """It is understood while nobody is connected."""
    call = walk_to(State.EXPIRY)
    call.tell(SpeechStarted(), then_listen=False)
    call.tell_heard(reading(expiry="04/29"))
    call.tell(LineBack())
    assert call.is_at(State.SECURITY_CODE)
