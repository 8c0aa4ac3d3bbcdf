"""The keys of a telephone, on the keyboard of a terminal; or characters from a pipe."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.cli.lines import at_terminal, standard_input

KEYS = frozenset("0123456789*#")
HANG_UP = "q"


@contextmanager
def keypad(press: Callable[[str], None], hang_up: Callable[[], None]) -> Iterator[None]:
    """While the context lasts a key counts the moment it is typed, without Enter. Nothing typed
    is shown or kept."""
    with _typed(press, hang_up) if at_terminal() else _piped(press, hang_up):
        yield


def count(text: str, press: Callable[[str], None], hang_up: Callable[[], None]) -> None:
    for character in text:
        if character in KEYS:
            press(character)
        elif character == HANG_UP:
            hang_up()


@contextmanager
def _typed(press: Callable[[str], None], hang_up: Callable[[], None]) -> Iterator[None]:
    from prompt_toolkit.input import create_input
    from prompt_toolkit.keys import Keys

    terminal = create_input()

    def read() -> None:
        for pressed in terminal.read_keys():
            if pressed.key is Keys.ControlC:  # a key: in raw mode the terminal sends no signal
                signal.raise_signal(signal.SIGINT)
            elif len(pressed.key) == 1 or pressed.key is Keys.BracketedPaste:
                count(pressed.data, press, hang_up)  # of Delete or F5 there are digits in the data

    with terminal.raw_mode(), terminal.attach(read):
        yield


@contextmanager
def _piped(press: Callable[[str], None], hang_up: Callable[[], None]) -> Iterator[None]:
    async def read() -> None:
        lines = standard_input()
        while (line := await lines.read()) is not None:
            count(line, press, hang_up)

    reading = asyncio.get_running_loop().create_task(read())
    try:
        yield
    finally:
        reading.cancel()
