"""Something said before is wrong (R1 step 6): only that is taken or asked again."""

from __future__ import annotations

from bot.dialog.course import NOT_UNDERSTOOD, Course
from bot.dialog.fields.verdicts import Partial
from bot.dialog.flow import State, Trigger
from bot.dialog.meaning import Correction
from bot.expectations import Field
from bot.outcomes import ErrorName
from bot.prompts import Prompt


class Corrections:
    """Carries out one caller's corrections, at whichever question they come."""

    def __init__(self, course: Course) -> None:
        self._course = course

    def correct(self, correction: Correction) -> None:
        """Take the new value at once where there is one; else ask for just that field."""
        field = correction.field
        if field is Field.EVERYTHING:
            self._note_source(correction)
            self._course.start_over(Prompt("corrected.everything"))
        elif field is None:
            self._ask_which()
        elif field is Field.AMOUNT and self._course.payment.amount_is_fixed:
            self._course.repeat(Prompt("amount.cannot_change"))
        elif not self._can_correct(field):
            self._course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)
        else:
            self._note_source(correction)
            self._replace(field, correction)

    def _ask_which(self) -> None:
        """ "That's wrong": in the middle of a number it is the number; else the caller is asked."""
        course, machine = self._course, self._course.machine
        something_given = any(field.is_given for field in course.payment.machines.values())
        if machine is not None and machine.has_begun:
            machine.begin_anew()
            course.ask()
        elif course.state is State.WHICH or not something_given:
            course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)
        else:
            course.go(Trigger.WRONG)

    def _can_correct(self, field: Field) -> bool:
        return (
            field in self._course.payment.needed() and self._course.payment.machines[field].is_given
        )

    def _note_source(self, correction: Correction) -> None:
        name = correction.field
        if correction.by_rasa and name is not None and name not in self._course.corrections_by_rasa:
            self._course.corrections_by_rasa.append(name.value)

    def _replace(self, field: Field, correction: Correction) -> None:
        machine = self._course.payment.machines[field]
        machine.forget()
        self._course.correcting.add(field)
        self._course.payment.amount.instead |= field is Field.AMOUNT
        self._course.turn_to(field)
        if not any(machine.finds(reading) for reading in correction.readings):
            self._course.ask()
            return
        verdict = machine.hear(correction.readings)
        if isinstance(verdict, Partial):
            # A piece of a card number, and no way to know which: the whole number is asked for.
            machine.forget()
            self._course.ask()
        else:
            self._course.settle(field, verdict)
