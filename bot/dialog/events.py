"""What can happen to a call, as the dialog sees it: frozen, without I/O, without a clock.

`at` is the call's time in samples on the caller's leg; the dialog passes it on and never waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.charges import CardStanding, ChargeOutcome
from bot.expectations import Expectation, Reading
from bot.money import Money
from bot.outcomes import CallType


class TimerName(StrEnum):
    NO_INPUT = "no_input"
    """After the last prompt was played out: nothing came; ask again in other words."""
    INTER_DIGIT = "inter_digit"
    """After a key: no further key came; what was keyed is the answer."""
    SECOND_THOUGHT = "second_thought"
    """After the yes that pays was said: nothing more came; the card is charged."""
    SILENCE = "silence"
    """Since the last input of any kind: the payment ends."""


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The call enters the payment application (R1 step 1).

    today: for expiry dates; the dialog has no calendar of its own.
    amount: what the phone system, a look-up or the agent gave; None when the caller names it.
    balance, minimum_due: what "the full amount" and "the minimum" mean; None when not known.
    """

    call_id: str
    today: date
    call_type: CallType = CallType.AUTOMATED
    customer_id: str | None = None
    amount: Money | None = None
    balance: Money | None = None
    minimum_due: Money | None = None
    merchant_id: str | None = None
    payment_reference: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance ended and was understood; best reading first. Empty: speech, but no words.

    expectation: what was being asked when the caller began to speak.
    """

    readings: tuple[Reading, ...]
    expectation: Expectation
    at: int = 0


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One key press, one of 0-9 * #, however it was reported. A row of them may be a card."""

    key: str = field(repr=False)
    at: int = 0


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to speak (long enough not to be a click or a cough)."""

    at: int = 0


@dataclass(frozen=True, slots=True)
class PromptPlayed:
    """A `Say` is over: played out, or stopped.

    heard: how many of its pieces were played whole. completed: all of it was.
    """

    say_id: int
    completed: bool
    heard: int = 0
    at: int = 0


@dataclass(frozen=True, slots=True)
class TimerFired:
    name: TimerName
    at: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    """A `LookUp` was answered. standing: None where nobody knows, or nobody answered in time."""

    standing: CardStanding | None
    at: int = 0


@dataclass(frozen=True, slots=True)
class ChargeAnswered:
    outcome: ChargeOutcome
    at: int = 0


@dataclass(frozen=True, slots=True)
class AgentActed:
    """The agent at the desk did something ("cancel"). Reserved for R5."""

    action: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class LineBack:
    """The caller's line was away and is there again; no time has passed. Whatever was being said or
    keyed at that moment may not have arrived on either side; an utterance under way is lost."""

    at: int = 0


@dataclass(frozen=True, slots=True)
class HungUp:
    """leg: "caller" or "agent"."""

    leg: str = "caller"
    at: int = 0


Event = (
    CallStarted
    | Heard
    | KeyPressed
    | SpeechStarted
    | PromptPlayed
    | TimerFired
    | Looked
    | ChargeAnswered
    | AgentActed
    | LineBack
    | HungUp
)
