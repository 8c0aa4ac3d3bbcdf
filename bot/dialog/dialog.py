"""The payment dialog: events in, commands out; no clock, no file, no network (law 1).

From top to bottom: an event comes in (`Dialog.handle`). Speech gets a meaning (`meaning.py`): an
answer, a correction, yes, no, or one of the words that count at every question; `replies.py` acts
on it. Keys go to the question that is open. Each field gathers and judges its own answers
(`fields/`), and the course of the payment acts on the verdict (`course.py`) and asks what is open
then (`question.py`). Every step it takes is a line of the table in `flow.py`, whose guards
`route.py` judges. What is read back is the policy's (`read_back.py`); only a "yes" to card and
amount that were heard charges the card (`charging.py`). Whatever is said, awaited or reported
leaves through the floor (`floor.py`), as commands in the order of carrying them out.

    dialog = Dialog(settings.payment)
    commands = dialog.handle(CallStarted(call_id="a1", today=date(2026, 11, 20)))
"""

from __future__ import annotations

from bot.cards import SecretText
from bot.dialog.amendments import amendment_in
from bot.dialog.card_check import CardCheck
from bot.dialog.charging import Charging
from bot.dialog.commands import Command, End, StepState
from bot.dialog.corrections import Corrections
from bot.dialog.course import NOT_UNDERSTOOD, Course
from bot.dialog.events import (
    CallStarted,
    ChargeAnswered,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    LineBack,
    Looked,
    PromptPlayed,
    SpeechStarted,
    TimerFired,
    TimerName,
)
from bot.dialog.floor import Floor
from bot.dialog.flow import FIELD_ORDER, QUESTIONS, State, Trigger
from bot.dialog.meaning import (
    Amendment,
    Context,
    Correction,
    Meaning,
    Nothing,
    Word,
    Yes,
    understand,
)
from bot.dialog.replies import Replies
from bot.dialog.words import Words
from bot.expectations import Intent
from bot.outcomes import CallType, ErrorName, PaymentResult, ResultName
from bot.prompts import Prompt
from bot.settings import PaymentSettings

_DIGITS = frozenset("0123456789")

_MOST_HELD = 48
"""Keys kept for later; more than a payment has."""

_LEAVING = {Intent.AGENT, Intent.CANCEL, Intent.GOODBYE}


