"""The gallery: callers who show what the bot can do.

A demo is the scenario `tests/scenarios/demo-<name>.yml` and what it promises beyond that file.
Tab completion reads this: nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import BotError, did_you_mean

ALL = "all"
"""In place of names: the whole gallery."""


@dataclass(frozen=True, slots=True)
class Demo:
    """shows: for people, one line. caller: the first name of the voice, and where it is from.

    ends: how the payment ends, a `bot.outcomes.ResultName`.
    rasa: intents that Rasa itself must have understood. Without them a demo in which keys,
        numbers and grammar did everything would look fine.
    talks_over: prompts whose end the caller did not wait for.
    makes_noise: the line carries sound without words.
    """

    name: str
    caller: str
    shows: str
    ends: str = "success"
    rasa: tuple[str, ...] = ()
    talks_over: tuple[str, ...] = ()
    makes_noise: bool = False


GALLERY = (
    Demo(
        "pay",
        "Michael (US)",
        "pays by speaking, and corrects the expiry date in the same breath",
        rasa=("correct",),
    ),
    Demo(
        "keys",
        "nobody speaks",
        "only keys: a mistyped card, a declined one, then a good one",
    ),
    Demo(
        "unknown",
        "Emma (GB)",
        "the gateway's line drops after it took the money: the caller is told",
        ends="outcome-unknown",
        rasa=("pay_amount",),
    ),
    Demo("mixed", "Sarah (US)", "speaks eight digits of the card and keys the other eight"),
    Demo("doubles", "Daniel (GB)", 'says "double" and "triple" in every number'),
    Demo("pairs", "Eric (US)", 'reads the card in pairs: "thirty-five sixty-six"'),
    Demo(
        "full",
        "Nova (US)",
        "pays everything that is owed, without naming an amount",
        rasa=("pay_full",),
    ),
    Demo("minimum", "Adam (US)", "names an amount below the minimum, then enough"),
    Demo("amex", "Isabella (GB)", "American Express: fifteen digits, a code of four"),
    Demo(
        "declined",
        "Liam (US)",
        "the first card is declined; a second one is read and pays",
    ),
    Demo(
        "change",
        "Jessica (US)",
        "changes the amount at the confirmation",
        rasa=("correct",),
    ),
    Demo(
        "help",
        "Alice (GB)",
        "asks for help, to repeat, and to go slower",
        rasa=("help", "repeat", "slower"),
    ),
    Demo(
        "agent",
        "Lewis (GB)",
        "would rather talk to a person, and is put through",
        ends="agent-requested",
        rasa=("agent",),
    ),
    Demo(
        "hangup",
        "Onyx (US)",
        "hangs up in the middle of the card number: nothing is charged",
        ends="caller-hung-up",
    ),
    Demo(
        "silent",
        "nobody speaks",
        "says nothing: is asked in other words, then the payment ends",
        ends="timeout",
    ),
    Demo(
        "noise",
        "Kore (US)",
        "a hissing line, coughs and a slamming door, which are no answers",
        makes_noise=True,
    ),
    Demo(
        "interrupt",
        "Echo (US)",
        "answers while the bot still speaks",
        talks_over=("amount.ask", "card_number.ask"),
    ),
)

NAMES = tuple(demo.name for demo in GALLERY)


def demos_named(names: Iterable[str]) -> tuple[Demo, ...]:
    """The demos in the order named, each once; `all` is the gallery.

    Raises BotError for a name there is not, with the nearest one, or with all where none is near.
    """
    chosen: dict[str, Demo] = {}
    for name in names:
        found = [demo for demo in GALLERY if name in (demo.name, ALL)]
        if not found:
            near = did_you_mean(name, (*NAMES, ALL))
            there_are = f"; there are {', '.join(NAMES)}, and {ALL}"
            raise BotError(f"demo {name}: no such demo{near or there_are}")
        chosen |= {demo.name: demo for demo in found}
    return tuple(chosen.values())


def names_to_complete(incomplete: str) -> list[tuple[str, str]]:
    """What the shell offers for a name begun: name and what it shows."""
    offers = [*((demo.name, demo.shows) for demo in GALLERY), (ALL, "the whole gallery")]
    return [offer for offer in offers if offer[0].startswith(incomplete)]
