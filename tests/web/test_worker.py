"""What a worker does on its parent's word; tests/web/test_workers.py has the parent."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from telephone_server import Server

from bot.calls.live.calls import LiveCalls, Others
from bot.web.worker import Parent, parent_on

PATIENCE_SECONDS = 60


class Word:
    """The parent's end of the channel."""

    def __init__(self, channel: socket.socket, calls: LiveCalls, parent: Parent) -> None:
        self.channel = channel
        self.calls = calls
        self.told_to_drain = parent.told_to_drain

    def say(self, **what: Any) -> None:
        self.channel.sendall(json.dumps(what).encode() + b"\n")


@asynccontextmanager
async def worker(folder: Path) -> AsyncIterator[Word]:
    ours, theirs = socket.socketpair()
    calls = Server(folder).calls
    try:
        with ours:
            async with (
                asyncio.timeout(PATIENCE_SECONDS),
                parent_on(theirs.detach()) as parent,
                parent.heard(calls),
            ):
                yield Word(ours, calls, parent)
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)


async def test_a_worker_knows_how_busy_the_others_are_and_what_became_of_those_before(
    tmp_path: Path,
) -> None:
    async with worker(tmp_path) as word:
        word.say(others={"calls": 2, "most": 4, "room": 2}, ended={"died": 3, "hung": 1})
        word.say(drain=True)
        await word.told_to_drain.wait()
        assert word.calls.others == Others(2, 4, 2)
        told = word.calls.metrics.text().decode()
        assert 'voicebot_workers_ended{how="died"} 3.0' in told
        assert 'voicebot_workers_ended{how="hung"} 1.0' in told


async def test_a_worker_says_again_and_again_that_it_lives_from_its_start_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While models load and while a last charge is awaited, too: before and after it has calls."""
    monkeypatch.setattr("bot.web.worker.BEAT_SECONDS", 0.001)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours:
        async with asyncio.timeout(PATIENCE_SECONDS), parent_on(theirs.detach()):
            said = b""
            while said.count(b"\n") < 3:
                said += await asyncio.get_running_loop().sock_recv(ours, 100)
    assert [json.loads(line) for line in said.splitlines()[:3]] == [{"alive": True}] * 3


async def test_a_worker_whose_parent_has_gone_says_nothing_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """asyncio would complain in the log of each word that nobody can hear."""
    monkeypatch.setattr("bot.web.worker.BEAT_SECONDS", 0.001)
    ours, theirs = socket.socketpair()
    async with asyncio.timeout(PATIENCE_SECONDS), parent_on(theirs.detach()) as parent:
        ours.close()
        await parent.beat()


async def test_told_to_drain_once_more_by_a_signal_a_worker_goes_on_draining(
    tmp_path: Path,
) -> None:
    async with worker(tmp_path) as word:
        word.say(drain=True)
        await word.told_to_drain.wait()
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0)
        word.say(drain=True)
        await asyncio.sleep(0)


async def test_a_signal_alone_tells_it_too(tmp_path: Path) -> None:
    async with worker(tmp_path) as word:
        os.kill(os.getpid(), signal.SIGTERM)
        await word.told_to_drain.wait()


async def test_a_worker_whose_parent_has_gone_drains(tmp_path: Path) -> None:
    async with worker(tmp_path) as word:
        word.channel.close()
        await word.told_to_drain.wait()


async def test_told_to_end_at_once_it_waits_for_nothing(tmp_path: Path) -> None:
    async def draining() -> None:
        async with worker(tmp_path) as word:
            word.say(end=True)
            await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(draining())
