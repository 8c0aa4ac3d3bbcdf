"""Commands that make a call: demo, call."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.calls.demos import Demo
from bot.cli.exits import EXIT_STATUS, NOT_AS_PROMISED
from bot.cli.options import Channel, Out, Setting, SettingsFile, date_of, run, settings_with_log
from bot.console import Progress, console, problems

if TYPE_CHECKING:
    from bot.calls.callers import RecordedCaller
    from bot.calls.run_call import FinishedCall
    from bot.calls.scenario import Parameters
    from bot.settings import Settings


def demo(
    which: Annotated[
        Demo,
        typer.Argument(
            help="pay: by speaking. keys: by keys. unknown: the "
            "gateway's line drops after it took the money."
        ),
    ] = Demo.PAY,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """A recorded caller pays a bill, from the first word to the money.

    The first time it prepares what it needs (some minutes); afterwards it starts in seconds.
    Exit status 0: the call came out as the demo promises.
    """
    settings = settings_with_log(settings_file, setting, out)
    sys.exit(run(_demo(which, settings, out)))


async def _demo(which: Demo, settings: Settings, out: Path) -> int:
    from bot.calls.play_demo import play_demo
    from bot.calls.run_call import Files
    from bot.calls.scenario import SCENARIO_DAY
    from bot.calls.services import running_services
    from bot.cli.show import ConversationPrinter, print_finished

    console.print(f"[bold]{which.heading}[/]\n")
    printer = ConversationPrinter()
    async with running_services(settings, out, Progress(), SCENARIO_DAY) as services:
        console.print()
        shown = await play_demo(which, services, Files(out), printer)
        printer.flush()
    print_finished(shown.finished)
    for miss in shown.misses:
        problems.print(f"[red]not as promised:[/] {escape(str(miss))}")
    return NOT_AS_PROMISED if shown.misses else 0


def call(
    recording: Annotated[Path, typer.Argument(help="A WAV of the caller's side.")],
    channel: Channel = None,
    amount: Annotated[str | None, typer.Option(help="The amount due, e.g. 87.50.")] = None,
    balance: Annotated[str | None, typer.Option(help="What 'the full amount' means.")] = None,
    minimum_due: Annotated[str | None, typer.Option(help="What 'the minimum' means.")] = None,
    customer_id: Annotated[str | None, typer.Option(help="Who is calling.")] = None,
    today: Annotated[str | None, typer.Option(help="The date of the call, YYYY-MM-DD.")] = None,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """Play a recorded caller into the bot, at the recording's own pace.

    mu-law, A-law, PCM or float WAV, any sample rate. The exit status is the outcome: 0 success,
    10 declined, 11 too many failed attempts, 12 cancelled, 13 hung up, 14 timeout, 15 gateway
    unavailable, 16 outcome unknown, 18 agent requested.
    """
    from bot.calls.callers import RecordedCaller
    from bot.calls.run_call import call_started
    from bot.calls.scenario import Parameters
    from bot.calls.wav import read_wav
    from bot.cli.show import print_finished

    caller = RecordedCaller(read_wav(recording, channel))
    parameters = Parameters(
        customer_id=customer_id, amount=amount, balance=balance, minimum_due=minimum_due
    )
    settings = settings_with_log(settings_file, setting, out)
    # A wrong amount is told before anything starts.
    call_started("", parameters, settings, date.min)
    finished = run(_call(caller, parameters, date_of(today), settings, out))
    print_finished(finished)
    sys.exit(EXIT_STATUS[finished.end.result.status])


async def _call(
    caller: RecordedCaller,
    parameters: Parameters,
    today: date | None,
    settings: Settings,
    out: Path,
) -> FinishedCall:
    from bot.calls.run_call import Files
    from bot.calls.services import running_services
    from bot.cli.show import ConversationPrinter

    printer = ConversationPrinter()
    async with running_services(settings, out, Progress(), today) as services:
        finished = await services.call(caller, parameters, Files(out), today=today, watch=printer)
        printer.flush()
        return finished
