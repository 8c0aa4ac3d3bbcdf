"""What one typed line means in a call that is typed instead of spoken.

    eighty seven fifty       said
    4242 4242 4242 4242#     keys pressed: nothing but digits, * and #
    /wait 5                  a command; `COMMANDS` has them all
    # the card expires       a note to oneself, as an empty line: nothing

A person with a telephone who types digits means its keys; digits are said in words, or by `/say`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

LONGEST_WAIT_SECONDS = 600

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "/keys 12,3#": "press keys; a comma is a pause of half a second",
        "/say 4 2": "say it, though it is nothing but digits",
        "/wait 5": "say nothing for 5 seconds; without a number, until the bot speaks again",
        "/over TEXT": "say it, or press these keys, while the bot's next prompt is being said",
        "/hangup": "hang up, as the end of the input does (Ctrl-D)",
        "/help": "show this",
    }
)
"""An example of each command, and what it does."""

NAMES = tuple(example.split()[0] for example in COMMANDS)

_KEYS = frozenset("0123456789*#")
_BETWEEN_KEYS = str.maketrans("", "", " -\t")


@dataclass(frozen=True, slots=True)
class Say:
    """Words, as if they were spoken. May hold card data: the repr shows none."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Press:
    """keys: 0-9 * # and commas. May hold card data: the repr shows none."""

    keys: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wait:
    """Say nothing. ms: None until the bot speaks again."""

    ms: int | None


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


Action = Say | Press | Wait | HangUp


@dataclass(frozen=True, slots=True)
class Over:
    """Do it while the next prompt is being said."""

    action: Action


@dataclass(frozen=True, slots=True)
class Help:
    pass


@dataclass(frozen=True, slots=True)
class Nothing:
    """An empty line, or a note to oneself."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """hint: what to type instead. Holds no digit that was typed."""

    hint: str


Line = Action | Over | Help | Nothing | Unclear


def read_line(line: str) -> Line:
    """What the line means; never raises."""
    text = line.strip()
    if not text:
        return Nothing()
    if text.startswith("/"):
        name, _, rest = text.partition(" ")
        return _command(name.lower(), rest.strip())
    keys = text.translate(_BETWEEN_KEYS)
    if keys and set(keys) <= _KEYS:
        return Press(keys)
    return Nothing() if text.startswith("#") else Say(text)


def _command(name: str, rest: str) -> Line:  # noqa: PLR0911 - one answer for each reads best
    match name:
        case "/keys":
            return _keys(rest)
        case "/say":
            return Say(rest) if rest else Unclear("/say what? For example: /say four two four two")
        case "/wait":
            return _wait(rest)
        case "/over":
            return _over(rest)
        case "/hangup":
            return HangUp()
        case "/help":
            return Help()
        case _:
            return Unclear(_no_such(name))


def _keys(rest: str) -> Line:
    keys = rest.translate(_BETWEEN_KEYS)
    if not keys or not set(keys) <= _KEYS | {","}:
        return Unclear("/keys which? 0-9 * # and , for a pause, for example: /keys 12#")
    return Press(keys)


def _wait(rest: str) -> Line:
    if not rest:
        return Wait(None)
    try:
        seconds = float(rest)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_WAIT_SECONDS:
        return Unclear(f"/wait how long? Seconds up to {LONGEST_WAIT_SECONDS}, such as: /wait 5")
    return Wait(round(seconds * 1000))


def _over(rest: str) -> Line:
    match read_line(rest):
        case (Say() | Press() | HangUp()) as action:
            return Over(action)
        case Unclear() as unclear:
            return unclear
        case _:
            return Unclear("/over what? Words, keys or /hangup, for example: /over go back")


def _no_such(name: str) -> str:
    """Names the command only where it is a word: a card number may have been typed after the /."""
    if not name[1:].isalpha():
        return "no such command; /help lists them"
    close = get_close_matches(name, NAMES, 1)
    return f"{name}: no such command; " + (
        f"did you mean {close[0]}?" if close else "/help lists them"
    )
