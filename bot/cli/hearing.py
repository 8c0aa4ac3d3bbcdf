"""Laboratory commands of the recogniser: hear."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bot.cli.exits import MEND_THIS
from bot.cli.options import Channel
from bot.console import problems
from bot.errors import BotError
from bot.expectations import Expectation, Kind
from bot.settings import EngineName, HearingSettings


def hear(
    files: Annotated[list[Path], typer.Argument(help="WAV files.")],
    expect: Annotated[Kind, typer.Option(help="What the question expects.")] = Kind.OPEN,
    lengths: Annotated[
        str, typer.Option(help="Digits an answer may have, e.g. 5,9. For digits and card.")
    ] = "",
    engine: Annotated[
        EngineName, typer.Option(help="auto takes Vosk when its model is there.")
    ] = EngineName.AUTO,
    channel: Channel = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line; the default prints a table.")
    ] = False,
) -> None:
    """Laboratory: what does the recogniser hear in a recording?

    It prints the digits it heard, card numbers too: use it on test recordings only.
    """
    from bot.calls.laboratory.hear import heard
    from bot.cli.show import print_heard
    from bot.hearing.engines import load_engine
    from bot.project import ROOT

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
    sys.exit(MEND_THIS if failed else 0)


def _lengths(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({int(part) for part in text.split(",") if part.strip()}))
    except ValueError:
        raise BotError(f"--lengths {text!r}: write whole numbers, e.g. 5,9") from None
