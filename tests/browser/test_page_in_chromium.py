"""The phone page in a real browser: what it shows, how it is reached, what it says when something
is wrong. The calls' heavy rooms are quick stand-ins; whole payments with the real ones are in
test_payments_in_chromium.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from chromium import PHONE, asked, breakable, browser, opened, pays_by_keys, picture, types_the_card
from phone_site import served

from bot.audio import ms_to_samples, silence
from bot.live_settings import LiveSettings, WebSettings
from bot.project import ROOT


async def test_a_bill_is_paid_on_the_dial_pad_and_the_page_shows_every_step(tmp_path: Path) -> None:
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        await page.locator("#bill-amount", has_text="$87.50").wait_for()
        await picture(page, "before-the-call")
        await pays_by_keys(page)
        assert await page.inner_text("#result-title") == "Paid"
        assert "4242" in await page.inner_text("#result-details")
        assert await page.locator(".steps [data-state=done]").count() == 7
        assert await page.inner_text("#call-words") == "Call"
        await picture(page, "paid-light")
        await page.emulate_media(color_scheme="dark")
        await picture(page, "paid-dark")
        assert page.wrong == []
        assert len(server.gateway.asked) == 1
        [result] = server.results
        assert result.payment.last_four == "4242"


async def test_what_the_microphone_hears_reaches_the_bot(tmp_path: Path) -> None:
    """A recorded caller: the page's level shows it and the bot hears words in it."""
    recorded, _ = soundfile.read(ROOT / "audio/callers/ann/yes.wav", dtype="int16")
    said = np.concatenate([silence(ms_to_samples(1_500)), recorded, silence(ms_to_samples(2_500))])
    async with served(tmp_path) as server, browser(tmp_path, said) as chromium:
        page = await opened(chromium, server.url)
        await page.click("#call")
        await page.locator(".talk .caller").first.wait_for()
        await page.click("#call")
        await page.locator("#result").wait_for()
        assert await page.inner_text("#result-title") == "Hung up"
        assert page.wrong == []


async def test_on_a_small_screen_nothing_is_cut_off_and_the_keys_are_in_reach(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(
            chromium,
            server.url,
            viewport=PHONE,
            is_mobile=True,
            has_touch=True,
            device_scale_factor=2,
        )
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await page.tap("#call")
        await asked(page, "amount")
        for button in await page.locator(".phone button").all():
            box = await button.bounding_box()
            assert box["width"] >= 44
            assert box["height"] >= 44
            assert box["y"] + box["height"] <= PHONE["height"]
        await picture(page, "small-screen")
        await page.tap("#call")
        await page.locator("#result").wait_for()
        assert not await page.locator(".steps [data-state]").count(), "nothing is asked any more"
        assert page.wrong == []


async def test_without_leave_to_use_the_microphone_the_dial_pad_pays(tmp_path: Path) -> None:
    flags = ("--deny-permission-prompts",)
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000), *flags) as chromium:
        page = await opened(chromium, server.url, allowed=False)
        await page.click("#call")
        await page.locator("#notice").wait_for()
        assert "microphone is blocked" in await page.inner_text("#notice")
        await picture(page, "microphone-blocked")
        await page.click("#call")
        await page.locator("#result").wait_for()
        await pays_by_keys(page)
        assert await page.inner_text("#result-title") == "Paid"


async def test_a_busy_line_a_used_link_and_a_server_that_is_gone_are_said_in_words(
    tmp_path: Path,
) -> None:
    live = LiveSettings(most_calls=1)
    async with browser(tmp_path, silence(8_000)) as chromium:
        async with served(tmp_path, live) as server:
            first, second = await opened(chromium, server.url), await opened(chromium, server.url)
            await first.click("#call")
            await asked(first, "amount")
            await second.click("#call")
            await second.locator("#notice").wait_for()
            assert "All lines are busy" in await second.inner_text("#notice")
            await first.click("#call")
            await first.locator("#result").wait_for()

            link = await opened(chromium, server.url)
            await link.goto("about:blank")
            await link.goto(f"{server.url}#0f0e0d0c-aaaa-4bbb-8ccc-123456789abc")
            await link.click("#call")
            await link.locator("#notice", has_text="used already").wait_for()

            await second.click("#call")
            await asked(second, "amount")
        # The server has ended, and with it the call.
        await second.locator("#result:not([hidden]), #notice:not([hidden])").first.wait_for()
        assert await second.inner_text("#call-words") == "Call"
        await second.click("#call")
        await second.locator("#notice", has_text="cannot be reached").wait_for()


async def test_a_link_with_a_token_pays_its_bill_and_leaves_no_trace_in_the_address(
    tmp_path: Path,
) -> None:
    live = LiveSettings(web=WebSettings(demo="off"))
    async with served(tmp_path, live) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        await page.locator("#notice", has_text="nothing to pay").wait_for()
        await page.goto("about:blank")
        await page.goto(f"{server.url}#{await server.token()}")
        await page.wait_for_load_state("networkidle")
        assert page.url == server.url
        await pays_by_keys(page)
        assert await page.inner_text("#result-title") == "Paid"


