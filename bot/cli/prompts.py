"""Commands of what the bot says: prompts build, check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bot.cli.exits import NOT_AS_PROMISED
from bot.cli.options import SettingsFile, only_settings
from bot.console import RenderingProgress, console

commands = typer.Typer(no_args_is_help=True, help="What the bot says: render and check recordings.")

Language = Annotated[str, typer.Option("--language", help="Folder below the prompts: en.")]


@commands.command(name="build")
def build_prompts(language: Language = "en", settings_file: SettingsFile = None) -> None:
    """Render the recordings that are missing or out of step with their text.

    Needs the rendering tools once: uv sync --group voices. A WAV of your own, put in a recording's
    place, is kept and never rendered over.
    """
    from bot.project import ROOT
    from bot.speaking.build import build
    from bot.speaking.catalogue import load_catalogue
    from bot.speaking.kokoro import Kokoro, fetch_voices

    catalogue = load_catalogue(_folder(settings_file, language))
    with RenderingProgress() as progress:
        made = build(
            catalogue,
            lambda: Kokoro(fetch_voices(ROOT / "out" / "voices")),
            progress=progress.show,
        )
    console.print(f"{made} recordings rendered" if made else "nothing to render: all are in step")


@commands.command(name="check")
def check_prompts(language: Language = "en", settings_file: SettingsFile = None) -> None:
    """List recordings that are missing, unused, or out of step with their text.

    Exit status 1 when there is any.
    """
    from bot.speaking.catalogue import load_catalogue
    from bot.speaking.recordings import check

    found = check(load_catalogue(_folder(settings_file, language)))
    for piece in found.missing:
        console.print(f"missing      {piece.id}: {escape(piece.text)}")
    for piece_id in found.unused:
        console.print(f"unused       {piece_id}")
    for piece_id, why in found.out_of_step:
        console.print(f"out of step  {piece_id}: {escape(why)}")
    problems_found = len(found.missing) + len(found.unused) + len(found.out_of_step)
    if problems_found:
        console.print(f"\n{problems_found} to mend: run_bot.py prompts build")
        sys.exit(NOT_AS_PROMISED)
    console.print("every prompt has its recording, and every recording its text")


def _folder(settings_file: Path | None, language: str) -> Path:
    from bot.project import ROOT

    return ROOT / only_settings(settings_file).speaking.prompts / language
