"""What a question expects, what the recogniser heard, and how that can be understood.

Hearing turns sound into `Hypothesis`; understanding turns hypotheses into `Reading`; the dialog
decides among readings. All three carry who made them and how sure it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.cards import Expiry, SecretDigits, SecretText
from bot.changes import Change
from bot.money import Money


class Field(StrEnum):
    """What a payment asks for; the names the Rasa entity `field` uses."""

    AMOUNT = "amount"
    CARD_NUMBER = "card_number"
    EXPIRY = "expiry"
    SECURITY_CODE = "security_code"
    POSTAL_CODE = "postal_code"
    CARD = "card"
    """All of one card, for corrections: number, expiry and security code of another one."""
    EVERYTHING = "everything"


class Kind(StrEnum):
    """What sort of answer a question expects."""

    DIGITS = "digits"
    CARD = "card"
    AMOUNT = "amount"
    EXPIRY = "expiry"
    YES_NO = "yes_no"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class AmountLimits:
    """What can be paid. least, most: both included. allowed: only these; empty: any between."""

    least: Money
    most: Money
    allowed: tuple[Money, ...] = ()

    def allow(self, minor_units: int) -> bool:
        """Of the currency the limits are in."""
        if self.allowed and all(one.minor_units != minor_units for one in self.allowed):
            return False
        return self.least.minor_units <= minor_units <= self.most.minor_units


@dataclass(frozen=True, slots=True)
class ExpiryLimits:
    """The first and the last date a card may carry today."""

    first: Expiry
    last: Expiry

    def allow(self, expiry: Expiry) -> bool:
        past = expiry.is_past(self.first.month, self.first.year)
        return not past and not self.last.is_past(expiry.month, expiry.year)


@dataclass(frozen=True, slots=True)
class Expectation:
    """Told to the recogniser, the end-of-turn rule and the understanding before an answer.

    lengths: exact counts of digits that make the answer complete; empty when any will do.
    given: how many digits of the answer are already there (a card number given in pieces);
        `lengths` counts the whole answer.
    given_digits: those digits, so that length, IIN and check sum can be judged over the whole.
    sensitive: a card field is open; the recording is silent and nothing heard is kept.
    question: which question of the call this belongs to, counted by the dialog; asking again keeps
        it. A "yes" to an earlier question is told apart by it: pass the expectation on unchanged.
    amounts, expiries: what the answer should be within, for amounts and dates; None where nothing
        is known. What was heard less well but lies within may be preferred; what lies outside is
        still heard, for the caller has to be told why it cannot be.
    words: in lower case, one or a few each, that count at every question besides those that a
        language has anyway (`payment.agent_words`).
    """

    kind: Kind
    lengths: tuple[int, ...] = ()
    field: Field | None = None
    given_digits: SecretDigits | None = None
    sensitive: bool = False
    language: str = "en"
    question: int = 0
    amounts: AmountLimits | None = None
    expiries: ExpiryLimits | None = None
    words: tuple[str, ...] = ()

    @property
    def given(self) -> int:
        return 0 if self.given_digits is None else len(self.given_digits)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One thing the caller may have said. May hold card data, and keeps it to itself.

    said: words in lower case, numbers as words or digits, as the engine gives them.
    digits: where the engine decodes digits itself (card, digits): the new digits of this
        utterance; what was given before is not in it.
    confidence: calibrated probability, 0 to 1, that this is what was said.
    start, end: samples on the caller's leg.
    fits: length, and for cards IIN and check sum, hold for the whole answer; an amount or a date
        is one and within the limits expected.
    as_heard: found without those rules helping. The best as-heard and the best fitting one are
        both kept (they are often the same); see the doubtful-card rule.
    engine: who heard it ("embedded", "vosk", "typed").
    doubtful: of a whole card number, given digits counted, the group that is least certain, as
        indices of its first digit and after its last; None when no group is in doubt or it is not
        known.
    """

    said: SecretText
    confidence: float
    digits: SecretDigits | None = None
    start: int = 0
    end: int = 0
    fits: bool = False
    as_heard: bool = True
    engine: str = ""
    doubtful: tuple[int, int] | None = None


class Source(StrEnum):
    """Who understood."""

    RASA = "rasa"
    NUMBERS = "numbers"
    GRAMMAR = "grammar"
    KEYS = "keys"


class Intent(StrEnum):
    """What a caller wants; the intent names of the Rasa project."""

    AFFIRM = "affirm"
    DENY = "deny"
    CORRECT = "correct"
    PAY_AMOUNT = "pay_amount"
    PAY_FULL = "pay_full"
    PAY_MINIMUM = "pay_minimum"
    REPEAT = "repeat"
    SLOWER = "slower"
    HELP = "help"
    GO_BACK = "go_back"
    START_OVER = "start_over"
    AGENT = "agent"
    CANCEL = "cancel"
    NOT_AVAILABLE = "not_available"
    HOLD_ON = "hold_on"
    PAY_BILL = "pay_bill"
    BALANCE = "balance"
    GOODBYE = "goodbye"
    OUT_OF_SCOPE = "out_of_scope"


NumberValue = Money | Expiry | SecretDigits


@dataclass(frozen=True, slots=True)
class SpokenNumber:
    """One number found in what was said, read in one way.

    reason: why it can be read so, for the designer ("tens and units, then tens: dollars, cents").
    rival: as natural a reading of its words as the best one ("five fifty": 5.50, 550.00).
    """

    value: NumberValue
    reason: str = ""
    rival: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand one utterance.

    intent: what the caller wants, None where a bare number answered the question.
    field: what is to be corrected, with `Intent.CORRECT`.
    numbers: the values said, best reading first within each type.
    masked_text: what may be shown and kept: every number replaced by its placeholder.
    confidence: of hearing, 0 to 1.  intent_confidence: of understanding, 0 to 1.
    source: who found the intent, or, without one, who read the number.
    fits, as_heard, doubtful: as in `Hypothesis`.
    changes: parts of a value that are put right ("the last four are …"). `change_of`: the field
    that is named beside them, None where none is.
    also: where several fields were named ("the expiry and the zip"), the others, a reading each.
    """

    confidence: float
    intent: Intent | None = None
    intent_confidence: float = 0.0
    field: Field | None = None
    numbers: tuple[SpokenNumber, ...] = ()
    masked_text: str = ""
    source: Source = Source.NUMBERS
    fits: bool = False
    as_heard: bool = True
    doubtful: tuple[int, int] | None = None
    changes: tuple[Change, ...] = ()
    change_of: Field | None = None
    also: tuple[Reading, ...] = ()

    @property
    def amount(self) -> Money | None:
        return next((n.value for n in self.numbers if isinstance(n.value, Money)), None)

    @property
    def amounts(self) -> tuple[Money, ...]:
        """The best amount and its rivals, which its words mean as naturally."""
        found = [(n.value, n.rival) for n in self.numbers if isinstance(n.value, Money)]
        return tuple(value for i, (value, rival) in enumerate(found) if rival or not i)

    @property
    def expiry(self) -> Expiry | None:
        return next((n.value for n in self.numbers if isinstance(n.value, Expiry)), None)

    @property
    def digits(self) -> SecretDigits | None:
        return next((n.value for n in self.numbers if isinstance(n.value, SecretDigits)), None)
