"""A walk through every state a call can be in, breadth first, over a small alphabet of events.

Two calls are in the same state when everything that a next event could depend on is the same, as
`standing` tells it: not which amount, but whether there is one. A dialog is not copied (its secrets
refuse to be), so each state is reached again by its events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

from conversation import MASTERCARD, TODAY, VISA, change, digits, reading

from bot.cards import Brand
from bot.charges import CardStanding, ChargeOutcome, ChargeStatus, DeclineReason
from bot.dialog.commands import Charge, Command, End, Listen, LookUp, Say, SetTimer, StopSaying
from bot.dialog.dialog import Dialog
from bot.dialog.events import (
    CallStarted,
    ChargeAnswered,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    LineBack,
    Looked,
    PromptPlayed,
    SpeechStarted,
    TimerFired,
    TimerName,
)
from bot.dialog.flow import STATE_OF, State
from bot.expectations import Expectation, Field, Intent, Kind
from bot.money import Money
from bot.settings import PaymentSettings


@dataclass
class Caller:
    """The other side of one dialog: answers commands, and does what it is told."""

    settings: PaymentSettings
    start: dict[str, Any]
    dialog: Dialog = field(init=False)
    said: list[Say] = field(default_factory=list)
    timers: set[TimerName] = field(default_factory=set)
    expectation: Expectation = field(default_factory=lambda: Expectation(Kind.OPEN))
    attempt: str = ""
    checks: int = 0
    ended: int = 0

    def __post_init__(self) -> None:
        self.dialog = Dialog(self.settings)

    def tell(self, event: Event) -> None:
        for command in self.dialog.handle(event):
            self._take(command)

    def _take(self, command: Command) -> None:
        match command:
            case Say():
                self.said.append(command)
            case StopSaying():
                self.said.clear()
            case Listen(expectation):
                self.expectation = expectation
            case SetTimer(name, None):
                self.timers.discard(name)
            case SetTimer(name, _):
                self.timers.add(name)
            case Charge(request):
                self.attempt = request.attempt_id
            case LookUp():
                self.checks += 1
            case End():
                self.ended += 1
            case _:
                pass

    def hear_all(self) -> None:
        while self.said:
            self.tell(PromptPlayed(self.said.pop(0).say_id, completed=True))

    def says(self, intent: Intent | None = None, **values: Any) -> None:
        self.tell(SpeechStarted())
        self.tell(Heard((reading(intent, **values),), self.expectation))

    def times_out(self, name: TimerName) -> None:
        if name in self.timers:
            self.timers.discard(name)
            self.tell(TimerFired(name))

    def answers(self, status: ChargeStatus) -> None:
        if self.attempt:
            reason = DeclineReason.DECLINED if status is ChargeStatus.DECLINED else None
            outcome = ChargeOutcome(status, self.attempt, "AB12", reason)
            self.attempt = ""
            self.tell(ChargeAnswered(outcome))

    def looked(self, standing: CardStanding | None) -> None:
        self.tell(Looked(standing))

    def answers_the_question(self) -> None:
        values: dict[State, dict[str, Any]] = {
            State.AMOUNT: {"amount": "87.50"},
            State.CARD_NUMBER: {"digits": VISA},
            State.EXPIRY: {"expiry": "04/29"},
            State.SECURITY_CODE: {"digits": "123"},
            State.POSTAL_CODE: {"digits": "94110"},
        }
        if self.dialog.state in values:
            self.says(**values[self.dialog.state])

    def answers_wrongly(self) -> None:
        values: dict[State, dict[str, Any]] = {
            State.AMOUNT: {"amount": "0.10"},
            State.CARD_NUMBER: {"digits": "4111111111111112"},
            State.EXPIRY: {"expiry": "04/20"},
            State.SECURITY_CODE: {"digits": "12"},
            State.POSTAL_CODE: {"digits": "12"},
        }
        if self.dialog.state in values:
            self.says(**values[self.dialog.state])


Act = Callable[[Caller], None]


def _says(intent: Intent | None = None, **values: Any) -> Act:
    return lambda caller: caller.says(intent, **values)


ALPHABET: dict[str, Act] = {
    "the call starts": lambda c: c.tell(CallStarted("a", TODAY, **c.start)),
    "an answer": Caller.answers_the_question,
    "a wrong answer": Caller.answers_wrongly,
    "a card that is not taken": _says(digits=MASTERCARD),
    "nonsense": _says(confidence=0.1),
    "yes": _says(Intent.AFFIRM),
    "repeat": _says(Intent.REPEAT),
    "no": _says(Intent.DENY),
    "1": lambda c: c.tell(KeyPressed("1")),
    "3": lambda c: c.tell(KeyPressed("3")),
    "*": lambda c: c.tell(KeyPressed("*")),
    "that is wrong": _says(Intent.CORRECT),
    **{
        f"the {field} is wrong": _says(Intent.CORRECT, field=field)
        for field in Field
        if field is not Field.EVERYTHING
    },
    "everything is wrong": _says(Intent.CORRECT, field=Field.EVERYTHING),
    "another expiry": _says(Intent.CORRECT, field=Field.EXPIRY, expiry="05/30"),
    "another amount": _says(Intent.DENY, amount="90.00"),
    "an amount that can mean two": _says(amount="90.00", rival="900.00"),
    "the last digit is wrong": _says(Intent.CORRECT, changes=(change(None, place=digits(-1)),)),
    "my bill": _says(Intent.PAY_BILL),
    "go back": _says(Intent.GO_BACK),
    "start over": _says(Intent.START_OVER),
    "help": _says(Intent.HELP),
    "I don't have it": _says(Intent.NOT_AVAILABLE),
    "an agent": _says(Intent.AGENT),
    "no input": lambda c: c.times_out(TimerName.NO_INPUT),
    "silence": lambda c: c.times_out(TimerName.SILENCE),
    "the line is back": lambda c: c.tell(LineBack()),
    "hangs up": lambda c: c.tell(HungUp()),
    "approved": lambda c: c.answers(ChargeStatus.APPROVED),
    "declined": lambda c: c.answers(ChargeStatus.DECLINED),
    "unavailable": lambda c: c.answers(ChargeStatus.UNAVAILABLE),
    "unknown": lambda c: c.answers(ChargeStatus.UNKNOWN),
    "a good card": lambda c: c.looked(CardStanding(valid=True)),
    "an unknown card": lambda c: c.looked(CardStanding(valid=False)),
    "another brand": lambda c: c.looked(CardStanding(valid=True, brand=Brand.MASTERCARD)),
}


_OVER_A_PROMPT = {"repeat", "approved"}
"""After these the caller does not listen to the end."""


_GIVEN_COUNTS = {State.AMOUNT, State.AMOUNT_CONFIRMATION, State.CARD_NUMBER, State.EXPIRY}
"""Where more fields may be given than those that were asked before."""


def standing(caller: Caller) -> Hashable:
    """What the next event may depend on."""
    course = caller.dialog._course
    if course is None:
        return caller.dialog.state
    if course.state in {State.CLOSING, State.ENDED}:
        return course.state
    payment, route = course.payment, course._route
    given = {field for field, machine in payment.machines.items() if machine.is_given}
    each_field = caller.settings.confirmation == "each_field"
    about = course.asked_about or (Field.CARD_NUMBER if course.state is State.CARD_CHECK else None)
    judged = course.state if about is None else STATE_OF[about]
    return (
        course.state,
        course.confirming,
        course.state is State.AMOUNT_CONFIRMATION and course._otherwise is not None,
        course.read_back_was_heard,
        payment.missing() if course.confirming is None else None,
        payment.unconfirmed() is not None,
        payment.card_is_unchecked,
        len(given) if course.state in _GIVEN_COUNTS and not each_field else 0,
        route._wrong_inputs[judged] > 0,
        route._wrong_inputs[course.state] > 0,
        course.state is State.CHARGING and route._declines > 0,
        course.state in route._not_available,
    )


@dataclass(frozen=True)
class Found:
    """A state of the walk: how it is reached, and which others an event leads to."""

    state: State
    path: tuple[str, ...]
    leads_to: frozenset[Hashable]


def walk(
    settings: PaymentSettings, start: dict[str, Any], most: int
) -> Iterator[tuple[Hashable, Found]]:
    """Every state, nearest first; at most so many."""
    todo: deque[tuple[str, ...]] = deque([()])
    seen: set[Hashable] = {standing(_replay(settings, start, ()))}
    while todo and len(seen) < most:
        path = todo.popleft()
        here = _replay(settings, start, path)
        leads_to: set[Hashable] = set()
        for name in () if here.dialog.state is State.ENDED else ALPHABET:
            there = _replay(settings, start, (*path, name))
            key = standing(there)
            if key != standing(here):
                leads_to.add(key)
            if key not in seen:
                seen.add(key)
                todo.append((*path, name))
        yield standing(here), Found(here.dialog.state, path, frozenset(leads_to))


def _replay(settings: PaymentSettings, start: dict[str, Any], path: tuple[str, ...]) -> Caller:
    caller = Caller(settings, start)
    for name in path:
        ALPHABET[name](caller)
        if name not in _OVER_A_PROMPT:
            caller.hear_all()
    return caller


GIVEN = Money.parse("42.00")
