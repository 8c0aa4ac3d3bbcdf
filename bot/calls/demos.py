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
    """shows, caller: for people, one line each.

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
        "a man, American",
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
        "a woman, British",
        "the gateway's line drops after it took the money: the caller hears the truth",
        ends="outcome-unknown",
        rasa=("pay_amount",),
    ),
    Demo("mixed", "a woman, American", "speaks eight digits of the card and keys the other eight"),
    Demo("doubles", "a man, British", 'says "double" and "triple" in every number'),
    Demo("pairs", "a man, American", 'reads the card in pairs: "thirty-five sixty-six"'),
    Demo(
        "full",
        "a woman, American",
        "pays everything that is owed, without naming an amount",
        rasa=("pay_full",),
    ),
    Demo("minimum", "a man, American", "names an amount below the minimum, then enough"),
    Demo("amex", "a woman, British", "American Express: fifteen digits, a code of four"),
    Demo(
        "declined",
        "a man, American",
        "the first card is declined; a second one is read and pays",
    ),
    Demo(
        "change",
        "a woman, American",
        "changes the amount at the confirmation",
        rasa=("correct",),
    ),
    Demo(
        "help",
        "a woman, British, slow",
        "asks for help, to repeat, and to go slower",
        rasa=("help", "repeat", "slower"),
    ),
    Demo(
        "agent",
        "a man, British",
        "would rather talk to a person, and is put through",
        ends="agent-requested",
        rasa=("agent",),
    ),
    Demo(
        "hangup",
        "a man, American",
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
        "a woman, American",
        "a hissing line, coughs and a slamming door, which are no answers",
        makes_noise=True,
    ),
    Demo(
        "interrupt",
        "a man, American",
        "answers while the bot still speaks",
        talks_over=("amount.ask", "card_number.ask"),
    ),
)

NAMES = tuple(demo.name for demo in GALLERY)


def demos_named(names: Iterable[str]) -> tuple[Demo, ...]:
    """The demos in the order named, each once; `all` is the gallery.

    Raises BotError that lists the names for one there is not.
    """
    chosen: dict[str, Demo] = {}
    for name in names:
        found = [demo for demo in GALLERY if name in (demo.name, ALL)]
        if not found:
            raise BotError(
                f"demo {name}: no such demo{did_you_mean(name, (*NAMES, ALL))} "
                f"There are: {', '.join(NAMES)}; and {ALL}"
            )
        chosen |= {demo.name: demo for demo in found}
    return tuple(chosen.values())


def names_to_complete(incomplete: str) -> list[tuple[str, str]]:
    """What the shell offers for a name begun: name and what it shows."""
    offers = [*((demo.name, demo.shows) for demo in GALLERY), (ALL, "the whole gallery")]
    return [offer for offer in offers if offer[0].startswith(incomplete)]
