"""The phone page when its connection breaks: it tries again, says so, and goes on with the call."""

from __future__ import annotations

from pathlib import Path

from chromium import asked, breakable, browser, opened, picture
from phone_site import served

from bot.audio import silence


async def test_a_call_goes_on_when_the_connection_is_there_again(tmp_path: Path) -> None:
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        breaks = await breakable(page)
        await page.click("#call")
        await asked(page, "amount")
        await page.click('[data-key="1"]')
        await asked(page, "card_number")
        await page.keyboard.type("42424242")
        await page.context.set_offline(True)
        await breaks()
        await page.locator("#status", has_text="trying again").wait_for()
        await page.keyboard.type("4242")
        await picture(page, "trying-again")
        await page.context.set_offline(False)
        await page.locator('body[data-lost="false"]').wait_for()
        await page.keyboard.type("4242#")
        await asked(page, "expiry")
        assert not await page.is_visible("#notice")

        await page.context.set_offline(True)
        await breaks()
        await page.locator("#status", has_text="trying again").wait_for()
        await page.click("#call")
        await page.locator("#notice", has_text="You hung up").wait_for()
        assert "Nothing was charged" in await page.inner_text("#notice")
        assert await page.inner_text("#call-words") == "Call"
        assert [text for text in page.wrong if "ERR_INTERNET_DISCONNECTED" not in text] == []


LINE = """async () => {
    const { Line } = await import("/static/line.js");
    const sockets = [];
    window.WebSocket = class {
        static OPEN = 1;
        constructor() {
            Object.assign(this, { readyState: 1, bufferedAmount: 0, sent: [] });
            sockets.push(this);
        }
        send(message) { this.sent.push(typeof message === "string" ? JSON.parse(message) : null); }
        close(code) { this.code = code; }
    };
    let timers = [], now = 0;
    window.setTimeout = (act, ms) => timers.push({ act, ms });
    window.clearTimeout = (id) => { if (id) timers[id - 1] = null; };
    performance.now = () => now;
    const seen = [];
    const on = {};
    for (const name of ["ready", "lost", "back", "sound", "caption", "happened", "closed"])
        on[name] = (what) => seen.push(what === undefined ? name : [name, what]);
    const line = new Line(on);
    const newest = () => sockets.at(-1);
    const pass = () => {
        const next = timers.findLast((timer) => timer);
        timers = [];
        now += next.ms;
        next.act();
        return next.ms;
    };
    const comes = (message) => newest().onmessage({ data: JSON.stringify(message) });
    const ready = (secret, keys) =>
        comes({ type: "ready", call: "abc", secret, keys, reconnect_seconds: 20 });
    const story = {};

    line.open("a-token", 8000);
    newest().onopen();
    ready("first", 0);
    comes({ type: "caption", text: "Hello" });
    comes({ type: "happened", kind: "step" });
    for (const key of "4242") line.key(key);
    newest().onclose({ code: 1006 });
    for (const key of "12") line.key(key);
    story.pauses = [pass()];
    for (let i = 0; i < 3; i += 1) { newest().onclose({ code: 1006 }); story.pauses.push(pass()); }
    newest().onopen();
    story.resume = newest().sent[0];
    ready("second", 3);
    story.resent = newest().sent.slice(1).map(({ key }) => key).join("");

    now += 2_900;
    line.send(new ArrayBuffer(320));
    story.patient = sockets.length;
    now += 200;
    line.send(new ArrayBuffer(320));
    story.left = newest().code;
    window.dispatchEvent(new Event("online"));
    story.online = sockets.length;
    newest().onopen();
    story.again = newest().sent[0].secret;
    story.unanswered = pass();
    story.seen = seen.splice(0);

    for (let i = 0; i < 40 && !seen.length; i += 1) { pass(); newest().onclose({ code: 1006 }); }
    story.kept = now;
    story.end = seen.splice(0);

    const refused = new Line(on);
    refused.open("a-token", 8000);
    ready("third", 0);
    newest().onclose({ code: 4409 });
    story.refused = seen.splice(0);
    return story;
}"""


async def test_the_page_tries_again_sends_what_did_not_arrive_and_gives_up_in_time(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as server, browser(tmp_path, silence(8_000)) as chromium:
        page = await opened(chromium, server.url)
        story = await page.evaluate(LINE)
    assert story["pauses"] == [250, 500, 1_000, 2_000]
    assert story["resume"] == {
        "type": "resume", "version": 1, "call": "abc", "secret": "first", "rate": 8_000, "told": 2,
    }  # fmt: skip
    assert story["resent"] == "212"
    assert story["left"] == 4000
    assert story["patient"] + 1 == story["online"]
    assert story["again"] == "second"
    assert story["unanswered"] == 3_000
    happened = [item if isinstance(item, str) else item[0] for item in story["seen"]]
    assert happened == ["ready", "caption", "happened", "lost", "back", "lost"]
    assert story["end"] == [["closed", {"code": 4000, "before": False}]]
    assert story["refused"] == [["ready", "abc"], ["closed", {"code": 4409, "before": False}]]
