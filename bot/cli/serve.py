"""The command that takes live calls: serve, in one process or in several."""

from __future__ import annotations

import signal
import sys
import tempfile
from asyncio import CancelledError
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.cli.options import Out, Setting, SettingsFile, WithRasa, settings_with_log
from bot.cli.stopping import run
from bot.console import Progress, console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.processes import Child
    from bot.settings import Settings
    from bot.web.access import Access
    from bot.web.lines import Listeners
    from bot.web.worker import Parent

WORKER = "serve-worker"
"""The command by which `serve --workers` starts each of them."""


def serve(
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Instead of live.port; 0 takes any that is free."),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Instead of live.host. Not this machine: needs an API key.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes behind the one port; instead of live.workers."),
    ] = None,
    rasa: WithRasa = True,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """Take live calls: from the phone page in a browser, from Twilio and from Asterisk.

    Open the address it prints, press **Call**, and pay the demo bill by speaking or on the dial
    pad. A browser gives the microphone to pages of this machine or of https only; the README shows
    a proxy with TLS.

    A system of your own prepares a call and sends the customer to the page it is told:

        curl -H 'Content-Type: application/json' -d '{"amount": "87.50"}' \\
             http://127.0.0.1:8080/api/calls

    The page /api describes the rest; the README has the lines for Twilio and for Asterisk. What
    each call leaves lies in --out/live/ID: recording, page and result, without card data.

    One process does its listening in one thread and its recognition on all cores. Where that thread
    is what ends first, --workers gives each a part of the calls; Rasa and the database are shared.

    Ctrl-C or SIGTERM: no new calls; those under way go on to their end (live.drain_seconds at
    most). Once more: everything ends at once.
    """
    from bot.calls.live.telemetry import check_telemetry
    from bot.live_settings import twilio_auth_token
    from bot.web.access import access_of
    from bot.web.lines import Listeners
    from bot.web.server import bound, bound_for_asterisk

    settings = settings_with_log(settings_file, setting, out)
    live = settings.live
    live = replace(
        live,
        port=live.port if port is None else port,
        host=host or live.host,
        workers=live.workers if workers is None else workers,
    )
    settings = replace(settings, live=live)
    access = access_of(live)
    twilio_auth_token(live.twilio)
    check_telemetry(live)
    with bound(live) as web, bound_for_asterisk(live) as asterisk:
        serving = _serve if live.workers == 1 else _share_out
        run(serving(settings, access, Listeners(web, asterisk), out, with_rasa=rasa))


async def _serve(
    settings: Settings, access: Access, listeners: Listeners, out: Path, *, with_rasa: bool
) -> None:
    """All calls in this process."""
    from bot.calls.live.book import OwnBook
    from bot.calls.services import running_services
    from bot.web.lines import answering
    from bot.web.server import draining_words, until_told_to_end

    progress = Progress()
    async with (
        running_services(settings, out, progress, with_rasa=with_rasa, live=True) as ready,
        answering(ready, access, listeners, out, OwnBook()) as calls,
    ):
        _say_where(listeners)
        await until_told_to_end()
        if under_way := len(calls.under_way):
            console.print(draining_words(under_way, settings.live))
        hung_up = await calls.drain(settings.live.drain_seconds)
    _say_the_end(hung_up)


