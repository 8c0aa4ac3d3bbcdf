"""The program and its commands."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NoReturn

import typer
from rich.markup import escape

from bot.cli import (
    bench,
    calls,
    flow,
    hearing,
    models,
    nlu,
    payments,
    prompts,
    scenarios,
    serve,
    talk,
)
from bot.cli.exits import EXIT_STATUS, MEND_THIS
from bot.cli.stopping import OUTPUT_CLOSED, Stopped, stopped_by_signals
from bot.console import OutputClosed, problems
from bot.errors import BotError
from bot.outcomes import ResultName
from bot.uncaught import told

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help=(
        "An open, offline payment voicebot.\n\n"
        "Start with **demo**: a recorded caller pays a bill by speaking. Then **call** plays your "
        "own recording into the bot, **talk** makes you the caller, with a headset or by "
        "typing, **serve** takes live calls from a browser or a telephone line, **test** runs "
        "scenarios, and **nlu** and **prompts** are where a conversation designer works.\n\n"
        "Nothing leaves this machine, and card data never leaves memory."
    ),
)
app.command()(calls.demo)
app.command(help=calls.CALL_HELP)(calls.call)
app.command()(talk.talk)
app.command()(serve.serve)
app.command(name=serve.WORKER, hidden=True)(serve.serve_worker)
app.command(name="test")(scenarios.run_scenarios)
app.command()(flow.flow)
app.command()(hearing.hear)
app.add_typer(nlu.commands, name="nlu")
app.add_typer(prompts.commands, name="prompts")
app.add_typer(models.commands, name="models")
app.add_typer(bench.commands, name="bench")
app.add_typer(payments.commands, name="payments")


def main() -> None:
    """Entry of run_bot.py."""
    try:
        with stopped_by_signals():
            app()
    except BotError as error:
        _end(str(error), MEND_THIS)
    except Stopped as stopped:
        _end(stopped.line, stopped.status)
    except OutputClosed:
        _nobody_reads()
    except BaseExceptionGroup as group:  # from a call's task group
        if group.subgroup(OutputClosed) is None:
            _fail(group)
        _nobody_reads()
    except Exception as error:  # noqa: BLE001 - whatever it is, its message is not shown
        _fail(error)


def _end(line: str, status: int) -> NoReturn:
    with contextlib.suppress(OutputClosed):
        problems.print(f"[red]{escape(line)}[/]")
    sys.exit(status)


def _fail(error: BaseException) -> NoReturn:
    """A defect of ours. Typer has a hook of its own for them, which would show the message."""
    with contextlib.suppress(OutputClosed):
        problems.print(escape(told(error)))
        problems.print("[red]a defect of the bot; what it holds of a call is not shown here[/]")
    sys.exit(EXIT_STATUS[ResultName.INTERNAL_ERROR])


def _nobody_reads() -> NoReturn:
    # Python flushes both at its end, and would complain.
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(devnull, stream.fileno())
    sys.exit(OUTPUT_CLOSED)
