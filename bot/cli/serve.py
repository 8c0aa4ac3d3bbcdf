"""The command that takes live calls: serve."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.cli.options import Out, Setting, SettingsFile, WithRasa, settings_with_log
from bot.cli.stopping import run
from bot.console import Progress, console

if TYPE_CHECKING:
    import socket

    from bot.settings import Settings
    from bot.web.access import Access


def serve(
    port: Annotated[
        int | None, typer.Option(help="Instead of live.port; 0 takes any that is free.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Instead of live.host. Not this machine: needs an API key.")
    ] = None,
    rasa: WithRasa = True,
    out: Out = Path("out"),
    settings_file: SettingsFile = None,
    setting: Setting = None,
) -> None:
    """Take live calls: from the phone page in a browser, prepared by the API.

    Open the address it prints, press **Call**, and pay the demo bill by speaking or on the dial
    pad. A browser gives the microphone to pages of this machine or of https only; the README shows
    a proxy with TLS.

    A system of your own prepares a call and sends the customer to the page it is told:

        curl -H 'Content-Type: application/json' -d '{"amount": "87.50"}'
        http://127.0.0.1:8080/api/calls

    The page /api describes the rest. What each call leaves lies in --out/live/ID: recording, page
    and result, without card data.

    Ctrl-C or SIGTERM: no new calls; those under way go on to their end (live.drain_seconds at
    most). Once more: everything ends at once.
    """
    from bot.web.access import access_of
    from bot.web.server import bound

    settings = settings_with_log(settings_file, setting, out)
    live = settings.live
    live = replace(live, port=live.port if port is None else port, host=host or live.host)
    settings = replace(settings, live=live)
    access = access_of(live)
    with bound(live) as listener:
        run(_serve(settings, access, listener, out, with_rasa=rasa))


async def _serve(
    settings: Settings, access: Access, listener: socket.socket, out: Path, *, with_rasa: bool
) -> None:
    from bot.calls.live.calls import LiveCalls
    from bot.calls.services import running_services
    from bot.live_settings import twilio_auth_token
    from bot.web.app import build_app
    from bot.web.audiosocket import listening_for_asterisk
    from bot.web.demo import is_offered
    from bot.web.metrics import metrics_route
    from bot.web.server import address, serving, until_stopped
    from bot.web.site import Site, languages
    from bot.web.twilio import TwilioLine

    auth_token = twilio_auth_token(settings.live.twilio)
    progress = Progress()
    async with running_services(settings, out, progress, with_rasa=with_rasa, live=True) as ready:
        calls = LiveCalls(ready.live_call, settings.live, out / "live")
        site = Site(
            settings,
            calls,
            access,
            languages(ready.speaker.language),
            demo=is_offered(settings, private=access.private),
        )
        calls.metrics.watch(ready.executor)
        twilio = TwilioLine(calls, settings.live, auth_token, calls.book.redeem)
        metrics = metrics_route(calls.metrics, ready.payments, access)
        app = build_app(site, [*twilio.routes, metrics])
        async with (
            listening_for_asterisk(calls, settings.live, calls.book.redeem) as asterisk,
            serving(app, listener, settings.live),
        ):
            console.print(f"\nOpen [bold]{escape(address(listener))}[/] to call. Ctrl-C ends.\n")
            if asterisk is not None:
                console.print("AudioSocket: {}:{}\n".format(*asterisk))
            hung_up = await until_stopped(calls, settings.live, console.print)
    cut_off = f"calls hung up: {hung_up}" if hung_up else "no call was cut off"
    console.print(f"{cut_off}; everything that was started has been stopped")
