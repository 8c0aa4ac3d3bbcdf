"""What a call leaves of a card in the bot's memory. Linux.

    python -m benchmarks.card_memory [--calls 3] [--way keyed,typed] [--tls] [--collect] [--show]

A child process takes whole calls without Rasa, over a real connection to our simulator. It stops
at several moments of each, and its memory is searched from outside (`benchmarks.memory_search`):
every copy of the card number, also in part, and of the security code. The digits reach the child
under a disguise, so that only the call can have made the copies.

    before      the call begins
    confirmed   everything was read back
    in flight   the gateway has the request, and has not answered: here a copy must be found
    answered    the gateway has answered; the caller has not heard it yet
    over        the call's files are written

--way: keyed as tones, or typed as words. --collect: collect garbage before the last two.
--deaf: without a recogniser, which a caller who keys does not need: a quarter of the memory and of
the time, for the test. --show: what stands around each copy, its digits hidden.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
import trustme
import uvicorn
from starlette.types import Receive, Scope, Send
from stdnum import luhn

from benchmarks.memory_search import Found, Pointers, Wanted, process_memory, search
from bot.audio import CHUNK_SAMPLES, AudioChunk
from bot.calls import services
from bot.calls.callers import Caller, Gone, Received, Sound, Typed, keys_sound
from bot.calls.run_call import Files
from bot.calls.scenarios.scenario import SCENARIO_DAY, Parameters
from bot.calls.services import running_services
from bot.console import Progress, problems
from bot.expectations import Expectation, Hypothesis
from bot.logs import configure_logs
from bot.paying.simulator.ledger import Ledger
from bot.paying.simulator.server import SimulatedGateway
from bot.processes import free_port
from bot.project import ROOT
from bot.records.trace import Entry, EntryKind
from bot.settings import load_settings

MOMENTS = ("before", "confirmed", "in flight", "answered", "over")
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def disguised(digits: str) -> str:
    """Nines' complement, both ways."""
    return "".join(str(9 - int(digit)) for digit in digits)


# --- in the child -----------------------------------------------------------------------------


def stop_at(moment: str) -> None:
    """Says where it is and waits to be searched."""
    pointers = Pointers.of_this_process()
    told = {"moment": moment, "numbers": pointers.numbers, "characters": pointers.characters,
            "text_type": pointers.text_type, "bytes_type": pointers.bytes_type}  # fmt: skip
    os.write(1, json.dumps(told).encode() + b"\n")
    os.read(0, 1)


class SecretiveCaller(Caller):
    """Answers the bot's questions; each digit comes out of its disguise as it is keyed.

    way: "keyed", or "typed": words given as text. With "spoken" the number is a recording.
    """

    def __init__(self, way: str, number: str, code: str) -> None:
        self._way = way
        self._number, self._code = number, code
        self._next: Iterator[Received] = iter(())

    async def receive(self, bot_waits: bool) -> Received:
        return next(self._next, Sound(np.zeros(CHUNK_SAMPLES, dtype=np.int16)))

    def prompt_ended(self, prompt_id: str) -> None:
        match prompt_id:
            case "amount.ask":
                self._next = iter([Typed("eighty seven fifty")])
            case "card_number.ask":
                self._next = self._answer(self._number)
            case "expiry.ask":
                self._next = keyed("9570")
            case "security_code.ask_three" | "security_code.ask_four":
                self._next = self._answer(self._code)
            case "postal_code.ask":
                self._next = keyed("09789")
            case "confirm.question":
                stop_at("confirmed")
                self._next = keyed("8")
            case "end.goodbye":
                self._next = iter([Gone()])

    def _answer(self, digits: str) -> Iterator[Received]:
        if self._way == "typed":
            yield Typed(" ".join(_WORDS[9 - int(digit)] for digit in digits))
            return
        yield from keyed(digits)


def keyed(digits: str) -> Iterator[Received]:
    """Key by key, as tones. digits: disguised."""
    for digit in digits:
        sound = keys_sound(str(9 - int(digit)))
        for start in range(0, len(sound), CHUNK_SAMPLES):
            yield Sound(sound[start : start + CHUNK_SAMPLES])


class _Deaf:
    """An engine, and each call's recogniser, that hears nothing."""

    name = "deaf"

    def recogniser(self) -> _Deaf:
        return self

    def begin(self, expectation: Expectation) -> None:
        pass

    def accept(self, chunk: AudioChunk) -> None:
        pass

    def preliminary(self) -> tuple[Hypothesis, ...]:
        return ()

    def finish(self) -> tuple[Hypothesis, ...]:
        return ()


async def child(options: argparse.Namespace) -> None:
    settings = load_settings(None, options.setting)
    out = Path(options.out)
    configure_logs(out / "logs" / "bot.log", "debug")

    def watch(entry: Entry) -> None:
        if entry.kind is EntryKind.CHARGE:
            if options.collect:
                gc.collect()
            stop_at("answered")

    if options.deaf:
        setattr(services, "load_engine", lambda *_: _Deaf())  # noqa: B010 - it is not exported
    async with running_services(
        settings, out, Progress(problems), SCENARIO_DAY, with_rasa=False
    ) as running:
        for call in options.card:
            number, code = call.split(":")
            stop_at("before")
            finished = await running.call(
                SecretiveCaller(options.way, number, code),
                Parameters(customer_id="C-1"),
                Files(out),
                today=SCENARIO_DAY,
                watch=watch,
            )
            if finished.end.result.status != "success":
                sys.exit(f"the call ended with {finished.end.result}")
            del finished
            if options.collect:
                gc.collect()
            stop_at("over")


