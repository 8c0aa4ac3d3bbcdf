"""The command that runs scenarios: test."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.cli.exits import NOT_AS_PROMISED
from bot.cli.options import Out, Setting, SettingsFile, settings_with_log
from bot.cli.stopping import run
from bot.console import Progress, console
from bot.errors import BotError

if TYPE_CHECKING:
    from bot.calls.scenario import Scenario
    from bot.settings import Settings


def run_scenarios(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Scenario files, or folders of them.")
    ] = None,
    show_schema: Annotated[
        bool, typer.Option("--schema", help="Print the scenario format as a JSON schema.")
    ] = False,
    out: Out = Path("out/scenarios"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """Run scenarios through the whole bot; a verdict each.

    A scenario is a YAML file: what the caller does, what must come out. Faster than real time, and
    the same result every time. Exit status 0: all passed; 1: some did not.
    """
    from bot.calls.scenario import find_scenarios, load_scenario, schema

    if show_schema:
        typer.echo(json.dumps(schema(), indent=2))
        return
    found = [(path, load_scenario(path)) for path in find_scenarios(paths or [])]
    settings = settings_with_log(settings_file, setting, out)
    sys.exit(NOT_AS_PROMISED if run(_run_all(found, settings, out)) else 0)


async def _run_all(found: list[tuple[Path, Scenario]], settings: Settings, out: Path) -> int:
    """How many scenarios failed."""
    from bot.calls.run_call import Files
    from bot.calls.scenario import SCENARIO_DAY
    from bot.calls.scenarios import run_scenario
    from bot.calls.services import running_services
    from bot.cli.show import print_broken, print_verdict

    failed = 0
    taken: set[Path] = set()
    async with running_services(settings, out, Progress(), SCENARIO_DAY) as services:
        console.print()
        for path, scenario in found:
            files = Files(_own_folder(out / path.stem, taken))
            try:
                with console.status(escape(scenario.name)):
                    outcome = await run_scenario(scenario, path, services, files)
            except BotError as error:  # a missing WAV must not cost the others their verdict
                failed += 1
                print_broken(path, scenario, error)
                continue
            failed += bool(outcome.misses)
            print_verdict(path, outcome)
    console.print(f"\n{len(found) - failed} passed, {failed} failed")
    return failed


def _own_folder(wanted: Path, taken: set[Path]) -> Path:
    """Scenarios of one name in two folders keep their files apart."""
    folder, count = wanted, 1
    while folder in taken:
        count += 1
        folder = wanted.with_name(f"{wanted.name}-{count}")
    taken.add(folder)
    return folder
