"""The command that lets a person be the caller: talk."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.cli.exits import EXIT_STATUS
from bot.cli.options import (
    Amount,
    Balance,
    CustomerId,
    MinimumDue,
    Out,
    Setting,
    SettingsFile,
    Today,
    WithRasa,
    call_parameters,
    date_of,
    settings_with_log,
)
from bot.cli.stopping import run
from bot.console import Progress, console, problems

if TYPE_CHECKING:
    from datetime import date

    from bot.calls.run_call import FinishedCall
    from bot.calls.scenarios.scenario import Parameters
    from bot.settings import Settings


def talk(
    text: Annotated[bool, typer.Option("--text", help="Type instead of speaking.")] = False,
    rasa: WithRasa = True,
    amount: Amount = None,
    balance: Balance = None,
    minimum_due: MinimumDue = None,
    customer_id: CustomerId = None,
    today: Today = None,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """Be the caller yourself: the fastest way to try a change.

    Without --text you speak: microphone and speakers, better a headset, for the bot should not hear
    itself. Digits, * and # on the keyboard are the keys of the telephone, q hangs up.

    With --text you type. Words are said; a line of digits, * and # alone is pressed on the keys;
    /help lists the rest: silence, speaking over a prompt, hanging up. Time stands still while you
    type. Everything else is a real call: under each line stands what was understood, by whom and
    how surely, and afterwards recording, page and result lie in --out.

    Lines may come from a pipe or a file. The exit status is the outcome, as with `call`.
    """
    from bot.calls.live.headset import headset_rate
    from bot.cli.show import print_finished

    rate = None if text else headset_rate()

    settings = settings_with_log(settings_file, setting, out)
    parameters = call_parameters(
        settings,
        customer_id=customer_id,
        amount=amount,
        balance=balance,
        minimum_due=minimum_due,
    )
    day = date_of(today)
    if rate is None:
        call = _type(parameters, day, settings, out, with_rasa=rasa)
    else:
        call = _speak(rate, parameters, day, settings, out, with_rasa=rasa)
    finished = run(call)
    print_finished(finished)
    sys.exit(EXIT_STATUS[finished.end.result.status])


async def _type(
    parameters: Parameters, today: date | None, settings: Settings, out: Path, *, with_rasa: bool
) -> FinishedCall:
    """Progress goes to standard error: standard output is the conversation alone, to be compared
    with that of another day."""
    from bot.calls.run_call import Files
    from bot.calls.services import running_services
    from bot.calls.typed_lines import NAMES
    from bot.calls.typing_caller import HELP, TypingCaller
    from bot.cli.conversation import TypedConversation
    from bot.cli.lines import at_terminal, standard_input

    lines = standard_input(commands=NAMES)
    printer = TypedConversation()

    async def next_line() -> str | None:
        printer.flush()
        return await lines.read()

    def tell(hint: str) -> None:
        printer.flush()
        console.print(f"[dim]{escape(hint)}[/]")

    async with running_services(
        settings, out, Progress(problems), today, with_rasa=with_rasa
    ) as ready:
        if at_terminal():
            console.print(f"\n[dim]You are the caller.\n{escape(HELP)}[/]\n")
        finished = await ready.call(
            TypingCaller(next_line, tell), parameters, Files(out), today=today, watch=printer
        )
        printer.flush()
        return finished


async def _speak(
    rate: int,
    parameters: Parameters,
    today: date | None,
    settings: Settings,
    out: Path,
    *,
    with_rasa: bool,
) -> FinishedCall:
    """rate: of the sound devices, in Hz."""
    from bot.calls.live.headset import headset
    from bot.calls.live.line import LiveLine
    from bot.calls.run_call import Files
    from bot.calls.services import running_services
    from bot.cli.keypad import keypad
    from bot.cli.show import ConversationPrinter

    printer = ConversationPrinter()
    async with running_services(
        settings, out, Progress(problems), today, with_rasa=with_rasa, live=True
    ) as ready:
        line = LiveLine(dead_after_seconds=settings.live.dead_line_seconds)
        with headset(line, rate) as ends, keypad(partial(line.key, "message"), line.hang_up):
            console.print("\n[dim]Speak, or press keys on the keyboard; q hangs up.[/]\n")
            playing = asyncio.create_task(ends.play())
            try:
                finished = await ready.call(
                    line, parameters, Files(out), today=today, watch=printer, listener=line.play
                )
                line.finish()
                await playing
            finally:
                playing.cancel()
        printer.flush()
        return finished
