"""Several processes behind one port: who gets a connection, who is started again, how all end.

The workers are small programs that speak the control channel and answer each connection with their
number; the real ones are in tests/everyday/test_serve.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.errors import BotError
from bot.processes import Child
from bot.project import ROOT
from bot.web.hand_over import HandedOver, hand_over, hand_over_channel
from bot.web.one_worker import DOUBTED_AFTER, STARTING_TIMES
from bot.web.worker import BEAT_SECONDS
from bot.web.workers import Workers

PATIENCE_SECONDS = 60
NEVER = 1e6
"""Seconds between beats: the tests count them themselves."""

WORKER = """
import json, select, signal, socket, sys
from bot.web.hand_over import HandedOver

control = socket.socket(fileno=int(sys.argv[1]))
listener = HandedOver(fileno=int(sys.argv[2]))
words = control.makefile("rb", buffering=0)  # what was read ahead would not be selected
orders = json.loads(words.readline())

def say(**what):
    control.sendall(json.dumps(what).encode() + b"\\n")

def drain(*_):
    say(hung_up=orders["number"])
    sys.exit()

signal.signal(signal.SIGTERM, lambda *_: print("a signal", flush=True))
if orders["fails"]:
    say(failed=orders["fails"])
    sys.exit(1)
say(tell="hello of all")
say(ready=orders["most"])
others, ended, kept = None, None, []
while True:
    ready, _, _ = select.select([control, listener], [], [])
    if control in ready:
        said = json.loads(words.readline() or b'{"end": true}')
        if "drain" in said:
            drain()
        if "end" in said:
            sys.exit()
        others, ended = said["others"], said["ended"]
    if listener in ready:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:  # taken back
            continue
        connection.setblocking(True)
        match connection.recv(100).split():
            case [b"who"]:
                connection.sendall(b"%d" % orders["number"])
            case [b"others"]:
                connection.sendall(json.dumps(others).encode())
            case [b"ended"]:
                connection.sendall(json.dumps(ended).encode())
            case [b"slow"]:
                kept.append(connection)
                connection.sendall(b"%d" % orders["number"])
            case [b"call"]:
                kept.append(connection)
                connection.sendall(b"%d" % orders["number"])
                say(calls=len(kept))
            case [b"retire"]:
                connection.sendall(b"%d" % orders["number"])
                say(ready=0)
            case [b"die"]:
                sys.exit(1)
        if connection not in kept:
            connection.close()
