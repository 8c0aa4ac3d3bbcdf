"""The command line: starts the bot, prints what came of it, and teaches by its help.

An error that a person can mend is said on standard error, exit status 2. The outcome of a call is
an exit status of its own (`EXIT_STATUS`).
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape

from bot.calls.callers import RecordedCaller
from bot.calls.demo import Demo, play_demo
from bot.calls.laboratory import heard
from bot.calls.run_call import Files, FinishedCall, call_started
from bot.calls.scenario import (
    SCENARIO_DAY,
    Parameters,
    Scenario,
    find_scenarios,
    load_scenario,
    schema,
)
from bot.calls.scenarios import run_scenario
from bot.calls.services import ROOT, running_services, running_understanding
from bot.calls.wav import read_wav
from bot.console import (
    ConversationPrinter,
    Progress,
    RenderingProgress,
    console,
    print_broken,
    print_finished,
    print_heard,
    print_nlu_report,
    print_verdict,
    problems,
)
from bot.errors import BotError
from bot.expectations import Expectation, Kind
from bot.hearing.engines import load_engine
from bot.logs import configure_logs
from bot.outcomes import ResultName
from bot.settings import EngineName, HearingSettings, Settings, load_settings
from bot.speaking.build import build
from bot.speaking.catalogue import load_catalogue
from bot.speaking.kokoro import Kokoro, fetch_voices
from bot.speaking.recordings import check
from bot.understanding.laboratory import measure, parse_line, train

EXIT_STATUS = {
    ResultName.SUCCESS: 0,
    ResultName.DECLINED: 10,
    ResultName.TOO_MANY_FAILED_ATTEMPTS: 11,
    ResultName.CALLER_CANCELLED: 12,
    ResultName.CALLER_HUNG_UP: 13,
    ResultName.TIMEOUT: 14,
    ResultName.GATEWAY_UNAVAILABLE: 15,
    ResultName.OUTCOME_UNKNOWN: 16,
    ResultName.NOT_IDENTIFIED: 17,
    ResultName.AGENT_REQUESTED: 18,
    ResultName.INTERNAL_ERROR: 70,
}
"""70 is EX_SOFTWARE of sysexits.h."""

_NOT_AS_PROMISED = 1
_MEND_THIS = 2
_INTERRUPTED = 130

_T = TypeVar("_T")

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
nlu = typer.Typer(no_args_is_help=True, help="Understanding: train, test and try the Rasa model.")
prompts = typer.Typer(no_args_is_help=True, help="What the bot says: render and check recordings.")
app.add_typer(nlu, name="nlu")
app.add_typer(prompts, name="prompts")

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        help="A payment.toml; without it the one in the current folder, else the defaults.",
    ),
]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        "--setting", metavar="KEY=VALUE", help="One setting, e.g. payment.max_declines=2. Repeat."
    ),
]
Language = Annotated[str, typer.Option("--language", help="Folder below the prompts: en.")]
Out = Annotated[
    Path, typer.Option("--out", help="Where recording, page, result, logs and database go.")
]


def main() -> None:
    """Entry of run_bot.py."""
    try:
        app()
    except BotError as error:
        problems.print(f"[red]{escape(str(error))}[/]")
        sys.exit(_MEND_THIS)


@app.command()
def demo(
    which: Annotated[
        Demo,
        typer.Argument(
            help="pay: by speaking. keys: by keys. unknown: the "
            "gateway's line drops after it took the money."
        ),
    ] = Demo.PAY,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """A recorded caller pays a bill, from the first word to the money.

    The first time it prepares what it needs (some minutes); afterwards it starts in seconds.
    Exit status 0: the call came out as the demo promises.
    """
    settings = _settings(settings_file, setting or [], out)
    sys.exit(_run(_demo(which, settings, out)))


async def _demo(which: Demo, settings: Settings, out: Path) -> int:
    console.print(f"[bold]{which.heading}[/]\n")
    printer = ConversationPrinter()
    async with running_services(settings, out, Progress(), SCENARIO_DAY) as services:
        console.print()
        shown = await play_demo(which, services, Files(out), printer)
        printer.flush()
    print_finished(shown.finished)
    for miss in shown.misses:
        problems.print(f"[red]not as promised:[/] {escape(str(miss))}")
    return _NOT_AS_PROMISED if shown.misses else 0


@app.command()
def call(
    recording: Annotated[Path, typer.Argument(help="A WAV of the caller's side.")],
    channel: Annotated[str | None, typer.Option(help="left or right, for a stereo WAV.")] = None,
    amount: Annotated[str | None, typer.Option(help="The amount due, e.g. 87.50.")] = None,
    balance: Annotated[str | None, typer.Option(help="What 'the full amount' means.")] = None,
    minimum_due: Annotated[str | None, typer.Option(help="What 'the minimum' means.")] = None,
    customer_id: Annotated[str | None, typer.Option(help="Who is calling.")] = None,
    today: Annotated[str | None, typer.Option(help="The date of the call, YYYY-MM-DD.")] = None,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """Play a recorded caller into the bot, at the recording's own pace.

    mu-law, A-law, PCM or float WAV, any sample rate. The exit status is the outcome: 0 success,
    10 declined, 11 too many failed attempts, 12 cancelled, 13 hung up, 14 timeout, 15 gateway
    unavailable, 16 outcome unknown, 18 agent requested.
    """
    caller = RecordedCaller(read_wav(recording, channel))
    parameters = Parameters(
        customer_id=customer_id, amount=amount, balance=balance, minimum_due=minimum_due
    )
    settings = _settings(settings_file, setting or [], out)
    # A wrong amount is told before anything starts.
    call_started("", parameters, settings, date.min)
    finished = _run(_call(caller, parameters, _date(today), settings, out))
    print_finished(finished)
    sys.exit(EXIT_STATUS[finished.end.result.status])


async def _call(
    caller: RecordedCaller,
    parameters: Parameters,
    today: date | None,
    settings: Settings,
    out: Path,
) -> FinishedCall:
    printer = ConversationPrinter()
    async with running_services(settings, out, Progress(), today) as services:
        finished = await services.call(caller, parameters, Files(out), today=today, watch=printer)
        printer.flush()
        return finished


@app.command(name="test")
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
    if show_schema:
        typer.echo(json.dumps(schema(), indent=2))
        return
    found = [(path, load_scenario(path)) for path in find_scenarios(paths or [])]
    settings = _settings(settings_file, setting or [], out)
    sys.exit(_NOT_AS_PROMISED if _run(_run_tests(found, settings, out)) else 0)


async def _run_tests(found: list[tuple[Path, Scenario]], settings: Settings, out: Path) -> int:
    """How many scenarios failed."""
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


@app.command()
def hear(
    files: Annotated[list[Path], typer.Argument(help="WAV files.")],
    expect: Annotated[Kind, typer.Option(help="What the question expects.")] = Kind.OPEN,
    lengths: Annotated[
        str, typer.Option(help="Digits an answer may have, e.g. 5,9. For digits and card.")
    ] = "",
    engine: Annotated[
        EngineName, typer.Option(help="auto takes Vosk when its model is there.")
    ] = EngineName.AUTO,
    channel: Annotated[str | None, typer.Option(help="left or right, for a stereo WAV.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line; the default prints a table.")
    ] = False,
) -> None:
    """Laboratory: what does the recogniser hear in a recording?

    It prints the digits it heard, card numbers too: use it on test recordings only.
    """
    loaded = load_engine(HearingSettings(engine=engine), ROOT)
    expectation = Expectation(expect, lengths=_lengths(lengths))
    failed = False
    for file in files:
        try:
            line = heard(loaded, file, expectation, channel)
        except BotError as error:
            problems.print(f"[red]{escape(str(error))}[/]")
            failed = True
            continue
        if as_json:
            typer.echo(json.dumps(line))
        else:
            print_heard(line)
    sys.exit(_MEND_THIS if failed else 0)


def _lengths(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({int(part) for part in text.split(",") if part.strip()}))
    except ValueError:
        raise BotError(f"--lengths {text!r}: write whole numbers, e.g. 5,9") from None


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BotError(f"--today {text!r}: write it like 2026-11-22") from None


def _settings(path: Path | None, overrides: list[str], out: Path) -> Settings:
    """Settings and, with them, the log."""
    settings = load_settings(_settings_path(path), overrides)
    configure_logs(out / "logs" / "bot.log", settings.log_level)
    return settings


def _settings_path(named: Path | None) -> Path | None:
    default = Path("payment.toml")
    return named or (default if default.exists() else None)


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    """Until it is done. Ctrl-C stops what was started before it gets here."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        problems.print("interrupted; everything that was started has been stopped")
        sys.exit(_INTERRUPTED)


