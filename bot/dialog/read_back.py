"""What is read back, and what agrees with it (R1 step 5).

A yes binds to what was said with it: so that, the binding part, is a `Say` of its own, of which is
known whether it was heard to its end. At the end these are always amount and card; what else
is read there, and how the card is told, is the policy's:

    confirmation   at the end                                      after each field
    at_end         amount, card, then expiry and what was noted    -
    each_field     amount and card                                 the field

    read_back      the card
    last_four      brand and last four digits; always so where an agent may listen
    groups         brand and all digits, in the groups in which such a card prints them
    off            the brand; at the end nothing but card and amount is said
"""

from __future__ import annotations

from bot.dialog.fields.machine import digits_in
from bot.dialog.payment import Payment
from bot.expectations import Field, Reading
from bot.outcomes import CallType
from bot.prompts import Count, Digits, Prompt, PromptValue
from bot.settings import PaymentSettings


class ReadBack:
    """Of one payment."""

    def __init__(self, payment: Payment, settings: PaymentSettings) -> None:
        self._payment = payment
        self._each_field = settings.confirmation == "each_field"
        # An agent may hear a conference or a transfer: no more than the last four (R1.5).
        automated = payment.call.call_type is CallType.AUTOMATED
        self._policy = settings.read_back if automated else "last_four"

    # At the end

    def card_and_amount(self, *, slow: bool) -> tuple[Prompt, ...]:
        """What a "yes" pays. Said first and by itself."""
        payment = self._payment
        amount, brand = payment.amount.value, payment.brand
        if amount is None or brand is None:
            raise AssertionError("read-back without an amount or a card")
        # Where every digit was confirmed already, the last four name the card.
        policy = "last_four" if self._each_field and self._policy == "groups" else self._policy
        if policy == "last_four":
            last_four = Digits(payment.last_four or "")
            card: dict[str, PromptValue] = {"brand": brand, "last_four": last_four}
            if slow:
                return (
                    Prompt("confirm.slow_amount", {"amount": amount}),
                    Prompt("confirm.slow_card", card),
                )
            return (Prompt("confirm.read_back", {"amount": amount, **card}),)
        digits = (self._all_digits(),) if policy == "groups" else ()
        if slow:
            return (
                Prompt("confirm.slow_amount", {"amount": amount}),
                Prompt("confirm.slow_brand", {"brand": brand}),
                *digits,
            )
        return (Prompt("confirm.read_back_brand", {"amount": amount, "brand": brand}), *digits)

    def rest(self) -> tuple[Prompt, ...]:
        """The expiry date, and that the other fields are noted; the security code is never said."""
        if self._each_field or self._policy == "off":
            return ()
        payment = self._payment
        if payment.expiry.value is None:
            raise AssertionError("read-back without an expiry date")
        needed = payment.needed()
        noted = {
            (True, True): ("confirm.noted_both",),
            (True, False): ("confirm.noted_security_code",),
            (False, True): ("confirm.noted_postal_code",),
            (False, False): (),
        }[Field.SECURITY_CODE in needed, Field.POSTAL_CODE in needed]
        return (
            Prompt("confirm.expiry", {"expiry": payment.expiry.value}),
            *(Prompt(prompt_id) for prompt_id in noted),
        )

    def question(self) -> Prompt:
        """After a read-back of everything: is it right? Else: shall it be paid?"""
        asks_to_pay = self._each_field or self._policy == "off"
        return Prompt("confirm.pay_question" if asks_to_pay else "confirm.question")

    # After each field

    def of_field(self, field: Field) -> tuple[Prompt, ...]:
        """One field that was given. Of the security code only how long it is."""
        payment = self._payment
        match field:
            case Field.AMOUNT if payment.amount.value is not None:
                return (Prompt("each_field.amount", {"amount": payment.amount.value}),)
            case Field.CARD_NUMBER if payment.brand is not None:
                return self._card()
            case Field.EXPIRY if payment.expiry.value is not None:
                return (Prompt("each_field.expiry", {"expiry": payment.expiry.value}),)
            case Field.SECURITY_CODE:
                count = Count(payment.security_code.length)
                return (Prompt("each_field.security_code", {"count": count}),)
            case Field.POSTAL_CODE if payment.postal_code.value is not None:
                code = payment.to_read_out(payment.postal_code.value)
                return (Prompt("each_field.postal_code", {"postal_code": code}),)
            case _:
                raise AssertionError(f"read-back of {field}, which was not given")

    def _card(self) -> tuple[Prompt, ...]:
        brand, last_four = self._payment.brand, Digits(self._payment.last_four or "")
        if brand is None:
            raise AssertionError("read-back without a card")
        if self._policy == "last_four":
            return (Prompt("each_field.card", {"brand": brand, "last_four": last_four}),)
        digits = (self._all_digits(),) if self._policy == "groups" else ()
        return (Prompt("each_field.card_brand", {"brand": brand}), *digits)

    def _all_digits(self) -> Prompt:
        return Prompt("confirm.card_digits", {"card_number": self._payment.card_to_read_out()})

    # What agrees

    def agrees(self, reading: Reading, field: Field | None = None) -> bool:
        """Whether every value said along with a "yes" is what was read back: "yes, eighty seven
        fifty" of another amount is no yes. field: the one that was read back, None at the end."""
        payment = self._payment
        digits = digits_in(reading)
        if digits and not self._is_read_back(digits, reading, field):
            return False
        if reading.amounts and payment.amount.value not in reading.amounts:
            return False
        return reading.expiry in (None, payment.expiry.value)

    def _is_read_back(self, digits: str, reading: Reading, field: Field | None) -> bool:
        payment = self._payment
        match field:
            case Field.SECURITY_CODE:
                return digits == str(payment.security_code.length)  # "yes, three"
            case Field.POSTAL_CODE:
                return digits == payment.postal_code.value
            case Field.CARD_NUMBER | None:
                whole = self._policy == "groups" and reading.digits == payment.card.value
                return digits == payment.last_four or whole
            case _:
                return False
