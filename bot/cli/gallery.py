"""The demos as tables: what there is, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.markup import escape
from rich.table import Table

from bot.calls.demos import Demo
from bot.calls.play_demo import ShownDemo
from bot.console import console, problems
from bot.outcomes import ResultName
from bot.records.wording import result_words, seconds_text


def print_gallery(demos: Sequence[Demo]) -> None:
    """`demo --list`."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("demo", style="bold cyan", no_wrap=True)
    table.add_column("who calls", no_wrap=True)
    table.add_column("what it shows → how it ends, if not paid")
    for demo in demos:
        ends = ResultName(demo.ends)
        end = "" if ends is ResultName.SUCCESS else f" [dim]→ {result_words(ends)}[/]"
        table.add_row(demo.name, demo.caller, escape(demo.shows) + end)
    console.print(table)


def print_heading(demo: Demo) -> None:
    who = f"[dim]· {escape(demo.caller)}[/]"
    console.print(f"[bold cyan]{demo.name}[/]  [bold]{escape(demo.shows)}[/] {who}\n")


def print_shown(shown: ShownDemo) -> None:
    """Whether it came out as promised, and what did not."""
    if not shown.misses:
        line = f"  [green]✓[/] {shown.demo.name} [dim]{escape(shown.demo.shows)}[/]"
        console.print(line, no_wrap=True, overflow="ellipsis")
        return
    for miss in shown.misses:
        line = f"  [red]✗ {shown.demo.name}, not as promised:[/] {escape(str(miss))}"
        problems.print(line, soft_wrap=True)
    if shown.finished is not None:
        page = escape(str(shown.finished.files.page))
        problems.print(f"      [dim]look and listen: {page}[/]", soft_wrap=True)


def print_table(all_shown: Sequence[ShownDemo]) -> None:
    """What came of several demos."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("demo", style="bold cyan", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("length of call", justify="right")
    table.add_column("corrections by Rasa")
    table.add_column("as promised")
    for shown in all_shown:
        promised = "[red]no[/]" if shown.misses else "[green]yes[/]"
        if shown.finished is None:
            table.add_row(shown.demo.name, "[red]could not be run[/]", "", "", promised)
            continue
        result = shown.finished.result
        table.add_row(
            shown.demo.name,
            result_words(result.payment.status),
            seconds_text(result.durations.call_ms),
            ", ".join(result.payment.corrections_by_rasa),
            promised,
        )
    console.print(table)
    kept = sum(not shown.misses for shown in all_shown)
    console.print(f"{kept} of {len(all_shown)} as promised")
