"""Card data does not leave memory by any usual way out of Python: every way, every type."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import marshal
import pickle
import pprint
import reprlib
import string
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pydantic
import pydantic_core
import pytest
import rich.console
import rich.pretty
import rich.traceback
import structlog
import yaml
from canaries import canary
from card_search import leaks_in

from bot.cards import CardNumber, Expiry, SecretDigits, SecretText, SecurityCode
from bot.charges import ChargeRequest
from bot.dialog.commands import Charge, Listen, Say
from bot.dialog.dialog import Dialog
from bot.dialog.events import (
    CallStarted,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    PromptPlayed,
    SpeechStarted,
)
from bot.expectations import Expectation, Hypothesis, Kind, Reading, SpokenNumber
from bot.money import Money
from bot.prompts import Prompt
from bot.settings import PaymentSettings

CANARY = canary(1)
NUMBER, CODE = CANARY.number, CANARY.code
SECRETS = [CardNumber(NUMBER), SecurityCode(NUMBER), SecretDigits(NUMBER)]


@dataclass
class Holder:
    card: object


def leaked(text: object) -> bool:
    return bool(leaks_in(str(text), [NUMBER], [CODE]))


# --- ways of showing: allowed, and nothing is seen --------------------------------------------


def logged(say: Callable[[logging.Logger], None], line: str) -> str:
    seen = io.StringIO()
    handler = logging.StreamHandler(seen)
    handler.setFormatter(logging.Formatter(line))
    logger = logging.Logger("secrets", logging.DEBUG)
    logger.addHandler(handler)
    say(logger)
    return seen.getvalue()


def structlogged(secret: object) -> str:
    seen = io.StringIO()
    log = structlog.wrap_logger(
        structlog.PrintLogger(seen),
        processors=[
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
    )
    log.info("said", card=secret, nested={"cards": [secret, {"card": secret}]})
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")
    return seen.getvalue()


def failing(secret: object) -> Exception:
    try:
        held = {"card": [secret]}
        raise ValueError(secret, held)
    except ValueError as error:
        return error


def traceback_with_locals(secret: object) -> str:
    told = traceback.TracebackException.from_exception(failing(secret), capture_locals=True)
    return "".join(told.format())


def rich_traceback_with_locals(secret: object) -> str:
    error = failing(secret)
    seen = io.StringIO()
    rich.console.Console(file=seen, width=200).print(
        rich.traceback.Traceback.from_exception(
            type(error), error, error.__traceback__, show_locals=True
        )
    )
    return seen.getvalue()


def dumped_frames(secret: object) -> str:
    """What cgitb and its like do: every local of every frame, and what is inside."""
    frame = failing(secret).__traceback__
    seen = []
    while frame is not None:
        own = {k: v for k, v in frame.tb_frame.f_locals.items() if k in {"secret", "held"}}
        seen += [repr(value) for value in walked(own)]
        frame = frame.tb_next
    return "\n".join(seen)


def walked(root: object) -> Iterator[object]:
    """An object and all it holds, through dictionaries, lists, slots and attributes."""
    seen: set[int] = set()
    waiting: list[object] = [root]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type):
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple | set | frozenset):
            waiting += list(each)
        elif not isinstance(each, str | bytes | bytearray | int | float):
            slots = [name for kind in type(each).__mro__ for name in getattr(kind, "__slots__", ())]
            names = [*slots, *getattr(each, "__dict__", {})]
            waiting += [getattr(each, name, None) for name in names]


SHOWN: dict[str, Callable[[Any], object]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": format,
    "format with a width": lambda secret: format(secret, ">40"),
    "f-string": lambda secret: f"{secret} {secret!r} {secret!s} {secret!a} {secret=}",
    "f-string with a spec": lambda secret: f"{secret:>40} {secret:.12} {secret!r:^40}",
    "str.format": "{0} {0!r} {0!a:>30}".format,
    "str.format of a slot": "{._padded}".format,
    "format_map": lambda secret: "{card}".format_map({"card": secret}),
    "%": lambda secret: "%s %r %a %40s" % (secret, secret, secret, secret),  # noqa: UP031
    "Template": lambda secret: string.Template("$card").substitute(card=secret),
    "in a list": lambda secret: repr([secret, (secret,), {secret}, {secret: secret}]),
    "in a dataclass": lambda secret: repr(Holder(secret)),
    "dataclasses.replace": lambda secret: dataclasses.replace(Holder(secret)),
    "pprint": pprint.pformat,
    "reprlib": reprlib.repr,
    "rich.pretty": rich.pretty.pretty_repr,
    "json with default=str": lambda secret: json.dumps([secret], default=str),
    "json with default=repr": lambda secret: json.dumps([secret], default=repr),
    "logging, an argument": lambda secret: logged(
        lambda log: log.info("%s %r %s", secret, secret, {"card": secret}), "%(message)s"
    ),
    "logging, extra": lambda secret: logged(
        lambda log: log.info("x", extra={"card": secret}), "%(card)s %(message)s"
    ),
    "logging, the message": lambda secret: logged(lambda log: log.info(secret), "%(message)s"),
    "structlog": structlogged,
    "an exception": lambda secret: repr(ValueError(secret)) + str(KeyError(secret)),
    "a traceback with locals": traceback_with_locals,
    "rich's traceback with locals": rich_traceback_with_locals,
    "a dump of all frames": dumped_frames,
    "a walk over slots": lambda secret: [repr(value) for value in walked(secret)],
    "dir and getattr": lambda secret: [
        repr(getattr(secret, name)) for name in dir(secret) if not name.startswith("__")
    ],
}


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: type(secret).__name__)
@pytest.mark.parametrize("way", SHOWN.values(), ids=SHOWN.keys())
def test_what_shows_an_object_shows_no_digits(way: Callable[[Any], object], secret: object) -> None:
    shown = way(secret)
    assert not leaked(shown)
    assert str(shown), "something is shown, or nothing is tested"


# --- ways of taking away: refused -------------------------------------------------------------

REFUSED: dict[str, Callable[[Any], object]] = {
    **{
        f"pickle, protocol {protocol}": partial(pickle.dumps, protocol=protocol)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "pickle of a holder": lambda secret: pickle.dumps(Holder(secret)),
    "marshal": marshal.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy of a holder": lambda secret: copy.deepcopy({"card": [secret]}),
    "asdict": lambda secret: dataclasses.asdict(Holder(secret)),
    "astuple": lambda secret: dataclasses.astuple(Holder(secret)),
    "json": lambda secret: json.dumps({"card": secret}),
    "json of vars": lambda secret: json.dumps(secret, default=vars),
    "yaml": lambda secret: yaml.safe_dump({"card": secret}),
    "yaml with any object": lambda secret: yaml.dump({"card": secret}),
    "pydantic, to JSON": pydantic_core.to_json,
    "pydantic, to JSON types": lambda secret: pydantic_core.to_jsonable_python(Holder(secret)),
    "pydantic, an adapter": lambda secret: pydantic.TypeAdapter(Any).dump_json([secret]),
    "iteration": list,
    "join": "".join,
    "bytes": bytes,
    "int": int,
    "vars": vars,
    "index": lambda secret: secret[0],
    "slice": lambda secret: secret[:6],
    "concatenation": lambda secret: "card " + secret,
    "contains": lambda secret: "4" in secret,
    "memoryview": memoryview,
}


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: type(secret).__name__)
@pytest.mark.parametrize("way", REFUSED.values(), ids=REFUSED.keys())
def test_what_takes_an_object_away_is_refused_without_its_digits(
    way: Callable[[Any], object], secret: object
) -> None:
    with pytest.raises((TypeError, ValueError, yaml.YAMLError)) as raised:
        way(secret)
    told = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    assert not leaked("".join(told.format()))


@pytest.mark.parametrize("kind", [CardNumber, SecurityCode, SecretDigits])
def test_what_is_no_number_is_refused_without_being_repeated(kind: type) -> None:
    with pytest.raises(ValueError, match="takes digits only") as raised:
        kind(f"{NUMBER[:8]} {NUMBER[8:]}")
    frame = raised.value.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    assert frame is not None
    assert not leaked((raised.value, frame.tb_frame.f_locals))


def test_pytest_showing_locals_and_a_crash_dump_show_no_digits(tmp_path: Path) -> None:
    """Both in a process of their own. The digits are put together there, so that its source, which
    a traceback quotes, has none either."""
    halves = f"{NUMBER[:4]!r}, {NUMBER[4:8]!r}, {NUMBER[8:12]!r}, {NUMBER[12:]!r}"
    (tmp_path / "test_fails.py").write_text(
        "import faulthandler, sys\n"
        "from bot.cards import CardNumber, SecretDigits, SecurityCode\n"
        "def test_fails():\n"
        "    kinds = [CardNumber, SecretDigits, SecurityCode]\n"
        f"    secrets = [kind(''.join([{halves}])) for kind in kinds]\n"
        "    card, digits, code = secrets\n"
        "    faulthandler.dump_traceback(sys.__stderr__)\n"
        "    assert card != code, secrets\n"
        "    assert card == 1\n"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pytest", "--showlocals", "-s", "-p", "no:cacheprovider",
         "-c", "/dev/null", "--rootdir", str(tmp_path), str(tmp_path / "test_fails.py")],
        capture_output=True, text=True, cwd=root, check=False,
        env={"PYTHONPATH": str(root), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "CardNumber(************" in done.stdout, "the locals are shown"
    assert "test_fails.py" in done.stderr, "faulthandler wrote"
    assert not leaked(done.stdout + done.stderr)


# --- what holds them --------------------------------------------------------------------------


def secret_objects() -> list[object]:
    digits = SecretDigits(NUMBER)
    request = ChargeRequest(
        attempt_id="a-1", call_id="a", amount=Money(8750, "USD"), card=CardNumber(NUMBER),
        expiry=Expiry(4, 2029), security_code=SecurityCode(CODE), postal_code="90210",
    )  # fmt: skip
    expectation = Expectation(Kind.CARD, given_digits=SecretDigits(NUMBER[:8]), sensitive=True)
    spoken = SpokenNumber(digits, "digits")
    reading = Reading(0.9, numbers=(spoken,), masked_text="<digits>")
    return [
        request,
        Charge(request),
        expectation,
        Listen(expectation),
        spoken,
        reading,
        Heard((reading,), expectation),
        Hypothesis(SecretText(CANARY.spoken), 0.9, digits=digits),
        Hypothesis(SecretText(NUMBER), 0.9, engine="typed"),
        KeyPressed(NUMBER[0]),
        Say(1, (Prompt("confirm.card", {"card": CardNumber(NUMBER)}),)),
    ]


def test_a_row_of_keys_shows_no_digits() -> None:
    assert not leaked([KeyPressed(digit) for digit in NUMBER])


HOLDING = [pytest.param(each, id=type(each).__name__) for each in secret_objects()]


@pytest.mark.parametrize("holding", HOLDING)
@pytest.mark.parametrize("way", [*SHOWN.values(), *REFUSED.values()], ids=[*SHOWN, *REFUSED])
def test_what_holds_card_data_neither_shows_it_nor_lets_it_go(
    way: Callable[[Any], object], holding: object
) -> None:
    try:
        shown = way(holding)
    except Exception as error:  # noqa: BLE001 - refused, in whatever words
        shown = "".join(traceback.format_exception(error))
    assert not leaked(shown)


def given_card() -> Iterator[tuple[Dialog, Event]]:
    """A dialog and the events by which a caller keys and says a card, just before each."""
    dialog = Dialog(PaymentSettings())
    events: list[Event] = [
        CallStarted("a", date(2026, 11, 22), amount=Money(8750, "USD")),
        Heard((Reading(0.99, numbers=(), masked_text="yes"),), Expectation(Kind.YES_NO)),
        *(KeyPressed(key) for key in f"1{NUMBER}0429{CODE}90210"),
    ]
    for event in events:
        yield dialog, event
        for command in dialog.handle(event):
            if isinstance(command, Say):
                dialog.handle(PromptPlayed(command.say_id, True, 9))


def test_keys_that_wait_for_what_was_said_before_them_are_a_secret_too() -> None:
    """Each of them alone is no more than a digit; a row of them is the card."""
    dialog = Dialog(PaymentSettings())
    for event in (CallStarted("a", date(2026, 11, 22)), SpeechStarted(0)):
        dialog.handle(event)
    for key in NUMBER:
        dialog.handle(KeyPressed(key))
    rows = [each for each in walked(dialog) if isinstance(each, list | tuple)]
    assert not any(leaked("".join(map(str, row))) for row in rows)
    waiting = [each for each in walked(dialog) if isinstance(each, SecretText)]
    assert len(NUMBER) in map(len, waiting), "they wait"
    dialog.handle(HungUp())
    assert not any(map(len, waiting)), "wiped with the call"


def test_a_walk_over_the_whole_dialog_meets_no_card_digits() -> None:
    met: set[str] = set()
    for dialog, _ in given_card():
        objects = list(walked(dialog))
        met |= {type(each).__name__ for each in objects}
        assert not leaked("\n".join(repr(each) for each in objects))
    assert {"CardNumber", "SecretDigits", "SecurityCode"} <= met, "it was given a card"
