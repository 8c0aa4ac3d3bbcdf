"""Lines that a person types at a terminal, or that come from a pipe or a file.

Nothing typed is ever written down: the history for the arrow keys lives in memory.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

_BLOCK = 4096


class PipedLines:
    """Lines of a pipe or a file, as they come. Ctrl-C can always end the waiting: it happens in
    the event loop, not in a thread that nobody can stop."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unread = b""
        self._ended = False

    async def read(self) -> str | None:
        """The next line, without its end; None when there are no more."""
        while not self._ended and b"\n" not in self._unread:
            await self._readable()
            block = os.read(self._descriptor, _BLOCK)
            self._unread += block
            self._ended = not block
        if not self._unread:
            return None
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        try:
            loop.add_reader(self._descriptor, ready.set)
        except PermissionError:
            return  # a file is always readable, and nothing to wait for
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._descriptor)


class TypedLines:
    """Lines typed at a terminal, with editing, arrow keys and completion of the commands."""

    def __init__(self, prompt: str, commands: Sequence[str]) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import InMemoryHistory

        self._prompt = prompt
        self._session: PromptSession[str] = PromptSession(
            history=InMemoryHistory(),
            completer=WordCompleter(list(commands), sentence=True),
            complete_while_typing=False,
        )

    async def read(self) -> str | None:
        """The next line; None at Ctrl-D. Ctrl-C is the signal it is anywhere else."""
        try:
            return await self._session.prompt_async(self._prompt, handle_sigint=False)
        except EOFError:
            return None
        except KeyboardInterrupt:  # a key: the terminal sends no signal while lines are edited
            signal.raise_signal(signal.SIGINT)
            await asyncio.get_running_loop().create_future()
            raise


Lines = PipedLines | TypedLines


def at_terminal() -> bool:
    """Whether a person types and reads here."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def standard_input(prompt: str = "> ", commands: Sequence[str] = ()) -> Lines:
    """Lines of standard input. prompt, commands: shown and completed only at a terminal."""
    if at_terminal():
        return TypedLines(prompt, commands)
    if sys.stdin is None:  # closed by who started us: there are no lines
        return PipedLines(os.open(os.devnull, os.O_RDONLY))
    return PipedLines(sys.stdin.fileno())
