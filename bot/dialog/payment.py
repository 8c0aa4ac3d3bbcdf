"""The payment under way: its fields, what is still missing, and what may be told of it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards import Brand, CardNumber, SecretDigits, rules_of
from bot.charges import ChargeRequest
from bot.dialog.events import CallStarted
from bot.dialog.fields.amount import AmountField
from bot.dialog.fields.card_number import CardNumberField
from bot.dialog.fields.expiry import ExpiryField
from bot.dialog.fields.machine import FieldMachine
from bot.dialog.fields.postal_code import PostalCodeField
from bot.dialog.fields.security_code import SecurityCodeField
from bot.dialog.flow import FIELD_ORDER
from bot.expectations import Field
from bot.settings import PaymentSettings

_CARD_FIELDS = (Field.CARD_NUMBER, Field.EXPIRY, Field.SECURITY_CODE, Field.POSTAL_CODE)
"""What belongs to one card and goes with it: another card may be billed elsewhere too."""


class Payment:
    """Lives as long as its call; `wipe()` at the end."""

    def __init__(self, call: CallStarted, settings: PaymentSettings) -> None:
        self.call = call
        self._settings = settings
        self.amount = AmountField(settings, call.balance, call.minimum_due)
        self.card = CardNumberField(settings)
        self.expiry = ExpiryField(call.today)
        self.security_code = SecurityCodeField()
        self.postal_code = PostalCodeField(settings)
        self.machines: Mapping[Field, FieldMachine] = {
            machine.field: machine
            for machine in (
                self.amount, self.card, self.expiry, self.security_code, self.postal_code
            )
        }  # fmt: skip
        self._attempts = 0
        self._confirmed: set[Field] = set()
        self._brand_by_service: Brand | None = None
        self._card_was_checked = False
        self._read_out: list[SecretDigits | CardNumber] = []

    # The amount that came with the call

    @property
    def given_can_be_paid(self) -> bool:
        return self.call.amount is not None and not self.amount.why_not(self.call.amount)

    @property
    def given_is_final(self) -> bool:
        """It cannot be paid, and no other may be named."""
        return self.amount_is_fixed and not self.given_can_be_paid

    @property
    def amount_is_fixed(self) -> bool:
        """The amount came with the call and the settings do not let the caller change it."""
        return self.call.amount is not None and not self._settings.caller_may_change_amount

    # The card

    @property
    def brand(self) -> Brand | None:
        """Where a service was asked, it has the last word."""
        if self.card.value is None:
            return None
        return self._brand_by_service or self.card.value.brand

    @property
    def card_is_unchecked(self) -> bool:
        """A service is to be asked of it."""
        asks = self._settings.card_check != "off"
        return asks and self.card.is_given and not self._card_was_checked

    def card_was_checked(self, brand: Brand | None) -> None:
        """brand: None where the service did not say."""
        self._card_was_checked = True
        self._brand_by_service = brand

    @property
    def last_four(self) -> str | None:
        return self.card.value.last_four if self.card.value is not None else None

    # What is needed, missing and confirmed

    def needed(self) -> tuple[Field, ...]:
        """The fields this payment has, in the order of asking; the card's brand decides."""
        brand = self.brand
        if brand is None:
            return FIELD_ORDER
        asked = self._settings.brand_settings(brand)
        skipped = {
            *(() if asked.security_code else (Field.SECURITY_CODE,)),
            *(() if asked.postal_code else (Field.POSTAL_CODE,)),
        }
        return tuple(field for field in FIELD_ORDER if field not in skipped)

    def missing(self) -> Field | None:
        """The next field to ask for; None when the payment can be confirmed."""
        return next((f for f in self.needed() if not self.machines[f].is_given), None)

    def unconfirmed(self) -> Field | None:
        """The first field that was given and waits for its yes; None where only the end has one."""
        if self._settings.confirmation != "each_field":
            return None
        given = (field for field in self.needed() if self.machines[field].is_given)
        return next((field for field in given if field not in self._confirmed), None)

    def confirm(self, field: Field) -> None:
        self._confirmed.add(field)

    def was_given(self, field: Field) -> None:
        """A field has a value, perhaps another than before."""
        self._confirmed.discard(field)
        if field is Field.CARD_NUMBER:
            self._card_was_checked, self._brand_by_service = False, None
            self.fit_to_card()

    def fit_to_card(self) -> None:
        """The security code must suit the card's brand, or it is asked (again)."""
        if self.brand is None:
            return
        self.security_code.length = rules_of(self.brand).security_code_length
        code = self.security_code.value
        unfit = code is not None and len(code) != self.security_code.length
        if unfit or Field.SECURITY_CODE not in self.needed():
            self.security_code.forget()

    def forget_card(self) -> None:
        for field in _CARD_FIELDS:
            self.machines[field].forget()

    def forget_for_another_card(self) -> None:
        """The same caller has another card: amount and postal code stand."""
        for field in (Field.CARD_NUMBER, Field.EXPIRY, Field.SECURITY_CODE):
            self.machines[field].forget()

    def forget_everything(self) -> None:
        self.amount.forget()
        self.forget_card()

    def charge_request(self) -> ChargeRequest:
        """A request with copies of the secrets: it outlives the call when the caller hangs up."""
        amount, card, expiry = self.amount.value, self.card.value, self.expiry.value
        if amount is None or card is None or expiry is None or self.missing() is not None:
            raise AssertionError(f"charge while {self.missing()} is missing")
        self._attempts += 1
        code = self.security_code.value
        asks_postal_code = Field.POSTAL_CODE in self.needed()
        return ChargeRequest(
            attempt_id=f"{self.call.call_id}-{self._attempts}",
            call_id=self.call.call_id,
            amount=amount,
            card=card.duplicate(),
            expiry=expiry,
            security_code=code.duplicate() if code is not None else None,
            postal_code=self.postal_code.value if asks_postal_code else None,
            merchant_id=self.call.merchant_id,
            payment_reference=self.call.payment_reference,
        )

    # Copies to read out

    def card_to_read_out(self) -> CardNumber:
        if self.card.value is None:
            raise AssertionError("no card to read out")
        copy = self.card.value.duplicate()
        self._read_out.append(copy)
        return copy

    def to_read_out(self, digits: str) -> SecretDigits:
        """Digits that are said, but never shown or recorded."""
        copy = SecretDigits(digits)
        self._read_out.append(copy)
        return copy

    def wipe(self) -> None:
        """Overwrite every secret of the call, and forget the rest of the card."""
        self.forget_card()
        for copy in self._read_out:
            copy.wipe()
        self._read_out.clear()
        for machine in self.machines.values():
            machine.wipe_handed_out()
