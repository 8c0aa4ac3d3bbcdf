"""Options several commands have, and what is made of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import BotError

if TYPE_CHECKING:
    from bot.calls.scenarios.scenario import Parameters
    from bot.settings import Settings

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
Amount = Annotated[str | None, typer.Option(help="The amount due, e.g. 87.50.")]
Balance = Annotated[str | None, typer.Option(help="What 'the full amount' means.")]
MinimumDue = Annotated[str | None, typer.Option(help="What 'the minimum' means.")]
CustomerId = Annotated[str | None, typer.Option(help="Who is calling.")]
Today = Annotated[str | None, typer.Option(help="The date of the call, YYYY-MM-DD.")]
WithRasa = Annotated[
    bool,
    typer.Option(
        "--rasa/--no-rasa",
        help="Without Rasa it starts at once: keys, numbers, yes and no and names of fields are "
        "understood, free sentences are not.",
    ),
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


def call_parameters(
    settings: Settings,
    *,
    customer_id: str | None,
    amount: str | None,
    balance: str | None,
    minimum_due: str | None,
) -> Parameters:
    """What a call brings with it, checked before anything starts. Raises SettingsError."""
    from bot.calls.run_call import call_started
    from bot.calls.scenarios.scenario import Parameters

    parameters = Parameters(
        customer_id=customer_id, amount=amount, balance=balance, minimum_due=minimum_due
    )
    call_started("", parameters, settings, date.min)
    return parameters


def date_of(text: str | None) -> date | None:
    """Raises BotError for anything but YYYY-MM-DD."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BotError(f"--today {text!r}: write it like 2026-11-22") from None
