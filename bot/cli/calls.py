"""Commands that make a call: demo, call."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.calls.demos import ALL, NAMES, Demo, demos_named, names_to_complete
from bot.cli.exits import EXIT_STATUS, NOT_AS_PROMISED, OUTCOMES
from bot.cli.options import (
    Amount,
    Balance,
    Channel,
    CustomerId,
    MinimumDue,
    Out,
    Setting,
    SettingsFile,
    Today,
    call_parameters,
    date_of,
    only_settings,
    settings_with_log,
)
from bot.cli.stopping import run
from bot.console import Progress, console

if TYPE_CHECKING:
    from bot.calls.callers import RecordedCaller
    from bot.calls.run_call import FinishedCall
    from bot.calls.scenarios.scenario import Parameters
    from bot.settings import Settings


def demo(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help=f"{', '.join(NAMES)}; or {ALL}. Without a name: {NAMES[0]}.",
            autocompletion=names_to_complete,
            show_default=False,
        ),
    ] = None,
    show_list: Annotated[
        bool, typer.Option("--list", help="Say who calls, what it shows and how it ends.")
    ] = False,
    play: Annotated[
        bool,
        typer.Option(
            "--play",
            help="Hear it: caller and bot, at the pace of a real call. Card digits are heard "
            "too; they go to the sound device and are kept nowhere.",
        ),
    ] = False,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """Recorded callers pay a bill, from the first word to the money.

    The first time it prepares what it needs (some minutes); afterwards it starts in seconds.
    Of several demos each has its files in a folder of its own under --out. Exit status 0: every
    call came out as its demo promises; 1: some did not.
    """
    if show_list:
        from bot.cli.gallery import print_gallery

        print_gallery(demos_named(names or [ALL]))
        return
    chosen = demos_named(names or NAMES[:1])
    settings = settings_with_log(settings_file, setting, out)
    sys.exit(run(_demos(chosen, settings, out, play=play)))


async def _demos(chosen: Sequence[Demo], settings: Settings, out: Path, *, play: bool) -> int:
    """One demo, or one that is heard, shows its conversation; of several only what came of them."""
    from bot.calls.loudspeaker import loudspeaker
    from bot.calls.play_demo import ShownDemo, play_demo
    from bot.calls.run_call import Files
    from bot.calls.scenarios.scenario import SCENARIO_DAY
    from bot.calls.services import running_services
    from bot.cli.gallery import print_heading, print_shown, print_table
    from bot.cli.show import ConversationPrinter, print_finished

    alone = len(chosen) == 1
    progress = Progress()
    all_shown: list[ShownDemo] = []
    # The sound device first: without one nothing starts.
    with loudspeaker(progress.warn) if play else nullcontext() as speaker:
        listener = speaker.hear if speaker is not None else None
        async with running_services(settings, out, progress, SCENARIO_DAY) as services:
            console.print()
            for demo in chosen:
                files = Files(out if alone else out / demo.name)
                if alone or play:
                    print_heading(demo)
                    printer = ConversationPrinter()
                    shown = await play_demo(demo, services, files, printer, listener)
                    printer.flush()
                    if shown.finished is not None:
                        print_finished(shown.finished)
                else:
                    with console.status(f"{demo.name}: {escape(demo.shows)}"):
                        shown = await play_demo(demo, services, files)
                print_shown(shown)
                all_shown.append(shown)
    if not alone:
        print_table(all_shown)
    return NOT_AS_PROMISED if any(shown.misses for shown in all_shown) else 0


CALL_HELP = f"""Play a recorded caller into the bot, at the recording's own pace.

mu-law, A-law, PCM or float WAV, any sample rate.

The exit status is the outcome: {OUTCOMES}; or 2: something
is to be mended, and nothing was started.
"""


def call(
    recording: Annotated[Path, typer.Argument(help="A WAV of the caller's side.")],
    channel: Channel = None,
    amount: Amount = None,
    balance: Balance = None,
    minimum_due: MinimumDue = None,
    customer_id: CustomerId = None,
    today: Today = None,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    from bot.calls.callers import RecordedCaller
    from bot.calls.wav import read_wav
    from bot.cli.show import print_finished

    longest = only_settings(settings_file, setting).hearing.longest_recording_minutes
    with Progress().step("the caller's recording"):  # hours at a studio's rate: minutes
        caller = RecordedCaller(read_wav(recording, channel, longest_minutes=longest))
    settings = settings_with_log(settings_file, setting, out)
    parameters = call_parameters(
        settings,
        customer_id=customer_id,
        amount=amount,
        balance=balance,
        minimum_due=minimum_due,
    )
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
