"""What to do about what the caller meant, by voice or by the keys 1 and 2."""

from __future__ import annotations

from collections.abc import Callable

from bot.dialog.charging import Charging
from bot.dialog.commands import StepState
from bot.dialog.corrections import Corrections
from bot.dialog.course import NOT_UNDERSTOOD, Course
from bot.dialog.fields.verdicts import Taken
from bot.dialog.floor import Floor
from bot.dialog.flow import STATE_OF, YES_NO_QUESTIONS, State, Trigger
from bot.dialog.meaning import (
    Amendment,
    Answer,
    Correction,
    Meaning,
    No,
    Nothing,
    Several,
    Word,
    Yes,
    field_of,
)
from bot.dialog.words import Words
from bot.expectations import Field, Intent, Source
from bot.outcomes import ErrorName
from bot.prompts import Prompt


class Replies:
    """Acts on meanings at the question that is open."""

    def __init__(
        self,
        course: Course,
        corrections: Corrections,
        words: Words,
        charging: Charging,
        floor: Floor,
    ) -> None:
        self._course = course
        self._floor = floor
        self._corrections = corrections
        self._words = words
        self._charging = charging

    def act(self, meaning: Meaning) -> None:
        course = self._course
        if not isinstance(meaning, Yes):
            cancels = meaning == Word(Intent.CANCEL)
            self._charging.take_back(tell=not cancels)  # whose last words say so
        match meaning:
            case Answer():
                self._answer(meaning)
            case Correction() | Amendment() | Several() if (
                course.state in YES_NO_QUESTIONS and _names_no_field(meaning)
            ):
                self.no()  # "that's wrong" about the one value that was read back
            case Correction():
                self._corrections.correct(meaning)
            case Amendment():
                self._corrections.amend(meaning)
            case Several():
                self._corrections.correct_several(meaning)
            case Yes():
                self._yes(meaning)
            case No():
                self.no()
            case Word(intent):
                self._words.act(intent)
            case Nothing():
                course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)

    def _answer(self, answer: Answer) -> None:
        course = self._course
        if course.state is State.AMOUNT_CONFIRMATION:
            self._answer_to_offer(answer)
            return
        if course.confirming is not None:
            self._answer_to_read_back(answer, course.confirming)
            return
        machine, field = course.machine, course.field
        if machine is None or field is None:
            return
        if answer.anew:
            machine.gathered.wipe()
        if answer.anew and not any(machine.finds(reading) for reading in answer.readings):
            machine.begin_anew()
            course.ask()  # "no, that's wrong": no wrong input, but a wish to begin again
        else:
            course.settle(field, machine.hear(answer.readings))

    def _answer_to_offer(self, answer: Answer) -> None:
        """An amount, or words for one, where yes or no was asked: "no, eighty", "all of it"."""
        course = self._course
        amount = course.payment.amount
        said = next((r.amount for r in answer.readings if r.amount is not None), None)
        if said is None and answer.intent is Intent.PAY_FULL:
            said = amount.balance
        if answer.anew and said in (None, course.offered):
            self._refuse_offer()
        elif said is not None and said == course.offered:
            self._take_offer()
        elif said is None and answer.intent in {Intent.PAY_BILL, Intent.PAY_AMOUNT}:
            course.repeat()
        elif said is None and answer.intent is Intent.BALANCE:
            course.repeat(amount.tell_balance())
        elif course.payment.amount_is_fixed:
            course.repeat(Prompt("amount.cannot_change"))
        else:
            course.turn_to(Field.AMOUNT)
            course.settle(Field.AMOUNT, amount.hear(answer.readings))

    def _answer_to_read_back(self, answer: Answer, field: Field) -> None:
        """The value once more, or another, where yes or no was asked: "April", "no, November"."""
        course, best = self._course, answer.readings[0]
        if not answer.anew and course.read_back.agrees(best, field):
            self._yes_to_read_back(self._charging.agree)
        else:
            self._corrections.correct(
                Correction(field, answer.readings, best.source is Source.RASA)
            )

    def _yes(self, yes: Yes) -> None:
        course = self._course
        if course.state is State.AMOUNT_CONFIRMATION:
            self._take_offer()
        elif course.is_read_back and not course.read_back.agrees(yes.reading, course.confirming):
            self._charging.take_back()
            by_rasa = yes.reading.source is Source.RASA
            field = field_of(yes.reading) or course.confirming
            self._corrections.correct(Correction(field, (yes.reading,), by_rasa))
        elif course.is_read_back:
            self._yes_to_read_back(self._charging.agree)
        elif course.state is State.WHICH:
            course.go(Trigger.NOTHING_WRONG)
        elif course.machine is not None and course.machine.offers:
            course.settle(course.machine.field, course.machine.agree(yes=True))
        else:
            course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)

    def yes(self) -> None:
        """The key 1 where yes or no is asked."""
        if self._course.state is State.AMOUNT_CONFIRMATION:
            self._take_offer()
        else:
            self._yes_to_read_back(self._charging.charge)

    def _yes_to_read_back(self, pay: Callable[[], None]) -> None:
        """pay: what a yes to all of it does."""
        course = self._course
        if not course.read_back_was_heard:
            # Said over what it would agree to: nobody agrees to what was not heard.
            course.read_out(Prompt("confirm.hear_first"), interruptible=False)
        elif course.confirming is not None:
            self._confirm(course.confirming)
        else:
            pay()

    def no(self) -> None:
        course = self._course
        machine = course.machine
        match course.state:
            case State.AMOUNT_CONFIRMATION:
                self._refuse_offer()
            case State.FIELD_CONFIRMATION:
                self._refuse_field()
            case State.CONFIRMATION:
                self._not_confirmed()
                course.go(Trigger.NOT_CONFIRMED)
            case State.WHICH:
                course.go(Trigger.NOTHING_WRONG)
            case _ if machine is not None and machine.offers:
                course.settle(machine.field, machine.agree(yes=False))
            case _ if machine is not None and machine.has_begun:
                machine.begin_anew()
                course.ask()
            case _:
                course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)

    # One value that was read back

    def _take_offer(self) -> None:
        course = self._course
        if course.offered is None:
            return
        verdict = course.payment.amount.take(course.offered)
        if isinstance(verdict, Taken):
            course.taken(Field.AMOUNT, verdict, Trigger.YES)

    def _refuse_offer(self) -> None:
        self._not_confirmed()
        if self._course.offer_other():
            return
        self._course.payment.amount.instead = True
        error = ErrorName.NOT_CONFIRMED
        self._course.go(Trigger.NOT_CONFIRMED, error=error, reason=Field.AMOUNT)

    def _confirm(self, field: Field) -> None:
        self._course.payment.confirm(field)
        self._course.accept(field)
        self._course.go(Trigger.YES)

    def _refuse_field(self) -> None:
        """Not what the caller gave: it is asked again, and that costs a try."""
        field = self._course.confirming
        if field is not None:
            self._course.payment.machines[field].forget()
            self._course.refuse(ErrorName.NOT_CONFIRMED, to=STATE_OF[field])

    def _not_confirmed(self) -> None:
        self._floor.notify(self._course.step, StepState.FAILED, ErrorName.NOT_CONFIRMED)


def _names_no_field(meaning: Correction | Amendment | Several) -> bool:
    if isinstance(meaning, Several):
        return any(part.field is None for part in meaning.parts)
    return meaning.field is None
