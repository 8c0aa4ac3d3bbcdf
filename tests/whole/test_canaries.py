"""Cards made for this test go every way a card can go through a call; afterwards they are looked
for in everything the calls left on the disk and on the screen."""

from __future__ import annotations

import asyncio
import io
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from canaries import Canary, canary, in_words
from card_search import leaks_in, leaks_in_file
from own_logging import logging_as_before
from starlette.types import Receive, Scope, Send

from bot.calls import run_call
from bot.calls.callers import Caller, RecordedCaller
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenarios.scenario import SCENARIO_DAY, Parameters
from bot.calls.services import Services, running_services
from bot.calls.typing_caller import TypingCaller
from bot.calls.wav import read_wav
from bot.cli.show import ConversationPrinter, print_finished
from bot.console import Progress
from bot.dialog.commands import Command
from bot.dialog.dialog import Dialog
from bot.dialog.events import Event
from bot.dialog.flow import State
from bot.expectations import Hypothesis, Reading
from bot.gateway_settings import GatewayKind
from bot.hearing.embedded.engine import EmbeddedRecogniser
from bot.hearing.engines import load_engine
from bot.logs import configure_logs
from bot.outcomes import ResultName
from bot.paying.gateways.rest import RestGateway
from bot.paying.gateways.stripe import StripeGateway
from bot.paying.gateways.xml import XmlGateway
from bot.paying.simulator.cards import Behaviour, Fault
from bot.paying.simulator.ledger import Ledger
from bot.paying.simulator.process import simulated_url
from bot.paying.simulator.server import SimulatedGateway, server
from bot.processes import free_port
from bot.project import ROOT
from bot.prompts import Prompt
from bot.settings import load_settings
from bot.speaking.speaker import Speaker, Spoken
from bot.understanding.understand import Understanding

CALLERS = ROOT / "audio" / "callers"
PATIENCE_SECONDS = 120


@dataclass
class Way:
    """One way through a call. lines: as `talk` reads them, {number} and {code} filled in.

    kind, behaviour: of the gateway. breaks: patches something to fail with the card in its message.
    """

    lines: Sequence[str]
    result: ResultName
    behaviour: Behaviour | None = None
    breaks: Callable[[pytest.MonkeyPatch, Canary], None] | None = None
    prefix: str = "4"
    length: int = 16
    code_length: int = 3
    kind: GatewayKind = "rest"


CARD = ["eighty seven fifty", "{number}#"]
REST = ["0429", "{code}", "90210#"]
ALL = [*CARD, *REST, "1"]


def dialog_fails(patch: pytest.MonkeyPatch, card: Canary) -> None:
    handle = Dialog.handle

    def failing(dialog: Dialog, event: Event) -> list[Command]:
        commands = handle(dialog, event)
        if dialog.state is State.CONFIRMATION:
            raise ValueError(f"no such card: {card.number}, security code {card.code}")
        return commands

    patch.setattr(Dialog, "handle", failing)


def understanding_fails(patch: pytest.MonkeyPatch, card: Canary) -> None:
    understand = Understanding.understand

    async def failing(
        own: Understanding, heard: Sequence[Hypothesis], *rest: Any, **named: Any
    ) -> tuple[Reading, ...]:
        if any(card.spoken in one.said.reveal() for one in heard):
            raise KeyError(card.spoken, card.number, heard)
        return await understand(own, heard, *rest, **named)

    patch.setattr(Understanding, "understand", failing)


def recogniser_fails(patch: pytest.MonkeyPatch, card: Canary) -> None:
    """However it is asked: the caller of this way speaks for real."""

    def failing(own: EmbeddedRecogniser, *_: object) -> None:
        raise RuntimeError(f"the decoder heard {card.spoken}, {card.number}")

    patch.setattr(EmbeddedRecogniser, "accept", failing)


def gateway_fails(patch: pytest.MonkeyPatch, card: Canary) -> None:
    async def failing(*_: object) -> object:
        raise RuntimeError(f'{{"number": "{card.number}", "security_code": "{card.code}"}}')

    for adapter in (RestGateway, XmlGateway, StripeGateway):
        patch.setattr(adapter, "_charge", failing)


def speaking_fails(patch: pytest.MonkeyPatch, card: Canary) -> None:
    speak = Speaker.speak

    def failing(own: Speaker, prompt: Prompt, *rest: float) -> Spoken:
        if prompt.id == "charge.wait":
            raise ExceptionGroup(card.number, [ValueError(f"security code {card.code}")])
        return speak(own, prompt, *rest)

    patch.setattr(Speaker, "speak", failing)


