"""The keyboard as the keys of a telephone."""

from __future__ import annotations

import asyncio
import os
import sys
from io import FileIO

import pytest
from prompt_toolkit.input import create_pipe_input

from bot.cli.keypad import count, keypad


def test_digits_star_and_hash_are_keys_q_hangs_up_and_nothing_else_counts() -> None:
    done: list[str] = []
    count("4242 x#*\n\x1b[Aq", done.append, lambda: done.append("hang up"))
    assert done == [*"4242#*", "hang up"]


async def test_function_keys_of_a_terminal_press_no_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a terminal sends for them has digits in it."""
    pressed: list[str] = []
    hung_up = asyncio.Event()
    delete, page_up, f5, up = "\x1b[3~", "\x1b[5~", "\x1b[15~", "\x1b[A"
    with create_pipe_input() as terminal:
        monkeypatch.setattr("bot.cli.keypad.at_terminal", lambda: True)
        monkeypatch.setattr("prompt_toolkit.input.create_input", lambda: terminal)
        with keypad(pressed.append, hung_up.set):
            terminal.send_text(f"4{delete}2{page_up}{f5}{up}\x1b[200~42 42\x1b[201~#q")
            async with asyncio.timeout(10):
                await hung_up.wait()
    assert pressed == [*"424242#"]


async def test_keys_come_from_a_pipe_too(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    pressed: list[str] = []
    hung_up = asyncio.Event()
    with FileIO(reading, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with keypad(pressed.append, hung_up.set):
            os.write(writing, b"12\n3#\nq\n")
            os.close(writing)
            async with asyncio.timeout(10):
                await hung_up.wait()
    assert pressed == [*"123#"]
