"""Calls over Twilio Media Streams, with a simulated Twilio: paid, interrupted, spoilt, refused."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from telephone_server import KEYED, SPOKEN, TOKEN, LongSpeaker, Server, speaking_caller, voice
from telephony.connections import AsgiSocket
from telephony.network import Weather
from telephony.person import HangsUp, Keys, Person, Says
from telephony.twilio import Twilio
from telephony.virtual_time import virtually

from bot.errors import SettingsError
from bot.live_settings import (
    TWILIO_TOKEN_VARIABLE,
    LiveSettings,
    TwilioSettings,
    twilio_auth_token,
)
from bot.money import Money
from bot.outcomes import Destination, PaymentResult, ResultName
from bot.records.result import CallResult, Durations, result_document
from bot.records.trace import EntryKind
from bot.transports.twilio_signature import signature
from bot.web.twilio import TwilioLine

AUTH_TOKEN = "an auth token"
PUBLIC = "https://pay.example"
SIGNED = {"X-Twilio-Signature": signature(AUTH_TOKEN, "wss://pay.example/twilio")}
TWILIO = TwilioSettings(public_url=PUBLIC, agent_url="https://pay.example.com/agent?x=1")

ENDED = "abcdefghijklmnop"


async def ended(server: Server, payment: PaymentResult, destination: Destination | None) -> None:
    result = CallResult(
        ENDED, datetime.now(UTC), payment, Durations.of([], 0), hand_over=destination
    )
    await server.calls.book.ended(ENDED, result_document(result))


def app_of(server: Server) -> Starlette:
    settings = LiveSettings(most_calls=server.settings.most_calls, twilio=TWILIO)
    line = TwilioLine(server.calls, settings, SecretStr(AUTH_TOKEN), server.redeem)
    return Starlette(routes=line.routes)


async def called(
    server: Server,
    person: Person,
    *,
    parameters: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    weather: Weather | None = None,
) -> tuple[Twilio, AsgiSocket]:
    socket = AsgiSocket(app_of(server), "/twilio", SIGNED if headers is None else headers)
    await socket.open()
    assert not socket.refused
    asked = {"amount": "87.50"} if parameters is None else parameters
    twilio = Twilio(socket, person, asked, weather)
    await twilio.call()
    return twilio, socket


def call(*args: Any, **kwargs: Any) -> tuple[Twilio, AsgiSocket]:
    return virtually(called(*args, **kwargs))


def test_a_caller_pays_by_keys_and_hears_the_end_before_the_line_closes(tmp_path: Path) -> None:
    server = Server(tmp_path)
    person = Person(KEYED)
    twilio, socket = call(server, person)
    assert server.results() == [ResultName.SUCCESS]
    assert twilio.closed_by_server
    assert socket.close_code == 1000
    assert person.actions_left == 0
    last_words = person.heard[-8000:]
    assert abs(last_words).max() > 1000, "the last prompt was played to its end"
    assert server.lines[0].figures.sound_dropped == 0


def test_a_caller_pays_by_voice(tmp_path: Path) -> None:
    server = Server(tmp_path, hears=list(SPOKEN))
    call(server, Person(speaking_caller()))
    assert server.results() == [ResultName.SUCCESS]
    assert len(server.finished[0].of(EntryKind.HEARD)) == len(SPOKEN)


WEATHERS = {
    "jitter of 60 ms and 2 % lost": Weather(jitter_ms=60, loss=0.02, seed=1),
    "messages that overtake": Weather(reorder=0.05, drift=0.002, seed=2),
    "a stall of 3 s": Weather(stall=(4.0, 3.0), drift=-0.002),
    "all of it": Weather(jitter_ms=40, loss=0.01, reorder=0.02, stall=(3, 1.5), drift=0.001),
}


@pytest.mark.parametrize("weather", WEATHERS.values(), ids=WEATHERS)
def test_a_payment_comes_through_a_bad_network(weather: Weather, tmp_path: Path) -> None:
    server = Server(tmp_path)
    twilio, _ = call(server, Person(KEYED), weather=weather)
    assert server.results() == [ResultName.SUCCESS]
    assert len(server.finished[0].gateway.asked) == 1
    assert twilio.longest_wait_to_play <= 0.2, "what the bot says does not lie in Twilio's buffer"


def test_words_come_through_a_bad_network(tmp_path: Path) -> None:
    server = Server(tmp_path, hears=list(SPOKEN))
    call(server, Person(speaking_caller(more=3)), weather=WEATHERS["all of it"])
    assert server.results() == [ResultName.SUCCESS]


def test_a_key_stops_the_bot_within_200_ms_and_what_was_sent_is_recalled(tmp_path: Path) -> None:
    server = Server(tmp_path, speaker=LongSpeaker())
    person = Person([Keys("1"), HangsUp()], quiet_ms=400, impatient=[0])
    twilio, _ = call(server, person)
    pressed = next(i for i, moment in enumerate(person.moments) if moment.keys)
    level = person.moments[pressed - 1].heard[0]
    assert level > 1_000
    still_heard = [i for i, m in enumerate(person.moments) if level in m.heard]
    assert twilio.clears == 1
    assert (max(still_heard) - pressed) * 20 <= 200


def test_a_caller_who_hangs_up_ends_the_call_and_nothing_is_charged(tmp_path: Path) -> None:
    server = Server(tmp_path)
    call(server, Person([*KEYED[:-1], HangsUp()]))
    assert server.results() == [ResultName.CALLER_HUNG_UP]
    assert server.finished[0].gateway.asked == []


def test_parameters_of_the_stream_are_those_of_the_call(tmp_path: Path) -> None:
    server = Server(tmp_path)
    asked = {"amount": "12.00", "customer_id": "c7", "merchant_id": "m1", "colour": "blue",
             "language": "en"}  # fmt: skip
    call(server, Person([HangsUp()]), parameters=asked)
    assert server.parameters[0].customer_id == "c7"
    assert server.parameters[0].amount == "12.00"
    assert server.parameters[0].language == "en"


def test_a_stream_without_a_signature_needs_the_token_of_a_prepared_call_and_gets_its_parameters(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    server.prepare(TOKEN, amount="15.00")
    call(server, Person([HangsUp()]), headers={}, parameters={"token": TOKEN, "amount": "1.00"})
    assert server.parameters[0].amount == "15.00"
    _, again = call(server, Person([HangsUp()]), headers={}, parameters={"token": TOKEN})
    assert again.close_code == 1008
    assert len(server.finished) == 1


def test_a_token_that_opens_nothing_begins_no_call_though_twilio_signed_it(
    tmp_path: Path,
) -> None:
    """It stands for a bill; a call without that would ask for another amount."""
    server = Server(tmp_path)
    _, socket = call(server, Person([HangsUp()]), parameters={"token": TOKEN, "amount": "1.00"})
    assert socket.close_code == 1008
    assert "unknown, used, or too old" in socket.why_closed
    assert server.finished == []


def test_many_streams_that_say_nothing_do_not_keep_twilio_out(tmp_path: Path) -> None:
    async def run() -> None:
        server = Server(tmp_path)
        app = app_of(server)
        silent = [AsgiSocket(app, "/twilio", {}) for _ in range(33)]
        for socket in silent:
            await socket.open()
        assert await silent[-1].receive() is None
        assert silent[-1].close_code == 1013
        signed = AsgiSocket(app, "/twilio", SIGNED)
        await signed.open()
        await Twilio(signed, Person([HangsUp()]), {"amount": "1.00"}).call()
        assert server.results() == [ResultName.CALLER_HUNG_UP]
        for socket in silent:
            await socket.close()

    virtually(run())


def test_a_server_that_is_to_end_plays_a_call_out_and_tells_twilio_its_result(
    tmp_path: Path,
) -> None:
    async def run() -> httpx.Response:
        server = Server(tmp_path)
        person = Person(KEYED)
        asked_for = {"call": ENDED, "amount": "87.50"}
        calling = asyncio.create_task(called(server, person, parameters=asked_for))
        await asyncio.sleep(1)
        draining = asyncio.create_task(server.calls.drain(3_600))
        twilio, _ = await calling
        assert twilio.closed_by_server
        assert abs(person.heard[-8000:]).max() > 1000, "the last prompt was played to its end"
        assert not draining.done()
        answer = await asked(server, f"/twilio/after?call={ENDED}")
        assert not draining.done()
        assert await draining == 0
        return answer

    assert virtually(run()).status_code == 200


def test_a_stream_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    server = Server(tmp_path)
    _, socket = call(server, Person([HangsUp()]), headers={})
    assert socket.close_code == 1008
    assert "token of a prepared call" in socket.why_closed
    assert server.finished == []


def test_a_wrong_signature_never_becomes_a_websocket(tmp_path: Path) -> None:
    async def run() -> None:
        socket = AsgiSocket(app_of(Server(tmp_path)), "/twilio", {"X-Twilio-Signature": "no"})
        await socket.open()
        assert socket.refused
        await socket.close()

    virtually(run())


def test_when_all_lines_are_busy_the_stream_is_told_to_try_later(tmp_path: Path) -> None:
    async def run() -> int | None:
        server = Server(tmp_path, LiveSettings(most_calls=1))
        staying = asyncio.create_task(called(server, Person([])))
        await asyncio.sleep(0.5)
        server.prepare(TOKEN)
        _, refused = await called(server, Person([HangsUp()]), parameters={"token": TOKEN})
        assert TOKEN in server.prepared, "and may bring its token then"
        staying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await staying
        return refused.close_code

    assert virtually(run()) == 1013


def test_a_call_that_is_under_way_is_not_begun_twice(tmp_path: Path) -> None:
    async def run() -> None:
        server = Server(tmp_path)
        asked = {"call": "abcdefghijklmnop", "amount": "1.00"}
        staying = asyncio.create_task(called(server, Person([]), parameters=asked))
        await asyncio.sleep(0.5)
        _, again = await called(server, Person([HangsUp()]), parameters=asked)
        assert again.close_code == 1013
        assert "under way" in again.why_closed
        assert list(server.calls.under_way) == ["abcdefghijklmnop"]
        staying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await staying

    virtually(run())


# --- a sender that does as it likes


async def closing(server: Server, *messages: str | bytes, wait: float = 0.0) -> AsgiSocket:
    """Send these after one another, then listen until the server closes."""
    socket = AsgiSocket(app_of(server), "/twilio", SIGNED)
    await socket.open()
    with contextlib.suppress(ConnectionError):
        for message in messages:
            await socket.send(message)
            await asyncio.sleep(wait)
    while await socket.receive() is not None:
        pass
    await socket.close()
    return socket


def close(server: Server, *messages: str | bytes, wait: float = 0.0) -> AsgiSocket:
    return virtually(closing(server, *messages, wait=wait))


def start(**changed: Any) -> str:
    content = {
        "streamSid": "MZ1",
        "callSid": "CA1",
        "customParameters": {"amount": "87.50"},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    }
    return json.dumps({"event": "start", "start": {**content, **changed}})


def media(count: int = 1) -> list[str]:
    message = {"event": "media", "media": {"payload": "/w=="}}
    return [json.dumps(message)] * count


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        (["hello"], "not JSON"),
        ([b"\x00\x01"], "binary"),
        (["x" * (1 << 20)], "1048576 characters"),
        ([start(), "hello"], "not JSON"),
        ([start(), start()], "starts once"),
        ([start(), "[" * 60_000], "not JSON"),
        (media(), "begins with connected and start"),
        ([start(mediaFormat={"encoding": "audio/opus"})], "only audio/x-mulaw"),
        ([start(customParameters={"amount": "1.00", "call_type": "bogus"})], "call_type"),
        ([start(), *media(5_000)], "messages a second"),
    ],
    ids=["text", "binary", "a megabyte", "text later", "two starts", "brackets", "no start",
         "another format", "a wrong parameter", "too fast"],
)  # fmt: skip
def test_garbage_ends_the_connection_with_its_reason(
    messages: list[str | bytes], why: str, tmp_path: Path
) -> None:
    server = Server(tmp_path)
    socket = close(server, *messages)
    assert socket.close_code == 1008
    assert why in socket.why_closed
    assert not server.calls.under_way
    assert all(result is ResultName.CALLER_HUNG_UP for result in server.results())


def test_an_amount_that_is_none_ends_the_connection(tmp_path: Path) -> None:
    server = Server(tmp_path)
    socket = close(server, start(customParameters={"amount": "a lot"}))
    assert socket.close_code == 1011
    assert not server.calls.under_way


def test_ten_thousand_keys_at_once_end_the_connection_and_charge_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path)
    key = json.dumps({"event": "dtmf", "dtmf": {"digit": "1"}})
    socket = close(server, start(), *[key] * 10_000)
    assert socket.close_code == 1008
    assert server.finished[0].gateway.asked == []


def test_ten_thousand_keys_in_two_minutes_are_heard_as_fingers_press(tmp_path: Path) -> None:
    server = Server(tmp_path)
    key = json.dumps({"event": "dtmf", "dtmf": {"digit": "*"}})
    close(server, start(), *[key] * 10_000, wait=0.012)
    assert server.results()[0] is ResultName.CALLER_CANCELLED


def test_a_connection_that_says_nothing_is_closed(tmp_path: Path) -> None:
    assert close(Server(tmp_path)).close_code == 1008


def test_a_stream_that_falls_silent_is_a_caller_who_is_gone(tmp_path: Path) -> None:
    server = Server(tmp_path)
    assert close(server, start(), *media(3)).close_code == 1000
    assert server.results() == [ResultName.CALLER_HUNG_UP]


def test_a_connection_that_breaks_is_a_hang_up(tmp_path: Path) -> None:
    async def run() -> Server:
        server = Server(tmp_path)
        socket = AsgiSocket(app_of(server), "/twilio", SIGNED)
        await socket.open()
        await socket.send(start())
        await asyncio.sleep(1)
        await socket.close()
        return server

    assert virtually(run()).results() == [ResultName.CALLER_HUNG_UP]


def test_someone_who_never_stops_talking_is_not_louder_than_the_rest(tmp_path: Path) -> None:
    """A sender at twice the pace of speech loses sound, and the call goes on."""
    server = Server(tmp_path, hears=["yes"] * 50)
    person = Person([Says(voice(6_000)), HangsUp()])
    call(server, person, weather=Weather(drift=1.0))
    assert server.lines[0].figures.sound_dropped > 0
    assert server.results() == [ResultName.CALLER_HUNG_UP]


# --- webhooks


async def asked(server: Server, path: str, *, signed: bool = True) -> httpx.Response:
    form = {"CallSid": "CA1", "From": "+15550100"}
    headers = {}
    if signed:
        headers["X-Twilio-Signature"] = signature(AUTH_TOKEN, PUBLIC + path, form.items())
    transport = httpx.ASGITransport(app_of(server))
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
        return await client.post(path, data=form, headers=headers)


def run(coroutine: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    return asyncio.run(coroutine)


def document(answer: httpx.Response) -> ElementTree.Element:
    return ElementTree.fromstring(answer.text)  # noqa: S314 - our own


def test_the_answer_streams_the_call_here_with_the_parameters_of_the_webhooks_url(
    tmp_path: Path,
) -> None:
    answer = run(asked(Server(tmp_path), "/twilio/answer?amount=87.50&merchant_id=m1"))
    connect = document(answer).find("Connect")
    assert connect is not None
    stream = connect.find("Stream")
    assert stream is not None
    given = {p.get("name"): p.get("value") for p in stream.findall("Parameter")}
    assert stream.get("url") == "wss://pay.example/twilio"
    assert (given["amount"], given["merchant_id"]) == ("87.50", "m1")
    assert connect.get("action") == f"{PUBLIC}/twilio/after?call={given['call']}"


def test_webhooks_that_twilio_did_not_sign_are_refused(tmp_path: Path) -> None:
    for path in ("/twilio/answer", "/twilio/after?call=abcdefghijklmnop"):
        assert run(asked(Server(tmp_path), path, signed=False)).status_code == 403


def test_when_all_lines_are_busy_the_caller_hears_the_busy_tone(tmp_path: Path) -> None:
    async def busy() -> httpx.Response:
        server = Server(tmp_path, LiveSettings(most_calls=1))
        staying = asyncio.create_task(called(server, Person([])))
        await asyncio.sleep(0.1)
        answer = await asked(server, "/twilio/answer")
        staying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await staying
        return answer

    assert '<Reject reason="busy"' in virtually(busy()).text


def test_wrong_parameters_in_the_webhooks_url_are_named(tmp_path: Path) -> None:
    for wrong in ("call_type=bogus", "language=fr"):
        answer = run(asked(Server(tmp_path), f"/twilio/answer?{wrong}"))
        assert answer.status_code == 400
        assert wrong.partition("=")[0] in answer.text


def test_after_the_call_the_result_goes_along_to_the_agent(tmp_path: Path) -> None:
    declined = PaymentResult(ResultName.DECLINED, amount=Money(8750), last_four="0002")
    server = Server(tmp_path)

    async def after() -> httpx.Response:
        await ended(server, declined, Destination.AGENT)
        return await asked(server, f"/twilio/after?call={ENDED}")

    answer = run(after())
    url = httpx.URL(document(answer).findtext("Redirect") or "")
    assert url.host == "pay.example.com"
    assert url.params["x"] == "1"
    assert url.params["status"] == "declined"
    assert url.params["last_four"] == "0002"


@pytest.mark.parametrize("destination", [None, Destination.HANG_UP, Destination.IVR])
def test_after_the_call_it_is_hung_up_where_nothing_else_is_to_be_done(
    destination: Destination | None, tmp_path: Path
) -> None:
    server = Server(tmp_path)

    async def after(call_id: str) -> httpx.Response:
        await ended(server, PaymentResult(ResultName.SUCCESS), destination)
        return await asked(server, f"/twilio/after?call={call_id}")

    assert "<Hangup" in run(after(ENDED)).text
    assert "<Hangup" in run(after("q" * 16)).text


@pytest.mark.parametrize(
    ("url", "token"), [("https://pay.example", ""), ("", "an auth token")], ids=["url", "token"]
)
def test_half_of_what_signatures_need_is_told(url: str, token: str) -> None:
    environment = {TWILIO_TOKEN_VARIABLE: token} if token else {}
    with pytest.raises(SettingsError, match=r"live.twilio.public_url and the token"):
        twilio_auth_token(TwilioSettings(public_url=url), environment)
