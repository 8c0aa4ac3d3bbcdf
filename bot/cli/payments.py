"""Commands of what became of the money: payments open, payments close."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.cli.options import Out, Setting, SettingsFile, only_settings
from bot.console import console
from bot.errors import BotError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.paying.intents import Intent
    from bot.records.store import Store

commands = typer.Typer(no_args_is_help=True, help="Charges whose outcome nobody knows yet.")


class _As(StrEnum):
    """`bot.calls.closing.Verdict`, which is too heavy to import for help and completion."""

    APPROVED = "approved"
    DECLINED = "declined"
    NOT_CHARGED = "not-charged"


@commands.command(name="open")
def open_charges(
    out: Out = Path("out"), settings_file: SettingsFile = None, setting: Setting = None
) -> None:
    """List the charges without a known outcome, oldest first, and what to do about each.

    The bot looks open charges up at every start and while it runs; those it gave up on, after
    gateway.settle_for_hours, wait for a person who asks the gateway and then runs payments close.
    Of a card only brand and last four digits are kept and shown. Exit status 0, whether there are
    any or not.
    """
    from bot.paying.journal import Journal
    from bot.records.store import Store

    database = _database(out, settings_file, setting)
    if database is None:
        console.print(f"{escape(str(out))}: no payments here yet", soft_wrap=True)
        return
    try:
        charges = Journal(database).unsettled()
        if not charges:
            console.print("No charge is open: every one has come to an outcome.", soft_wrap=True)
            return
        _print_table(charges, Store(database))
    finally:
        database.dispose()
    for line in _what_to_do(charges):
        console.print(line, soft_wrap=True)


def _keys(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """For tab completion: the keys of charges without outcome, given-up ones first."""
    from bot.paying.intents import State
    from bot.paying.journal import Journal

    given = context.params
    try:
        database = _database(
            Path(given.get("out") or "out"), given.get("settings_file"), given.get("setting")
        )
        if database is None:
            return []
        charges = Journal(database).unsettled()
        database.dispose()
    except BotError:
        return []
    charges.sort(key=lambda charge: charge.state is not State.GIVEN_UP)
    return [
        (charge.attempt_id, f"{charge.amount.spoken()}, {_card(charge)}, {_state(charge)}")
        for charge in charges
        if charge.attempt_id.startswith(incomplete)
    ]


@commands.command(name="close")
def close_charge(
    key: Annotated[
        str,
        typer.Argument(help="Its idempotency key, as payments open shows.", autocompletion=_keys),
    ],
    became: Annotated[
        _As, typer.Option("--as", help="What the gateway's own pages say became of it.")
    ],
    reference: Annotated[
        str | None, typer.Option(help="The gateway's reference, where it was approved.")
    ] = None,
    although_open: Annotated[
        bool,
        typer.Option("--although-open", help="Close it though the bot still looks it up."),
    ] = False,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """Close a charge that was given up, as a person who has asked the gateway decides.

    It is written down with the time, and that it was by hand, in the journal and in the record of
    its call; nothing is sent to the gateway. A charge that a process charges or looks up at this
    moment is never closed. Exit status 2 where nothing was changed.
    """
    from bot.calls.closing import Verdict, close_by_hand

    database = _database(out, settings_file, setting)
    if database is None:
        raise BotError(f"{out}: no payments here yet; name their folder: --out")
    try:
        charge = close_by_hand(
            database,
            key,
            Verdict(became.value),
            reference=reference,
            although_open=although_open,
            now=datetime.now(UTC),
        )
    finally:
        database.dispose()
    with_reference = f", reference {reference}" if reference else ""
    console.print(
        f"closed by hand: {charge.amount.spoken()}, {_card(charge)}, "
        f"{became.replace('-', ' ')}{escape(with_reference)}; it was {_state(charge)}",
        soft_wrap=True,
    )


def _database(out: Path, settings_file: Path | None, setting: list[str] | None) -> Engine | None:
    """None: there is none yet, and none is made."""
    from bot.database import database_url, open_database

    named = only_settings(settings_file, setting).records.database
    if not named and not (out / "payments.db").exists():
        return None
    return open_database(database_url(named, out))


def _print_table(charges: list[Intent], store: Store) -> None:
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table

    headings = ("key", "amount", "card", "since (UTC)", "state", "look-ups", "order")
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in headings:
        right = heading in {"amount", "look-ups"}
        table.add_column(heading, no_wrap=True, justify="right" if right else "left")
    for charge in charges:
        call = store.call(charge.call_id)
        order = call.payment_reference if call is not None else None
        cells = (
            charge.attempt_id,
            charge.amount.spoken(),
            _card(charge),
            f"{charge.created_at:%Y-%m-%d %H:%M}",
            _state(charge),
            str(charge.look_ups),
            order or "-",
        )
        table.add_row(*map(escape, cells))
    # A key that was cut short could not be copied.
    table.width = Measurement.get(console, console.options.update(width=1_000), table).maximum
    console.print(table, width=table.width, crop=False, no_wrap=True)


def _what_to_do(charges: list[Intent]) -> list[str]:
    """A line for each state there is."""
    from bot.paying.intents import State
    from bot.records.wording import plain

    words = {
        State.INTENT: "not sent; closed at the next start, unless a call is about to send it",
        State.SENT: "no answer written down yet; looked up while the bot runs",
        State.UNKNOWN: "no clear answer; looked up while the bot runs, with growing pauses",
        State.GIVEN_UP: "no look-up follows; ask the gateway what became of the key, then "
        "payments close KEY --as approved, declined or not-charged",
    }
    there = {charge.state for charge in charges}
    return [f"{plain(state)}: {line}" for state, line in words.items() if state in there]


def _card(charge: Intent) -> str:
    from bot.cards import Brand
    from bot.records.wording import brand_words

    brand = "card" if charge.brand is None else brand_words(Brand(charge.brand))
    return f"{brand} …{charge.last_four}"


def _state(charge: Intent) -> str:
    from bot.records.wording import plain

    return plain(charge.state)