async def test_a_broken_connection_is_explained_and_paying_again_is_offered_only_where_it_is_safe(
    tmp_path: Path,
) -> None:
    live = LiveSettings(reconnect_seconds=0)
    async with served(tmp_path, live) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        breaks = await breakable(page)
        await page.click("#call")
        await asked(page, "amount")
        await breaks()
        await page.locator("#notice", has_text="connection was lost").wait_for()
        assert "Nothing was charged" in await page.inner_text("#notice")
        await picture(page, "connection-lost")
        await page.click("#notice-again")
        await asked(page, "amount")
        assert not await page.is_visible("#notice")

        server.gateway.delay_ms = 600_000  # the bank thinks, and the connection breaks
        await types_the_card(page)
        await asked(page, "charge")
        await breaks()
        await page.locator("#notice", has_text="do not pay again").wait_for()
        await page.locator("#notice", has_text="Asking").wait_for(state="detached")
        assert "had been sent" in await page.inner_text("#notice")
        assert not await page.is_visible("#notice-again")
        assert len(server.gateway.asked) == 1
        assert page.wrong == []


BECAME = """async ([results, steps, corrected]) => {
    const { byResult, bySteps, lastSeen } = await import("/static/aftermath.js");
    return [results.map(([result, seen]) => byResult(result, seen)), steps.map(bySteps),
        bySteps(corrected.reduce(lastSeen, null))];
}"""

OUTCOMES: Sequence[tuple[dict[str, Any], str]] = [
    ({"status": "success"}, "paid"),
    ({"status": "declined"}, "nothing"),
    ({"status": "timeout"}, "nothing"),
    ({"status": "outcome-unknown"}, "open"),
    ({"status": "outcome-unknown", "settled": {"status": "approved"}}, "paid"),
    ({"status": "outcome-unknown", "settled": {"status": "declined"}}, "nothing"),
    ({"status": "caller-hung-up", "reason": "card_number"}, "nothing"),
    ({"status": "caller-hung-up", "reason": "while charging"}, "open"),
    (
        {
            "status": "caller-hung-up",
            "reason": "while charging",
            "settled": {"status": "approved"},
        },
        "paid",
    ),
    ({"status": "internal-error"}, "maybe"),
]
"""Results of a call whose page saw the confirmation begin; and what became of the payment."""

SEEN = [
    (None, "nothing"),
    (("card_number", "entering", ""), "nothing"),
    (("confirmation", "entering", ""), "maybe"),
    (("confirmation", "done", ""), "maybe"),
    (("confirmation", "failed", "not-confirmed"), "maybe"),
    (("charge", "entering", ""), "open"),
    (("charge", "done", "approved"), "paid"),
    (("charge", "failed", "insufficient_funds"), "nothing"),
    (("charge", "failed", "unavailable"), "nothing"),
    (("charge", "failed", "unknown"), "open"),
]


async def test_whether_a_card_was_charged_is_never_guessed_to_the_callers_harm(
    tmp_path: Path,
) -> None:
    names = ("step", "state", "detail")
    steps = [None if step is None else dict(zip(names, step, strict=True)) for step, _ in SEEN]
    results = [[result, steps[2]] for result, _ in OUTCOMES]
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        corrected = [steps[2], dict(zip(names, ("expiry", "done", ""), strict=True))]
        by_result, by_steps, after = await page.evaluate(BECAME, [results, steps, corrected])
    assert after == "maybe", "the expiry was corrected at the confirmation, which stays open"
    assert by_result == [became for _, became in OUTCOMES]
    assert by_steps == [became for _, became in SEEN]


async def test_everything_can_be_reached_by_keyboard_and_has_a_name(tmp_path: Path) -> None:
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        reached = []
        for _ in range(30):
            await page.keyboard.press("Tab")
            reached.append(
                await page.evaluate(
                    "() => document.activeElement.id || document.activeElement.dataset.key || ''"
                )
            )
        assert reached.index("call") < reached.index("1") < reached.index("#")
        assert "language" in reached
        assert "talk" in reached
        nameless = await page.evaluate(
            """() => [...document.querySelectorAll("button, select, a, section, [role]")]
                .filter((e) => !e.hidden && !(e.ariaLabel || e.innerText || e.textContent
                    || e.getAttribute("aria-labelledby") || e.labels?.length
                    || e.getAttribute("role"))).map((e) => e.outerHTML)"""
        )
        assert nameless == []
        assert await page.get_attribute("#talk", "aria-live") == "polite"


JITTER = """async ([pushes, pulls]) => {
    const { JitterBuffer } = await import("/static/jitter.js");
    const buffer = new JitterBuffer(8000);
    const heard = [];
    let next = 0;
    for (let at = 0; at < pulls; at += 1) {
        while (next < pushes.length && pushes[next][0] <= at) {
            const [, samples, value] = pushes[next];
            if (value === null) buffer.clear();
            else buffer.push(new Float32Array(samples).fill(value));
            next += 1;
        }
        const out = new Float32Array(160);
        buffer.pull(out);
        heard.push([out[0], out[159], buffer.seconds]);
    }
    return heard;
}"""


async def test_the_jitter_buffer_plays_evenly_trims_what_grows_and_empties_when_told(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)

        async def played(pushes: list[Any], pulls: int) -> Any:
            return await page.evaluate(JITTER, [pushes, pulls])

        # Three pieces that come together every 60 ms are heard without a gap.
        even = await played([[at, 480, 0.5] for at in range(0, 100, 3)], 90)
        assert all(first == last == 0.5 for first, last, _ in even[3:])
        # Half a second that a network held back is dropped where nothing is heard.
        late: list[Any] = [[0, 4_000, 0.0], *[[at, 160, 0.0] for at in range(200)]]
        grown = await played(late, 200)
        assert grown[10][2] > 0.4
        assert grown[-1][2] < 0.15
        # The bot was interrupted: silence within 20 ms, without a click.
        cleared = await played([[0, 8_000, 0.5], [10, 0, None]], 14)
        assert cleared[9][1] == 0.5
        assert 0 < cleared[10][0] < 0.5
        assert cleared[12][1] == pytest.approx(0, abs=1e-3)
