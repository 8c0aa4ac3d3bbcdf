"""Commands that measure on recordings of one's own: bench hearing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.cli.exits import MEND_THIS
from bot.cli.options import Setting, SettingsFile, only_settings
from bot.console import Progress, console, problems
from bot.errors import AudioError

if TYPE_CHECKING:
    from bot.calls.laboratory.bench import Answer
    from bot.calls.laboratory.cases import Case
    from bot.settings import Settings

commands = typer.Typer(no_args_is_help=True, help="Laboratory: measure on recordings of your own.")

_FORMAT = """\
Every engine that is here hears every recording: embedded, Vosk when its model is there (models
get), free Whisper, and pocketsphinx when it is installed (uv sync --group bench). A table says how
often each is exact, how many digits are wrong (with 95 % intervals), how many answers the payment
would have accepted although they were wrong, and the CPU time.

Say what was said in NAME.txt beside NAME.wav, one line, KIND: VALUE

    card: 4242 4242 4242 4242
    digits 5,9: 90210          5,9: the lengths the question allows
    amount: 87.50
    expiry: 04/29
    yes_no: yes
    open: I'd like to talk to an agent

or in one table, --transcripts FILE, CSV or JSON lines with these columns:

    file,expect,value,lengths,channel
    ann/card-number.wav,card,4242424242424242,,
    ann/postal-code.wav,digits,10012,"5,9",

Digits of cards and codes are shown as dots; --show prints them: with test recordings only. Exit
status 2 when a recording could not be used; it is named and left out.
"""


@commands.command(name="hearing", help=_FORMAT)
def bench_hearing(
    folder: Annotated[Path, typer.Argument(help="Folder of WAV files, with what is below it.")],
    transcripts: Annotated[
        Path | None, typer.Option(help="A .csv or .jsonl for all, instead of .txt files.")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="Where the report goes: bench-hearing.md and .json.")
    ] = Path("out"),
    show: Annotated[
        bool, typer.Option("--show", help="Print digits of cards and codes too.")
    ] = False,
    to_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of the table.")
    ] = False,
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    from rich import box
    from rich.table import Table

    from bot.calls.laboratory.bench import HEADINGS, as_json, as_markdown, figures, rows
    from bot.calls.laboratory.cases import Skipped, read_cases
    from bot.out_folder import sole_user_of
    from bot.records.files import write_atomically

    found = read_cases(folder, transcripts)
    cases = [one for one in found if not isinstance(one, Skipped)]
    skipped = [one.why for one in found if isinstance(one, Skipped)]
    settings = only_settings(settings_file, setting)
    with sole_user_of(out):  # told before minutes of hearing, not after
        answers = _hear_all(cases, skipped, settings, Progress(problems))
        for why in skipped:
            problems.print(f"[red]left out:[/] {escape(why)}", soft_wrap=True)
        if not answers:
            raise AudioError(
                f"{folder}: no recording could be used; bench hearing --help shows how"
            )
        told = as_json(answers, skipped, show=show)
        if to_json:
            typer.echo(json.dumps(told))
        else:
            table = Table(*HEADINGS, box=box.SIMPLE)
            for cells in rows(figures(answers)):
                table.add_row(*map(escape, cells))
            console.print(table)
        report = out / "bench-hearing.md"
        write_atomically(report, as_markdown(answers, skipped, show=show))
        write_atomically(out / "bench-hearing.json", json.dumps(told, indent=2) + "\n")
    if not to_json:
        console.print(f"every wrong answer: {escape(str(report))}", soft_wrap=True)
    sys.exit(MEND_THIS if skipped else 0)


def _hear_all(
    cases: list[Case], skipped: list[str], settings: Settings, progress: Progress
) -> list[Answer]:
    """skipped: grows by the recordings that cannot be read."""
    from bot.calls.laboratory.bench import answer, contestants
    from bot.calls.wav import read_wav
    from bot.project import ROOT

    if not cases:
        return []
    with progress.step("loading every engine that is here"):
        engines = contestants(settings.hearing, ROOT)
    answers = []
    names = ", ".join(engine.name for engine in engines)
    with progress.step(f"hearing {len(cases)} recordings with {names}"):
        for done, case in enumerate(cases):
            progress.tell(f"{done} of {len(cases)}: {case.file.name}")
            try:
                samples = read_wav(case.file, case.channel)
            except AudioError as error:
                skipped.append(str(error))
                continue
            answers += [answer(engine, case, samples, settings.payment) for engine in engines]
    return answers
