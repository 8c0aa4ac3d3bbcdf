"""Commands of what became of the money: payments open, payments close."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.cli.exits import NOT_AS_PROMISED
from bot.cli.options import Out, Setting, SettingsFile, only_settings
from bot.console import console
from bot.errors import BotError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.paying.intents import Intent
    from bot.records.store import Store
    from bot.settings import Settings

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

    The bot looks open charges up at every start and while it runs, as long as payment.toml names
    their gateway; those it gave up on, after gateway.settle_for_hours, wait for a person who asks
    the gateway and then runs payments close.
    Of a card only brand and last four digits are kept and shown. Exit status 0, whether there are
    any or not.
    """
    from bot.paying.journal import Journal
    from bot.paying.names import names_of
    from bot.records.store import Store

    settings = only_settings(settings_file, setting)
    database = _database(out, settings)
    if database is None:
        if not out.is_dir():  # mistyped, it must not look like a till without open charges
            raise BotError(f"{out}: no such folder; --out names the one of serve, talk or call")
        console.print(f"{escape(str(out))}: no payments here yet", soft_wrap=True)
        return
    try:
        journal = Journal(database, names_of(settings.gateway))
        charges = journal.unsettled()
        if not charges:
            console.print("No charge is open: every one has come to an outcome.", soft_wrap=True)
            return
        _print_table(charges, Store(database))
    finally:
        database.dispose()
    asked = [charge for charge in charges if journal.is_ours(charge) or not charge.is_open]
    for line in _what_to_do(asked, left_behind=len(asked) < len(charges)):
        console.print(line, soft_wrap=True)


def _keys(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """For tab completion: the keys of charges without outcome, given-up ones first."""
    from bot.paying.intents import State
    from bot.paying.journal import Journal

    given = context.params
    try:
        database = _database(
            Path(given.get("out") or "out"),
            only_settings(given.get("settings_file"), given.get("setting")),
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
    moment is never closed. Exit status 2 where nothing was changed; 1 where it is closed, and only
    its call's record could not be written: the same once more writes it.
    """
    from bot.calls.closing import Verdict, close_by_hand
    from bot.paying.names import names_of

    settings = only_settings(settings_file, setting)
    database = _database(out, settings)
    if database is None:
        raise BotError(f"{out}: no payments here yet; name their folder: --out")
    try:
        closed = close_by_hand(
            database,
            key,
            Verdict(became.value),
            reference=reference,
            although_open=although_open,
            now=datetime.now(UTC),
            gateways=names_of(settings.gateway),
        )
    finally:
        database.dispose()
    charge = closed.charge
    then = f"it was {_state(charge)}"
    if charge.closed_by_hand_at is not None:
        then = "its call's record is written now"
    with_reference = f", reference {reference}" if reference else ""
    console.print(
        f"closed by hand: {charge.amount.spoken()}, {_card(charge)}, "
        f"{became.replace('-', ' ')}{escape(with_reference)}; {then}",
        soft_wrap=True,
    )
    if closed.not_recorded:
        console.print(
            f"closed in the journal; its call's record could not be written: "
            f"{escape(closed.not_recorded)}. The same once more writes it",
            soft_wrap=True,
        )
        sys.exit(NOT_AS_PROMISED)


def _database(out: Path, settings: Settings) -> Engine | None:
    """None: there is none yet, and none is made."""
    from bot.database import database_url, open_database

    named = settings.records.database
    if not named and not (out / "payments.db").exists():
        return None
    return open_database(database_url(named, out))


def _print_table(charges: list[Intent], store: Store) -> None:
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table

    headings = ("key", "amount", "card", "since (UTC)", "state", "look-ups", "gateway", "order")
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
            charge.gateway or "-",
            order or "-",
        )
        table.add_row(*map(escape, cells))
    # A key that was cut short could not be copied.
    table.width = Measurement.get(console, console.options.update(width=1_000), table).maximum
    console.print(table, width=table.width, crop=False, no_wrap=True)


def _what_to_do(charges: list[Intent], *, left_behind: bool) -> list[str]:
    """A line for each state there is, and one for open charges that are nobody's to ask about."""
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
    lines = [f"{plain(state)}: {line}" for state, line in words.items() if state in there]
    if left_behind:
        lines.append(
            "another gateway's: nobody asks, the gateway in payment.toml is another one; name "
            "theirs again, or ask it and close them with --although-open; else given up after "
            "gateway.settle_for_hours"
        )
    return lines


def _card(charge: Intent) -> str:
    from bot.cards import Brand
    from bot.records.wording import brand_words

    brand = "card" if charge.brand is None else brand_words(Brand(charge.brand))
    return f"{brand} …{charge.last_four}"


def _state(charge: Intent) -> str:
    from bot.records.wording import plain

    return plain(charge.state)
