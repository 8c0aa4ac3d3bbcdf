"""The read-back and what agrees with it (R1 step 5, `at_end`; last four only)."""

from __future__ import annotations

from bot.dialog.fields.machine import digits_in
from bot.dialog.payment import Payment
from bot.expectations import Field, Reading
from bot.prompts import Digits, Prompt, PromptValue


def money_side(payment: Payment, *, slow: bool) -> tuple[Prompt, ...]:
    """Amount and card: what a "yes" binds. Said first and by itself, so that it is known whether
    it was heard to its end."""
    facts = payment.confirmed_facts
    if facts is None:
        raise AssertionError("read-back without an amount or a card")
    amount, brand, last_four = facts
    card: dict[str, PromptValue] = {"brand": brand, "last_four": Digits(last_four)}
    if slow:
        return (
            Prompt("confirm.slow_amount", {"amount": amount}),
            Prompt("confirm.slow_card", card),
        )
    return (Prompt("confirm.read_back", {"amount": amount, **card}),)


def rest(payment: Payment) -> tuple[Prompt, ...]:
    """The expiry date, and that the other fields are noted; the security code is never said."""
    if payment.expiry.value is None:
        raise AssertionError("read-back without an expiry date")
    needed = payment.needed()
    code, postal = Field.SECURITY_CODE in needed, Field.POSTAL_CODE in needed
    noted = {
        (True, True): ("confirm.noted_both",),
        (True, False): ("confirm.noted_security_code",),
        (False, True): ("confirm.noted_postal_code",),
        (False, False): (),
    }[code, postal]
    return (
        Prompt("confirm.expiry", {"expiry": payment.expiry.value}),
        *(Prompt(prompt_id) for prompt_id in noted),
    )


def agrees(reading: Reading, payment: Payment) -> bool:
    """Whether every value said along with a "yes" is what was read back: "yes, eighty seven
    fifty" of another amount is no yes. Of digits only the last four were read back."""
    card = payment.last_four or ""
    read_back = {str(payment.amount.value), str(payment.expiry.value)}
    if digits_in(reading) not in ("", card):
        return False
    values = (reading.amount, reading.expiry)
    return all(value is None or str(value) in read_back for value in values)