class Dialog:
    """One call's payment. Ends with exactly one `End`; after it `handle` returns nothing."""

    def __init__(self, settings: PaymentSettings) -> None:
        self._settings = settings
        self._floor = Floor(settings)
        self._course: Course | None = None
        """With its helpers, since the call began."""
        self._replies: Replies
        self._corrections: Corrections
        self._charging: Charging
        self._card_check: CardCheck
        self._keys_only = False
        self._held_keys = SecretText("")
        """Keys pressed before an utterance that began earlier was understood: what was said comes
        first, as in a number whose second half is keyed. And those typed ahead of the questions
        that follow a card check."""
        self._before = State.WAITING

    @property
    def state(self) -> State:
        return self._before if self._course is None else self._course.state

    def handle(self, event: Event) -> list[Command]:
        """What is to be done now. Never raises for what a caller may do."""
        if self.state is State.ENDED:
            return []
        if self._course is None:
            self._before_the_call(event)
        else:
            self._during_the_call(event, self._course)
            if self._course.state is State.ENDED:
                self._held_keys.wipe()
        return self._floor.take_commands()

    def _before_the_call(self, event: Event) -> None:
        match event:
            case CallStarted():
                self._begin(event)
            case HungUp(leg="caller"):
                self._before = State.ENDED
                self._floor.do(End(PaymentResult(ResultName.CALLER_HUNG_UP)))

    def _begin(self, call: CallStarted) -> None:
        # In a conference or a transfer an agent may hear the caller: keys only (R1.10).
        self._keys_only = self._floor.keys_only = call.call_type is not CallType.AUTOMATED
        self._course = course = Course(call, self._settings, self._floor)
        self._charging = Charging(course, self._floor)
        self._card_check = CardCheck(course, self._settings, self._floor)
        self._corrections = Corrections(course, self._settings)
        words = Words(course, self._floor)
        self._replies = Replies(course, self._corrections, words, self._charging, self._floor)
        self._floor.had_input()
        course.begin(Trigger.STARTED, Prompt("welcome"))

    def _during_the_call(self, event: Event, course: Course) -> None:
        match event:
            case HungUp(leg="caller"):
                course.hang_up()
            case Heard():
                self._heard(event, course)
            case KeyPressed(key):
                self._key(key, course)
            case SpeechStarted() if course.state in QUESTIONS and not self._keys_only:
                self._floor.speech_started()
            case PromptPlayed():
                self._prompt_played(event, course)
            case TimerFired(name) if self._floor.timer_fired(name):
                self._timer_fired(name, course)
            case ChargeAnswered(outcome):
                self._charging.charge_answered(outcome)
            case Looked(standing):
                self._card_check.answered(standing)
                self._release_keys(course)
            case LineBack() if course.state in QUESTIONS:
                self._line_back(course)

    # Speech

    def _heard(self, event: Heard, course: Course) -> None:
        if self._keys_only:
            return
        if course.state is State.CHARGING:
            self._heard_while_charging(event)
        if course.state not in QUESTIONS:
            return
        self._floor.understood()
        if event.readings:
            self._floor.had_input()
            meaning = self._meaning_of(event, course)
        else:
            meaning = None  # a sound without words
        is_farewell = meaning == Word(Intent.GOODBYE)  # after a yes it does not mean "cancel"
        if self._charging.agreed and event.readings and (meaning is None or is_farewell):
            meaning = Nothing()  # whatever it was, it was no yes
        if meaning is None or self._is_murmur(meaning, course):
            self._go_on_after_noise(course)
        else:
            self._floor.stop_saying_for_voice()
            self._replies.act(meaning)
        self._release_keys(course)

    def _meaning_of(self, event: Heard, course: Course) -> Meaning | None:
        """None when it was said to an earlier question and means nothing at this one."""
        asked = course.asked_about
        machine = course.payment.machines[asked] if asked is not None else None
        context = Context(
            asked,
            machine.finds if machine is not None else lambda _reading: False,
            lambda reading: amendment_in(reading, course.payment, asked),
        )
        meaning = understand(event.readings, self._settings, context)
        if event.expectation.question == course.question_number:
            return meaning
        match meaning:
            case Correction(field) if field is not None:
                return meaning
            case Amendment(field, named=True) if field is not None:
                return meaning
            case Word(intent) if intent in _LEAVING:
                return meaning
            case _:
                return None

    def _is_murmur(self, meaning: Meaning, course: Course) -> bool:
        """Nothing to act on while there is something else to go on with, keys, a prompt or a
        charge: "uh huh" over a question that has another answer, words that mean nothing, or one
        more yes after the yes that pays."""
        if self._charging.agreed:  # what was not understood may have been "not that card"
            return isinstance(meaning, Yes) and course.read_back.agrees(meaning.reading)
        if isinstance(meaning, Nothing):
            return len(self._held_keys) > 0 or self._floor.is_paused
        return isinstance(meaning, Yes) and course.machine is not None and self._floor.is_paused

    def _go_on_after_noise(self, course: Course) -> None:
        if self._charging.agreed:
            self._charging.go_on_after_noise()
        elif not self._floor.go_on_saying() and not self._floor.is_saying:
            self._wait_on(course)

    def _heard_while_charging(self, event: Heard) -> None:
        """The money is on its way: nothing can be taken back, and the caller is told so."""
        meaning = understand(event.readings, self._settings)
        if isinstance(meaning, Word) and meaning.intent in _LEAVING:
            self._say_too_late()

    def _say_too_late(self) -> None:
        self._floor.say(self._floor.pick(Prompt("charge.too_late")), interruptible=False)

    # Keys

    def _key(self, key: str, course: Course) -> None:
        if course.state is State.CHARGING and key == "*" and self._settings.star_cancels:
            self._say_too_late()
        if course.state not in QUESTIONS | {State.CARD_CHECK}:
            return
        self._floor.had_input()
        if key == "*" and self._settings.star_cancels:
            self._floor.stop_saying()
            course.close(Trigger.CANCELLED, reason=course.step)
        elif key not in _DIGITS and key != "#":
            return
        elif course.state is State.CARD_CHECK:
            self._hold(key)
        elif course.machine is None:
            self._menu_key(key, course)
        elif self._floor.caller_speaks:
            self._floor.stop_saying()
            self._hold(key)
            self._floor.wait_for_key()
        elif key == "#":
            course.end_keys()
        else:
            course.press(key)

    def _hold(self, key: str) -> None:
        held, self._held_keys = (
            self._held_keys,
            SecretText((self._held_keys.reveal() + key)[:_MOST_HELD]),
        )
        held.wipe()

    def _release_keys(self, course: Course) -> None:
        held, self._held_keys = self._held_keys, SecretText("")
        keys = held.reveal()
        held.wipe()
        for key in keys:
            if course.machine is None:
                return  # typed ahead of a question about money: never an answer to it
            if key == "#":
                course.end_keys()
            else:
                course.press(key)

    def _menu_key(self, key: str, course: Course) -> None:
        """Yes is 1 and no is 2; at "what is wrong?" the fields are 1 to 5.

        Until what a yes agrees to was heard, keys are typed ahead of the question and dropped:
        what was keyed for something else must never pay.
        """
        unheard = course.is_read_back and not course.read_back_was_heard
        if key == "#" or unheard:
            return
        self._floor.stop_saying()
        number = int(key)
        if number != 1:
            self._charging.take_back()
        match course.state:
            case State.WHICH if 1 <= number <= len(FIELD_ORDER):
                self._corrections.correct(Correction(FIELD_ORDER[number - 1], (), by_rasa=False))
            case State.WHICH:
                course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)
            case _ if number == 1:
                self._replies.yes()
            case _ if number == 2:
                self._replies.no()
            case _:
                course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)

    # The line

    def _line_back(self, course: Course) -> None:
        """The caller cannot know what of the last second arrived. What a yes agrees to is said
        again. Keys of an answer under way stand, and the rest of them is waited for; what the bot
        was saying it goes on saying; who was being waited for is asked again."""
        floor = self._floor
        floor.speech_ended()
        floor.had_input()
        self._release_keys(course)
        machine = course.machine
        if course.is_read_back:
            course.read_back_was_heard = False
            floor.stop_saying()
            self._charging.take_back()
            course.repeat()
        elif machine is not None and machine.gathered.keyed:
            floor.wait_for_key()
        elif not floor.go_on_saying() and not floor.is_saying:
            course.repeat()

    # Prompts and timers

    def _prompt_played(self, event: PromptPlayed, course: Course) -> None:
        if not self._floor.played(event):
            return
        course.prompt_played(event.say_id, completed=event.completed)
        self._charging.prompt_played(event.say_id, completed=event.completed)
        if course.state in QUESTIONS and not self._floor.is_saying:
            self._wait_on(course)

    def _wait_on(self, course: Course) -> None:
        """The caller's turn."""
        machine = course.machine
        if self._floor.caller_speaks or self._charging.agreed:
            return
        if machine is not None and machine.gathered.keyed:
            self._floor.wait_for_key()
        else:
            self._floor.wait_for_answer()

    def _timer_fired(self, name: TimerName, course: Course) -> None:
        match name:
            case TimerName.SILENCE:
                self._silence(course)
            case TimerName.INTER_DIGIT if len(self._held_keys):
                self._floor.speech_ended()  # no answer came of that utterance
                self._release_keys(course)
            case TimerName.INTER_DIGIT:
                course.end_keys()
            case TimerName.SECOND_THOUGHT if self._charging.agreed:
                self._charging.charge()
            case TimerName.NO_INPUT if course.state in QUESTIONS:
                course.no_input()

    def _silence(self, course: Course) -> None:
        if course.state is State.CLOSING:
            course.end()
        elif course.state is State.CARD_CHECK:
            self._card_check.answered(None)  # nobody said anything in all that time
        elif self._floor.caller_speaks:
            self._floor.speech_ended()
            self._floor.wait_for_end_of_speech()
        elif course.state in QUESTIONS:
            self._floor.notify(course.step, StepState.FAILED, ErrorName.TIMEOUT)
            self._floor.stop_saying()
            course.close(Trigger.SILENCE, error=ErrorName.TIMEOUT, reason=course.step)
