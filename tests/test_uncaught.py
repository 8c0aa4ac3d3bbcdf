"""What is shown of exceptions nobody caught: where they were, and nothing a message may hold."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from canaries import canary
from card_search import leaks_in

from bot.errors import BotError
from bot.logs import configure_logs
from bot.uncaught import told

CARD = canary(301)
ROOT = Path(__file__).parents[1]


def leaked(text: str) -> bool:
    return bool(leaks_in(text, [CARD.number], [CARD.code]))


def failed() -> BaseException:
    """One that led to another, in a group, with notes; each with the card in its message."""
    try:
        try:
            raise KeyError(f"no such card: {CARD.number}")
        except KeyError as first:
            first.add_note(CARD.spoken)
            raise ValueError(f"security code {CARD.code}") from first
    except ValueError as second:
        return ExceptionGroup(CARD.number, [second, BotError("payment.toml: no such key")])


def test_what_is_told_names_types_and_places_and_no_message() -> None:
    text = told(failed())
    assert not leaked(text)
    assert "KeyError" in text
    assert "ValueError" in text
    assert "test_uncaught.py" in text
    assert "BotError: payment.toml: no such key" in text, "which is written for people"


def test_an_exception_that_led_to_itself_is_told_to_an_end() -> None:
    one, other = ValueError(CARD.number), KeyError(CARD.number)
    one.__context__, other.__context__ = other, one
    assert told(one).count("Error") == 2


@pytest.mark.usefixtures("own_logging")
def test_an_exception_that_a_library_logs_has_no_message_in_the_log(tmp_path: Path) -> None:
    configure_logs(tmp_path / "bot.log", "debug")
    logging.getLogger("some_library").error("Exception in ASGI application", exc_info=failed())
    line = (tmp_path / "bot.log").read_text()
    assert not leaked(line)
    assert "ValueError" in json.loads(line)["exception"]


@pytest.mark.usefixtures("own_logging")
def test_a_failed_task_or_callback_shows_neither_arguments_nor_message_in_the_log(
    tmp_path: Path,
) -> None:
    def fails(_: str) -> None:
        raise ValueError(CARD.number)

    async def forgotten() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(fails, CARD.number)
        loop.create_future().set_exception(KeyError(CARD.number))
        await asyncio.sleep(0)

    configure_logs(tmp_path / "bot.log", "debug")
    asyncio.run(forgotten())
    text = (tmp_path / "bot.log").read_text()
    assert not leaked(text)
    events = [json.loads(line)["event"] for line in text.splitlines()]
    assert "Future exception was never retrieved" in events
    assert any(event.startswith("Exception in callback") for event in events)


FAILING = """
import asyncio, logging, sys, threading
from bot.uncaught import mask_uncaught_exceptions
card = "".join(str(9 - int(digit)) for digit in sys.argv[1])
mask_uncaught_exceptions()
def fails(): raise ValueError(card)
thread = threading.Thread(target=fails)
thread.start(); thread.join()
class Held:
    def __del__(self): fails()
del_me = Held(); del del_me
async def never_retrieved():
    asyncio.get_running_loop().create_future().set_exception(KeyError(card))
asyncio.run(never_retrieved())
fails()
"""


def test_in_threads_destructors_tasks_and_at_the_end_no_message_is_shown() -> None:
    disguised = "".join(str(9 - int(digit)) for digit in CARD.number)
    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", FAILING, disguised], capture_output=True, text=True, cwd=ROOT,
        check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.count("ValueError") == 3, "thread, destructor, program"
    assert "KeyError" in ended.stderr, "the future nobody asked"
    assert not leaked(ended.stdout + ended.stderr)
