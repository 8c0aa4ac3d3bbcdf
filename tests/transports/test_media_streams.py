"""Twilio's messages: those of its documents are understood, garbage is refused in clear words."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import CHUNK_SAMPLES, Samples
from bot.errors import ProtocolError
from bot.transports import media_streams as ms
from bot.transports.g711 import mu_law_decoded

START: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZsample",
    "start": {
        "streamSid": "MZsample",
        "accountSid": "ACsample",
        "callSid": "CAsample",
        "tracks": ["inbound"],
        "customParameters": {"amount": "87.50", "customer_id": "c1"},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    },
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
NAMES = ["event", "start", "media", "dtmf", "mark", "stop", "connected", "payload", "digit", "name",
         "chunk", "track", "mediaFormat", "customParameters", "streamSid", "callSid", "encoding",
         "sampleRate", "inbound", "audio/x-mulaw"]  # fmt: skip
near_messages = st.recursive(
    json_values | st.sampled_from(NAMES),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=30,
)


def message(content: dict[str, Any]) -> ms.Message:
    return ms.parse(json.dumps(content))


def media(payload: str, **more: Any) -> dict[str, Any]:
    return {"event": "media", "media": {"track": "inbound", "payload": payload, **more}}


def test_the_start_tells_stream_call_and_parameters() -> None:
    start = message(START)
    assert isinstance(start, ms.Start)
    assert (start.stream_sid, start.call_sid) == ("MZsample", "CAsample")
    assert dict(start.parameters) == {"amount": "87.50", "customer_id": "c1"}


def test_parameters_may_hold_a_token_and_are_not_shown() -> None:
    assert "87.50" not in repr(message(START))


@given(st.binary(max_size=400), st.integers(1, 10**9))
def test_sound_is_mu_law_with_its_place(code: bytes, chunk: int) -> None:
    found = message(media(base64.b64encode(code).decode(), chunk=str(chunk), timestamp="5"))
    assert isinstance(found, ms.Media)
    assert np.array_equal(found.samples, mu_law_decoded(code))
    assert found.chunk == chunk


def test_the_bots_own_track_is_not_the_callers_sound() -> None:
    assert message(media("AAAA", track="outbound")) == ms.Unknown("media of another track")


@pytest.mark.parametrize("digit", "0123456789*#ABCD")
def test_every_key_is_one(digit: str) -> None:
    found = message({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": digit}})
    assert found == ms.Dtmf(digit)


def test_the_rest_of_the_documents_messages() -> None:
    assert message({"event": "connected", "protocol": "Call", "version": "1.0.0"}) == ms.Connected()
    assert message({"event": "mark", "mark": {"name": "end"}}) == ms.Mark("end")
    assert message({"event": "stop", "stop": {"callSid": "CAsample"}}) == ms.Stop()
    assert message({"event": "a-new-one"}) == ms.Unknown("a-new-one")


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=CHUNK_SAMPLES))
def test_what_we_send_a_client_of_the_same_protocol_understands(values: list[int]) -> None:
    samples: Samples = np.array(values, dtype=np.int16)
    sent = json.loads(ms.media("MZsample", samples))
    assert sent["streamSid"] == "MZsample"
    heard = mu_law_decoded(base64.b64decode(sent["media"]["payload"]))
    assert np.all(np.abs(heard.astype(int) - samples) <= np.maximum(np.abs(samples) / 16, 644))
    assert json.loads(ms.clear("MZsample")) == {"event": "clear", "streamSid": "MZsample"}
    assert json.loads(ms.mark("MZsample", "end"))["mark"] == {"name": "end"}


@given(st.text(max_size=300) | near_messages.map(json.dumps))
def test_garbage_is_refused_and_never_anything_else(text: str) -> None:
    with contextlib.suppress(ProtocolError):
        ms.parse(text)


def changed(path: str, value: object) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(START))
    place = copy
    *parents, last = path.split(".")
    for parent in parents:
        place = place[parent]
    place[last] = value
    return copy


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("[" * 60_000, "not JSON"),
        ('{"event": ' + "9" * 10_000 + "}", "not JSON|event: is missing"),
        ("[]", "no JSON object"),
        ("{}", "event: is missing"),
        ("x" * (1 << 20), "a message of 1048576 characters; 65536 at most"),
        (json.dumps(media("not base64!")), "media.payload: no base64"),
        (json.dumps(media("ü")), "media.payload: no base64"),
        (json.dumps(media("A" * 40_000)), "a second, 8000, at most"),
        (json.dumps(media("AAAA", chunk="minus one")), "media.chunk: no number"),
        (json.dumps({"event": "dtmf", "dtmf": {"digit": "12"}}), "dtmf.digit: none of"),
        (json.dumps(changed("start.mediaFormat.encoding", "audio/opus")), "only audio/x-mulaw"),
        (json.dumps(changed("start.mediaFormat.sampleRate", 16000)), "at 8000 Hz"),
        (json.dumps(changed("start.mediaFormat.sampleRate", [8000])), "at 8000 Hz"),
        (json.dumps(changed("start.customParameters", {"a": 1})), "each is a text"),
        (json.dumps(changed("start.customParameters", {"a": "b" * 500})), "500 characters at most"),
        (json.dumps(changed("start.customParameters", [1])), "start.customParameters: no object"),
        (json.dumps(changed("start.streamSid", None)), "start.streamSid: is missing"),
    ],
)  # fmt: skip
def test_what_the_documents_do_not_allow_is_named(text: str, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        ms.parse(text)


def test_what_a_caller_keyed_is_not_repeated() -> None:
    with pytest.raises(ProtocolError) as error:
        message({"event": "dtmf", "dtmf": {"digit": "4242424242424242"}})
    assert "4242" not in str(error.value)
