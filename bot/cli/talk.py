"""The command that lets a person be the caller: talk."""

from __future__ import annotations

import sys
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
from bot.errors import BotError

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

    With --text you type. Words are said; a line of digits, * and # alone is pressed on the keys;
    /help lists the rest: silence, speaking over a prompt, hanging up. Time stands still while you
    type. Everything else is a real call: under each line stands what was understood, by whom and
    how surely, and afterwards recording, page and result lie in --out.

    Lines may come from a pipe or a file. The exit status is the outcome, as with `call`.
    """
    if not text:
        raise BotError(
            "talking with microphone and speakers comes later; to type instead: talk --text"
        )
    from bot.cli.show import print_finished

    settings = settings_with_log(settings_file, setting, out)
    parameters = call_parameters(
        settings,
        customer_id=customer_id,
        amount=amount,
        balance=balance,
        minimum_due=minimum_due,
    )
    finished = run(_talk(parameters, date_of(today), settings, out, with_rasa=rasa))
    print_finished(finished)
    sys.exit(EXIT_STATUS[finished.end.result.status])


async def _talk(
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
