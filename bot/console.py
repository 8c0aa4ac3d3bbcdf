"""What a person sees in the terminal while something long is done: a spinner, a bar, lines."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as BarProgress
from rich.status import Status

if TYPE_CHECKING:  # the command line imports this file whatever it is asked to do
    from bot.speaking.build import Progress as Rendered


class OutputClosed(BaseException):
    """Nobody reads what is printed any more (`… | head -1`). Not an error: no handler of errors
    may take it for one."""


class _Console(Console):
    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        """A line stays one line, however long, where no terminal shows it: people search logs."""
        if soft_wrap is None and not self.is_terminal:
            soft_wrap = all(isinstance(each, str) for each in objects)
        super().print(*objects, soft_wrap=soft_wrap, **options)

    def on_broken_pipe(self) -> None:
        self.quiet = True
        raise OutputClosed


console = _Console(highlight=False)
problems = _Console(stderr=True, highlight=False)

_TELL_SECONDS = 10.0
_DETAIL_WIDTH = 90
_CONTROL = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x1f]")
"""Colours and cursor movements of the programs whose output is told."""


class Progress:
    """Says what is being done and how long it took.

    In a terminal a spinner with the newest detail; elsewhere (a log, CI) a line when a step begins,
    one when it ends, and in between a detail now and then, so that long work never looks stuck.
    """

    def __init__(self, shown_on: Console = console) -> None:
        self._console = shown_on
        self._status: Status | None = None
        self._what = ""
        self._told_at = 0.0

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """One piece of preparation: a line when it is done, or when it failed."""
        began = self._told_at = time.monotonic()
        self._what = what
        if not self._console.is_terminal:
            self._console.print(f"  … {escape(what)}")
        with self._console.status(f"{escape(what)} …") as self._status:
            try:
                yield
            except BaseException:
                self._console.print(f"  [red]✗[/] {escape(what)}")
                raise
        took = time.monotonic() - began
        self._console.print(f"  [green]✓[/] {escape(what)} [dim]{took:.1f} s[/]")

    def tell(self, detail: str) -> None:
        """More about the step under way. May be called from another thread."""
        detail = _CONTROL.sub("", detail)[:_DETAIL_WIDTH]
        if self._console.is_terminal and self._status is not None:
            self._status.update(f"{escape(self._what)}: [dim]{escape(detail)}[/]")
        elif time.monotonic() - self._told_at >= _TELL_SECONDS:
            self._told_at = time.monotonic()
            self._console.print(f"      [dim]{escape(detail)}[/]")

    def warn(self, what: str) -> None:
        self._console.print(f"  [yellow]![/] {escape(what)}")


class RenderingProgress:
    """A bar for rendering: how many of how many, and what comes out just now."""

    def __init__(self) -> None:
        self._bar = BarProgress(console=console)
        self._task = self._bar.add_task("rendering", total=None)

    def show(self, progress: Rendered) -> None:
        self._bar.update(
            self._task,
            completed=progress.done,
            total=progress.total,
            description=escape(progress.text[:40]),
        )

    def __enter__(self) -> RenderingProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
