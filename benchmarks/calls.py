"""How many calls does one process hold? And how many does a peer, under the same load?

    OMP_NUM_THREADS=1 python -m benchmarks.calls [--only transport] [--seconds 20] [--most 256]
                                                    [--past-the-limit]

A server process takes calls by Twilio's protocol; this process is the phone system: recorded
callers, three tenths of the time speaking, at real pace, over WebSockets of this machine. The calls
are doubled until before one chunk in a thousand the phone has nothing to play for more than 20 ms,
or, where the bot answers, the 95th percentile of the waiting time has doubled.

    peer         a plain `websockets` server that sends each message back: no JSON is read, nothing
                 decoded, no pace kept; the least that any server must do
    transport    our server: JSON, mu-law, the live line's pace; the call only hums
    hearing      the same, and the ear (voice activity, key tones, ends of turns) on what comes
    recognition  whole payments by voice: everything but Rasa; the gateway is the simulator
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import websockets
import websockets.asyncio.client

from benchmarks.paying_callers import CALLERS, Person, Watched, waits
from bot.audio import CHUNK_MS, Samples, ms_to_samples, silence
from bot.calls.wav import read_wav
from bot.console import console
from bot.processes import free_port
from bot.project import ROOT

sys.path.insert(0, str(ROOT / "tests"))
from telephony.network import Weather
from telephony.twilio import Twilio

LATE_SECONDS = 0.020
MOST_LATE = 0.001
TALK = 0.3
APART = 1.3
"""Seconds between the beginnings of two payments: in the same instant no two callers ring."""
KINDS = ("peer", "transport", "hearing", "recognition")
TOKEN = "0" * 8 + "-0000-4000-8000-" + "0" * 12
TALKS = ROOT / "audio" / "callers" / "pay"


@dataclass(frozen=True)
class Figures:
    """late: share of chunks. waiting: seconds, one for each answer. memory: bytes of the server."""

    calls: int
    chunks: int
    late: float
    waiting: list[float]
    memory: int
    cpu: float

    def p95(self) -> float:
        return float(np.percentile(self.waiting, 95)) if self.waiting else 0.0


class WebSocket:
    """A connection of the simulated Twilio; notes when each chunk was sent and came back."""

    def __init__(self, socket: websockets.asyncio.client.ClientConnection) -> None:
        self._socket = socket
        self.sent: list[float] = []
        self.came: list[float] = []

    async def send(self, message: str | bytes) -> None:
        if isinstance(message, str) and '"media"' in message[:20]:
            self.sent.append(time.monotonic())
        try:
            await self._socket.send(message)
        except websockets.ConnectionClosed:
            raise ConnectionResetError from None

    async def receive(self) -> str | bytes | None:
        try:
            message = await self._socket.recv()
        except websockets.ConnectionClosed:
            return None
        if isinstance(message, str) and '"media"' in message[:20]:
            self.came.append(time.monotonic())
        return message

    async def close(self) -> None:
        await self._socket.close()


class Talker(Person):
    """Speaks three tenths of the time, whatever it hears."""

    def __init__(self, seed: int) -> None:
        super().__init__([])
        said = np.concatenate([read_wav(path, None) for path in sorted(TALKS.glob("*.wav"))])
        spoken: list[Samples] = []
        piece = ms_to_samples(3_000)
        for at in range(0, len(said) - piece, piece):
            spoken += [said[at : at + piece], silence(round(piece * (1 / TALK - 1)))]
        self._to_say = np.roll(np.concatenate(spoken * 6), seed * 7_919 * 7)


async def one_call(url: str, person: Person, seconds: float) -> WebSocket:
    async with websockets.asyncio.client.connect(
        url, compression=None, max_size=1 << 20, proxy=None
    ) as socket:
        connection = WebSocket(socket)
        twilio = Twilio(connection, person, {"token": TOKEN}, Weather())
        with contextlib.suppress(TimeoutError, AssertionError):
            await twilio.call(seconds)
        return connection


def lateness(connection: WebSocket) -> list[float]:
    """Of each chunk: seconds for which the phone had nothing to play before it came."""
    found, played_until = [], 0.0
    for came in connection.came:
        if played_until:
            found.append(max(0.0, came - played_until))
        played_until = max(played_until, came) + CHUNK_MS / 1000
    return found


def people_for(kind: str, calls: int) -> Sequence[Watched | Talker]:
    if kind == "recognition":
        return [Watched(name) for name in itertools.islice(itertools.cycle(CALLERS), calls)]
    return [Talker(i) for i in range(calls)]


def waited(person: Watched | Talker) -> list[float]:
    """Seconds for each answer that came."""
    if isinstance(person, Talker):
        return []
    return [max(0.0, seconds) for _, seconds in waits(person) if np.isfinite(seconds)]


async def load(kind: str, url: str, pid: int, calls: int, seconds: float) -> Figures:
    people = people_for(kind, calls)
    apart = APART if kind == "recognition" else CHUNK_MS / 1000 * 0.37
    before = cpu_seconds(pid)
    began = time.monotonic()

    async def later(i: int) -> WebSocket:
        await asyncio.sleep(i * apart % 10)
        return await one_call(url, people[i], seconds)

    running = [asyncio.create_task(later(i)) for i in range(calls)]
    await asyncio.sleep(seconds * 0.8)
    memory = resident(pid)
    done = await asyncio.gather(*running)
    late = np.array([late for connection in done for late in lateness(connection)])
    return Figures(
        calls,
        len(late),
        float(np.mean(late > LATE_SECONDS)) if len(late) else 1.0,
        [seconds for person in people for seconds in waited(person)],
        memory,
        (cpu_seconds(pid) - before) / (time.monotonic() - began),
    )


def resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


# --- the measuring


@contextlib.asynccontextmanager
async def server(kind: str) -> Any:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.line_servers", kind, str(port)]
    process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own; it is ended, not awaited
        command, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            await asyncio.sleep(0.2)
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
        yield f"ws://127.0.0.1:{port}/twilio", process.pid
    finally:
        process.terminate()
        process.wait()


async def measure(
    kind: str, seconds: float, most: int, *, past_the_limit: bool = False
) -> list[Figures]:
    found: list[Figures] = []
    async with server(kind) as (url, pid):
        await load(kind, url, pid, 1, min(seconds, 10))  # warm
        calls = 1
        while calls <= most:
            figures = await load(kind, url, pid, calls, seconds)
            found.append(figures)
            console.print(told(kind, figures, found[0]), soft_wrap=True)
            doubled = figures.waiting and figures.p95() > 2 * found[0].p95()
            if (figures.late > MOST_LATE or doubled) and not past_the_limit:
                break
            calls *= 2
    return found


def told(kind: str, figures: Figures, first: Figures) -> str:
    more = (figures.memory - first.memory) / max(figures.calls - first.calls, 1) / 1e6
    waiting = ""
    if figures.waiting:
        p50, p95 = np.percentile(figures.waiting, [50, 95]) * 1000
        waiting = f" {p50:.0f} / {p95:.0f} ({len(figures.waiting)})"
    return (
        f"| {kind} | {figures.calls} | {figures.chunks} | {figures.late:.2%} |{waiting} | "
        f"{figures.cpu:.2f} | {figures.memory / 1e6:.0f} | {more:.2f} |"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", choices=KINDS, action="append")
    options.add_argument("--seconds", type=float, default=20.0)
    options.add_argument("--payment-seconds", type=float, default=100.0)
    options.add_argument("--most", type=int, default=256)
    options.add_argument(
        "--past-the-limit", action="store_true",
        help="go on to --most: what a call costs, on a machine too busy to be in time",
    )  # fmt: skip
    given = options.parse_args()
    console.print("| | calls | chunks | late | waiting ms p50 / p95 | cores | MB | MB a call |")
    console.print("|---|---|---|---|---|---|---|---|")
    for kind in given.only or KINDS:
        seconds = given.payment_seconds if kind == "recognition" else given.seconds
        asyncio.run(measure(kind, seconds, given.most, past_the_limit=given.past_the_limit))


if __name__ == "__main__":
    main()
