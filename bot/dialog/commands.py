"""What the dialog wants done. `calls/` carries the commands out, in the order given."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards import CardNumber
from bot.charges import ChargeRequest
from bot.dialog.events import TimerName
from bot.expectations import Expectation, Field
from bot.outcomes import Destination, PaymentResult
from bot.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Say:
    """Queue these prompts, spoken one after the other; answered by one `PromptPlayed(say_id)`.

    interruptible: speech of the caller may stop it (keys always do).
    slow: the caller asked for it more slowly: leave longer gaps between the pieces.
    """

    say_id: int
    prompts: tuple[Prompt, ...]
    interruptible: bool = True
    slow: bool = False


@dataclass(frozen=True, slots=True)
class StopSaying:
    """Silence at once and forget what is queued."""


@dataclass(frozen=True, slots=True)
class PauseSaying:
    """Silence at once; what is queued waits."""


@dataclass(frozen=True, slots=True)
class ResumeSaying:
    """Go on with what was paused."""


@dataclass(frozen=True, slots=True)
class Listen:
    """From now on this is expected: tells recogniser, end-of-turn rule and understanding."""

    expectation: Expectation


@dataclass(frozen=True, slots=True)
class SetTimer:
    """(Re)start a timer of this name; `ms` None stops it."""

    name: TimerName
    ms: int | None


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask a service whether this card is valid, and of which brand; answered by `Looked`.

    card: a copy; whoever carries the command out wipes it.
    """

    card: CardNumber


@dataclass(frozen=True, slots=True)
class Charge:
    request: ChargeRequest


@dataclass(frozen=True, slots=True)
class HandOver:
    """The call goes on elsewhere, with the result as its context."""

    to: Destination
    result: PaymentResult


class StepState:
    """States of a step as an agent or a page shows them."""

    ENTERING = "entering"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notify:
    """A step of the payment changed: for the trace, the agent desk, the phone page.

    step: a field, or "confirmation", "charge". state: one of StepState.
    detail: masked, such as an error name or the last four digits.
    """

    step: Field | str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """The dialog is over; nothing follows. Emitted exactly once, after what is to be said."""

    result: PaymentResult


Command = (
    Say
    | StopSaying
    | PauseSaying
    | ResumeSaying
    | Listen
    | SetTimer
    | LookUp
    | Charge
    | HandOver
    | Notify
    | End
)
