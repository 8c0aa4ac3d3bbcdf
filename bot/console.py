"""What a person sees in the terminal: progress of long work, and a call while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from bot.records.trace import Entry, EntryKind
from bot.records.wording import clock_text, describe

console = Console(highlight=False)
problems = Console(stderr=True, highlight=False)

_SHOWN = {
    EntryKind.PROMPT,
    EntryKind.HEARD,
    EntryKind.CHARGE,
    EntryKind.DEGRADED,
    EntryKind.DROPPED,
    EntryKind.STEP,
}
_COLOURS = {"caller": "cyan", "bot": "green", "gateway": "magenta", "call": "yellow"}
_STEP_SHOWN = {"done": "✓", "failed": "✗"}


class Progress:
    """Says what is being done and how long it took; a spinner where the terminal has one."""

    def __init__(self) -> None:
        self._detail = ""

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """One piece of preparation: a line when it is done, or when it failed."""
        began = time.monotonic()
        self._detail = ""
        with console.status(f"{escape(what)} …") as status:
            self._status, self._what = status, what
            try:
                yield
            except BaseException:
                console.print(f"  [red]✗[/] {escape(what)}")
                raise
        took = time.monotonic() - began
        console.print(f"  [green]✓[/] {escape(what)} [dim]{took:.1f} s[/]")

    def tell(self, detail: str) -> None:
        """More about the step under way."""
        if console.is_terminal:
            self._status.update(f"{escape(self._what)}: {escape(detail)}")
        else:
            console.print(f"    [dim]{escape(detail)}[/]")


class ConversationPrinter:
    """Prints a call's trace line by line as it becomes known; keys that follow are one line."""

    def __init__(self) -> None:
        self._keys = ""
        self._keys_at = 0

    def __call__(self, entry: Entry) -> None:
        if entry.kind is EntryKind.KEY:
            self._keys_at = self._keys_at if self._keys else entry.at
            self._keys += entry.text
            return
        if entry.kind not in _SHOWN:
            return
        self.flush()
        if entry.kind is EntryKind.STEP:
            self._step(entry.at, entry.details, entry.text)
            return
        who, what = describe(entry)
        self._line(entry.at, entry.who, who, what)

    def flush(self) -> None:
        """Print the keys that are still waiting for company."""
        if self._keys:
            self._line(self._keys_at, "caller", "Caller", f"keys {self._keys}")
            self._keys = ""

    def _step(self, at: int, details: Mapping[str, object], step: str) -> None:
        mark = _STEP_SHOWN.get(str(details.get("state")))
        if mark is not None:
            detail = f" {details['detail']}" if details.get("detail") else ""
            self._line(at, "call", "", f"{mark} {step.replace('_', ' ')}{detail}")

    def _line(self, at: int, who: str, name: str, what: str) -> None:
        colour = _COLOURS.get(who, "white")
        console.print(f"[dim]{clock_text(at):>8}[/]  [{colour}]{name:<8}[/]{escape(what)}")
