"""OWASP ASVS 5.0.0, V4.4 WebSocket, at level 2: the lines of SECURITY.md that have no test
elsewhere, and that the others have theirs."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
import websockets
from phone_site import served

from bot.calls.live.book import OwnBook
from bot.calls.scenarios.scenario import Parameters
from bot.errors import SettingsError
from bot.live_settings import API_KEY_VARIABLE, LiveSettings, TwilioSettings, WebSettings
from bot.project import ROOT
from bot.web.access import access_of, is_loopback
from bot.web.page import PAGES

KEY = {API_KEY_VARIABLE: "0123456789abcdef0123456789abcdef"}


def test_every_line_of_the_checklist_has_tests_that_exist() -> None:
    document = (ROOT / "SECURITY.md").read_text("utf-8")
    lines = [row for row in document.splitlines() if row.startswith("| 4.4.")]
    assert [row.split("|")[1].strip() for row in lines] == ["4.4.1", "4.4.2", "4.4.3", "4.4.4"]
    tests = "".join(path.read_text("utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    for row in lines:
        named = re.findall(r"`(test_\w+)`", row)
        assert named
        assert [name for name in named if f"def {name}(" not in tests] == []


# 4.4.1: TLS


@pytest.mark.parametrize(
    "live",
    [
        LiveSettings(web=WebSettings(origins=("http://pay.example.com",))),
        LiveSettings(twilio=TwilioSettings(public_url="http://pay.example.com")),
    ],
    ids=["origin", "Twilio"],
)
def test_names_by_which_others_reach_the_server_have_to_be_https(live: LiveSettings) -> None:
    with pytest.raises(SettingsError, match=r"http://pay\.example\.com: .* https://"):
        access_of(live, KEY)


def test_a_proxy_that_is_only_tried_on_this_machine_needs_no_certificate() -> None:
    live = LiveSettings(web=WebSettings(origins=("http://localhost:8000",)))
    assert access_of(live, KEY).origins == {"http://localhost:8000"}


def test_by_default_only_this_machine_reaches_the_server() -> None:
    assert is_loopback(LiveSettings().host)
    assert is_loopback(LiveSettings().audiosocket.host)


def test_a_page_that_came_by_https_opens_an_encrypted_websocket() -> None:
    script = (PAGES / "line.js").read_text("utf-8")
    assert re.findall(r"new WebSocket\((.*)\)", script) == ["`${scheme}://${location.host}/phone`"]
    assert 'const scheme = location.protocol === "https:" ? "wss" : "ws"' in script


# 4.4.2: Origin


@pytest.mark.parametrize("path", ["phone", "twilio"])
async def test_no_websocket_opens_to_pages_of_other_sites(tmp_path: Path, path: str) -> None:
    async with served(tmp_path) as server:
        address = server.url.replace("http", "ws", 1) + path
        for origin in ("https://evil.example", "null"):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(address, proxy=None, origin=origin)  # type: ignore[arg-type]
            assert refused.value.response.status_code == 403
        own = server.url.rstrip("/")
        async with websockets.connect(address, proxy=None, origin=own):  # type: ignore[arg-type]
            pass


# 4.4.3: tokens


async def test_a_token_is_128_random_bits() -> None:
    book = OwnBook()
    tokens = [uuid.UUID((await book.prepare(Parameters())).token).int for _ in range(200)]
    assert len(set(tokens)) == 200
    for bit in range(128):
        assert len({token >> bit & 1 for token in tokens}) == 2, f"bit {bit} never changes"
