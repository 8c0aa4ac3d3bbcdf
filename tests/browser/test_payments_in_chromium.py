"""Whole payments on the phone page in a real browser, heard by the real recogniser: by voice, and
by voice and dial pad, one after the other: two browsers and two recognisers at once are more than
two cores do in time.

The microphone is a tape: the caller's recorded answers, with pauses for the bot's questions. A
tape does not wait; an answer a little early interrupts its question, one a little late is waited
for. Without Rasa; the gateway is the simulator. By dial pad alone: test_page_in_chromium.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import soundfile
from chromium import PHONE, asked, browser, opened, picture

from bot.audio import Samples, ms_to_samples, silence
from bot.calls.live.book import OwnBook
from bot.calls.services import running_services
from bot.console import Progress
from bot.live_settings import LiveSettings
from bot.project import ROOT
from bot.settings import Settings
from bot.web.access import access_of
from bot.web.lines import Listeners, answering
from bot.web.server import address, bound

CALLERS = ROOT / "audio" / "callers"


def tape(caller: str, *answers: tuple[float, str]) -> Samples:
    """answers: how many seconds after the one before, and which recording."""
    pieces = []
    for pause, name in answers:
        said, _ = soundfile.read(CALLERS / caller / f"{name}.wav", dtype="int16")
        pieces += [silence(ms_to_samples(round(1000 * pause))), said]
    return np.concatenate([*pieces, silence(ms_to_samples(60_000))])


BY_VOICE = tape(
    "ann",
    (4.5, "yes"),  # to the amount
    (4.0, "card-number"),
    (4.0, "expiry"),
    (4.0, "security-code"),
    (4.0, "postal-code"),
    (15.5, "yes"),  # once card and amount were read back
)
MIXED = tape(
    "mixed",
    (4.5, "amount"),
    (7.5, "expiry"),  # meanwhile the card is keyed
    (6.5, "postal-code"),  # and the security code
    (15.5, "confirm"),
)


async def test_callers_pay_by_voice_and_by_voice_and_dial_pad(tmp_path: Path) -> None:
    live = LiveSettings(port=0)
    with bound(live) as listener:
        async with (
            running_services(
                Settings(live=live), tmp_path, Progress(), with_rasa=False, live=True
            ) as ready,
            answering(ready, access_of(live, {}), Listeners(listener, None), tmp_path, OwnBook()),
        ):
            url = address(listener)
            folders = tmp_path / "voice", tmp_path / "mixed"
            for folder in folders:
                folder.mkdir()
            await pays_by_voice(url, folders[0])
            await pays_in_both_ways(url, folders[1])


@asynccontextmanager
async def call(
    url: str, folder: Path, said: Samples, bill: dict[str, str], **options: Any
) -> AsyncIterator[Any]:
    """The page of a prepared call, which has begun."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        prepared = (await client.post("/api/calls", json=bill)).json()
    async with browser(folder, said) as chromium:
        page = await opened(chromium, url + prepared["page"].lstrip("/"), **options)
        await page.click("#call")
        yield page


async def pays_by_voice(url: str, folder: Path) -> None:
    async with call(url, folder, BY_VOICE, {"amount": "87.50"}) as page:
        await page.locator("#result").wait_for()
        await picture(page, "paid-by-voice")
        assert await page.inner_text("#result-title") == "Paid"
        assert "4242" in await page.inner_text("#result-details")
        assert "87.50 USD" in await page.inner_text("#result-details")
        assert page.wrong == []


async def pays_in_both_ways(url: str, folder: Path) -> None:
    async with call(url, folder, MIXED, {}, viewport=PHONE) as page:
        await asked(page, "card_number")
        await page.keyboard.type("2223003122003222")
        await asked(page, "security_code")
        await page.keyboard.type("481")
        await page.locator("#result").wait_for()
        await picture(page, "paid-by-voice-and-dial-pad")
        assert await page.inner_text("#result-title") == "Paid"
        assert "3222" in await page.inner_text("#result-details")
        assert "65.00 USD" in await page.inner_text("#result-details")
        assert page.wrong == []
