"""Commands of what became of the money: payments open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from bot.cli.options import Out, Setting, SettingsFile, only_settings
from bot.console import console

if TYPE_CHECKING:
    from bot.paying.journal import Intent
    from bot.records.store import Store

commands = typer.Typer(no_args_is_help=True, help="Charges whose outcome nobody knows yet.")


@commands.callback()
def _group() -> None:
    """Keeps `open` a command of its own while it is the only one."""


@commands.command(name="open")
def open_charges(
    out: Out = Path("out"), settings_file: SettingsFile = None, setting: Setting = None
) -> None:
    """List the charges without a known outcome, oldest first, and what to do about each.

    The bot looks open charges up at every start and while it runs; those it gave up on, after
    gateway.settle_for_hours, wait for a person who asks the gateway. Of a card only brand and last
    four digits are kept and shown. Exit status 0, whether there are any or not.
    """
    from bot.database import database_url, open_database
    from bot.paying.journal import Journal
    from bot.records.store import Store

    named = only_settings(settings_file, setting).records.database
    if not named and not (out / "payments.db").exists():
        console.print(f"{escape(str(out))}: no payments here yet", soft_wrap=True)
        return
    database = open_database(database_url(named, out))
    try:
        charges = Journal(database).unsettled()
        if not charges:
            console.print("No charge is open: every one has come to an outcome.", soft_wrap=True)
        for charge in charges:
            _print(charge, Store(database))
    finally:
        database.dispose()


def _print(charge: Intent, store: Store) -> None:
    from bot.cards import Brand
    from bot.records.wording import brand_words, plain

    call = store.call(charge.call_id)
    order = call.payment_reference if call is not None else None
    card = "card" if charge.brand is None else brand_words(Brand(charge.brand))
    lines = [
        f"[bold]{escape(charge.amount.spoken())}[/], {card} ending in {charge.last_four}, "
        f"{charge.created_at:%Y-%m-%d %H:%M} UTC: [yellow]{plain(charge.state)}[/]",
        f"  order {escape(order) if order else 'not named'}, call {escape(charge.call_id)}",
        f"  {_why(charge)}",
    ]
    for line in lines:
        console.print(line, soft_wrap=True)


def _why(charge: Intent) -> str:
    from bot.paying.journal import State

    looked = f"{charge.look_ups} look-up{'' if charge.look_ups == 1 else 's'} gave no answer"
    match charge.state:
        case State.GIVEN_UP:
            return (
                f"{looked}, and none follows: ask the gateway what became of the idempotency key "
                f"{escape(charge.attempt_id)}"
            )
        case State.INTENT:
            return "not sent; closed at the next start, unless a call is about to send it"
        case State.SENT:
            return "sent, its answer not known yet; looked up at the next start"
        case _:
            return f"sent, no clear answer; {looked}, and more follow whenever the bot runs"
