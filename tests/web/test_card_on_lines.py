"""A card that is keyed over a live line, and one that breaks what it comes through: nothing of it
in the log at debug level, in the metrics, or in what the far end is told."""

from __future__ import annotations

import asyncio
import json
import re
import socket as sockets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
import websockets
from canaries import canary
from card_search import leaks_in
from phone_site import Page, served
from pydantic import SecretStr
from starlette.applications import Starlette
from telephone_server import TOKEN, Server
from telephony.asterisk import Asterisk
from telephony.connections import AsgiSocket, TcpConnection
from telephony.person import Keys, Person
from telephony.twilio import Twilio
from telephony.virtual_time import virtually

from bot.dialog.dialog import Dialog
from bot.dialog.flow import State
from bot.live_settings import AudioSocketSettings, LiveSettings, TwilioSettings
from bot.logs import configure_logs
from bot.outcomes import ResultName
from bot.web.audiosocket import AudioSocketLine
from bot.web.twilio import TwilioLine

pytestmark = pytest.mark.usefixtures("own_logging")

CARD = canary(501)
ANSWERS = ("1", CARD.number, "0429", CARD.code, "90210#", "1")
_ALONE = re.compile(r"\"(\d)\\?\"")
"""A digit by itself between quotes, as a line's messages have keys."""


def leaked(text: str) -> bool:
    """Also where each key has a line of its own: whoever has the log has all lines."""
    row = "".join(_ALONE.findall(text))
    return bool(leaks_in(f"{text}\n{row}", [CARD.number], [CARD.code]))


def test_a_row_of_messages_with_a_key_each_would_be_found() -> None:
    assert leaked("\n".join(json.dumps({"type": "key", "key": key}) for key in CARD.number))
    assert leaked(json.dumps([json.dumps({"digit": key}) for key in CARD.number]))


async def over_twilio(server: Server, *keys: str, whole: bool = False) -> str:
    settings = LiveSettings(twilio=TwilioSettings(public_url="https://pay.example.com"))
    line = TwilioLine(server.calls, settings, SecretStr("secret"), server.redeem)
    socket = AsgiSocket(Starlette(routes=line.routes), "/twilio", {})
    await socket.open()
    twilio = Twilio(socket, Person([Keys(each) for each in keys]), {"token": TOKEN}, None)
    if whole:  # a card where one key should be
        twilio._key = lambda network, _: network.carry(  # type: ignore[method-assign,assignment]
            json.dumps({"event": "dtmf", "dtmf": {"digit": CARD.number}})
        )
    await twilio.call()
    return socket.why_closed


async def over_audiosocket(server: Server, *keys: str, whole: bool = False) -> str:
    settings = LiveSettings(audiosocket=AudioSocketSettings())
    line = AudioSocketLine(server.calls, settings, server.redeem)
    ours, theirs = sockets.socketpair()
    serving = asyncio.create_task(line.connected(*await asyncio.open_connection(sock=theirs)))
    connection = TcpConnection(*await asyncio.open_connection(sock=ours))
    asterisk = Asterisk(connection, Person([Keys(each) for each in keys]), UUID(TOKEN))
    if whole:
        frame = b"\x03\x00\x10" + CARD.number.encode()
        asterisk._key = lambda network, _: network.carry(frame)  # type: ignore[method-assign,assignment]
    await asterisk.call()
    await serving
    return ""


LINES = {"twilio": over_twilio, "audiosocket": over_audiosocket}


def dialog_fails(patch: pytest.MonkeyPatch) -> None:
    handle = Dialog.handle

    def failing(dialog: Dialog, event: object) -> object:
        commands = handle(dialog, event)  # type: ignore[arg-type]
        if dialog.state is State.CONFIRMATION:
            raise ValueError(f"no such card: {CARD.number}, security code {CARD.code}")
        return commands

    patch.setattr(Dialog, "handle", failing)


def nothing_breaks(_: pytest.MonkeyPatch) -> None:
    pass


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize(
    ("breaks", "result"),
    [(nothing_breaks, ResultName.SUCCESS), (dialog_fails, ResultName.INTERNAL_ERROR)],
)
def test_no_line_leaves_a_keyed_card_in_log_or_metrics(
    name: str,
    breaks: Callable[[pytest.MonkeyPatch], None],
    result: ResultName,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    breaks(monkeypatch)
    configure_logs(tmp_path / "bot.log", "debug")
    server = Server(tmp_path)
    server.prepare(TOKEN)
    told = virtually(LINES[name](server, *ANSWERS))
    assert server.results() == [result]
    metrics = server.calls.metrics.text().decode()
    assert f'result="{result}"' in metrics
    for text in ((tmp_path / "bot.log").read_text(), metrics, told):
        assert not leaked(text)


@pytest.mark.parametrize("name", LINES)
def test_a_card_in_one_message_ends_the_line_and_is_not_repeated(name: str, tmp_path: Path) -> None:
    configure_logs(tmp_path / "bot.log", "debug")
    server = Server(tmp_path)
    server.prepare(TOKEN)
    told = virtually(LINES[name](server, "1", whole=True))
    assert server.results() == [ResultName.CALLER_HUNG_UP]
    log = (tmp_path / "bot.log").read_text()
    assert log, "it tells of the broken protocol"
    for text in (log, server.calls.metrics.text().decode(), told):
        assert not leaked(text)


async def test_the_phone_page_leaves_no_keyed_card_in_log_metrics_or_messages(
    tmp_path: Path,
) -> None:
    """Through uvicorn and its WebSockets, whose own logs are the bot's."""
    configure_logs(tmp_path / "bot.log", "debug")
    async with served(tmp_path) as server, server.phone() as socket:
        page = Page(socket)
        token = await server.token()
        await page.hello(token)
        await page.until("ready")
        for key in "".join(ANSWERS):
            await page.tell(type="key", key=key)
        await page.tell(type="hang_up")
        await page.until_closed()
        metrics = server.site.calls.metrics.text().decode()
    [ended] = page.of("ended")
    assert ended["result"]["status"] == "caller-hung-up"
    assert "voicebot_keys_total" in metrics
    log = (tmp_path / "bot.log").read_text()
    for text in (log, metrics, json.dumps(page.messages)):
        assert not leaked(text)
    assert token not in log


async def test_a_card_in_one_message_of_the_page_is_not_repeated(tmp_path: Path) -> None:
    configure_logs(tmp_path / "bot.log", "debug")
    async with served(tmp_path) as server, server.phone() as socket:
        page = Page(socket)
        await page.hello(await server.token())
        await page.until("ready")
        await page.tell(type="key", key=CARD.number)
        await page.until_closed()
    why = socket.close_reason or ""
    for text in ((tmp_path / "bot.log").read_text(), json.dumps(page.messages), why):
        assert not leaked(text)


async def test_what_a_client_puts_into_an_address_is_not_logged(tmp_path: Path) -> None:
    """A token does not belong there; whoever sends it all the same shall not find it in the log."""
    configure_logs(tmp_path / "bot.log", "debug")
    async with served(tmp_path) as server:
        token = await server.token()
        for path in ("phone", "twilio", "nothing"):
            address = f"{server.url.replace('http', 'ws', 1)}{path}?token={token}"
            with suppress(websockets.InvalidStatus):
                async with websockets.connect(address, proxy=None):
                    pass
        async with server.client() as client:
            await client.get(f"/health?token={token}")
            await client.get(f"/api/calls/x?token={token}")
        await server.site.calls.drain(0)
    log = (tmp_path / "bot.log").read_text()
    assert log
    assert token not in log