# --- outside ----------------------------------------------------------------------------------


@contextmanager
def gateway(folder: Path, in_flight: Callable[[], None], *, tls: bool) -> Iterator[list[str]]:
    """Our simulator in this process; gives the settings by which the child finds it.

    in_flight: called while a charge was sent and its answer was not.
    """
    port = free_port()
    certificate_file = None
    settings = [f"gateway.url=http{'s' if tls else ''}://127.0.0.1:{port}"]
    if tls:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(folder / "ca.pem")
        certificate.private_key_and_cert_chain_pem.write_to_path(folder / "gateway.pem")
        certificate_file = folder / "gateway.pem"
        settings.append(f"gateway.tls.ca_file={folder / 'ca.pem'}")
    simulated = SimulatedGateway(Ledger(None)).app()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await asyncio.to_thread(in_flight)
        await simulated(scope, receive, send)

    config = uvicorn.Config(app, port=port, lifespan="off", log_level="error",
                            ssl_certfile=certificate_file)  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        yield settings
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Left:
    """What was found at each moment, of each call."""

    at: dict[str, list[Found]] = field(default_factory=dict)

    def most(self, moment: str, of: str) -> int:
        return max((sum(getattr(one, of).values()) for one in self.at.get(moment, [])), default=0)


def cards(count: int, seed: int) -> list[tuple[str, str]]:
    """Visa numbers of unusual digits, and codes."""
    random = Random(seed)  # noqa: S311 - test cards
    made: list[tuple[str, str]] = []
    while len(made) < count:
        body = "4" + "".join(random.choice("0123456789") for _ in range(14))
        number = body + luhn.calc_check_digit(body)
        code = "".join(random.sample("0123456789", 3))
        if all(len(set(number[start : start + 5])) >= 4 for start in range(12)):
            made.append((number, code))
    return made


def measured(
    way: str,
    given: Sequence[tuple[str, str]],
    options: Sequence[str],
    *,
    tls: bool,
    moments: Collection[str] = MOMENTS,
) -> Left:
    """One child; a call for each card. options: more of the child's. moments: to search at."""
    left = Left()
    process: subprocess.Popen[bytes] | None = None
    pointers: Pointers | None = None
    calls_begun = 0

    def look(moment: str) -> None:
        if moment not in moments:
            return
        number, code = given[calls_begun - 1]
        wanted = Wanted(number, code, in_words(number), in_words(code))
        assert process is not None  # noqa: S101 - it told us of the moment
        left.at.setdefault(moment, []).append(search(process_memory(process.pid), wanted, pointers))

    with (
        tempfile.TemporaryDirectory() as folder,
        gateway(Path(folder), lambda: look("in flight"), tls=tls) as settings,
    ):
        command = [sys.executable, "-m", "benchmarks.card_memory", "--child", "--way", way,
                   "--out", folder, *options]  # fmt: skip
        # Core dumps allowed lets us look, too; and while we look, time goes by.
        patient = ("gateway.answer_timeout_ms=600000", "gateway.connect_timeout_ms=600000")
        for setting in (*settings, *patient, "allow_core_dumps=true"):
            command += ["--setting", setting]
        for number, code in given:
            command += ["--card", f"{disguised(number)}:{disguised(code)}"]
        with subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        ) as process:  # fmt: skip
            assert process.stdout is not None  # noqa: S101 - piped above
            assert process.stdin is not None  # noqa: S101
            for line in process.stdout:
                told = json.loads(line)
                pointers = Pointers(
                    tuple(told["numbers"]), tuple(told["characters"]),
                    told["text_type"], told["bytes_type"],
                )  # fmt: skip
                calls_begun += told["moment"] == "before"
                look(told["moment"])
                process.stdin.write(b"\n")
        if process.returncode:
            raise RuntimeError(f"the child ended with {process.returncode}")
    return left


def in_words(digits: str) -> str:
    return " ".join(_WORDS[int(digit)] for digit in digits)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--way", default="keyed,typed")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--collect", action="store_true", help="collect garbage at each moment")
    parser.add_argument("--deaf", action="store_true", help="no recogniser")
    parser.add_argument("--setting", action="append", default=[])
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    parser.add_argument("--card", action="append", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        asyncio.run(child(options))
        return
    given = cards(options.calls, options.seed)
    more = [f"--{name}" for name in ("collect", "deaf") if getattr(options, name)]
    more += [part for setting in options.setting for part in ("--setting", setting)]
    for way in options.way.split(","):
        left = measured(way, given, more, tls=options.tls)
        sys.stdout.write(f"{way}, {'TLS' if options.tls else 'plain'}\n")
        for moment in MOMENTS:
            number, code = left.most(moment, "number"), left.most(moment, "code")
            sys.stdout.write(f"  {moment:<10} number {number:>3}   code {code:>3}\n")
        if options.show:
            for moment, searched in left.at.items():
                for what, count in sum(
                    (Counter(one.around) for one in searched), Counter()
                ).items():
                    sys.stdout.write(f"    {moment}: {count} x {what}\n")


if __name__ == "__main__":
    main()
