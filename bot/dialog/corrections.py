"""Something said before is wrong (R1 step 6): only that is taken or asked again."""

from __future__ import annotations

from bot.dialog.course import NOT_UNDERSTOOD, Course
from bot.dialog.fields.verdicts import Partial, Refused, Taken, Unanswered, Verdict
from bot.dialog.flow import State, Trigger
from bot.dialog.meaning import Amendment, Correction, Several
from bot.expectations import Field, Kind
from bot.outcomes import ErrorName
from bot.prompts import Prompt
from bot.settings import PaymentSettings

_KIND = {
    Field.CARD_NUMBER: Kind.CARD,
    Field.SECURITY_CODE: Kind.DIGITS,
    Field.POSTAL_CODE: Kind.DIGITS,
    Field.EXPIRY: Kind.EXPIRY,
    Field.AMOUNT: Kind.AMOUNT,
}


class Corrections:
    """Carries out one caller's corrections, at whichever question they come."""

    def __init__(self, course: Course, settings: PaymentSettings) -> None:
        self._course = course
        self._settings = settings

    def correct(self, correction: Correction) -> None:
        """Take the new value at once where there is one; else ask for just that field."""
        field = correction.field
        if field is Field.EVERYTHING:
            self._note_source(correction)
            self._course.start_over(Prompt("corrected.everything"))
        elif field is None:
            self._ask_which()
        elif field is Field.CARD:
            self._another_card(correction)
        elif field is Field.AMOUNT and self._course.payment.amount_is_fixed:
            self._course.repeat(Prompt("amount.cannot_change"))
        elif not self._can_correct(field):
            self._course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)
        else:
            self._note_source(correction)
            self._act(field, self._replaced(field, correction))

    def amend(self, amendment: Amendment) -> None:
        """A part of a field is wrong: the rest of it stands."""
        field = amendment.field
        if field is None:
            self._ask_which()
        elif field is Field.AMOUNT and self._course.payment.amount_is_fixed:
            self._course.repeat(Prompt("amount.cannot_change"))
        else:
            self._note_source(amendment)
            self._act(field, self._amended(field, amendment))

    def correct_several(self, several: Several) -> None:
        """Each new value is taken; then the fields that have none are asked, one by one."""
        course = self._course
        said: list[Prompt] = []
        refused: tuple[Field, Refused] | None = None
        last: Field | None = None
        for part in several.parts:
            if part.field in (None, Field.EVERYTHING, Field.CARD):
                # Before any field is changed: it is about all of them, or about the whole card.
                self.correct(Correction(part.field, (), part.by_rasa))
                return
        for part in several.parts:
            field = part.field
            if field is Field.AMOUNT and course.payment.amount_is_fixed:
                said.append(Prompt("amount.cannot_change"))
                continue
            if field is None or not (self._can_correct(field) or field is course.field):
                continue
            last = field
            self._note_source(part)
            verdict = (
                self._amended(field, part)
                if isinstance(part, Amendment)
                else self._replaced(field, part)
            )
            if isinstance(verdict, Taken):
                said += course.note_taken(field, verdict)
            elif isinstance(verdict, Refused) and refused is None:
                refused = field, verdict
        if refused is not None:
            field, why = refused
            course.turn_to(field)
            course.refuse(why.error, *said, *why.say)
        elif last is not None:
            course.turn_to(last)
            course.go(Trigger.ANSWERED, *said)
        elif said:
            course.repeat(*said)
        else:
            course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)

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

    def _another_card(self, correction: Correction) -> None:
        """ "That's my old card": what belongs to it goes, amount and postal code stand."""
        course = self._course
        machine = course.payment.card
        if not (machine.is_given or machine.has_begun or course.field is Field.CARD_NUMBER):
            course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)
            return
        self._note_source(correction)
        course.payment.forget_for_another_card()
        course.turn_to(Field.CARD_NUMBER)
        if any(machine.finds(reading) for reading in correction.readings):
            course.settle(Field.CARD_NUMBER, machine.hear(correction.readings))
        else:
            course.ask(Prompt("corrected.card"))

    def _can_correct(self, field: Field) -> bool:
        return (
            field in self._course.payment.needed() and self._course.payment.machines[field].is_given
        )

    def _note_source(self, correction: Correction | Amendment) -> None:
        name = correction.field
        if correction.by_rasa and name is not None and name not in self._course.corrections_by_rasa:
            self._course.corrections_by_rasa.append(name.value)

    def _act(self, field: Field, verdict: Verdict | None) -> None:
        self._course.turn_to(field)
        if verdict is None:
            self._course.ask()
        else:
            self._course.settle(field, verdict)

    def _replaced(self, field: Field, correction: Correction) -> Verdict | None:
        """What the field makes of the new value; None where there is none, so it is asked."""
        machine = self._course.payment.machines[field]
        self._announce(field)
        machine.forget()
        self._course.payment.amount.instead |= field is Field.AMOUNT
        if not any(machine.finds(reading) for reading in correction.readings):
            return None
        verdict = machine.hear(correction.readings)
        if isinstance(verdict, Partial | Unanswered):
            # A piece of a card number, and no way to know which: the whole number is asked for.
            machine.forget()
            return None
        return verdict

    def _amended(self, field: Field, amendment: Amendment) -> Verdict:
        self._announce(field)
        sure = amendment.confidence >= self._settings.confidence_needed(_KIND[field])
        return self._course.payment.machines[field].amend(
            amendment.changes, named=amendment.named, sure=sure
        )

    def _announce(self, field: Field) -> None:
        """Its new value will be told as a change, where it had one before."""
        if self._course.payment.machines[field].is_given:
            self._course.correcting.add(field)
