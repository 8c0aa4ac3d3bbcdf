"""Between the yes that pays and the charge: "yes ... but the expiry is wrong" (R1.6, R1.7)."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Conversation, reading

from bot.dialog.commands import Charge, PauseSaying, ResumeSaying, Say
from bot.dialog.events import KeyPressed, LineBack, SpeechStarted, TimerFired, TimerName
from bot.dialog.flow import State
from bot.expectations import Expectation, Field, Intent, Kind
from bot.outcomes import ResultName
from bot.settings import PaymentSettings

SECOND_THOUGHT = TimerName.SECOND_THOUGHT


def agreed(settings: PaymentSettings | None = None, *, listens: bool = False) -> Conversation:
    """Yes was said to the read-back just now, and the answer to it is being said."""
    call = Conversation(settings or PaymentSettings(), thinks_twice=True)
    call.to_confirmation()
    call.listens = listens
    call.says(Intent.AFFIRM)
    return call


def test_a_yes_is_answered_at_once_and_pays_when_nothing_more_was_said() -> None:
    call = agreed(PaymentSettings(second_thought_ms=900))
    assert call.bot_said("charge.wait")
    assert call.charges == []
    assert call.is_at(State.CONFIRMATION)
    assert call.timers.keys() == {SECOND_THOUGHT, TimerName.SILENCE}
    assert call.timers[SECOND_THOUGHT] == 900
    call.waits_for(SECOND_THOUGHT)
    assert call.is_at(State.CHARGING)
    assert len(call.charges) == 1
    assert call.bot_said(), "the caller is told once that the payment is being taken"


def test_a_caller_who_waits_is_asked_nothing_meanwhile() -> None:
    call = agreed(listens=True)
    assert call.timers.keys() == {SECOND_THOUGHT, TimerName.SILENCE}


def test_yes_but_the_expiry_is_wrong_charges_nothing_until_the_next_yes() -> None:
    call = agreed()
    call.tell(SpeechStarted())
    assert call.latest[0] == PauseSaying()
    assert SECOND_THOUGHT not in call.timers
    call.tell_heard(reading(Intent.CORRECT, field=Field.EXPIRY))
    assert call.is_at(State.EXPIRY)
    assert call.bot_said("charge.not_yet", "expiry.ask")
    call.says(expiry="05/30")
    call.hears_all()
    assert call.is_at(State.CONFIRMATION)
    assert call.charges == []
    call.says(Intent.AFFIRM)
    call.waits_for(SECOND_THOUGHT)
    assert len(call.charges) == 1
    assert str(call.all(Charge)[0].request.expiry) == "05/30"


@pytest.mark.parametrize(
    "words",
    [
        reading(Intent.DENY),
        reading(Intent.HOLD_ON),
        reading(Intent.REPEAT),
        reading(Intent.AGENT),
        reading(Intent.OUT_OF_SCOPE),
        reading(),
        reading(confidence=0.05),
        reading(Intent.AFFIRM, amount="80.00"),
        reading(Intent.CORRECT, amount="80.00", field=Field.AMOUNT),
        reading(digits="94110"),
    ],
    ids=lambda r: str(r.intent or r.numbers or "not understood"),
)
def test_any_words_but_a_yes_take_the_yes_back_and_say_so(words: Any) -> None:
    call = agreed()
    call.says_perhaps(words)
    call.timers.pop(SECOND_THOUGHT, None)
    call.tell(TimerFired(SECOND_THOUGHT))
    assert call.charges == []
    assert call.ever_said("charge.not_yet")


def test_who_cancels_is_told_once_that_nothing_was_paid() -> None:
    call = agreed()
    call.says(Intent.CANCEL)
    assert call.bot_said("end.cancelled", "end.goodbye")
    call.hears_all()
    assert call.result.status is ResultName.CALLER_CANCELLED
    assert call.charges == []


def test_words_that_answer_an_earlier_question_are_no_yes_to_this_one() -> None:
    call = agreed()
    call.says_perhaps(reading(digits="123"), to=Expectation(Kind.DIGITS, question=1))
    assert SECOND_THOUGHT not in call.timers
    assert call.charges == []


def test_a_cough_makes_the_charge_wait_and_no_more() -> None:
    call = agreed()
    call.says_perhaps()
    assert call.all(ResumeSaying)
    assert call.charges == []
    call.waits_for(SECOND_THOUGHT)
    assert len(call.charges) == 1


def test_a_cough_after_the_answer_was_heard_makes_it_wait_too() -> None:
    call = agreed(listens=True)
    call.says_perhaps()
    assert call.charges == []
    call.waits_for(SECOND_THOUGHT)
    assert len(call.charges) == 1


def test_while_somebody_speaks_nothing_is_charged_however_long_it_takes() -> None:
    call = agreed()
    call.tell(SpeechStarted())
    call.tell(TimerFired(SECOND_THOUGHT))  # it ran out at that very moment
    call.waits_for(TimerName.SILENCE)
    call.waits_for(TimerName.SILENCE)
    call.hears_all()
    assert call.charges == []
    assert call.result.status is ResultName.TIMEOUT


@pytest.mark.parametrize("more", [{}, {"amount": "87.50"}], ids=["yes", "yes, that amount"])
def test_another_yes_may_go_on_too_and_pays_no_sooner(more: dict[str, str]) -> None:
    call = agreed()
    call.says(Intent.AFFIRM, **more)
    assert call.all(ResumeSaying)
    assert call.charges == []
    call.tell(SpeechStarted())
    call.tell_heard(reading(Intent.CORRECT, field=Field.EXPIRY))
    assert call.is_at(State.EXPIRY)
    assert call.charges == []


def test_the_answer_to_yes_and_yes_again_is_said_once() -> None:
    call = agreed(listens=True)
    call.says(Intent.AFFIRM)
    call.waits_for(SECOND_THOUGHT)
    assert len(call.charges) == 1
    assert [p.id for p in call.prompts(latest=False)].count("charge.wait") == 1


def test_a_farewell_after_the_yes_cancels_nothing_and_is_asked_about() -> None:
    call = agreed()
    call.says(Intent.GOODBYE)
    assert call.bot_said("charge.not_yet", "not_understood", "confirm.question")
    assert call.charges == []


def test_the_key_1_is_pressed_on_purpose_and_pays_at_once() -> None:
    call = Conversation(thinks_twice=True)
    call.to_confirmation()
    call.keys("1")
    assert len(call.charges) == 1


def test_the_key_1_after_a_yes_pays_once_and_the_cut_answer_is_said_again() -> None:
    call = agreed()
    call.keys("1")
    assert call.bot_said("charge.wait")
    first, again = (prompt for prompt in call.prompts(latest=False) if prompt.id == "charge.wait")
    assert first == again, "the same words: it is the same payment"
    call.tell(TimerFired(SECOND_THOUGHT))
    assert len(call.charges) == 1


def test_the_key_2_after_a_yes_takes_it_back() -> None:
    call = agreed()
    call.keys("2")
    assert call.is_at(State.WHICH)
    assert call.bot_said("charge.not_yet", "which.ask")
    call.tell(TimerFired(SECOND_THOUGHT))
    assert call.charges == []


def test_the_star_after_a_yes_cancels() -> None:
    call = agreed()
    call.keys("*")
    call.tell(TimerFired(SECOND_THOUGHT))
    assert call.charges == []
    assert call.is_at(State.CLOSING)


def test_who_hangs_up_right_after_the_yes_has_not_paid() -> None:
    call = agreed()
    call.hangs_up()
    assert call.charges == []
    assert call.result.status is ResultName.CALLER_HUNG_UP


@pytest.mark.parametrize(
    "settings",
    [PaymentSettings(barge_in=False), PaymentSettings(no_barge_in=("charge.wait",))],
    ids=["barge-in off", "not in this prompt"],
)
def test_where_a_voice_may_not_interrupt_the_bot_is_silent_until_it_charges(
    settings: PaymentSettings,
) -> None:
    call = agreed(settings)
    call.hears_all()
    assert call.bot_said()
    assert call.timers.keys() == {SECOND_THOUGHT, TimerName.SILENCE}
    call.waits_for(SECOND_THOUGHT)
    assert [type(c) for c in call.latest if isinstance(c, Say | Charge)] == [Say, Charge]
    assert not call.playing[0].interruptible


def test_nobody_is_told_that_nothing_was_paid_who_was_not_told_that_it_would_be() -> None:
    call = agreed(PaymentSettings(barge_in=False))
    call.says(Intent.DENY)
    assert not call.ever_said("charge.not_yet")
    assert call.is_at(State.WHICH)


def test_a_declined_card_leaves_no_yes_behind() -> None:
    call = agreed(listens=True)
    call.waits_for(SECOND_THOUGHT)
    call.declines()
    call.gives_card()
    assert call.is_at(State.CONFIRMATION)
    assert SECOND_THOUGHT not in call.timers
    call.tell(TimerFired(SECOND_THOUGHT))
    call.tell(KeyPressed("#"))
    assert len(call.charges) == 1


def test_a_line_that_breaks_after_the_yes_takes_it_back_and_everything_is_read_again() -> None:
    call = agreed()
    call.tell(LineBack())
    assert call.bot_said(
        "charge.not_yet", "confirm.read_back", "confirm.expiry", "confirm.noted_both",
        "confirm.question",
    )  # fmt: skip
    call.tell(TimerFired(SECOND_THOUGHT))
    assert call.charges == []


def test_who_went_on_before_the_yes_was_understood_is_heard_out_first() -> None:
    call = Conversation(thinks_twice=True)
    call.to_confirmation()
    call.tell(SpeechStarted())  # "yes ..."
    call.tell(SpeechStarted())  # "... but"
    call.tell_heard(reading(Intent.AFFIRM))
    assert SECOND_THOUGHT not in call.timers
    assert call.charges == []
    call.tell_heard(reading(Intent.CORRECT, field=Field.EXPIRY))
    assert call.is_at(State.EXPIRY)
    assert call.charges == []
