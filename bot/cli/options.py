"""Options several commands have, and what is made of them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.cli.exits import INTERRUPTED
from bot.console import problems
from bot.errors import BotError

if TYPE_CHECKING:
    from bot.settings import Settings

_T = TypeVar("_T")

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
Out = Annotated[
    Path, typer.Option("--out", help="Where recording, page, result, logs and database go.")
]
Channel = Annotated[str | None, typer.Option(help="left or right, for a stereo WAV.")]


def settings_with_log(path: Path | None, overrides: list[str] | None, out: Path) -> Settings:
    """Settings and, with them, the log. Raises SettingsError."""
    from bot.logs import configure_logs

    settings = only_settings(path, overrides)
    configure_logs(out / "logs" / "bot.log", settings.log_level)
    return settings


def only_settings(path: Path | None, overrides: list[str] | None = None) -> Settings:
    """Settings of a command that leaves no log. Raises SettingsError."""
    from bot.settings import load_settings

    default = Path("payment.toml")
    return load_settings(path or (default if default.exists() else None), overrides or [])


def date_of(text: str | None) -> date | None:
    """Raises BotError for anything but YYYY-MM-DD."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BotError(f"--today {text!r}: write it like 2026-11-22") from None


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Until it is done. Ctrl-C stops what was started before it gets here."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        problems.print("interrupted; everything that was started has been stopped")
        sys.exit(INTERRUPTED)
