"""The amount: named, keyed in minor units, or "the full amount" and "the minimum" (R1 step 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bot.dialog.fields.machine import FieldMachine
from bot.dialog.fields.verdicts import Offered, Partial, Refused, Taken, Told, Unanswered, Verdict
from bot.expectations import AmountLimits, Expectation, Field, Intent, Kind, Reading
from bot.money import Money
from bot.outcomes import ErrorName
from bot.prompts import Prompt
from bot.settings import PaymentSettings

_MOST_KEYS = 9
"""Digits of the largest amount that can be keyed; more is not an amount but, say, a card."""

_MOST_CHOICES = 5
"""How many allowed amounts are read out; a longer list cannot be remembered."""

_MEANT_BY_WORDS = {
    Intent.PAY_FULL, Intent.PAY_MINIMUM, Intent.PAY_BILL, Intent.PAY_AMOUNT, Intent.BALANCE,
}  # fmt: skip


class AmountField(FieldMachine):
    field: ClassVar[Field] = Field.AMOUNT

    def __init__(
        self, settings: PaymentSettings, balance: Money | None, minimum_due: Money | None
    ) -> None:
        super().__init__()
        self.value: Money | None = None
        self.instead = False
        """An offered amount was refused: ask what to pay instead."""
        self._settings = settings
        self._balance = balance
        self._minimum_due = minimum_due
        self._asked = 0

    @property
    def is_given(self) -> bool:
        return self.value is not None

    @property
    def balance(self) -> Money | None:
        return self._balance

    def ask(self) -> Prompt:
        self._asked += 1
        return Prompt("amount.ask_instead" if self.instead else "amount.ask")

    def expectation(self) -> Expectation:
        # The first question is open: callers answer it with what they called for.
        kind = Kind.OPEN if self._asked <= 1 else Kind.AMOUNT
        return Expectation(
            kind, field=self.field, given_digits=self._given_digits(), amounts=self._limits()
        )

    def finds(self, reading: Reading) -> bool:
        return reading.amount is not None or self._by_words(reading) is not None

    def hear(self, readings: Sequence[Reading]) -> Verdict:
        """The best reading counts. The limits do not choose among readings of what was heard: 87.50
        below a minimum of 100 is an answer to refuse, not a reason to read 8750.
        """
        for reading in readings:
            if reading.amount is not None:
                return self.take(reading.amount)
            if (intent := self._by_words(reading)) is not None:
                return self._take_by_words(intent)
        return Unanswered()

    def _by_words(self, reading: Reading) -> Intent | None:
        known = reading.intent_confidence >= self._settings.accept_intent
        return reading.intent if known and reading.intent in _MEANT_BY_WORDS else None

    def _take_by_words(self, intent: Intent) -> Verdict:
        balance, minimum_due = self._balance, self._minimum_due
        if intent is Intent.PAY_MINIMUM and minimum_due is not None:
            return self.take(minimum_due)
        if intent is Intent.PAY_FULL and balance is not None:
            return self.take(balance)
        if intent in {Intent.PAY_BILL, Intent.BALANCE} and balance is not None:
            return Told((self.tell_balance(),)) if self.why_not(balance) else Offered(balance)
        return Told(self._what_is_not_known(intent))

    def _what_is_not_known(self, intent: Intent) -> tuple[Prompt, ...]:
        match intent:
            case Intent.PAY_MINIMUM:
                return (Prompt("amount.no_minimum_due"),)
            case Intent.PAY_FULL | Intent.BALANCE:
                return (Prompt("amount.no_balance"),)
            case _:  # "I want to pay my bill" names nothing that could be missed
                return ()

    def tell_balance(self) -> Prompt:
        if self._balance is None:
            return Prompt("amount.no_balance")
        return Prompt("amount.balance", {"amount": self._balance})

    def _after_key(self) -> Verdict:
        return Partial()

    def end_of_keys(self) -> Verdict:
        digits = self.gathered.reveal()
        self.gathered.wipe()
        if len(digits) > _MOST_KEYS:
            return Refused(ErrorName.INVALID_AMOUNT, (Prompt("amount.invalid"),))
        return self.take(Money(int(digits), self._settings.currency))

    def take(self, amount: Money) -> Verdict:
        """The amount itself, checked."""
        self.gathered.wipe()
        if why := self.why_not(amount):
            return Refused(ErrorName.INVALID_AMOUNT, why, self.instead_of(amount))
        self.value = amount
        return Taken(str(amount))

    def instead_of(self, amount: Money | None) -> Money | None:
        """The minimum, where it is offered to a caller who named less; else None."""
        least = self._limits().least
        if amount is None or self._settings.below_minimum != "offer":
            return None
        if amount.currency != least.currency or amount.minor_units >= least.minor_units:
            return None
        return least if not self.why_not(least) else None

    def why_not(self, amount: Money) -> tuple[Prompt, ...]:
        """Why this amount cannot be paid; empty when it can."""
        limits = self._limits()
        if amount.currency != self._settings.currency:
            return (Prompt("amount.invalid"),)
        if amount.minor_units < limits.least.minor_units:
            return (Prompt("amount.below_minimum", {"amount": limits.least}),)
        if amount.minor_units > limits.most.minor_units:
            return (Prompt("amount.above_maximum", {"amount": limits.most}),)
        if not limits.allow(amount.minor_units):
            return (Prompt("amount.not_allowed"), *_choices(limits.allowed[:_MOST_CHOICES]))
        return ()

    def _limits(self) -> AmountLimits:
        settings = self._settings
        return AmountLimits(
            settings.money(settings.minimum_amount),
            settings.money(settings.maximum_amount),
            tuple(settings.money(text) for text in settings.allowed_amounts),
        )

    def forget(self) -> None:
        self.value = None
        self.instead = False
        self.gathered.wipe()


def _choices(amounts: Sequence[Money]) -> tuple[Prompt, ...]:
    first, *others = amounts
    return (
        Prompt("amount.choices", {"amount": first}),
        *(Prompt("amount.choice", {"amount": other}) for other in others),
    )
