"""The amount: named, keyed in minor units, or "the full amount" and "the minimum" (R1 step 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from babel.numbers import get_currency_precision

from bot.changes import Change
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
        below a minimum of 100 is an answer to refuse, not a reason to read 8750. They do where the
        words themselves say two amounts as naturally (`_choose`). Where hearing believes in another
        amount as well, the caller tells.
        """
        for number, reading in enumerate(readings):
            if reading.amount is not None:
                doubt = self._in_doubt(reading.amounts, readings[number + 1 :])
                return doubt or self._choose(reading.amounts)
            if (intent := self._by_words(reading)) is not None:
                return self._take_by_words(intent)
        return Unanswered()

    def _in_doubt(self, heard: Sequence[Money], others: Sequence[Reading]) -> Offered | None:
        """The amount heard, to be confirmed, where another reading has another one that could be
        paid, too ("make it eighty", or eighteen)."""
        rivals = (other.amount for other in others if not set(heard) & set(other.amounts))
        rival = next((amount for amount in rivals if amount is not None), None)
        if rival is None or len(heard) > 1 or self.why_not(heard[0]) or self.why_not(rival):
            return None
        return Offered(heard[0], "amount.offer_heard", rival)

    def _choose(self, rivals: Sequence[Money]) -> Verdict:
        """As in "five fifty": the one that can be paid, that is due, that is owed at most; else the
        caller tells."""
        payable = [amount for amount in rivals if not self.why_not(amount)]
        due = [amount for amount in payable if amount in (self._balance, self._minimum_due)]
        balance = self._balance
        owed = [
            amount
            for amount in payable
            if balance is not None and amount.minor_units <= balance.minor_units
        ]
        for candidates in (payable, due, owed):
            if len(candidates) == 1:
                return self.take(candidates[0])
        if not payable:
            return self.take(rivals[0])
        return Offered(payable[0], "amount.offer_heard", otherwise=payable[1])

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
            return (
                Told((self.tell_balance(),))
                if self.why_not(balance)
                else Offered(balance, "amount.offer_balance")
            )
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

    def can_amend(self, changes: Sequence[Change], *, named: bool) -> bool:
        return self._amended(changes) not in (None, self.value)

    def amend(self, changes: Sequence[Change], *, named: bool, sure: bool) -> Verdict:
        amount = self._amended(changes)
        self.forget()
        self.instead = True
        return self.take(amount) if amount is not None and sure else Told(())

    def _amended(self, changes: Sequence[Change]) -> Money | None:
        if self.value is None or len(changes) != 1 or changes[0].place is not None:
            return None
        new, old = changes[0].new, changes[0].old
        if new is None or new.amount is None or old is None or old.amount is None:
            return None
        return _contrasted(self.value, new.amount, old.amount)

    def forget(self) -> None:
        self.value = None
        self.instead = False
        self.gathered.wipe()


def _contrasted(held: Money, new: Money, old: Money) -> Money | None:
    """The amount, its whole units or its cents by contrast: "sixty, not fifty" of 87.50."""
    if not new.currency == old.currency == held.currency:
        return None
    if old == held:
        return new
    unit = 10 ** get_currency_precision(held.currency)
    whole, cents = divmod(held.minor_units, unit)
    said_new, said_old = new.minor_units // unit, old.minor_units // unit
    is_one_part = not new.minor_units % unit and not old.minor_units % unit and whole != cents
    if is_one_part and said_old == whole:
        return Money(said_new * unit + cents, held.currency)
    if is_one_part and said_old == cents and said_new < unit:
        return Money(whole * unit + said_new, held.currency)
    return None


def _choices(amounts: Sequence[Money]) -> tuple[Prompt, ...]:
    first, *others = amounts
    return (
        Prompt("amount.choices", {"amount": first}),
        *(Prompt("amount.choice", {"amount": other}) for other in others),
    )