@nlu.command(name="train")
def train_nlu(settings_file: SettingsFile = None, setting: Setting = None) -> None:
    """Train the Rasa model on nlu_data/, in an environment of its own that is made when missing."""
    settings = load_settings(_settings_path(settings_file), setting or [])
    progress = Progress()
    with progress.step("understanding: training"):
        trained = train(settings.understanding, progress.tell)
    console.print(f"the model: {trained.model}")


@nlu.command(name="test")
def measure_nlu(
    out: Out = Path("out/nlu"), settings_file: SettingsFile = None, setting: Setting = None
) -> None:
    """Measure the model on the sentences kept apart in nlu_data/tests/.

    Exit status 1 when a figure is below its threshold (nlu_data/tests/thresholds.toml).
    """
    settings = _settings(settings_file, setting or [], out)
    progress = Progress()
    with progress.step("understanding: asking about every sentence kept apart"):
        report = _run(measure(settings.understanding, out, progress.tell))
    print_nlu_report(report)
    sys.exit(_NOT_AS_PROMISED if report.below else 0)


@nlu.command(name="parse")
def parse_nlu(
    out: Out = Path("out"), settings_file: SettingsFile = None, setting: Setting = None
) -> None:
    """Laboratory: lines of text on standard input, one JSON object for each.

    Numbers are read in code and replaced before Rasa sees the text; the output holds them, so use
    test numbers only.
    """
    settings = _settings(settings_file, setting or [], out)
    _run(_parse_lines(settings, out))


