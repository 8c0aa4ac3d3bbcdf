"""The program and its commands."""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from bot.cli import calls, hearing, nlu, prompts, scenarios
from bot.cli.exits import MEND_THIS
from bot.console import problems
from bot.errors import BotError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help=(
        "An open, offline payment voicebot.\n\n"
        "Start with **demo**: a recorded caller pays a bill by speaking. Then **call** plays your "
        "own recording into the bot, **test** runs scenarios, and **nlu** and **prompts** are "
        "where a conversation designer works.\n\n"
        "Nothing leaves this machine, and card data never leaves memory."
    ),
)
app.command()(calls.demo)
app.command()(calls.call)
app.command(name="test")(scenarios.run_scenarios)
app.command()(hearing.hear)
app.add_typer(nlu.commands, name="nlu")
app.add_typer(prompts.commands, name="prompts")


def main() -> None:
    """Entry of run_bot.py."""
    try:
        app()
    except BotError as error:
        problems.print(f"[red]{escape(str(error))}[/]")
        sys.exit(MEND_THIS)
