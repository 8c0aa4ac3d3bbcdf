"""What all fields share: digits gathered over keys and utterances, and how a field is used."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import ClassVar

from bot.cards import CardNumber, SecretDigits
from bot.changes import Change
from bot.dialog.fields.verdicts import Verdict
from bot.expectations import Expectation, Field, Reading
from bot.prompts import Prompt


class Gathered:
    """Digits of an answer under way. Every state it leaves behind is wiped.

    keyed: how many of them, at the end, came from keys without speech in between.
    pieces: how many digits came at once, one after the other.
    """

    def __init__(self) -> None:
        self._digits: SecretDigits | None = None
        self.keyed = 0
        self.pieces: list[int] = []

    def __len__(self) -> int:
        return len(self._digits) if self._digits is not None else 0

    def reveal(self) -> str:
        return self._digits.reveal() if self._digits is not None else ""

    def copy(self) -> SecretDigits | None:
        """A copy to hand out; None when there is nothing."""
        return self._digits.duplicate() if self._digits is not None else None

    def add_keyed(self, digit: str) -> None:
        self._replace(SecretDigits(self.reveal() + digit))
        if self.keyed:
            self.pieces[-1] += 1
        else:
            self.pieces.append(1)
        self.keyed += 1

    def add_spoken(self, digits: str) -> None:
        self._replace(SecretDigits(self.reveal() + digits))
        self.pieces.append(len(digits))
        self.keyed = 0

    def rewrite(self, first: int, end: int, digits: str) -> None:
        """Digits instead of those from `first` up to `end`; what they touch becomes one piece."""
        before = self.reveal()
        grown = len(digits) - (end - first)
        ends = list(accumulate(self.pieces))
        kept = {at for at in ends if at <= first} | {at + grown for at in ends if at >= end}
        self._replace(SecretDigits(before[:first] + digits + before[end:]))
        self.pieces = [b - a for a, b in pairwise(sorted({0, *kept, len(self)}))]
        self.keyed = 0

    def cut(self, length: int) -> None:
        """Keep only so many of the digits."""
        kept = self.reveal()[:length]
        ends = [at for at in accumulate(self.pieces) if at < length]
        self.wipe()
        if kept:
            self._replace(SecretDigits(kept))
            self.pieces = [b - a for a, b in pairwise(sorted({0, *ends, length}))]

    def wipe(self) -> None:
        self._replace(None)
        self.pieces.clear()
        self.keyed = 0

    def _replace(self, digits: SecretDigits | None) -> None:
        old, self._digits = self._digits, digits
        if old is not None:
            old.wipe()


class FieldMachine(ABC):
    """One field of the payment.

    The dialog says `ask()`, passes on what comes (`hear`, `press`, `end_of_keys`) and acts
    on the verdict. A machine keeps its value until `forget()`.
    """

    field: ClassVar[Field]

    def __init__(self) -> None:
        self.gathered = Gathered()
        self._handed_out: list[SecretDigits | CardNumber] = []

    @property
    @abstractmethod
    def is_given(self) -> bool: ...

    @property
    def has_begun(self) -> bool:
        """A part of the answer is there: "no" and "start over" mean this answer, not the call."""
        return len(self.gathered) > 0

    def asked_anew(self) -> None:
        """The whole question is asked once more: keys of an answer that had begun are none of the
        next one's."""
        self.gathered.wipe()

    def begin_anew(self) -> None:
        """The caller takes back what there is of the answer."""
        self.gathered.wipe()

    @property
    def offers(self) -> bool:
        """It asks whether what it believes to have heard is right: yes or no may be the answer."""
        return False

    def agree(self, *, yes: bool) -> Verdict:
        """The answer to what it `offers`."""
        raise NotImplementedError(f"{self.field} offers nothing")

    @abstractmethod
    def ask(self) -> Prompt:
        """What to ask now; it may depend on what is there already. Called once for each asking."""

    @abstractmethod
    def expectation(self) -> Expectation:
        """What the recogniser should expect now."""

    @abstractmethod
    def finds(self, reading: Reading) -> bool:
        """Whether the reading holds a value of this field's kind, right or wrong."""

    @abstractmethod
    def hear(self, readings: Sequence[Reading]) -> Verdict:
        """Judge an utterance; best reading first."""

    def press(self, digit: str) -> Verdict:
        """A digit key. `Partial` while the answer is not complete by its length."""
        self.gathered.add_keyed(digit)
        return self._after_key()

    @abstractmethod
    def _after_key(self) -> Verdict: ...

    @abstractmethod
    def end_of_keys(self) -> Verdict:
        """`#` or the inter-digit timer: what was keyed is the answer. Empties `gathered`."""

    def can_amend(self, changes: Sequence[Change], *, named: bool) -> bool:
        """Whether these changes mean something in what there is of this field, and change it.

        named: the caller told which field; else a contrast can be about what was read back only.
        """
        return False

    def amend(self, changes: Sequence[Change], *, named: bool, sure: bool) -> Verdict:
        """Carry out changes that `can_amend` found good. What is not known surely (sure: the new
        value was heard so) or cannot be right is not taken; the part is asked for, or the whole.
        """
        raise NotImplementedError(f"{self.field} has no parts")

    @abstractmethod
    def forget(self) -> None:
        """Wipe the value and what was gathered."""

    def wipe_handed_out(self) -> None:
        """At the end of the call: also the copies that went out with expectations.

        Not earlier: a recogniser may still be judging an utterance against one.
        """
        for digits in self._handed_out:
            digits.wipe()
        self._handed_out.clear()

    def _said(self, readings: Sequence[Reading], lengths: Sequence[int]) -> str | None:
        """The first digits heard that have one of these lengths, with what was keyed before or
        alone; "" when none has, None when no digits were heard."""
        heard = [digits_in(reading) for reading in readings if digits_in(reading)]
        if not heard:
            return None
        keyed = self.gathered.reveal()
        answers = (text for digits in heard for text in (keyed + digits, digits))
        return next((text for text in answers if len(text) in lengths), "")

    def _given_digits(self) -> SecretDigits | None:
        digits = self.gathered.copy()
        if digits is not None:
            self._handed_out.append(digits)
        return digits


def digits_in(reading: Reading) -> str:
    """The digits of a reading, or none."""
    digits = reading.digits
    return digits.reveal() if digits is not None and len(digits) else ""
