"""Where in the flow a payment is: takes each step from the table, and judges its guards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from bot.dialog.flow import (
    FIELD_QUESTIONS,
    FLOW,
    JUNCTIONS,
    MISSING,
    STATE_OF,
    STAYING,
    Guard,
    Junction,
    State,
    Trigger,
    Way,
    Ways,
)
from bot.dialog.payment import Payment
from bot.expectations import Field
from bot.money import Money
from bot.settings import PaymentSettings


class Route:
    """One payment's way through the flow.

    question_number: of the question that is open; asking again keeps it, another gets the next.
    minimum_offered: the minimum, where it is offered in place of an amount below it.
    """

    def __init__(self, payment: Payment, settings: PaymentSettings) -> None:
        self.state = State.WAITING
        self.question_number = 0
        self.minimum_offered: Money | None = None
        self._payment = payment
        self._settings = settings
        self._wrong_inputs: Counter[State] = Counter()
        self._tries_left = True
        self._declines = 0
        self._not_available: set[State] = set()
        self._first_time = True
        self._guards: Mapping[Guard, Callable[[], bool]] = {
            Guard.GIVEN_CAN_BE_PAID: lambda: payment.given_can_be_paid,
            Guard.GIVEN_IS_FINAL: lambda: payment.given_is_final,
            Guard.MINIMUM_IS_OFFERED: lambda: self.minimum_offered is not None and self._tries_left,
            Guard.AMOUNT_MAY_CHANGE: lambda: not payment.amount_is_fixed,
            Guard.CARD_UNCHECKED: lambda: payment.card_is_unchecked,
            Guard.UNCONFIRMED: lambda: payment.unconfirmed() is not None,
            Guard.TRIES_LEFT: lambda: self._tries_left,
            Guard.CARDS_LEFT: lambda: self._declines < settings.max_declines,
            Guard.FIRST_TIME: lambda: self._first_time,
        }

    def take(self, trigger: Trigger, to: State | None = None) -> Way:
        """Go on from this state. to: the question that was named, where several may be.

        Raises AssertionError where the flow has no such way: a bug of ours, never of the caller.
        """
        before = self.state
        way = self._first(before, trigger, to)
        through_junction = isinstance(way.to, Junction)
        while isinstance(way.to, Junction):
            way = self._first(way.to, None, None)
        self.state = way.to
        if through_junction or way.to is not before or trigger not in STAYING:
            self.question_number += 1
        return way

    def _first(self, start: State | Junction, trigger: Trigger | None, to: State | None) -> Way:
        """The way out of a state by a trigger, or out of a junction."""
        for way in _ways(start, trigger):
            is_other_question = to is not None and way.to is not to and way.result is None
            if not is_other_question and self._holds(way.when, to):
                return way
        raise AssertionError(f"the flow has no way from {start} by {trigger} to {to}")

    def _holds(self, guard: Guard | None, to: State | None) -> bool:
        if guard is None:
            return True
        if guard in {Guard.NAMED, Guard.BEFORE}:
            return to is not None
        if guard in MISSING:
            return self._payment.missing() is MISSING[guard]
        return self._guards[guard]()

    # What the guards look at

    def wrong_input(self, state: State) -> None:
        """One more at this question."""
        self._wrong_inputs[state] += 1
        self._tries_left = self._wrong_inputs[state] < self._settings.tries_at(
            state.value if state in FIELD_QUESTIONS else "confirmation"
        )

    def good_input(self, state: State) -> None:
        self._wrong_inputs[state] = 0

    def accepted(self, field: Field) -> None:
        """Its value stands: a correction has all tries again."""
        self.good_input(STATE_OF[field])

    def declined(self) -> None:
        """Another card has tries of its own."""
        self._declines += 1
        self._wrong_inputs.clear()

    def not_available(self) -> None:
        """The caller does not have what is asked for."""
        self._first_time = self.state not in self._not_available
        self._not_available.add(self.state)


def _ways(start: State | Junction, trigger: Trigger | None) -> Ways:
    if isinstance(start, Junction):
        return JUNCTIONS[start]
    return FLOW[start].get(trigger, ()) if trigger is not None else ()
