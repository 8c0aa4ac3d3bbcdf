"""Every line of one process: pages, API, browser, Twilio and Asterisk, on given listeners."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bot.calls.live.book import CallBook
from bot.calls.live.calls import LiveCalls
from bot.calls.live.telemetry import telemetry
from bot.calls.services import Services
from bot.live_settings import twilio_auth_token
from bot.web.access import Access
from bot.web.app import build_app
from bot.web.audiosocket import listening_for_asterisk
from bot.web.demo import is_offered
from bot.web.doors import Doors
from bot.web.metrics import metrics_route
from bot.web.server import serving
from bot.web.site import Site, languages
from bot.web.twilio import TwilioLine


@dataclass(frozen=True, slots=True)
class Listeners:
    """asterisk: None where AudioSocket is not wanted."""

    web: socket.socket
    asterisk: socket.socket | None


@asynccontextmanager
async def answering(
    ready: Services,
    access: Access,
    listeners: Listeners,
    out: Path,
    book: CallBook,
    doors: Doors | None = None,
) -> AsyncIterator[LiveCalls]:
    """Takes calls while the context lasts. Calls under way are not ended by leaving it:
    `LiveCalls.drain` does that before. doors: where there are several such processes. Raises
    SettingsError."""
    settings = ready.settings
    auth_token = twilio_auth_token(settings.live.twilio)
    async with telemetry(settings.live) as tell:
        calls = LiveCalls(ready.live_call, settings.live, out / "live", book=book, tell=tell)
        calls.metrics.watch(ready.executor)
        site = Site(
            settings,
            calls,
            access,
            languages(ready.speaker.language),
            demo=is_offered(settings, private=access.private),
            doors=doors,
        )
        twilio = TwilioLine(calls, settings.live, auth_token, book.redeem)
        metrics = metrics_route(calls.metrics, ready.payments, access)
        with doors.open_own() if doors is not None else nullcontext(()) as door:
            web = (listeners.web, *door)
            async with (
                listening_for_asterisk(calls, settings.live, book.redeem, listeners.asterisk),
                serving(build_app(site, [*twilio.routes, metrics]), web, settings.live),
            ):
                yield calls
