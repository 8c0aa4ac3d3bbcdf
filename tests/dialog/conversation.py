"""A call to the dialog that reads like a conversation.

    call = Conversation()
    call.says(amount="87.50")
    call.keys("5555555555554444")
    assert call.bot_said("expiry.ask")

Prompts are played out at once, as for a caller who listens; `listens=False` leaves them playing.
Whatever the dialog does is checked against rules that hold in every call (`_obey`).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml

from bot.cards import CardNumber, Expiry, SecretDigits
from bot.changes import Change, Part, Place, Unit
from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus, DeclineReason
from bot.dialog.commands import (
    Charge,
    Command,
    End,
    HandOver,
    Listen,
    Notify,
    PauseSaying,
    ResumeSaying,
    Say,
    SetTimer,
    StopSaying,
)
from bot.dialog.dialog import Dialog
from bot.dialog.events import (
    CallStarted,
    ChargeAnswered,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    PromptPlayed,
    SpeechStarted,
    TimerFired,
    TimerName,
)
from bot.dialog.flow import State
from bot.expectations import (
    Expectation,
    Field,
    Intent,
    Kind,
    NumberValue,
    Reading,
    Source,
    SpokenNumber,
)
from bot.money import Money
from bot.outcomes import CallType, Destination, PaymentResult
from bot.prompts import Prompt
from bot.settings import PaymentSettings
from bot.speaking.catalogue import variant_due

TODAY = date(2026, 11, 20)
VISA = "4111111111111111"
MASTERCARD = "5555555555554444"
AMEX = "378282246310005"

C = TypeVar("C", bound=Command)


def reading(
    intent: Intent | None = None,
    *,
    amount: str | None = None,
    digits: str | None = None,
    expiry: str | None = None,
    field: Field | None = None,
    confidence: float = 0.95,
    source: Source = Source.NUMBERS,
    as_heard: bool = True,
    doubtful: tuple[int, int] | None = None,
    rival: str | None = None,
    changes: tuple[Change, ...] = (),
    change_of: Field | None = None,
    also: tuple[Reading, ...] = (),
) -> Reading:
    """amount like "87.50", expiry like "04/29". rival: another amount, as natural as the first."""
    values: list[NumberValue] = []
    if amount is not None:
        values.append(Money.parse(amount))
    if digits is not None:
        values.append(SecretDigits(digits))
    if expiry is not None:
        month, year = expiry.split("/")
        values.append(Expiry(int(month), 2000 + int(year)))
    return Reading(
        confidence=confidence,
        intent=intent,
        intent_confidence=0.9 if intent is not None else 0.0,
        field=field,
        numbers=(
            *(SpokenNumber(value) for value in values),
            *([SpokenNumber(Money.parse(rival), rival=True)] if rival is not None else []),
        ),
        source=source,
        as_heard=as_heard,
        doubtful=doubtful,
        changes=changes,
        change_of=change_of,
        also=also,
    )


def part(said: str | int) -> Part:
    """As the words for it can be read: digits, or "87.50", "November", a year."""
    if isinstance(said, int):
        return Part(SecretDigits(str(said % 100)), Money.parse(str(said % 100)), None, said)
    if said in calendar.month_name:
        return Part(month=list(calendar.month_name).index(said))
    if "." in said:
        return Part(amount=Money.parse(said))
    number = int(said)
    month = number if len(said) <= 2 and 1 <= number <= 12 else None
    year = 2000 + number if len(said) == 2 else None
    return Part(SecretDigits(said), Money.parse(said), month, year)


def change(
    new: str | int | None, *, place: Place | None = None, old: str | int | None = None
) -> Change:
    return Change(
        place,
        part(new) if new is not None else None,
        part(old) if old is not None else None,
    )


def group(nth: int | None) -> Place:
    return Place(Unit.GROUP, nth)


def digits(nth: int | None, count: int = 1) -> Place:
    return Place(Unit.DIGITS, nth, count)


@dataclass
class Conversation:
    settings: PaymentSettings = field(default_factory=PaymentSettings)
    given: str | None = None
    balance: str | None = None
    minimum_due: str | None = None
    listens: bool = True
    thinks_twice: bool = False
    """Else nothing more is said after the yes that pays."""
    call: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dialog = Dialog(self.settings)
        self.commands: list[Command] = []
        self.latest: list[Command] = []
        self.playing: list[Say] = []
        self.is_paused = False
        self.timers: dict[TimerName, int] = {}
        self.expectation = Expectation(Kind.OPEN)
        self.open_charge: ChargeRequest | None = None
        self.charges: list[tuple[str, str, str]] = []
        """Amount, card, security code of every charge, as they were when it was sent."""
        self.tell(
            CallStarted(
                call_id="call-1",
                today=TODAY,
                amount=Money.parse(self.given) if self.given else None,
                balance=Money.parse(self.balance) if self.balance else None,
                minimum_due=Money.parse(self.minimum_due) if self.minimum_due else None,
                **self.call,
            )
        )

    # What the caller does

    def says(self, intent: Intent | None = None, **values: Any) -> None:
        self.says_perhaps(reading(intent, **values))

    def says_perhaps(self, *readings: Reading, to: Expectation | None = None) -> None:
        """An utterance with several readings, best first; none: a sound without words."""
        expectation = to or self.expectation
        self.tell(SpeechStarted(), then_listen=False)
        self.tell(Heard(readings, expectation))

    def tell_heard(self, *readings: Reading, to: Expectation | None = None) -> None:
        """The utterance that began earlier is understood."""
        self.tell(Heard(readings, to or self.expectation))

    def keys(self, keys: str) -> None:
        for key in keys:
            self.tell(KeyPressed(key))

    def hangs_up(self) -> None:
        self.tell(HungUp())

    def waits_for(self, timer: TimerName) -> None:
        assert timer in self.timers, f"no {timer} timer runs, only {self.timers}"
        self.timers.pop(timer)
        self.tell(TimerFired(timer))

    def hears_all(self) -> None:
        while self.playing and not self.is_paused:
            self.tell(PromptPlayed(self.playing[0].say_id, completed=True), then_listen=False)

    # What the gateway answers

    def answers(
        self,
        status: ChargeStatus,
        reason: DeclineReason | None = None,
        reference: str | None = None,
    ) -> None:
        assert self.open_charge is not None, "nothing is being charged"
        attempt_id = self.open_charge.attempt_id
        self.tell(ChargeAnswered(ChargeOutcome(status, attempt_id, reference, reason)))

    def approves(self, reference: str = "AB12") -> None:
        self.answers(ChargeStatus.APPROVED, reference=reference)

    def declines(self, reason: DeclineReason = DeclineReason.DECLINED) -> None:
        self.answers(ChargeStatus.DECLINED, reason)

    # Ways to get somewhere

    def gives_card(self, card: str = MASTERCARD, code: str = "123") -> None:
        self.says(digits=card)
        self.says(expiry="04/29")
        self.says(digits=code)
        self.says(digits="94110")

    def to_confirmation(self, amount: str = "87.50", card: str = MASTERCARD) -> None:
        self.says(Intent.PAY_AMOUNT, amount=amount)
        self.gives_card(card)
        assert self.state is State.CONFIRMATION

    # What the bot did

    @property
    def may_say_digits(self) -> bool:
        automated = self.call.get("call_type", CallType.AUTOMATED) is CallType.AUTOMATED
        return automated and self.settings.read_back == "groups"

    @property
    def state(self) -> State:
        return self.dialog.state

    def is_at(self, state: State) -> bool:
        assert self.dialog.state == state, f"the dialog is at {self.dialog.state}"
        return True

    @property
    def result(self) -> PaymentResult:
        (end,) = self.all(End)
        return end.result

    @property
    def handed_to(self) -> Destination | None:
        handed = self.all(HandOver)
        return handed[0].to if handed else None

    def all(self, kind: type[C]) -> list[C]:
        return [command for command in self.commands if isinstance(command, kind)]

    def prompts(self, *, latest: bool = True) -> list[Prompt]:
        commands = self.latest if latest else self.commands
        return [p for command in commands if isinstance(command, Say) for p in command.prompts]

    def bot_said(self, *ids: str) -> bool:
        """These prompts, in this order and with nothing else, in answer to the last event."""
        said = tuple(prompt.id for prompt in self.prompts())
        assert said == ids, f"the bot said {said}"
        return True

    def bot_stays_silent(self) -> bool:
        """For a while: a piece was kept, and the caller may draw breath."""
        assert self.timers[TimerName.NO_INPUT] == self.settings.go_on_ms
        return self.bot_said()

    def ever_said(self, prompt_id: str) -> bool:
        return any(prompt.id == prompt_id for prompt in self.prompts(latest=False))

    def prompt(self, prompt_id: str) -> Prompt:
        """The latest of this id."""
        return [p for p in self.prompts(latest=False) if p.id == prompt_id][-1]

    def text(self, prompt_id: str) -> str:
        """What the catalogue has for the latest prompt of this id, in the variant it asks for."""
        return text_of(self.prompt(prompt_id))

    def steps(self, step: str) -> list[str]:
        return [f"{n.state} {n.detail}".strip() for n in self.all(Notify) if n.step == step]

    # The other side of the dialog

    def tell(self, event: Event, *, then_listen: bool = True) -> None:
        if isinstance(event, ChargeAnswered):
            self.open_charge = None
        if isinstance(event, PromptPlayed):
            self.playing = [say for say in self.playing if say.say_id != event.say_id]
            self.is_paused = self.is_paused and bool(self.playing)
        self.latest = self.dialog.handle(event)
        self._obey(self.latest)
        latest = self.latest
        if self.listens and then_listen:
            self.hears_all()
        if then_listen and TimerName.SECOND_THOUGHT in self.timers and not self.thinks_twice:
            self.waits_for(TimerName.SECOND_THOUGHT)
            latest = latest + self.latest
        self.latest = latest

    def _obey(self, commands: list[Command]) -> None:
        ended = bool(self.all(End))
        assert not (ended and commands), f"commands after the end: {commands}"
        # Most for 24 keys that were held back until a service had answered.
        assert len(commands) < 120, "one event, and no end of commands"
        assert_no_card_data(repr(commands) + repr(self.dialog) + repr(vars(self.dialog)))
        for command in commands:
            self.commands.append(command)
            match command:
                case Say():
                    assert not self.is_paused, "behind a pause that nothing ends"
                    self.playing.append(command)
                    assert_prompts_can_be_said(command.prompts, all_digits=self.may_say_digits)
                case StopSaying():
                    self.playing.clear()
                    self.is_paused = False
                case PauseSaying():
                    assert self.playing
                    assert not self.is_paused
                    self.is_paused = True
                case ResumeSaying():
                    assert self.is_paused
                    self.is_paused = False
                case SetTimer(name, None):
                    self.timers.pop(name, None)
                case SetTimer(name, int(ms)):
                    assert ms > 0
                    self.timers[name] = ms
                case Listen(expectation):
                    self.expectation = expectation
                case Charge(request):
                    assert self.open_charge is None, "a second charge before the first was answered"
                    self.open_charge = request
                    code = request.security_code
                    self.charges.append(
                        (
                            str(request.amount),
                            request.card.reveal(),
                            code.reveal() if code is not None else "",
                        )
                    )
                case _:
                    pass


CATALOGUE: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parents[2] / "audio/prompts/en/catalogue.yml").read_text("utf-8")
)["prompts"]


def text_of(prompt: Prompt) -> str:
    variants = CATALOGUE[prompt.id]
    return variants[variant_due(prompt.attempt, len(variants)) - 1]


_CARD_DIGITS = re.compile(r"\d{12,19}")


def assert_no_card_data(text: str) -> None:
    assert not _CARD_DIGITS.search(text), "card digits in a repr"


def assert_prompts_can_be_said(prompts: tuple[Prompt, ...], *, all_digits: bool) -> None:
    """all_digits: whether the policy lets a whole card number be read out in this call."""
    for prompt in prompts:
        placeholders = set(re.findall(r"{(\w+)}", text_of(prompt)))
        assert placeholders == set(prompt.values), f"{prompt.id} and its text disagree"
        for value in prompt.values.values():
            assert all_digits or not isinstance(value, CardNumber), f"{prompt.id} reads out a card"
            if isinstance(value, SecretDigits):
                assert prompt.id == "each_field.postal_code", prompt.id
            digits = getattr(value, "text", "")
            assert prompt.id == "charge.approved" or len(digits) <= 4, prompt.id
