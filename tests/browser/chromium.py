"""The phone page in Debian's chromium, driven by Playwright (group `browser`), with a recording as
its microphone. Whoever imports this is skipped where one of the two is missing.

Pictures of what was seen stay in out/browser/.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from bot.audio import Samples
from bot.project import ROOT

playwright = pytest.importorskip(
    "playwright.async_api", reason="needs Playwright: uv sync --group browser"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
if not CHROMIUM:
    pytest.skip("needs a browser: apt install chromium", allow_module_level=True)

PICTURES = ROOT / "out" / "browser"
PATIENCE_MS = 90_000
"""Never used up; what hangs must not hang the tests."""

DESK = {"width": 1180, "height": 900}
PHONE = {"width": 390, "height": 844}


@asynccontextmanager
async def browser(folder: Path, microphone: Samples, *flags: str) -> AsyncIterator[Any]:
    """microphone: what it hears, at the telephone's rate; then it begins anew."""
    heard = folder / "microphone.wav"
    wide = soxr.resample(microphone.astype(np.float32) / 32768, 8_000, 48_000)
    soundfile.write(heard, wide, 48_000, subtype="PCM_16")
    async with playwright.async_playwright() as driver:
        chromium = await driver.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={heard}",
                *flags,
            ],
        )
        try:
            yield chromium
        finally:
            await chromium.close()


async def opened(chromium: Any, url: str, *, allowed: bool = True, **options: Any) -> Any:
    """The page; nothing may go wrong in it unseen."""
    context = await chromium.new_context(
        viewport=options.pop("viewport", DESK),
        permissions=["microphone"] if allowed else [],
        **options,
    )
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on(
        "console",
        lambda line: page.wrong.append(line.text) if line.type in {"error", "warning"} else None,
    )
    await page.goto(url)
    return page


async def picture(page: Any, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


async def asked(page: Any, step: str) -> None:
    await page.locator(f'[data-step="{step}"][data-state="entering"]').wait_for()


async def pays_by_keys(page: Any) -> None:
    """Typed on the keyboard, which is the dial pad's; the first key is clicked."""
    await page.click("#call")
    await asked(page, "amount")
    await types_the_card(page)
    await page.locator("#result").wait_for()


async def types_the_card(page: Any) -> None:
    """From the given amount to the yes that pays."""
    await page.click('[data-key="1"]')
    await asked(page, "card_number")
    await page.keyboard.type("4242424242424242")
    await asked(page, "expiry")
    await page.keyboard.type("0429")
    await asked(page, "security_code")
    await page.keyboard.type("123")
    await asked(page, "postal_code")
    await page.keyboard.type("90210#")
    await asked(page, "confirmation")
    # A key counts once the read-back was heard; before, it is dropped.
    while not await page.locator('[data-step="confirmation"][data-state="done"]').count():
        await page.keyboard.press("1")
        await page.wait_for_timeout(200)


async def breakable(page: Any) -> Callable[[], Awaitable[None]]:
    """Breaks the connection that the page made last."""
    lines: list[tuple[Any, Any]] = []
    await page.route_web_socket("**/phone", lambda to: lines.append((to, to.connect_to_server())))

    async def breaks() -> None:
        for end in lines[-1]:
            await end.close(code=3000)

    return breaks
