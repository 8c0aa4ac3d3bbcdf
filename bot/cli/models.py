"""Commands of the recogniser's models: models list, get, check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.cli.exits import NOT_AS_PROMISED
from bot.cli.options import Setting, SettingsFile, only_settings
from bot.console import console, problems
from bot.errors import ModelError

if TYPE_CHECKING:
    from bot.hearing.vosk_engine.models import ListedModel

commands = typer.Typer(
    no_args_is_help=True, help="Recogniser models: which there are, get Vosk's, check them all."
)

Source = Annotated[
    str | None,
    typer.Option(
        help="Where else model-list.json and the archives lie, e.g. a mirror in your building. "
        "Without it: where the package vosk itself gets them.",
    ),
]


@commands.command(name="list")
def list_models(
    source: Source = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also large and obsolete models, and all languages.")
    ] = False,
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """Models that are installed, that can be got, their size, and which one hears.

    Small models of English and French are shown; --all shows every one. Where the source cannot
    be reached, what is installed is shown all the same.
    """
    from rich.table import Table

    from bot.hearing.engines import choose_engine, vosk_folders
    from bot.hearing.vosk_engine.folder import language_of
    from bot.hearing.vosk_engine.models import Source as ModelSource
    from bot.project import ROOT

    chosen = choose_engine(only_settings(settings_file, setting).hearing, ROOT)
    listed: list[ListedModel] = []
    try:
        listed = ModelSource(source).models()
    except ModelError as error:
        problems.print(f"[yellow]{escape(str(error))}[/]\n")
    table = Table("model", "language", "MB", "state")
    here = {folder.name: folder for folder in vosk_folders(ROOT)}
    if chosen.vosk_model is not None:
        here.setdefault(chosen.vosk_model.name, chosen.vosk_model)
    for name, folder in here.items():
        state = "installed, hears" if folder == chosen.vosk_model else "installed"
        table.add_row(name, language_of(name) or "?", f"{_megabytes(folder):.0f}", state)
    for model in listed:
        if model.name not in here and (everything or _is_usual(model)):
            state = "obsolete, can be got" if model.obsolete else "can be got"
            table.add_row(model.name, model.language, f"{model.size / 1e6:.0f} packed", state)
    state = "installed" if chosen.vosk_model else "installed, hears"
    table.add_row("embedded (Whisper tiny.en, models/numbers)", "en", "in packages", state)
    console.print(table)
    console.print(f"\n{escape(_who_hears(chosen.name, chosen.vosk_model, chosen.why))}")


@commands.command(name="get")
def get_models(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of models, or languages (en-us, fr) for their small model. "
            "Without any: small English and French."
        ),
    ] = None,
    source: Source = None,
) -> None:
    """Download Vosk models into models/, check them against the list's checksums, unpack them.

    A download that broke off goes on where it stopped. A model that is there and whole is left
    alone; a damaged one is replaced. Afterwards hearing.engine = "auto" uses the English one.
    """
    from bot.hearing.vosk_engine.download import Download, is_whole
    from bot.hearing.vosk_engine.models import DEFAULT_LANGUAGES, choose
    from bot.hearing.vosk_engine.models import Source as ModelSource
    from bot.project import ROOT

    place = ModelSource(source)
    listed = place.models()
    for model in [choose(listed, name) for name in names or DEFAULT_LANGUAGES]:
        folder = ROOT / "models" / model.name
        if is_whole(folder):
            console.print(f"{model.name} is there already")
            continue
        with _Bar(model.name) as bar:
            Download(place, ROOT / "models", bar.show).get(model)
        console.print(f"{model.name} is in models/{model.name}")


@commands.command(name="check")
def check_installed(settings_file: SettingsFile = None, setting: Setting = None) -> None:
    """Compare every model on disk with its checksums; say which engine hears, and why.

    Exit status 1 when one is damaged, or no engine can hear.
    """
    from bot.hearing.engines import choose_engine
    from bot.hearing.installed import check_models
    from bot.project import ROOT

    hearing = only_settings(settings_file, setting).hearing
    good = True
    for checked in check_models(hearing, ROOT):
        mark = "[green]good[/]" if checked.good else "[red]bad [/]"
        console.print(f"{mark}  {escape(checked.name)}: {escape(checked.note)}", soft_wrap=True)
        good = good and checked.good
    try:
        chosen = choose_engine(hearing, ROOT)
        console.print(f"\n{escape(_who_hears(chosen.name, chosen.vosk_model, chosen.why))}")
    except ModelError as error:
        console.print(f"\n[red]{escape(str(error))}[/]", soft_wrap=True)
        good = False
    sys.exit(0 if good else NOT_AS_PROMISED)


def _who_hears(engine: str, vosk_model: Path | None, why: str) -> str:
    model = f", with {vosk_model.name}" if vosk_model else ""
    return f"The engine that hears: {engine}{model} ({why})."


def _is_usual(model: ListedModel) -> bool:
    return model.kind == "small" and not model.obsolete and model.language[:2] in {"en", "fr"}


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


class _Bar:
    """Bytes of a download: a bar in a terminal, elsewhere a line for every tenth."""

    def __init__(self, name: str) -> None:
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._name = name
        self._told = (name, 0)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task(name, total=None)

    def show(self, what: str, done: int, total: int) -> None:
        self._bar.update(
            self._task, description=f"{what} {self._name}", completed=done, total=total
        )
        tenth = done * 10 // total if total else 10
        if not console.is_terminal and self._told != (what, tenth):
            self._told = (what, tenth)
            console.print(f"  {what} {self._name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB")

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