WAYS = {
    "success, keyed": Way(ALL, ResultName.SUCCESS),
    "success, said": Way(
        ["eighty seven fifty", "{spoken}", "oh four twenty nine", "{spoken_code}", "90210#", "yes"],
        ResultName.SUCCESS,
    ),
    "success, American Express": Way(
        ALL, ResultName.SUCCESS, prefix="37", length=15, code_length=4
    ),
    "declined": Way(ALL, ResultName.DECLINED, Behaviour("declined", "do_not_honour")),
    "the gateway crashes before the money": Way(
        ALL, ResultName.OUTCOME_UNKNOWN, Behaviour("crash", fault=Fault.DROPS_BEFORE)
    ),
    "the gateway crashes after the money": Way(
        ALL, ResultName.SUCCESS, Behaviour("crash", fault=Fault.DROPS_AFTER)
    ),
    "the gateway answers 500": Way(
        ALL, ResultName.SUCCESS, Behaviour("crash", fault=Fault.FAILS_AFTER)
    ),
    "an exception in the dialog": Way(ALL, ResultName.INTERNAL_ERROR, breaks=dialog_fails),
    "an exception in the understanding": Way(
        ["eighty seven fifty", "{spoken}"], ResultName.INTERNAL_ERROR, breaks=understanding_fails
    ),
    "an exception in the gateway's adapter": Way(
        ALL, ResultName.OUTCOME_UNKNOWN, breaks=gateway_fails
    ),
    "an exception in the recogniser": Way([], ResultName.INTERNAL_ERROR, breaks=recogniser_fails),
    "an exception in the speaker": Way(ALL, ResultName.INTERNAL_ERROR, breaks=speaking_fails),
    "cancelled by the star": Way([*CARD, *REST, "*"], ResultName.CALLER_CANCELLED),
    "on to an agent": Way([*CARD, "0429", "{code}", "agent"], ResultName.AGENT_REQUESTED),
    "typed ahead": Way(
        ["eighty seven fifty", "{number}#0429{code}90210#", "1"], ResultName.SUCCESS
    ),
    "at the wrong questions": Way(
        ["{spoken}", "{number}", "{spoken}", "agent"], ResultName.AGENT_REQUESTED
    ),
    "typed ahead into the welcome, and then gone": Way(
        ["/over {number}", "/hangup"], ResultName.CALLER_HUNG_UP
    ),
    "gone in the middle of a prompt": Way(
        [*CARD, *REST[:-1], "/over 9021", "/hangup"], ResultName.CALLER_HUNG_UP
    ),
}
AT_THE_GATEWAY = (
    "success, keyed",
    "declined",
    "the gateway crashes before the money",
    "the gateway crashes after the money",
    "the gateway answers 500",
    "an exception in the gateway's adapter",
)
OTHER_KINDS: tuple[GatewayKind, ...] = ("xml", "stripe")
WAYS |= {
    f"{name} ({kind})": replace(WAYS[name], kind=kind)
    for kind in OTHER_KINDS
    for name in AT_THE_GATEWAY
}
CARDS = {
    name: canary(100 + index, way.prefix, way.length, way.code_length)
    for index, (name, way) in enumerate(WAYS.items())
}
STOPPED = {sign: canary(200 + sign) for sign in (signal.SIGINT, signal.SIGKILL)}
EVERY_CARD = [*CARDS.values(), *STOPPED.values()]
NUMBERS = [card.number for card in EVERY_CARD]
CODES = [card.code for card in EVERY_CARD]


@contextmanager
def gateway(before_answering: Callable[[], None] = lambda: None) -> Iterator[str]:
    """The simulator in a thread of ours, with the behaviours these cards call for."""
    behaviours = {CARDS[name].number: way.behaviour for name, way in WAYS.items() if way.behaviour}
    port = free_port()
    own = server(SimulatedGateway(Ledger(None), cards=behaviours, today=lambda: SCENARIO_DAY), port)
    simulated: Any = own.config.app

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            await asyncio.to_thread(before_answering)
        await simulated(scope, receive, send)

    own.config.app = app
    own.config.log_config = None
    thread = threading.Thread(target=own.run)
    thread.start()
    try:
        while not own.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        own.should_exit = True
        thread.join()


@dataclass
class Left:
    """What was left: out: the folder of all calls. printed: by them. finished: by name."""

    out: Path
    finished: dict[str, FinishedCall] = field(default_factory=dict)
    printed: str = ""


async def go_all_ways(left: Left, url: str) -> None:
    """Every way with its own card, in one process; the database is copied while it is open, with
    its write-ahead log."""
    for kind in ("rest", *OTHER_KINDS):
        settings = load_settings(None, [
            f"gateway.kind={kind}", f"gateway.url={simulated_url(url, kind)}",
            "gateway.look_up_for_ms=500", "log_level=debug", "payment.max_declines=1",
        ])  # fmt: skip
        async with running_services(
            settings, left.out, Progress(), SCENARIO_DAY, with_rasa=False
        ) as services:
            for name, way in WAYS.items():
                if way.kind != kind:
                    continue
                with pytest.MonkeyPatch.context() as patch:
                    if way.breaks is not None:
                        way.breaks(patch, CARDS[name])
                    left.finished[name] = await one_call(services, name, way, left.out)
            for file in left.out.glob("payments.db*"):
                shutil.copy(file, left.out / f"open-{file.name}")


