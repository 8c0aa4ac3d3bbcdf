"""The watch over a Rasa server, with a child that only counts its starts."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.errors import BotError, NluError
from bot.processes import Child
from bot.understanding.rasa_environment import PreparedRasa
from bot.understanding.rasa_server import keep_running, running_rasa, starting_rasa


class Enough(Exception):
    pass


class FlakyChild(Child):
    def __init__(self, *, starts: bool = True) -> None:
        super().__init__("Rasa", ["true"], Path("unused"))
        self.alive = True
        self.started = 0
        self._starts = starts

    @property
    def is_running(self) -> bool:
        return self.alive

    def start(self) -> None:
        self.started += 1
        if not self._starts:
            raise BotError("Rasa cannot be started")

    def stop(self) -> None:
        pass


async def pauses_of(child: Child, count: int) -> list[float]:
    """The pauses the watch makes until it has made `count` of them."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        if len(pauses) == count:
            raise Enough
        pauses.append(seconds)

    with pytest.raises(Enough):
        await keep_running(child, sleep)
    return pauses


async def test_a_server_that_runs_is_let_run() -> None:
    child = FlakyChild()
    await pauses_of(child, 20)
    assert child.started == 0


@pytest.mark.parametrize("starts", [True, False])
async def test_a_server_that_ends_is_started_again_after_longer_and_longer_pauses(
    starts: bool,
) -> None:
    child = FlakyChild(starts=starts)
    child.alive = False
    pauses = await pauses_of(child, 16)
    assert child.started == 8
    assert pauses[1::2] == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_a_server_that_cannot_start_says_where_its_log_is(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 3\n")
    python.chmod(0o755)
    prepared = PreparedRasa(python, tmp_path / "nlu.tar.gz", tmp_path)
    with pytest.raises(NluError, match=r"rasa\.log"):
        async with running_rasa(prepared, tmp_path / "logs"):
            pytest.fail("it does not run")


async def test_the_token_is_not_an_argument_of_the_process(tmp_path: Path) -> None:
    python = tmp_path / "python"
    told = tmp_path / "told"
    python.write_text(
        f'#!/bin/sh\necho "$*" > {told}\ntest -n "$RASA_SERVER_TOKEN" && echo set >> {told}\n'
        f'case "$*" in *"$RASA_SERVER_TOKEN"*) echo shown >> {told};; esac\n'
    )
    python.chmod(0o755)
    prepared = PreparedRasa(python, tmp_path / "nlu.tar.gz", tmp_path)
    with pytest.raises(NluError):
        async with running_rasa(prepared, tmp_path / "logs"):
            pytest.fail("it does not run")
    lines = told.read_text().splitlines()
    assert "components.serve" in lines[0]
    assert lines[1:] == ["set"]


async def test_a_port_that_was_taken_meanwhile_costs_a_second_try_and_not_rasa(
    tmp_path: Path,
) -> None:
    python = tmp_path / "python"
    python.write_text(
        f"#!/bin/sh\n[ -e {tmp_path}/tried ] || {{ touch {tmp_path}/tried; exit 3; }}\n"
        f'exec {sys.executable} -m http.server --bind 127.0.0.1 "$4"\n'
    )
    python.chmod(0o755)
    (tmp_path / "status").write_text("ok")
    prepared = PreparedRasa(python, tmp_path / "model", tmp_path)
    async with running_rasa(prepared, tmp_path / "logs") as (url, token):
        assert url.startswith("http://127.0.0.1:")
        assert token.isalnum(), "a dash at its beginning would make it an option of Rasa's"
    assert (tmp_path / "tried").exists()


def never_answering(folder: Path) -> tuple[PreparedRasa, Path]:
    """A Rasa that only says which process it is, into a pipe."""
    told = folder / "told"
    os.mkfifo(told)
    python = folder / "python"
    python.write_text(f"#!/bin/sh\necho $$ > {told}\nexec sleep 600\n")
    python.chmod(0o755)
    return PreparedRasa(python, folder / "nlu.tar.gz", folder), told


async def test_a_server_nobody_waits_for_any_more_is_ended_while_it_starts(tmp_path: Path) -> None:
    prepared, told = never_answering(tmp_path)
    async with starting_rasa(prepared, tmp_path / "logs"):
        process = int(await asyncio.to_thread(told.read_text))
        os.kill(process, 0)  # it runs
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_one_who_waits_for_a_server_that_starts_can_be_interrupted(tmp_path: Path) -> None:
    prepared, told = never_answering(tmp_path)

    async def wait() -> None:
        async with running_rasa(prepared, tmp_path / "logs"):
            pytest.fail("it does not answer")

    waiting = asyncio.create_task(wait())
    process = int(await asyncio.to_thread(told.read_text))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