"""


HUNG_BEATS = 30

NOBODY: Mapping[int, str] = {}


class Served:
    def __init__(self, workers: Workers, port: int, told: list[str], dead: list[int]) -> None:
        self.workers = workers
        self.told = told
        self.dead = dead
        self._port = port
        self.kept: list[asyncio.StreamWriter] = []

    async def ask(self, what: str) -> str:
        """On a connection of its own; that of a "call" stays."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(what.encode())
            said = b""
            with contextlib.suppress(ConnectionResetError):  # its worker has died
                said = await reader.read(1000)
        if what in {"call", "slow"}:
            self.kept.append(writer)
        else:
            writer.close()
        return said.decode()

    async def until_calls(self, number: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.workers.calls != number:  # noqa: ASYNC110 - what is asked is not told
                await asyncio.sleep(0)


@asynccontextmanager
async def served(
    folder: Path, count: int = 2, *, most: int = 4, fails: Mapping[int, str] = NOBODY
) -> AsyncIterator[Served]:
    """fails: what the workers of these numbers say of why they cannot start."""
    program = folder / "worker.py"
    program.write_text(WORKER)

    def start(number: int, control: int, channels: Sequence[int]) -> Child:
        passed = [control, *channels]
        return Child(
            f"worker {number}",
            [sys.executable, str(program), *map(str, passed)],
            folder / f"worker-{number}.log",
            env={"PYTHONPATH": str(ROOT)},
            pass_fds=passed,
        )

    def orders(number: int) -> str:
        return json.dumps({"number": number, "most": most, "fails": fails.get(number)})

    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead: list[int] = []
        workers = Workers(
            start, [listener], orders, told.append, on_death=dead.append, first_pause_seconds=0.01,
            hung_seconds=HUNG_BEATS * BEAT_SECONDS, beat_seconds=NEVER,
        )  # fmt: skip
        site = Served(workers, listener.getsockname()[1], told, dead)
        try:
            await workers.start(count)
            yield site
        finally:
            await workers.end()
            for writer in site.kept:
                writer.close()


async def test_each_call_goes_to_the_worker_with_the_fewest(tmp_path: Path) -> None:
    async with served(tmp_path) as site:
        taken = []
        for number in range(1, 7):
            taken.append(await site.ask("call"))
            await site.until_calls(number)
        assert sorted(taken) == ["1"] * 3 + ["2"] * 3


async def test_calls_that_come_all_at_once_are_shared_out_too(tmp_path: Path) -> None:
    async with served(tmp_path) as site:
        taken = await asyncio.gather(*(site.ask("call") for _ in range(6)))
        assert sorted(taken) == ["1"] * 3 + ["2"] * 3


async def test_each_worker_knows_how_much_room_the_others_have(tmp_path: Path) -> None:
    async with served(tmp_path, most=1) as site:
        with_it = await site.ask("call")
        await site.until_calls(1)
        assert await site.ask("who") != with_it, "one without a call is asked first"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while json.loads(await site.ask("others")) != {"calls": 1, "most": 1, "room": 0}:
                pass


async def test_a_worker_that_dies_is_told_of_and_started_again_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as site:
        pid = site.workers._workers[2].child.pid
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while site.dead != [pid]:
                assert await site.ask("who") in {"1", "2", ""}
        assert any("worker 2 has died" in line for line in site.told)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await site.ask("who") != "2":
                pass
        assert site.workers._workers[2].child.pid != pid


async def test_connections_wait_while_no_worker_answers(tmp_path: Path) -> None:
    async with served(tmp_path, 1) as site:
        assert await site.ask("die") == ""
        while not site.dead:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert await site.ask("who") == "1"


async def test_what_concerns_all_of_them_is_told_once(tmp_path: Path) -> None:
    async with served(tmp_path, 3) as site:
        assert site.told == ["hello of all"]


async def test_told_to_end_all_workers_end_and_the_cut_off_calls_are_added_up(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, 3) as site:
        assert await site.workers.drain() == 1 + 2 + 3
        assert site.workers._workers == {}


async def test_workers_are_told_to_drain_over_their_channel_and_not_by_a_signal(
    tmp_path: Path,
) -> None:
    """Under systemd they may have got that one already, and a second would mean: at once."""
    async with served(tmp_path) as site, asyncio.timeout(PATIENCE_SECONDS):
        await site.workers.drain()
    assert [(tmp_path / f"worker-{number}.log").read_text() for number in (1, 2)] == ["", ""]


async def test_a_worker_that_ends_as_the_server_is_told_to_end_is_no_failure(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as site:
        worker = site.workers._workers[1]
        os.kill(worker.child.pid, signal.SIGKILL)
        worker.child.wait(PATIENCE_SECONDS)
        assert await site.workers.drain() == 2


async def test_a_worker_that_cannot_start_is_the_end_of_the_server_and_says_why(
    tmp_path: Path,
) -> None:
    with pytest.raises(BotError, match=r"worker 2 did not start \(no such model\)"):
        async with served(tmp_path, fails={2: "no such model"}):
            pytest.fail("started")


async def test_a_worker_that_cannot_be_started_again_at_once_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No memory for a process, no descriptors for its log: the others' calls must not end."""
    tries = 0
    begin = Child.start

    def fails_twice(child: Child) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise BotError("worker 1 cannot be started (Cannot allocate memory)")
        if tries == 2:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        begin(child)

    async with served(tmp_path, 1) as site:
        watching = asyncio.create_task(site.workers.watch())
        monkeypatch.setattr(Child, "start", fails_twice)
        assert await site.ask("die") == ""
        while not site.dead:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert await site.ask("who") == "1"
        assert not watching.done()
        watching.cancel()
    assert tries == 3
    assert [re.findall("allocate|open files", line) for line in site.told[-2:]] == [
        ["allocate"],
        ["open files"],
    ]


async def test_a_worker_that_drains_gets_no_calls_but_answers_while_nobody_else_does(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as site:
        draining = await site.ask("retire")
        other = {"1": "2", "2": "1"}[draining]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while site.workers._workers[int(draining)].most:  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert {await site.ask("who") for _ in range(4)} == {other}
        assert await site.ask("retire") == other
        assert {await site.ask("who") for _ in range(12)} == {"1", "2"}


async def test_connections_that_are_not_calls_yet_count_as_calls_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.one_worker._BECOMES_A_CALL_SECONDS", float(PATIENCE_SECONDS))
    async with served(tmp_path) as site:
        first = await site.ask("call")
        await site.until_calls(1)
        other = {"1": "2", "2": "1"}[first]
        taken = await asyncio.gather(*(site.ask("slow") for _ in range(5)))
        assert sorted(taken) == sorted([first] * 2 + [other] * 3)


async def test_an_end_in_the_moment_of_a_start_leaves_no_process_behind(tmp_path: Path) -> None:
    started: list[int] = []

    class Seen(Child):
        def start(self) -> None:
            super().start()
            started.append(self.pid)
            task.cancel()

    def start(number: int, control: int, _channels: Sequence[int]) -> Child:
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        return Seen(f"worker {number}", command, tmp_path / "log", pass_fds=[control])

    workers = Workers(start, [], lambda _: "{}", lambda _: None, hung_seconds=NEVER)
    task = asyncio.create_task(workers.start(1))
    with pytest.raises(asyncio.CancelledError):
        await task
    await workers.end()
    assert len(started) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


# Workers that hang: alive, and their event loop stands still


def beats(workers: Workers, count: int, *, of: Collection[int]) -> None:
    """So many beats' time goes by, and only these workers say that they live."""
    answers: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    answers.set_result(None)
    for _ in range(count):
        workers.beat()
        for number in of:
            workers._heard(workers._workers[number], {"alive": True}, answers)


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """As SIGSTOP leaves a process; it takes connections, and answers none."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


async def test_a_worker_that_hangs_is_given_no_calls_until_it_is_heard_again(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as site:
        with stopped(site.workers._workers[1].child.pid):
            beats(site.workers, DOUBTED_AFTER, of=[2])
            assert {await site.ask("who") for _ in range(4)} == {"2"}
            room = {"calls": 0, "most": 0, "room": 0}
            async with asyncio.timeout(PATIENCE_SECONDS):
                while json.loads(await site.ask("others")) != room:
                    pass
        beats(site.workers, 1, of=[1, 2])
        assert await site.ask("who") == "1"
        assert site.told == ["hello of all"], "it was only slow"


async def test_what_a_worker_that_hangs_or_dies_was_given_and_has_not_taken_goes_to_another(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as site, asyncio.timeout(PATIENCE_SECONDS):
        doomed = site.workers._workers[1].child.pid
        with stopped(doomed):
            asking = [asyncio.create_task(site.ask("who")) for _ in range(4)]
            while site.workers._given < 4:  # noqa: ASYNC110 - what is given is not told
                await asyncio.sleep(0)
            beats(site.workers, DOUBTED_AFTER, of=[2])
            assert await asyncio.gather(*asking) == ["2"] * 4
        beats(site.workers, 1, of=[1, 2])
        with stopped(doomed):
            asking = [asyncio.create_task(site.ask("who")) for _ in range(4)]
            while site.workers._given < 10:  # noqa: ASYNC110 - two of the four were given twice
                await asyncio.sleep(0)
            os.kill(doomed, signal.SIGKILL)
            assert "1" not in await asyncio.gather(*asking)


async def test_one_that_hangs_for_long_is_ended_and_started_again_and_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.processes._STOP_SECONDS", 0.01)
    async with served(tmp_path) as site:
        worker = site.workers._workers[2]
        pid = worker.child.pid
        with stopped(pid), capture_logs() as logged:
            beats(site.workers, HUNG_BEATS - 1, of=[1])
            await site.ask("who")
            assert site.workers._workers[2] is worker
            beats(site.workers, 1, of=[1])
            async with asyncio.timeout(PATIENCE_SECONDS):
                while site.dead != [pid]:
                    assert await site.ask("who") == "1"
                while await site.ask("who") != "2":
                    pass
                while json.loads(await site.ask("ended")) != {"died": 0, "hung": 1}:
                    pass
        assert [line for line in site.told if "worker 2 hung" in line]
    events = [(line["event"], line.get("worker")) for line in logged]
    assert events[:3] == [("worker_silent", 2), ("worker_hangs", 2), ("worker_died", 2)]


async def test_calls_of_a_worker_that_hangs_while_all_end_count_as_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.processes._STOP_SECONDS", 0.01)
    async with served(tmp_path, 1) as site:
        await site.ask("call")
        await site.until_calls(1)
        with stopped(site.workers._workers[1].child.pid):
            draining = asyncio.create_task(site.workers.drain())
            await asyncio.sleep(0)
            beats(site.workers, HUNG_BEATS, of=[])
            assert await draining == 1


async def test_connections_wait_while_every_worker_hangs(tmp_path: Path) -> None:
    async with served(tmp_path, 1) as site:
        beats(site.workers, DOUBTED_AFTER, of=[])
        asking = asyncio.create_task(site.ask("who"))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not asking.done()
        beats(site.workers, 1, of=[1])
        assert await asking == "1"


async def test_a_worker_may_load_its_models_for_much_longer_than_it_may_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.processes._STOP_SECONDS", 0.01)

    def start(number: int, control: int, _channels: Sequence[int]) -> Child:
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        return Child(f"worker {number}", command, tmp_path / "log", pass_fds=[control])

    workers = Workers(start, [], lambda _: "{}", lambda _: None, hung_seconds=10 * BEAT_SECONDS)
    starting = asyncio.create_task(workers.start(1))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not workers._workers or workers._workers[1].listening is None:  # noqa: ASYNC110
            await asyncio.sleep(0)
        beats(workers, 10 * STARTING_TIMES - 1, of=[])
        assert workers._workers[1].listening
        beats(workers, 1, of=[])
        with pytest.raises(BotError, match="worker 1 did not start"):
            await starting
    await workers.end()


# The channel


async def test_a_server_answers_connections_that_were_handed_to_it() -> None:
    ours, theirs = hand_over_channel()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        writer.close()

    with ours, socket.create_server(("127.0.0.1", 0)) as listener:
        server = await asyncio.start_server(answer, sock=HandedOver(fileno=theirs.detach()))
        async with server:
            for word in (b"one\n", b"two\n"):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                connection, _ = listener.accept()
                with connection:
                    assert hand_over(ours, connection)
                writer.write(word)
                assert await reader.read() == word.upper()
                writer.close()


def test_a_connection_that_was_cut_before_it_was_taken_is_let_go() -> None:
    ours, theirs = hand_over_channel()
    with ours, HandedOver(fileno=theirs.detach()) as taking, socket.socket() as never_connected:
        assert hand_over(ours, never_connected)
        with pytest.raises(ConnectionAbortedError):
            taking.accept()


def test_a_worker_that_takes_nothing_any_more_is_not_waited_for() -> None:
    ours, theirs = hand_over_channel()
    with ours, theirs, socket.socket() as connection:
        while hand_over(ours, connection):
            pass
    assert not hand_over(ours, connection)


def test_a_worker_that_may_open_nothing_more_says_so_as_a_server_expects_it() -> None:
    """The kernel then hands over the byte without its descriptor."""
    ours, theirs = hand_over_channel()
    with ours, HandedOver(fileno=theirs.detach()) as taking:
        ours.send(b"c")
        with pytest.raises(OSError, match="open files") as error:
            taking.accept()
    assert error.value.errno == errno.EMFILE


async def test_where_the_parent_has_gone_nothing_is_read_for_ever() -> None:
    ours, theirs = hand_over_channel()
    ours.close()
    tries = 0

    class Counted(HandedOver):
        def accept(self) -> tuple[socket.socket, object]:
            nonlocal tries
            tries += 1
            return super().accept()

    async def never(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        pytest.fail("nobody came")

    async with await asyncio.start_server(never, sock=Counted(fileno=theirs.detach())):
        for _ in range(20):
            await asyncio.sleep(0)
    assert tries == 1