async def _parse_lines(settings: Settings, out: Path) -> None:
    """Progress goes to standard error: standard output is for the answers alone."""
    async with running_understanding(
        settings, out / "logs", Progress(problems), must_run=True
    ) as client:
        assert client is not None  # noqa: S101 - it must run
        while line := await asyncio.to_thread(sys.stdin.readline):
            if text := line.strip():
                typer.echo(json.dumps(await parse_line(text, client)))


@prompts.command(name="build")
def build_prompts(language: Language = "en", settings_file: SettingsFile = None) -> None:
    """Render the recordings that are missing or out of step with their text.

    Needs the rendering tools once: uv sync --group voices. A WAV of your own, put in a recording's
    place, is kept and never rendered over.
    """
    catalogue = load_catalogue(_prompt_folder(settings_file, language))
    with RenderingProgress() as progress:
        made = build(
            catalogue,
            lambda: Kokoro(fetch_voices(ROOT / "out" / "voices")),
            progress=progress.show,
        )
    console.print(f"{made} recordings rendered" if made else "nothing to render: all are in step")


@prompts.command(name="check")
def check_prompts(language: Language = "en", settings_file: SettingsFile = None) -> None:
    """List recordings that are missing, unused, or out of step with their text.

    Exit status 1 when there is any.
    """
    found = check(load_catalogue(_prompt_folder(settings_file, language)))
    for piece in found.missing:
        console.print(f"missing      {piece.id}: {escape(piece.text)}")
    for piece_id in found.unused:
        console.print(f"unused       {piece_id}")
    for piece_id, why in found.out_of_step:
        console.print(f"out of step  {piece_id}: {escape(why)}")
    problems_found = len(found.missing) + len(found.unused) + len(found.out_of_step)
    if problems_found:
        console.print(f"\n{problems_found} to mend: run_bot.py prompts build")
        sys.exit(_NOT_AS_PROMISED)
    console.print("every prompt has its recording, and every recording its text")


def _prompt_folder(settings_file: Path | None, language: str) -> Path:
    return ROOT / load_settings(_settings_path(settings_file)).speaking.prompts / language