async def one_call(services: Services, name: str, way: Way, out: Path) -> FinishedCall:
    card = CARDS[name]
    said = {"number": card.number, "code": card.code, "spoken": card.spoken,
            "spoken_code": in_words(card.code)}  # fmt: skip
    lines = iter([line.format_map(said) for line in way.lines])

    async def next_line() -> str | None:
        return next(lines, None)

    caller: Caller = TypingCaller(next_line, lambda _: None)
    if not way.lines:
        caller = RecordedCaller(read_wav(CALLERS / "pay" / "amount.wav"))
    printer = ConversationPrinter()
    finished = await services.call(
        caller, Parameters(customer_id="C-1"), Files(out / name.replace(" ", "-")),
        today=SCENARIO_DAY, watch=printer,
    )  # fmt: skip
    printer.flush()
    print_finished(finished)
    return finished


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    out = tmp_path_factory.mktemp("canaries")
    everything = Left(out)
    printed = io.StringIO()
    with (
        logging_as_before(), gateway() as url, pytest.MonkeyPatch.context() as patch,
        redirect_stdout(printed), redirect_stderr(printed),
    ):  # fmt: skip
        # One recogniser for all kinds of gateways.
        patch.setattr("bot.calls.services.load_engine", cache(load_engine))
        patch.setenv("PAYMENT_GATEWAY_TOKEN", "sk_test_canaries")
        # What is unknown at the end of a call is looked up at the pace of people otherwise.
        patch.setattr(run_call, "_SETTLE_PATIENCE_SECONDS", 0.0)
        patch.setattr(run_call, "_SETTLE_TRIES", 1)
        configure_logs(out / "logs" / "bot.log", "debug")
        asyncio.run(go_all_ways(everything, url))
    everything.printed = printed.getvalue()
    return everything


@pytest.mark.parametrize("name", WAYS)
def test_a_card_goes_the_way_it_is_meant_to_go(left: Left, name: str) -> None:
    assert left.finished[name].end.result.status is WAYS[name].result


def test_no_way_leaves_card_data_on_the_disk(left: Left) -> None:
    files = [path for path in left.out.rglob("*") if path.is_file()]
    assert {"bot.log", "payments.db", "open-payments.db", "open-payments.db-wal", "call.html",
            "call.wav", "result.json"} <= {path.name for path in files}  # fmt: skip
    assert [leak for path in files for leak in leaks_in_file(path, NUMBERS, CODES)] == []


def test_no_way_shows_card_data(left: Left) -> None:
    assert "Please tell me your card number" in left.printed
    assert leaks_in(left.printed, NUMBERS, CODES) == []


@pytest.mark.parametrize(
    "kind",
    ["bot.log", "payments.db", "open-payments.db-wal", "call.html", "call.wav", "result.json"],
)
def test_a_card_planted_in_a_file_of_any_kind_is_found(
    left: Left, tmp_path: Path, kind: str
) -> None:
    """In the middle: the search reads all of each file."""
    number, code = NUMBERS[3], CODES[3]
    original = next(left.out.rglob(kind)).read_bytes()
    middle = len(original) // 2
    for planted in (f" {number[2:7]} ", f" {number[:8]} {number[8:]} ", f' "cvv": "{code}" '):
        path = tmp_path / kind
        path.write_bytes(original[:middle] + planted.encode() + original[middle:])
        assert leaks_in_file(path, NUMBERS, CODES)


@pytest.mark.parametrize("sign", STOPPED, ids=lambda sign: sign.name)
def test_a_bot_that_is_stopped_while_it_charges_leaves_no_card_data(
    tmp_path: Path, sign: signal.Signals
) -> None:
    """At the moment when the gateway has the card and has not answered."""
    card = STOPPED[sign]
    process: subprocess.Popen[str] | None = None
    reached = threading.Event()

    def stop() -> None:
        if process is not None and not reached.is_set():
            reached.set()
            process.send_signal(sign)

    with gateway(stop) as url:
        command = [sys.executable, str(ROOT / "run_bot.py"), "talk", "--text", "--no-rasa",
                   "--today", SCENARIO_DAY.isoformat(), "--out", str(tmp_path)]  # fmt: skip
        for setting in (f"gateway.url={url}", "log_level=debug"):
            command += ["--setting", setting]
        with subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=ROOT,
        ) as process:  # fmt: skip
            lines = ["eighty seven fifty", f"{card.number}#", "0429", card.code, "90210#", "1"]
            shown, problems_shown = process.communicate("\n".join(lines), timeout=PATIENCE_SECONDS)
    assert reached.is_set(), shown + problems_shown
    assert process.returncode in {-sign, 128 + sign}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"bot.log", "payments.db"} <= {path.name for path in files}
    assert leaks_in(shown + problems_shown, NUMBERS, CODES) == []
    assert [leak for path in files for leak in leaks_in_file(path, NUMBERS, CODES)] == []