async def _share_out(
    settings: Settings, access: Access, listeners: Listeners, out: Path, *, with_rasa: bool
) -> None:
    """Calls in workers; what they share in this process. access: looked at by each of them."""
    from bot.calls.live.metrics import FOLDER_VARIABLE, forget_process
    from bot.calls.neighbours import running_neighbours
    from bot.database import database_url, open_database
    from bot.memory import keep_private
    from bot.out_folder import sole_user_of
    from bot.processes import Child
    from bot.project import ROOT
    from bot.web.server import draining_words, until_told_to_end
    from bot.web.worker import Orders, written
    from bot.web.workers import Workers

    count = settings.live.workers
    progress = Progress()
    keep_private(core_dumps=settings.allow_core_dumps)
    with (
        sole_user_of(out),
        tempfile.TemporaryDirectory(prefix="voicebot-metrics-") as counts,
        tempfile.TemporaryDirectory(prefix="voicebot-doors-") as doors,
    ):
        # Here first: one process brings the schema up to date, and what is wrong is told at once.
        open_database(database_url(settings.records.database, out)).dispose()
        async with running_neighbours(settings, out, progress, with_rasa=with_rasa) as neighbours:

            def worker(number: int, control: int, channels: Sequence[int]) -> Child:
                passed = [control, *channels]
                return Child(
                    f"worker {number}",
                    [sys.executable, str(ROOT / "run_bot.py"), WORKER, *map(str, passed)],
                    out / "logs" / f"worker-{number}.log",
                    env={FOLDER_VARIABLE: counts},
                    pass_fds=passed,
                    keep_log=True,
                )

            def orders(number: int) -> str:
                return written(Orders(number, settings, neighbours, out.absolute(), Path(doors)))

            sockets = [each for each in (listeners.web, listeners.asterisk) if each is not None]
            workers = Workers(
                worker, sockets, orders, progress.warn,
                on_death=lambda pid: forget_process(pid, Path(counts)),
                hung_seconds=settings.live.hung_worker_seconds,
            )  # fmt: skip
            try:
                with progress.step(f"workers: {count} processes"):
                    await workers.start(count)
                _say_where(listeners)
                await until_told_to_end(workers.watch())
                if workers.calls:
                    console.print(draining_words(workers.calls, settings.live))
                hung_up = await workers.drain()
            finally:
                await workers.end()
    _say_the_end(hung_up)


def serve_worker(
    control: Annotated[int, typer.Argument()],
    channels: Annotated[list[int], typer.Argument()],
) -> None:
    """One of the processes of `serve --workers`, which starts it; not for people."""
    for sign in (signal.SIGINT, signal.SIGHUP):  # they are the parent's, who tells us to end
        signal.signal(sign, signal.SIG_IGN)
    with suppress(CancelledError):  # the parent's word for: at once
        run(_work(control, channels))


async def _work(control: int, channels: list[int]) -> None:
    from bot.errors import BotError
    from bot.web.worker import parent_on

    async with parent_on(control) as parent:
        try:
            await _work_for(parent, channels)
        except BotError as error:
            parent.failed(str(error))
            raise


async def _work_for(parent: Parent, channels: list[int]) -> None:
    from structlog.contextvars import bind_contextvars

    from bot.calls.live.shared_book import SharedBook
    from bot.calls.services import running_services
    from bot.logs import configure_logs
    from bot.web.access import access_of
    from bot.web.doors import Doors
    from bot.web.hand_over import HandedOver
    from bot.web.lines import Listeners, answering

    orders = await parent.orders()
    settings, out = orders.settings, orders.out
    configure_logs(out / "logs" / "bot.log", settings.log_level)
    bind_contextvars(worker=orders.number)
    web, *others = [HandedOver(fileno=descriptor) for descriptor in channels]
    listeners = Listeners(web, others[0] if others else None)
    async with running_services(
        settings, out, parent, live=True, neighbours=orders.neighbours
    ) as ready:
        book = SharedBook(ready.database)
        doors = Doors(orders.doors, book)
        async with (
            answering(ready, access_of(settings.live), listeners, out, book, doors) as calls,
            parent.heard(calls),
        ):
            calls.changed = lambda: parent.calls(len(calls.under_way))
            parent.ready(calls.most)
            await parent.told_to_drain.wait()
            parent.ready(0)
            parent.hung_up(await calls.drain(settings.live.drain_seconds))


def _say_where(listeners: Listeners) -> None:
    from bot.web.server import address

    console.print(f"\nOpen [bold]{escape(address(listeners.web))}[/] to call. Ctrl-C ends.\n")
    if listeners.asterisk is not None:
        host, port = listeners.asterisk.getsockname()[:2]
        console.print(f"AudioSocket: {host}:{port}\n")


def _say_the_end(hung_up: int) -> None:
    cut_off = f"calls hung up: {hung_up}" if hung_up else "no call was cut off"
    console.print(f"{cut_off}; everything that was started has been stopped")
