"""Commands of understanding, for a conversation designer: nlu train, test, parse."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli.exits import NOT_AS_PROMISED
from bot.cli.options import Out, Setting, SettingsFile, only_settings, settings_with_log
from bot.cli.stopping import run
from bot.console import Progress, console, problems

if TYPE_CHECKING:
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
    from bot.calls.services import running_understanding
    from bot.understanding.laboratory import parse_line

    async with running_understanding(
        settings, out / "logs", Progress(problems), must_run=True
    ) as client:
        assert client is not None  # noqa: S101 - it must run
        while line := await asyncio.to_thread(sys.stdin.readline):
            if text := line.strip():
                typer.echo(json.dumps(await parse_line(text, client)))
