"""What a person sees in the terminal of a call: the conversation, its result, a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from bot.calls.run_call import FinishedCall
from bot.calls.scenarios.run import Verdict
from bot.console import console, problems
from bot.outcomes import ResultName
from bot.records.trace import Entry, EntryKind
from bot.records.wording import (
    brand_words,
    clock_text,
    describe,
    destination_words,
    result_words,
    seconds_text,
)
from bot.understanding.laboratory import NluReport

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


def print_finished(finished: FinishedCall) -> None:
    """The result as a small table, and where the files lie; on standard error what could not be
    written."""
    result, payment = finished.result, finished.result.payment
    good = payment.status is ResultName.SUCCESS
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()

    def row(name: str, value: str | None) -> None:
        if value:
            table.add_row(name, escape(value))

    row("reason", payment.reason)
    row("reference", payment.reference)
    row("amount", payment.amount.spoken() if payment.amount else None)
    if payment.brand is not None:
        row("card", f"{brand_words(payment.brand)} ending in {payment.last_four}")
    row("corrections understood by Rasa", ", ".join(payment.corrections_by_rasa))
    row("call goes to", destination_words(result.hand_over) if result.hand_over else None)
    row("worked less well", ", ".join(result.degradations))
    if result.settled is not None:
        reference = f", reference {result.settled.reference}" if result.settled.reference else ""
        row(
            "settled afterwards", f"{result.settled.status.value}{reference} ({result.settled.how})"
        )
    row("length of the call", seconds_text(result.durations.call_ms))
    files = finished.files
    for name, path in (
        ("recording", files.recording),
        ("look and listen", files.page),
        ("result", files.result),
    ):
        row(name, str(path) if path.exists() else None)
    colour = "green" if good else "yellow"
    console.print(
        Panel(table, title=f"[{colour}]{result_words(payment.status)}[/]", title_align="left")
    )
    for why in finished.not_kept:
        problems.print(f"[red]not written:[/] {escape(why)}")


def print_verdict(verdict: Verdict, number: str) -> None:
    """One line for a scenario that passed; what was expected and what happened for one that
    did not. number: such as "3 of 40"."""
    mark = "[green]✓[/]" if verdict.passed else "[red]✗[/]"
    name = escape(verdict.chosen.scenario.name)
    length = f", {seconds_text(verdict.call_ms)}" if verdict.call_ms else ""
    console.print(f"  {mark} {name} [dim]{escape(verdict.chosen.path.name)}{length}, {number}[/]")
    _print_misses(verdict)


def print_summary(verdicts: Sequence[Verdict], took: timedelta) -> None:
    """How many passed, how long it took, and once more what failed: at the end, where one looks."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    if failed:
        console.print("\n[red]failed:[/]")
    for verdict in failed:
        console.print(f"  [red]✗[/] {escape(str(verdict.chosen.path))}")
        _print_misses(verdict)
    calls = seconds_text(sum(verdict.call_ms for verdict in verdicts))
    wall = seconds_text(round(took.total_seconds() * 1000))
    passed = len(verdicts) - len(failed)
    console.print(f"\n{passed} passed, {len(failed)} failed; {calls} of calls in {wall}")


def _print_misses(verdict: Verdict) -> None:
    if verdict.broken is not None:
        console.print(f"      [red]{escape(verdict.broken)}[/]")
    for miss in verdict.misses:
        console.print(f"      [red]{escape(str(miss))}[/]")
    if verdict.misses and verdict.files is not None:
        console.print(f"      [dim]look and listen: {escape(str(verdict.files.page))}[/]")


def print_heard(line: Mapping[str, Any]) -> None:
    """What `hear` found in one file, as a table."""
    table = Table(title=f"{line['file']} ({line['seconds']} s)", title_justify="left")
    for column in ("text", "value", "confidence"):
        table.add_column(column)
    for hypothesis in line["hypotheses"]:
        values = [v for k, v in hypothesis.items() if k not in {"text", "confidence"}]
        shown = "" if not values or values[0] is None else str(values[0])
        table.add_row(escape(hypothesis["text"]), shown, f"{hypothesis['confidence']:.2f}")
    console.print(table)


def print_nlu_report(report: NluReport) -> None:
    """Figures, the sentences it got wrong, and where the files lie."""
    table = Table.grid(padding=(0, 2))
    table.add_row("sentences kept apart", str(report.sentences))
    table.add_row("intent accuracy", f"{report.intent_accuracy:.1%}")
    table.add_row("intent F1, weighted", f"{report.intent_weighted_f1:.3f}")
    table.add_row(f"field of {report.corrections} corrections", f"{report.field_accuracy:.1%}")
    table.add_row("one answer, median", f"{report.latency_ms:.0f} ms")
    console.print(table)
    for mistake in report.mistakes:
        console.print(
            f"  [red]✗[/] {escape(mistake.text)} [dim]expected {mistake.expected}, got "
            f"{mistake.got} ({mistake.confidence:.2f})[/]"
        )
    console.print(f"report: {escape(str(report.report))}")
    if report.picture is not None:
        console.print(f"confusion picture: {escape(str(report.picture))}")
    for line in report.below:
        problems.print(f"[red]below its threshold:[/] {escape(line)}")
