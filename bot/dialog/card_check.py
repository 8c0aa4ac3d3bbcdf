"""What a service says of a card (R1 step 4, a hook, off by default): it has the last word."""

from __future__ import annotations

from bot.cards import rules_of
from bot.charges import CardStanding
from bot.dialog.course import Course
from bot.dialog.floor import Floor
from bot.dialog.flow import State, Trigger
from bot.expectations import Field
from bot.outcomes import ErrorName
from bot.prompts import Prompt
from bot.settings import PaymentSettings


class CardCheck:
    """Acts on the answers to `LookUp`."""

    def __init__(self, course: Course, settings: PaymentSettings, floor: Floor) -> None:
        self._floor = floor
        self._course = course
        self._settings = settings

    def answered(self, standing: CardStanding | None) -> None:
        """standing: None where nobody knows; then the number's own rules have to do."""
        course, payment = self._course, self._course.payment
        if course.state is not State.CARD_CHECK:
            return
        self._floor.had_input()  # the caller could say nothing meanwhile
        if standing is not None and not standing.valid:
            self._refuse(ErrorName.INVALID_CARD_NUMBER, "card_number.not_known")
            return
        payment.card_was_checked(standing.brand if standing is not None else None)
        brand = payment.brand
        if brand is None or brand not in self._settings.brands:
            self._refuse(ErrorName.INVALID_CARD_TYPE, "card_number.type_not_allowed")
            return
        payment.fit_to_card()
        course.accept(Field.CARD_NUMBER, f"{rules_of(brand).name} {payment.last_four}")
        course.go(Trigger.CARD_IS_GOOD)

    def _refuse(self, error: ErrorName, why: str) -> None:
        self._course.payment.card.forget()
        self._course.refuse(error, Prompt(why), to=State.CARD_NUMBER)
