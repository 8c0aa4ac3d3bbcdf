"""The card number, given in as many pieces, by voice and keys, as the caller likes (R1 step 4).

Spoken numbers follow the doubtful-card rule of the design: the reading that fits length, IIN and
check sum is taken when it is likely enough. Otherwise the caller is asked again, for one group of
the digits where the others were heard surely (`card_group.py`), and after two tries pointed to the
keys. Nothing heard is repaired: a check sum alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bot.cards import CardNumber, SecretDigits, brand_of, is_card_number, lengths_for, rules_of
from bot.changes import Change
from bot.dialog.fields.amending import Amended, amended
from bot.dialog.fields.card_group import (
    AskedGroup,
    doubtful_group,
    group_around,
    judged_at,
    odd_group,
    offerable,
    printed_groups,
)
from bot.dialog.fields.machine import FieldMachine, digits_in
from bot.dialog.fields.verdicts import Partial, Refused, Taken, Told, Unanswered, Verdict
from bot.expectations import Expectation, Field, Kind, Reading
from bot.outcomes import ErrorName
from bot.prompts import Count, Digits, Prompt
from bot.settings import PaymentSettings

_IIN_DIGITS = 4
"""Leading digits after which a brand is known or the number belongs to none (the table's longest
range)."""

_USUAL_LENGTH = 16
"""Digits of most cards of the brands that know several lengths."""

_GROUP_TRIES = 2
"""How often one group is asked for, the second time with the keys named; then the whole number."""


class CardNumberField(FieldMachine):
    field: ClassVar[Field] = Field.CARD_NUMBER

    def __init__(self, settings: PaymentSettings) -> None:
        super().__init__()
        self.value: CardNumber | None = None
        self._settings = settings
        self._doubts = 0
        self._group: AskedGroup | None = None
        """Asked for alone; what is gathered then belongs to it, or is the whole number anew."""
        self._offered: SecretDigits | None = None
        """The only number an utterance can have been: is it right?"""
        self._in_doubt = (0, 0)
        """Of it: index of the first digit and after the last."""
        self._refused: SecretDigits | None = None
        """The number just given, whole and wrong: a part of it may be put right."""
        self._pieces: tuple[int, ...] = ()
        """How many digits the caller gave at once, of the number we have or refused."""

    @property
    def is_given(self) -> bool:
        return self.value is not None

    @property
    def has_begun(self) -> bool:
        return super().has_begun or self._group is not None or self.offers

    @property
    def _reads_all_digits(self) -> bool:
        """Aloud. Where an agent may hear them nobody speaks, so nothing is in doubt."""
        return self._settings.read_back == "groups"

    @property
    def offers(self) -> bool:
        return self._offered is not None

    def agree(self, *, yes: bool) -> Verdict:
        """No: the digits that were in doubt are wrong, so their group is asked for."""
        number = self._offered.reveal() if self._offered is not None else ""
        if yes and is_card_number(number):
            return self._take(number)
        self._open(group_around(number, *self._in_doubt))
        return Told(())

    def begin_anew(self) -> None:
        self._open(None)

    def asked_anew(self) -> None:
        """What is there stands, and the question tells it; no further key is being waited for."""
        self.gathered.keyed = 0

    def ask(self) -> Prompt:
        if self._offered is not None:
            number = self._offered.reveal()
            if self._reads_all_digits:
                copy = CardNumber(number)
                self._handed_out.append(copy)
                return Prompt("card_number.offer_digits", {"card_number": copy})
            return Prompt("card_number.offer", {"last_four": Digits(number[-4:])})
        if self._group is not None:
            return self._group.question()
        if len(self.gathered):
            return Prompt("card_number.so_far", {"count": Count(len(self.gathered))})
        return Prompt("card_number.ask")

    def expectation(self) -> Expectation:
        if self.offers:
            # Open: a "no" may be followed by the right digits in the same breath.
            return Expectation(Kind.OPEN, field=self.field, sensitive=True)
        so_far = self.gathered.reveal()
        group = self._group
        lengths = (group.size, group.length) if group is not None else lengths_for(so_far)
        return Expectation(
            Kind.CARD if group is None else Kind.DIGITS,
            lengths=tuple(length for length in lengths if length > len(so_far)),
            field=self.field,
            given_digits=self._given_digits(),
            sensitive=True,
        )

    def finds(self, reading: Reading) -> bool:
        return bool(digits_in(reading))

    def hear(self, readings: Sequence[Reading]) -> Verdict:
        said = [reading for reading in readings if digits_in(reading)]
        if not said:
            return Unanswered()
        if self._offered is not None:
            number = self._offered.reveal()
            if digits_in(said[0]) in (number[-4:], number):
                return self.agree(yes=True)
            self.agree(yes=False)  # "no, four two four three"
        enough = self._settings.confidence_needed(Kind.CARD)
        fitting = max(
            (reading for reading in said if self._whole(digits_in(reading))),
            key=lambda reading: reading.confidence,
            default=None,
        )
        if fitting is not None and fitting.confidence >= enough:
            return self._take(self._whole(digits_in(fitting)))
        heard = next((reading for reading in said if reading.as_heard), said[0])
        if heard.confidence < enough:
            return self._doubt(fitting or heard, said)
        # Heard clearly, and not a whole valid number: a piece of one, or a wrong one.
        return self._add_piece(digits_in(heard))

    def _whole(self, digits: str) -> str:
        """The valid number these digits complete, or are when the caller began anew; else none."""
        for answer in (self.gathered.reveal() + digits, digits):
            if number := self._completed_by(answer):
                return number
        return ""

    def _completed_by(self, answer: str) -> str:
        if self._group is not None:
            return self._group.completed_by(answer)
        return answer if is_card_number(answer) else ""

    def _add_piece(self, digits: str) -> Verdict:
        if self._group is not None:
            if not self._group.is_begun_anew_by(digits):
                return self._add_to_group(digits, self._group)
            self.begin_anew()
        so_far = self.gathered.reveal() + digits
        length = judged_at(so_far)
        if len(so_far) >= _IIN_DIGITS and brand_of(so_far) is None:
            return self._invalid()
        if odd := odd_group(so_far, (*self.gathered.pieces, len(digits)), length):
            self._open(odd)
            return self._wrong_length()
        if len(so_far) >= length:
            return self._invalid(so_far, (*self.gathered.pieces, len(digits)))
        self._forget_refused()
        self.gathered.add_spoken(digits)
        return Partial()

    # One group of it

    def _open(self, group: AskedGroup | None) -> None:
        """Ask for this group alone, or for the whole number again."""
        if self._group is not None:
            self._group.wipe()
        self._forget_offer()
        self._group = group
        self.gathered.wipe()
        self._forget_refused()

    def _forget_offer(self) -> None:
        if self._offered is not None:
            self._offered.wipe()
        self._offered = None

    def _forget_refused(self) -> None:
        if self._refused is not None:
            self._refused.wipe()
        self._refused = None

    def _add_to_group(self, digits: str, group: AskedGroup) -> Verdict:
        answer = self.gathered.reveal() + digits
        if group.size in (len(answer), len(digits)):
            return self._no_card_with_it()
        if len(answer) < group.size:
            self.gathered.add_spoken(digits)
            return Partial()
        return self._try_again(group, self._wrong_length())

    def _no_card_with_it(self) -> Verdict:
        """Each digit was heard surely, and still it is no card number: what was kept is wrong."""
        self._open(None)
        return Refused(ErrorName.INVALID_CARD_NUMBER, (Prompt("card_number.group_invalid"),))

    def _wrong_length(self) -> Refused:
        return Refused(ErrorName.INVALID_CARD_NUMBER, (Prompt("card_number.wrong_length"),))

    def _try_again(self, group: AskedGroup, why: Refused) -> Verdict:
        self.gathered.wipe()
        group.tries += 1
        if group.tries <= _GROUP_TRIES:
            return why
        self._open(None)
        return Refused(why.error, (Prompt("card_number.use_keys"),))

    # Doubt

    def _doubt(self, unsure: Reading, said: Sequence[Reading]) -> Verdict:
        """The first time only the doubtful group is asked again, or the doubtful piece; after that
        the whole number, for then an earlier piece may be what is wrong."""
        self._doubts += 1
        not_understood = Refused(ErrorName.NOT_UNDERSTOOD, (Prompt("not_understood"),))
        if self._group is not None:
            return self._try_again(self._group, not_understood)
        given = self.gathered.reveal()
        enough = self._settings.confidence_needed(Kind.CARD)
        if self._doubts > 1:
            self.gathered.wipe()
            return Refused(ErrorName.NOT_UNDERSTOOD, (Prompt("card_number.use_keys"),))
        if self._settings.read_back != "off" and (
            number := offerable(unsure, said, given, all_digits=self._reads_all_digits)
        ):
            self._open(None)
            self._offered = SecretDigits(number)
            self._in_doubt = unsure.doubtful or (0, len(number))
            return Told(())
        if group := doubtful_group(given + digits_in(unsure), unsure, said, given, enough):
            self._open(group)
            return Refused(ErrorName.NOT_UNDERSTOOD, (Prompt("card_number.nearly"),))
        if given:
            return not_understood
        return Refused(ErrorName.NOT_UNDERSTOOD, (Prompt("card_number.doubtful"),))

    # Keys

    def _after_key(self) -> Verdict:
        self._forget_refused()
        keyed = self.gathered.reveal()
        if self.offers:
            # 1 and 2 are yes and no. A number may begin with a 2, though: then more keys follow.
            if keyed == "1":
                return self.agree(yes=True)
            if keyed == "2":
                return Partial()
            self._forget_offer()
        if len(keyed) < max(lengths_for(keyed)):
            return Partial()
        if self._goes_on_with_expiry(keyed):
            return self._split_at(keyed, _USUAL_LENGTH)
        if is_card_number(keyed):
            return self._take(keyed)
        return self._split(keyed)

    def _goes_on_with_expiry(self, keyed: str) -> bool:
        """Whether these keys, a long number by their check digit, are likelier one of the usual
        length and the month of its expiry date, typed ahead.

        One in ten of those is a long number too, by chance; of long numbers one in eighty looks
        like those, and then the read-back tells. Where no check digit is binding nothing would be
        told, so length alone counts.
        """
        number, beyond = keyed[:_USUAL_LENGTH], keyed[_USUAL_LENGTH:]
        brand = brand_of(keyed)
        return (
            brand is not None
            and rules_of(brand).luhn
            and 2 <= len(beyond) <= self.gathered.keyed
            and "01" <= beyond[:2] <= "12"
            and is_card_number(number)
        )

    def _split(self, keyed: str) -> Verdict:
        """Keys ran on beyond a shorter valid number: type-ahead for the next question."""
        for length in sorted(lengths_for(keyed), reverse=True):
            beyond = len(keyed) - length
            if 0 < beyond <= self.gathered.keyed and is_card_number(keyed[:length]):
                return self._split_at(keyed, length)
        return self._invalid()

    def _split_at(self, keyed: str, length: int) -> Verdict:
        return self._take(keyed[:length], typed_ahead=SecretDigits(keyed[length:]))

    def end_of_keys(self) -> Verdict:
        keyed = self.gathered.reveal()
        if self.offers and keyed == "2":
            return self.agree(yes=False)
        self.gathered.wipe()
        if number := self._completed_by(keyed):
            return self._take(number)
        if self._group is None:
            return self._invalid()
        if len(keyed) == self._group.size:
            return self._no_card_with_it()
        return self._try_again(self._group, self._wrong_length())

    # A part put right

    def can_amend(self, changes: Sequence[Change], *, named: bool) -> bool:
        held = self._held()
        found = self._amended(changes, named=named)
        return found is not None and found.digits != held

    def amend(self, changes: Sequence[Change], *, named: bool, sure: bool) -> Verdict:
        held = self._held()
        part = self._amended(changes, named=named)
        if part is None or part.digits is None or not sure:
            return self._ask_part(held, part or Amended(0, len(held), None))
        if is_card_number(part.digits):
            self.forget()
            return self._take(part.digits)
        if len(self.gathered) and len(part.digits) < judged_at(part.digits):
            return self._go_on_with(part.digits, part)
        self._ask_part(held, part)
        return Refused(ErrorName.INVALID_CARD_NUMBER, (Prompt("card_number.change_invalid"),))

    def _held(self) -> str:
        """The digits that may be put right: of the number being given, else of the one refused
        last, else of the one we have."""
        if self._group is not None:
            return self._group.number
        if len(self.gathered):
            return self.gathered.reveal()
        secret = self._refused or self.value
        return secret.reveal() if secret is not None else ""

    def _amended(self, changes: Sequence[Change], *, named: bool) -> Amended | None:
        """Groups are counted as the caller read them, else as cards print them."""
        held = self._held()
        pieces = tuple(self.gathered.pieces) if len(self.gathered) else self._pieces
        layouts = (*((pieces,) if len(pieces) > 1 else ()), printed_groups(held))
        only_last_four = not named and self.value is not None
        return amended(changes, held, layouts, heard_from=len(held) - 4 if only_last_four else 0)

    def _go_on_with(self, number: str, part: Amended) -> Verdict:
        """A number that is still being given: the caller hears how much there is of it now."""
        grown = len(number) - len(self.gathered)
        self.gathered.rewrite(part.first, part.end, number[part.first : part.end + grown])
        return Told(())

    def _ask_part(self, number: str, part: Amended) -> Verdict:
        """The part is wrong, and what it should be is not known: its group is asked for, or the
        number from there on."""
        if self._group is None and len(self.gathered):
            self.gathered.cut(part.first)
            return Told(())
        group = group_around(number, part.first, part.end)
        self.forget()
        self._open(group)
        return Told(())

    def _take(self, number: str, typed_ahead: SecretDigits | None = None) -> Verdict:
        pieces = self._pieces_of(number)
        self._open(None)
        brand = brand_of(number)
        if brand is None or brand not in self._settings.brands:
            return Refused(ErrorName.INVALID_CARD_TYPE, (Prompt("card_number.type_not_allowed"),))
        self.forget()
        self.value, self._pieces = CardNumber(number), pieces
        return Taken(f"{rules_of(brand).name} {self.value.last_four}", typed_ahead)

    def _pieces_of(self, number: str) -> tuple[int, ...]:
        """How a number was read out that is complete now."""
        so_far = self.gathered.reveal()
        if self._group is not None or not so_far or not number.startswith(so_far):
            return ()
        rest = len(number) - len(so_far)
        return (*self.gathered.pieces, *((rest,) if rest else ()))

    def _invalid(self, number: str = "", pieces: tuple[int, ...] = ()) -> Verdict:
        """number: where it is whole, so that the caller may put a part of it right."""
        self._open(None)
        if number:
            self._refused, self._pieces = SecretDigits(number), pieces
        return Refused(ErrorName.INVALID_CARD_NUMBER, (Prompt("card_number.invalid"),))

    def forget(self) -> None:
        if self.value is not None:
            self.value.wipe()
        self.value = None
        self._open(None)
        self._pieces = ()
        self._doubts = 0
