"""The command `flow`: the conversation as a picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.console import console


def flow(
    out: Annotated[
        Path | None, typer.Option("--out", help="An SVG file; without it, standard output.")
    ] = None,
) -> None:
    """Draw the flow of a payment as SVG: states, what happens there, where each error goes.

    It is drawn from the table that runs the calls (bot/dialog/flow.py). A browser shows it, in
    light and dark; its text can be searched.
    """
    from bot.dialog.picture import flow_svg
    from bot.errors import BotError

    picture = flow_svg()
    if out is None:
        sys.stdout.write(picture)
        return
    try:
        out.write_text(picture, "utf-8")
    except OSError as error:
        raise BotError(f"{out}: cannot be written ({error.strerror})") from None
    console.print(f"drawn: {out}")
