"""What to do about what the caller meant, by voice or by the keys 1 and 2."""

from __future__ import annotations

from bot.dialog.charging import Charging
from bot.dialog.confirmation import agrees
from bot.dialog.corrections import Corrections
from bot.dialog.course import NOT_UNDERSTOOD, Course
from bot.dialog.flow import State
from bot.dialog.meaning import Answer, Correction, Meaning, No, Nothing, Word, Yes, field_of
from bot.dialog.words import Words
from bot.expectations import Field, Intent, Source
from bot.outcomes import ErrorName
from bot.prompts import Prompt


class Replies:
    """Acts on meanings at the question that is open."""

    def __init__(
        self, course: Course, corrections: Corrections, words: Words, charging: Charging
    ) -> None:
        self._course = course
        self._corrections = corrections
        self._words = words
        self._charging = charging

    def act(self, meaning: Meaning) -> None:
        course = self._course
        match meaning:
            case Answer():
                self._answer(meaning)
            case Correction():
                self._corrections.correct(meaning)
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
            course.refuse_offer()
        elif said is not None and said == course.offered:
            course.take_offer()
        elif said is None and answer.intent in {Intent.PAY_BILL, Intent.PAY_AMOUNT}:
            course.repeat()
        elif said is None and answer.intent is Intent.BALANCE:
            course.repeat(amount.tell_balance())
        elif course.payment.amount_is_fixed:
            course.repeat(Prompt("amount.cannot_change"))
        else:
            course.settle(Field.AMOUNT, amount.hear(answer.readings))

    def _yes(self, yes: Yes) -> None:
        course = self._course
        match course.state:
            case State.AMOUNT_CONFIRMATION:
                course.take_offer()
            case State.CONFIRMATION if not agrees(yes.reading, course.payment):
                by_rasa = yes.reading.source is Source.RASA
                self._corrections.correct(
                    Correction(field_of(yes.reading), (yes.reading,), by_rasa)
                )
            case State.CONFIRMATION:
                self.yes_to_read_back()
            case State.WHICH:
                course.go(State.CONFIRMATION)  # nothing is wrong after all
            case _:
                course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)

    def yes_to_read_back(self) -> None:
        course = self._course
        if course.read_back_was_heard:
            self._charging.charge()
        else:
            # Said over the amount or the card: nobody agrees to what was not heard.
            course.read_back(Prompt("confirm.hear_first"), interruptible=False)

    def no(self) -> None:
        course = self._course
        machine = course.machine
        match course.state:
            case State.AMOUNT_CONFIRMATION:
                course.refuse_offer()
            case State.CONFIRMATION:
                course.refuse_read_back()
            case State.WHICH:
                course.go(State.CONFIRMATION)
            case _ if machine is not None and machine.has_begun:
                machine.begin_anew()
                course.ask()
            case _:
                course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)
