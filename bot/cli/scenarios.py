"""The command that runs scenarios: test."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.cli.exits import NOT_AS_PROMISED
from bot.cli.options import Out, Setting, SettingsFile, only_settings, settings_with_log
from bot.cli.stopping import run
from bot.console import Progress, console
from bot.errors import ScenarioError, StoreError

if TYPE_CHECKING:
    from bot.calls.scenarios.choosing import Chosen
    from bot.calls.scenarios.run import Verdict
    from bot.settings import Settings

_USUAL_FOLDER = Path("tests/scenarios")


def _names(context: typer.Context, incomplete: str) -> list[str]:
    """For tab completion of --only: names of the scenario files at hand."""
    paths = context.params.get("paths") or [_USUAL_FOLDER]
    folders = [path if path.is_dir() else path.parent for path in map(Path, paths)]
    stems = {file.stem for folder in folders for file in folder.glob("*.y*ml")}
    return sorted(stem for stem in stems if stem.startswith(incomplete))


def run_scenarios(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help=f"Scenario files, or folders of them. Without any: {_USUAL_FOLDER}.",
            show_default=False,
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            autocompletion=_names,
            help="Only those whose file or name has this in it; with * or ? the whole of it. "
            "Repeat for more.",
        ),
    ] = None,
    twice: Annotated[
        bool, typer.Option("--twice", help="Run each twice: is it the same to the sample?")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the verdicts as JUnit XML.")
    ] = None,
    coverage: Annotated[
        bool,
        typer.Option(
            "--coverage",
            help="Run nothing; list which requirement which scenario shows, as Markdown.",
        ),
    ] = False,
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
    from bot.calls.scenarios.check import refuse_hopeless
    from bot.calls.scenarios.choosing import choose
    from bot.calls.scenarios.scenario import schema

    if show_schema:
        typer.echo(json.dumps(schema(), indent=2))
        return
    if junit is not None and not coverage:
        _make_way_for(junit)
    usual = [_USUAL_FOLDER] if _USUAL_FOLDER.is_dir() else []
    chosen = choose(paths or usual, only or [])
    if coverage:
        sys.exit(_list_coverage(chosen))
    refuse_hopeless(chosen, only_settings(settings_file, setting))
    settings = settings_with_log(settings_file, setting, out)
    failed = run(_run_all(chosen, settings, out, twice, junit))
    sys.exit(NOT_AS_PROMISED if failed else 0)


def _list_coverage(chosen: list[Chosen]) -> int:
    from bot.calls.scenarios.coverage import as_markdown, coverage_of

    coverage = coverage_of(chosen)
    typer.echo(as_markdown(coverage), nl=False)
    return NOT_AS_PROMISED if coverage.missing or coverage.outdated else 0


def _make_way_for(file: Path) -> None:
    """The verdicts of another run are taken away: whatever happens, nobody takes them for this
    one's. What cannot be written is told before minutes of scenarios, not after."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_dir():
            raise ScenarioError(f"--junit {file}: is a folder; name a file")
        probe = file.with_name(f".{file.name}.probe")
        probe.touch()
        probe.unlink()
        file.unlink(missing_ok=True)
    except OSError as error:
        raise ScenarioError(f"--junit {file}: cannot be written ({error.strerror})") from None


async def _run_all(
    chosen: list[Chosen], settings: Settings, out: Path, twice: bool, junit: Path | None
) -> int:
    """How many scenarios failed."""
    from bot.calls.scenarios.junit import write_junit
    from bot.calls.scenarios.run import labelled, verdict_on
    from bot.calls.scenarios.scenario import SCENARIO_DAY
    from bot.calls.services import running_services
    from bot.cli.show import print_summary, print_verdict

    began = datetime.now(UTC)
    queue = labelled(chosen)
    verdicts: list[Verdict] = []
    try:
        async with running_services(settings, out, Progress(), SCENARIO_DAY) as services:
            console.print()
            for label, each in queue:
                number = f"{len(verdicts) + 1} of {len(chosen)}"
                with console.status(f"{number}: {escape(each.scenario.name)}"):
                    verdict = await verdict_on(each, label, services, out, twice=twice)
                verdicts.append(verdict)
                print_verdict(verdict, number)
    except BaseException:
        if junit is not None:
            # Why the run ended is told, not that its report could not be written either.
            with suppress(StoreError):
                write_junit(junit, [*verdicts, *_not_run(queue[len(verdicts) :])], began)
        raise
    print_summary(verdicts, datetime.now(UTC) - began)
    if junit is not None:
        write_junit(junit, verdicts, began)
    return sum(not verdict.passed for verdict in verdicts)


def _not_run(queue: list[tuple[str, Chosen]]) -> list[Verdict]:
    from bot.calls.scenarios.run import Verdict

    why = "not run: the run ended before it was done"
    return [Verdict(chosen, label, broken=why) for label, chosen in queue]
