"""How many events a second the dialog decides, and how many calls that would be.

    uv run python -m benchmarks.dialog [--seconds 5]

One core, its CPU time; whole payments one after the other: by keys (every key an event), by voice
in pieces with a correction, and with each field confirmed. The limit beside it is real time: the
events of such a call, over the seconds it takes with its prompts played (`--call-seconds`).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import date

from bot.cards import Expiry, SecretDigits
from bot.charges import ChargeOutcome, ChargeStatus
from bot.console import console
from bot.dialog.commands import Charge, Command, End, Listen, Say
from bot.dialog.dialog import Dialog
from bot.dialog.events import (
    CallStarted,
    ChargeAnswered,
    Event,
    Heard,
    KeyPressed,
    PromptPlayed,
    SpeechStarted,
)
from bot.expectations import Expectation, Field, Intent, Kind, NumberValue, Reading, SpokenNumber
from bot.money import Money
from bot.settings import PaymentSettings

TODAY = date(2026, 11, 22)
CARD = "5555555555554444"


class Call:
    """One call: hears every prompt to its end, and times each event."""

    def __init__(self, settings: PaymentSettings, took: list[float]) -> None:
        self._dialog = Dialog(settings)
        self._took = took
        self._expectation = Expectation(Kind.OPEN)
        self.ended = False
        self.tell(CallStarted("a", TODAY))

    def tell(self, event: Event) -> None:
        start = time.thread_time()
        commands = self._dialog.handle(event)
        self._took.append(time.thread_time() - start)
        for command in commands:
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        match command:
            case Say(say_id):
                self.tell(PromptPlayed(say_id, completed=True))
            case Listen(expectation):
                self._expectation = expectation
            case Charge(request):
                outcome = ChargeOutcome(ChargeStatus.APPROVED, request.attempt_id, "AB12")
                self.tell(ChargeAnswered(outcome))
            case End():
                self.ended = True
            case _:
                pass

    def keys(self, keys: str) -> None:
        for key in keys:
            self.tell(KeyPressed(key))

    def says(
        self,
        value: NumberValue | None = None,
        intent: Intent | None = None,
        field: Field | None = None,
    ) -> None:
        numbers = () if value is None else (SpokenNumber(value),)
        self.tell(SpeechStarted())
        self.tell(Heard((Reading(0.95, intent, 0.9, field, numbers),), self._expectation))


def by_keys(took: list[float]) -> Call:
    call = Call(PaymentSettings(), took)
    for keys in ("8750#", CARD, "0429", "123", "94110#", "1"):
        call.keys(keys)
    return call


def by_voice(took: list[float]) -> Call:
    call = Call(PaymentSettings(), took)
    call.says(Money(8750))
    for start in range(0, 16, 4):
        call.says(SecretDigits(CARD[start : start + 4]))
    call.says(Expiry(4, 2028))
    call.says(SecretDigits("123"))
    call.says(SecretDigits("94110"))
    call.says(Expiry(4, 2029), Intent.CORRECT, Field.EXPIRY)
    call.says(intent=Intent.AFFIRM)
    return call


def each_field(took: list[float]) -> Call:
    call = Call(PaymentSettings(confirmation="each_field", read_back="groups"), took)
    for keys in ("8750#", CARD, "0429", "123", "94110#"):
        call.keys(keys + "1")
    call.keys("1")
    return call


CALLERS: dict[str, Callable[[list[float]], Call]] = {
    "by keys": by_keys,
    "by voice, with a correction": by_voice,
    "each field confirmed": each_field,
}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=5.0, help="of each kind of call")
    options.add_argument("--call-seconds", type=float, default=60.0, help="length of a real call")
    chosen = options.parse_args()
    console.print(
        "| call | events in it | events a second | median, 99 % (µs) | calls in real time |"
    )
    console.print("|---|---|---|---|---|")
    for name, caller in CALLERS.items():
        took: list[float] = []
        calls = 0
        end = time.perf_counter() + chosen.seconds
        while time.perf_counter() < end:
            calls += 1
            if not caller(took).ended:
                raise AssertionError(f"{name}: the payment did not end")
        events = len(took) // calls
        rate = len(took) / sum(took)
        cuts = statistics.quantiles(took, n=100)
        at_once = rate * chosen.call_seconds / events
        console.print(
            f"| {name} | {events} | {rate:,.0f} | {cuts[49] * 1e6:.0f}, {cuts[98] * 1e6:.0f} "
            f"| {at_once:,.0f} |"
        )


if __name__ == "__main__":
    main()
