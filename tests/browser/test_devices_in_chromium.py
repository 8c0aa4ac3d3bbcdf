"""What the page does with a caller's devices: the microphone and the screen are the call's, and
nobody's afterwards. And links that are opened where the page is already."""

from __future__ import annotations

from pathlib import Path

import soundfile
from chromium import asked, browser, opened, types_the_card
from phone_site import served

from bot.audio import silence
from bot.live_settings import LiveSettings, WebSettings
from bot.project import ROOT
from bot.records.trace import EntryKind

WATCHED = """() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.tracks = [];
    window.answers = [];  // given to who asks for the microphone; until then the browser asks
    window.gone = false;
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        await new Promise((answer) => window.answers.push(answer));
        if (window.gone) throw new DOMException("", "NotFoundError");
        const stream = await real(wanted);
        window.tracks.push(...stream.getAudioTracks());
        return stream;
    };
    window.locks = [];
    navigator.wakeLock.request = async () => {
        const lock = { held: true, release: async () => { lock.held = false; } };
        window.locks.push(lock);
        return lock;
    };
}"""
ANSWER = "() => window.answers.forEach((answer) => answer())"
LIVE = "window.tracks.filter((track) => track.readyState === 'live').length"


async def test_the_microphone_of_a_call_that_was_hung_up_is_not_left_open(tmp_path: Path) -> None:
    """The browser still asked for it when the caller hung up, and called again."""
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        await page.evaluate(WATCHED)
        for _ in range(3):  # call, hang up, call
            await page.click("#call")
        await page.wait_for_function("() => window.answers.length === 2")
        await page.evaluate(ANSWER)
        await asked(page, "amount")
        await page.wait_for_function("() => window.tracks.length === 2")
        await page.wait_for_function(f"() => {LIVE} === 1")
        assert await page.evaluate("window.locks.map((lock) => lock.held)") == [True]
        assert not await page.is_visible("#notice")
        [call] = server.site.calls.under_way.values()
        await page.click("#call")
        await page.locator("#result").wait_for()
        await page.wait_for_function(f"() => {LIVE} === 0")
        assert await page.evaluate("window.locks.map((lock) => lock.held)") == [False]
        assert call.line.figures.sound_dropped == 0, "one microphone was heard, not two"
        assert page.wrong == []


async def test_a_microphone_that_is_unplugged_is_replaced_or_the_caller_is_told(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        await page.evaluate(WATCHED)
        await page.click("#call")
        await page.wait_for_function("() => window.answers.length === 1")
        await page.evaluate(ANSWER)
        await asked(page, "amount")
        unplug = "() => { window.tracks.at(-1).stop(); window.tracks.at(-1).onended(); }"
        await page.evaluate(unplug)
        await page.wait_for_function("() => window.answers.length === 2")
        await page.evaluate(ANSWER)
        await page.wait_for_function(f"() => window.tracks.length === 2 && {LIVE} === 1")
        assert not await page.is_visible("#notice")
        await page.evaluate("() => { window.gone = true; }")
        await page.evaluate(unplug)
        await page.wait_for_function("() => window.answers.length === 3")
        await page.evaluate(ANSWER)
        await page.locator("#notice", has_text="No microphone was found").wait_for()
        await page.keyboard.press("1")
        await asked(page, "card_number")
        assert page.wrong == []


async def test_a_caller_who_is_muted_is_not_heard_and_pays_by_keys(tmp_path: Path) -> None:
    recorded, _ = soundfile.read(ROOT / "audio/callers/ann/yes.wav", dtype="int16")
    async with served(tmp_path) as server, browser(tmp_path, recorded) as chromium:
        page = await opened(chromium, server.url)
        mute = page.get_by_role("button", name="Mute", exact=True)
        assert await mute.is_disabled()
        assert "press keys at any time" in await page.get_by_role("main").aria_snapshot()
        await page.click("#call")
        await asked(page, "amount")
        await mute.click()
        await page.get_by_role("status").get_by_text("You are muted").wait_for()
        [call] = server.site.calls.under_way.values()
        await types_the_card(page)
        await page.locator("#result").wait_for()
        assert await page.inner_text("#result-title") == "Paid"
        heard = [entry.at for entry in call.entries if entry.kind is EntryKind.HEARD]
        assert len(heard) <= 1, "what was being said when it was muted; the recording goes on"
        assert page.wrong == []


async def test_a_link_opened_where_the_page_is_already_begins_its_own_call(tmp_path: Path) -> None:
    live = LiveSettings(web=WebSettings(demo="off"))
    async with served(tmp_path, live) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        await page.locator("#notice", has_text="nothing to pay").wait_for()
        await page.evaluate("(token) => { location.hash = token; }", await server.token())
        await page.locator("#notice").wait_for(state="hidden")
        assert page.url == server.url
        await page.click("#call")
        await asked(page, "amount")


async def test_a_server_that_takes_no_more_calls_says_why(tmp_path: Path) -> None:
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        busy = {"error": {"code": "busy", "message": ""}}
        await page.route("**/api/demo", lambda route: route.fulfill(status=503, json=busy))
        await page.click("#call")
        await page.locator("#notice", has_text="All lines are busy").wait_for()
        assert await page.inner_text("#call-words") == "Call"
        await page.unroute("**/api/demo")
        await server.site.calls.drain(0)
        await page.click("#call")
        await page.locator("#notice", has_text="about to end").wait_for()
