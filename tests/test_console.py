"""What is printed, and how wide."""

from __future__ import annotations

import io

import pytest
from rich.table import Table

from bot.console import Progress, _Console

LONG = " ".join(["payment.toml: a line"] * 12)


def printed(shown: object, *, terminal: bool) -> list[str]:
    out = io.StringIO()
    console = _Console(file=out, width=80, force_terminal=terminal, highlight=False)
    console.print(shown)
    return out.getvalue().splitlines()


def test_a_line_stays_one_line_where_no_terminal_shows_it() -> None:
    assert printed(LONG, terminal=False) == [LONG]


def test_a_terminal_breaks_a_line_between_words() -> None:
    lines = printed(LONG, terminal=True)
    assert len(lines) > 1
    assert " ".join(line.rstrip() for line in lines) == LONG


@pytest.mark.parametrize("terminal", [True, False])
def test_a_table_keeps_to_the_width(terminal: bool) -> None:
    table = Table("a", "b")
    table.add_row(LONG, LONG)
    lines = printed(table, terminal=terminal)
    assert len(lines) > 6
    assert {len(line) for line in lines if "\x1b" not in line} <= {80}


def test_a_step_and_its_warnings_are_a_line_each() -> None:
    out = io.StringIO()
    progress = Progress(_Console(file=out, width=80, highlight=False))
    with progress.step(LONG):
        progress.warn(LONG)
    assert [LONG in line for line in out.getvalue().splitlines()] == [True, True, True]
