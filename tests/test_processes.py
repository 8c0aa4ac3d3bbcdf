import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from bot.errors import BotError
from bot.processes import Child, free_port, running_server, started_server

SERVER = """
import http.server, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
handler = http.server.SimpleHTTPRequestHandler
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()
"""


def group_members(group: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(entry.name))
    return found


async def all_gone(group: int) -> None:
    """Who was killed is gone only when the kernel has come to it, later on a busy machine."""
    async with asyncio.timeout(20):
        while group_members(group):  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.01)


async def test_a_child_answers_and_is_gone_afterwards_with_all_it_started(tmp_path: Path) -> None:
    port = free_port()
    child = Child("a server", [sys.executable, "-c", SERVER, str(port)], tmp_path / "log")
    async with child:
        await child.until_it_answers(f"http://127.0.0.1:{port}/", 20)
        group = child.pid
        assert child.is_running
        assert len(group_members(group)) == 2
    assert not child.is_running
    await all_gone(group)


async def test_a_child_is_ended_on_failure_too(tmp_path: Path) -> None:
    child = Child(
        "a sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path / "l"
    )
    groups = []

    async def start_and_fail() -> None:
        async with child:
            groups.append(child.pid)
            raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        await start_and_fail()
    await all_gone(groups[0])


async def test_a_child_that_ends_at_once_is_named_with_its_log(tmp_path: Path) -> None:
    child = Child("a mayfly", [sys.executable, "-c", "print('why')"], tmp_path / "logs" / "log")
    async with child:
        with pytest.raises(BotError, match="a mayfly ended while starting; its log: "):
            await child.until_it_answers(f"http://127.0.0.1:{free_port()}/", 20)
    assert (tmp_path / "logs" / "log").read_text() == "why\n"


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    child = Child("a ghost", [str(tmp_path / "nothing")], tmp_path / "log")
    with pytest.raises(BotError, match="a ghost cannot be started"):
        child.start()


def test_stopping_twice_does_no_harm(tmp_path: Path) -> None:
    child = Child(
        "a sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path / "l"
    )
    child.start()
    child.stop()
    child.stop()
    with pytest.raises(BotError, match="is not started"):
        _ = child.pid
    assert os.getpid() > 0


async def test_a_server_whose_port_was_taken_meanwhile_is_started_on_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def server(port: int) -> Child:
        tried.append(port)
        return Child("a server", [sys.executable, "-c", SERVER, str(port)], tmp_path / "log")

    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ports = [taken, free_port()]
        monkeypatch.setattr("bot.processes.free_port", lambda: ports.pop(0))
        child, url = await started_server(server, "/", 20)
        group = child.pid
        await child.ended()
    assert url == f"http://127.0.0.1:{tried[1]}"
    assert tried[0] == taken
    await all_gone(group)


async def test_a_server_that_never_starts_is_tried_three_times_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    children: list[Child] = []

    def mayfly(port: int) -> Child:
        children.append(Child("a mayfly", ["false"], tmp_path / "log"))
        return children[-1]

    with pytest.raises(BotError, match="a mayfly ended while starting; its log: "):
        async with running_server(mayfly, "/", 20):
            pytest.fail("it does not run")
    assert len(children) == 3
    assert not any(child.is_running for child in children)
