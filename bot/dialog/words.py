"""The words that count at every question (R1 step 9)."""

from __future__ import annotations

from bot.dialog.course import NOT_UNDERSTOOD, Course
from bot.dialog.floor import Floor
from bot.dialog.flow import FIELD_ORDER, STATE_OF, State, Trigger
from bot.expectations import Field, Intent
from bot.outcomes import ErrorName
from bot.prompts import Prompt


class Words:
    """Carries out one caller's universal words."""

    def __init__(self, course: Course, floor: Floor) -> None:
        self._course = course
        self._floor = floor

    def act(self, intent: Intent) -> None:
        course = self._course
        match intent:
            case Intent.AGENT:
                course.close(Trigger.AGENT, reason=course.step)
            case Intent.CANCEL | Intent.GOODBYE:
                course.close(Trigger.CANCELLED, reason=course.step)
            case Intent.REPEAT:
                self._say_all_again()
            case Intent.SLOWER:
                self._floor.slow = True
                self._say_all_again(Prompt("slower"))
            case Intent.HELP:
                self._aside(Prompt(f"help.{course.state}"))
            case Intent.HOLD_ON:
                course.take(Trigger.ASIDE)
                self._floor.be_patient()
                self._floor.say(self._floor.pick(Prompt("hold_on")))
            case Intent.BALANCE:
                self._aside(course.payment.amount.tell_balance())
            case Intent.GO_BACK:
                self._go_back()
            case Intent.START_OVER:
                self._start_over()
            case Intent.NOT_AVAILABLE:
                self._tell_where_it_is()
            case _:
                course.refuse(ErrorName.NOT_UNDERSTOOD, Prompt("out_of_scope"))

    def _say_all_again(self, *lead: Prompt) -> None:
        """At a read-back that is all of it, not just its question."""
        if self._course.is_read_back:
            self._course.take(Trigger.ASIDE)
            self._course.read_out(*lead)
        else:
            self._aside(*lead)

    def _aside(self, *lead: Prompt) -> None:
        """The question that is open stays open."""
        self._course.take(Trigger.ASIDE)
        self._course.repeat(*lead)

    def _go_back(self) -> None:
        course = self._course
        if course.state is State.WHICH:
            course.go(Trigger.NOTHING_WRONG, Prompt("go_back"))
            return
        previous = self._previous_field()
        if previous is None:
            self._aside(Prompt("cannot_go_back"))
            return
        if course.machine is not None:
            course.machine.forget()
        course.payment.machines[previous].forget()
        course.go(Trigger.GO_BACK, Prompt("go_back"), to=STATE_OF[previous])

    def _previous_field(self) -> Field | None:
        course = self._course
        asked = [
            field
            for field in course.payment.needed()
            if field is not Field.AMOUNT or not course.payment.amount_is_fixed
        ]
        if course.state is State.CONFIRMATION:
            return asked[-1]
        if course.confirming is not None:
            return course.confirming
        if course.field is None:
            return None
        before = FIELD_ORDER[: FIELD_ORDER.index(course.field)]
        return next((field for field in reversed(asked) if field in before), None)

    def _start_over(self) -> None:
        """In the middle of a number it is the number that starts over."""
        course, machine = self._course, self._course.machine
        if machine is not None and machine.has_begun:
            machine.begin_anew()
            course.ask()
        else:
            course.start_over(Prompt("start_over"))

    def _tell_where_it_is(self) -> None:
        course, field = self._course, self._course.field
        if field is None:
            course.refuse(ErrorName.NOT_UNDERSTOOD, *NOT_UNDERSTOOD)
        else:
            course.not_available(field)
