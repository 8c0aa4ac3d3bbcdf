"""Commands of understanding, for a conversation designer: nlu train, test, parse, shell."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.exits import NOT_AS_PROMISED
from bot.cli.options import (
    Out,
    Setting,
    SettingsFile,
    Today,
    WithRasa,
    date_of,
    only_settings,
    settings_with_log,
)
from bot.cli.stopping import run
from bot.console import Progress, console, problems
from bot.errors import BotError

if TYPE_CHECKING:
    from datetime import date

    from bot.settings import Settings

commands = typer.Typer(
    no_args_is_help=True, help="Understanding: train, test and try the Rasa model."
)


@commands.command(name="train")
def train_nlu(settings_file: SettingsFile = None, setting: Setting = None) -> None:
    """Train the Rasa model on nlu_data/, in an environment of its own that is made when missing."""
    from bot.understanding.laboratory import train

    settings = only_settings(settings_file, setting)
    progress = Progress()
    with progress.step("understanding: training"):
        trained = train(settings.understanding, progress.tell)
    console.print(f"the model: {trained.model}")


@commands.command(name="test")
def measure_nlu(
    out: Out = Path("out/nlu"), settings_file: SettingsFile = None, setting: Setting = None
) -> None:
    """Measure the model on the sentences kept apart in nlu_data/tests/.

    Exit status 1 when a figure is below its threshold (nlu_data/tests/thresholds.toml).
    """
    from bot.cli.show import print_nlu_report
    from bot.understanding.laboratory import measure

    settings = settings_with_log(settings_file, setting, out)
    progress = Progress()
    with progress.step("understanding: asking about every sentence kept apart"):
        report = run(measure(settings.understanding, out, progress.tell))
    print_nlu_report(report)
    sys.exit(NOT_AS_PROMISED if report.below else 0)


@commands.command(name="parse")
def parse_nlu(
    out: Out = Path("out"), settings_file: SettingsFile = None, setting: Setting = None
) -> None:
    """Laboratory: lines of text on standard input, one JSON object for each.

    Numbers are read in code and replaced before Rasa sees the text; the output holds them, so use
    test numbers only.
    """
    settings = settings_with_log(settings_file, setting, out)
    run(_parse_lines(settings, out))


async def _parse_lines(settings: Settings, out: Path) -> None:
    """Progress goes to standard error: standard output is for the answers alone."""
    from bot.calls.neighbours import running_understanding
    from bot.cli.lines import standard_input
    from bot.understanding.laboratory import parse_line

    lines = standard_input()

    async with running_understanding(
        settings, out / "logs", Progress(problems), must_run=True
    ) as client:
        assert client is not None  # noqa: S101 - it must run
        while (line := await lines.read()) is not None:
            if text := line.strip():
                typer.echo(json.dumps(await parse_line(text, client)))


@commands.command(name="shell")
def nlu_shell(
    expect: Annotated[
        str,
        typer.Option(help="The question that is open at first: amount, yes_no, card, expiry, …"),
    ] = "open",
    rasa: WithRasa = True,
    today: Today = None,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """Laboratory: type sentences and see what they are taken for, by whom and how surely.

    For each: the masked text, all that Rasa is sent; Rasa's three best intents and the field of a
    correction; the numbers; and what the dialog takes it as at the question that is open. /expect
    opens another one, /help lists them. Lines may come from a pipe or a file.

    It prints the digits that were typed: use test numbers only.
    """
    from bot.calls.laboratory.sentences import QUESTIONS

    if expect not in QUESTIONS:
        raise BotError(f"--expect {expect!r}: choose one of {', '.join(QUESTIONS)}")
    settings = settings_with_log(settings_file, setting, out)
    run(_shell(settings, out, expect, date_of(today), with_rasa=rasa))


async def _shell(
    settings: Settings, out: Path, expect: str, today: date | None, *, with_rasa: bool
) -> None:
    from contextlib import AsyncExitStack
    from datetime import UTC, datetime

    from bot.calls.laboratory.sentences import QUESTIONS
    from bot.calls.neighbours import running_understanding
    from bot.cli.lines import at_terminal, standard_input
    from bot.cli.nlu_shell import COMMANDS, HELP, Shell

    lines = standard_input(commands=[*COMMANDS, *(f"/expect {question}" for question in QUESTIONS)])
    async with AsyncExitStack() as stack:
        client = None
        if with_rasa:
            client = await stack.enter_async_context(
                running_understanding(settings, out / "logs", Progress(problems))
            )
        if at_terminal():
            console.print(f"\n[dim]{HELP}[/]\n")
        shell = Shell(client, settings.payment, today or datetime.now(UTC).date(), expect)
        await shell.run(lines)
