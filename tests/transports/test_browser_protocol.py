"""The phone page's protocol: what is taken, what closes the connection and with which code."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE
from bot.transports.browser import (
    RATES,
    CloseCode,
    HangUp,
    Hello,
    Key,
    Mute,
    PageFault,
    PageReader,
    PageWriter,
    Resume,
    is_a_break,
)

TOKEN = "0f0e0d0c-aaaa-4bbb-8ccc-123456789abc"
CHUNK = np.arange(CHUNK_SAMPLES, dtype="<i2").tobytes()


def hello(**changed: Any) -> str:
    return json.dumps({"type": "hello", "version": 1, "token": TOKEN, "rate": 8000} | changed)


def resume(**changed: Any) -> str:
    beginning = {"type": "resume", "version": 1, "call": "abcdefgh", "rate": 8000, "told": 3}
    return json.dumps(beginning | {"secret": TOKEN} | changed)


def greeted(rate: int = 8000) -> PageReader:
    reader = PageReader()
    assert reader.text(hello(rate=rate), 0.0) == Hello(TOKEN, rate)
    return reader


def close_code(reader: PageReader, message: str | bytes, now: float = 0.0) -> CloseCode:
    with pytest.raises(PageFault) as fault:
        _ = reader.text(message, now) if isinstance(message, str) else reader.binary(message, now)
    return fault.value.code


def test_sound_at_the_telephones_rate_comes_through_sample_for_sample() -> None:
    assert greeted().binary(CHUNK, 0.0).samples.tolist() == list(range(CHUNK_SAMPLES))


def test_keys_mute_and_hang_up_are_understood() -> None:
    reader = greeted()
    for key in "0123456789*#":
        assert reader.text(json.dumps({"type": "key", "key": key}), 0.0) == Key(key)
    assert reader.text('{"type": "mute", "muted": true}', 0.0) == Mute(True)
    assert not reader.binary(CHUNK, 0.0).samples.any()
    assert reader.text('{"type": "mute", "muted": false}', 0.0) == Mute(False)
    assert reader.binary(CHUNK, 0.0).samples.any()
    assert reader.text('{"type": "hang_up"}', 0.0) == HangUp()


def test_a_page_may_begin_with_the_call_it_had_already() -> None:
    reader = PageReader()
    assert reader.text(resume(rate=16_000), 0.0) == Resume("abcdefgh", TOKEN, 16_000, 3)
    assert reader.text('{"type": "hang_up"}', 0.0) == HangUp()


def test_a_page_that_ends_its_connection_or_breaks_the_protocol_has_no_broken_one() -> None:
    """RFC 6455 section 7.4.1. A connection that is cut has no code of its own: 1005 and 1006."""
    assert [code for code in range(1000, 1015) if is_a_break(code)] == [
        1004, 1005, 1006, 1011, 1012, 1013, 1014,
    ]  # fmt: skip
    assert is_a_break(CloseCode.LOST)


def test_a_secret_is_told_only_where_the_call_is_kept() -> None:
    kept = PageWriter.ready("abc", keys=4, reconnect_seconds=20, secret=TOKEN)
    assert json.loads(kept) == {
        "type": "ready", "call": "abc", "keys": 4, "reconnect_seconds": 20, "secret": TOKEN,
    }  # fmt: skip
    not_kept = PageWriter.ready("abc", keys=0, reconnect_seconds=0, secret=None)
    assert json.loads(not_kept) == {
        "type": "ready", "call": "abc", "keys": 0, "reconnect_seconds": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"type": "key", "key": "1"}', CloseCode.NO_HELLO),
        (CHUNK, CloseCode.NO_HELLO),
        ("hello", CloseCode.NOT_THE_PROTOCOL),
        ("[1, 2]", CloseCode.NOT_THE_PROTOCOL),
        ("[" * 990, CloseCode.NOT_THE_PROTOCOL),
        (hello(version=2), CloseCode.NOT_THE_PROTOCOL),
        (hello(version=True), CloseCode.NOT_THE_PROTOCOL),
        (hello(rate=11025), CloseCode.NOT_THE_PROTOCOL),
        (hello(rate="8000"), CloseCode.NOT_THE_PROTOCOL),
        (hello(token=None), CloseCode.TOKEN),
        (hello(token="short"), CloseCode.TOKEN),
        (hello(token="x" * 2_000), CloseCode.TOO_MUCH),
        (hello(type=["hello"]), CloseCode.NO_HELLO),
        (resume(version=2), CloseCode.NOT_THE_PROTOCOL),
        (resume(rate=0), CloseCode.NOT_THE_PROTOCOL),
        (resume(call=None), CloseCode.NOT_THE_PROTOCOL),
        (resume(call="a\ud800"), CloseCode.NOT_THE_PROTOCOL),
        (resume(call="a" * 65), CloseCode.NOT_THE_PROTOCOL),
        (resume(told=-1), CloseCode.NOT_THE_PROTOCOL),
        (resume(told=True), CloseCode.NOT_THE_PROTOCOL),
        (resume(told="3"), CloseCode.NOT_THE_PROTOCOL),
        (resume(secret=None), CloseCode.TOKEN),
        (resume(secret="short"), CloseCode.TOKEN),
    ],
)  # fmt: skip
def test_a_beginning_that_is_none_closes_the_connection(
    message: str | bytes, code: CloseCode
) -> None:
    assert close_code(PageReader(), message) is code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (hello(), CloseCode.NOT_THE_PROTOCOL),
        (resume(), CloseCode.NOT_THE_PROTOCOL),
        ('{"type": "key", "key": "12"}', CloseCode.NOT_THE_PROTOCOL),
        ('{"type": "key", "key": ""}', CloseCode.NOT_THE_PROTOCOL),
        ('{"type": "key", "key": 5}', CloseCode.NOT_THE_PROTOCOL),
        ('{"type": "dance"}', CloseCode.NOT_THE_PROTOCOL),
        ("{}", CloseCode.NOT_THE_PROTOCOL),
        (CHUNK[:-1], CloseCode.NOT_THE_PROTOCOL),
        (b"", CloseCode.NOT_THE_PROTOCOL),
        (CHUNK * 11, CloseCode.TOO_MUCH),
    ],
)  # fmt: skip
def test_what_is_not_the_protocol_closes_the_connection(
    message: str | bytes, code: CloseCode
) -> None:
    assert close_code(greeted(), message) is code


def test_a_page_that_lies_about_its_rate_is_found_out() -> None:
    """It says 8 kHz and sends 48: six times as much as it should."""
    reader = greeted()
    seconds = 0.0

    def send_for_ever() -> None:
        nonlocal seconds
        while True:
            reader.binary(CHUNK, seconds)
            seconds += 0.02 / 6

    with pytest.raises(PageFault, match="faster than 8000"):
        send_for_ever()
    assert seconds == pytest.approx(1.0, abs=0.1)


def test_sound_in_crumbs_is_no_browsers() -> None:
    """Forty thousand messages a second are cheap to send, and not to take."""
    reader = greeted(48_000)
    taken = 0

    def send_for_ever() -> None:
        nonlocal taken
        while True:
            reader.binary(b"\1\0", 1.0)
            taken += 1

    with pytest.raises(PageFault, match="more pieces") as fault:
        send_for_ever()
    assert fault.value.code is CloseCode.TOO_MUCH
    assert taken <= 3_000


@pytest.mark.parametrize("rate", RATES)
def test_the_shortest_pieces_a_browser_makes_are_taken(rate: int) -> None:
    reader = greeted(rate)
    for number in range(60 * rate // 128):
        reader.binary(bytes(2 * 128), number * 128 / rate)


def test_sound_that_a_network_held_back_is_taken_in_one_go() -> None:
    reader = greeted()
    for _ in range(50 * 20):
        reader.binary(CHUNK, 16.0)


def test_a_clock_that_runs_a_little_fast_is_no_lie() -> None:
    reader = greeted()
    for number in range(50 * 60 * 30):
        reader.binary(CHUNK, number * 0.02 / 1.01)


def test_ten_thousand_keys_at_once_are_nobodys_fingers() -> None:
    reader = greeted()
    taken = 0

    def press_for_ever() -> None:
        nonlocal taken
        while True:
            reader.text('{"type": "key", "key": "1"}', 1.0)
            taken += 1

    with pytest.raises(PageFault) as fault:
        press_for_ever()
    assert fault.value.code is CloseCode.TOO_MUCH
    assert taken <= 60


def test_fingers_are_never_too_fast() -> None:
    reader = greeted()
    for number in range(1_000):
        reader.text('{"type": "key", "key": "1"}', number * 0.05)


def test_a_fault_repeats_nothing_that_was_sent() -> None:
    for message in ('{"type": "4242424242424242"}', '{"type": "key", "key": "4242424242424242"}'):
        with pytest.raises(PageFault) as fault:
            greeted().text(message, 0.0)
        assert "4242" not in str(fault.value)
    assert TOKEN not in repr(Hello(TOKEN, 8000))
    assert TOKEN not in repr(Resume("abcdefgh", TOKEN, 8000, 3))
    assert "7" not in repr(Key("7"))


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_pitch_and_its_loudness_at_any_rate(rate: int) -> None:
    """There and back: 700 Hz at 12 dB below full scale."""
    there = np.round(8192 * np.sin(2 * np.pi * 700 * np.arange(rate) / rate)).astype("<i2")
    reader, writer = greeted(rate), PageWriter(rate)
    step = rate // 50
    heard = [reader.binary(there[i : i + step].tobytes(), 0.0) for i in range(0, rate, step)]
    inside = np.concatenate([sound.samples for sound in heard])
    back = np.frombuffer(b"".join(writer.sound(s.samples) for s in heard), dtype="<i2")
    for sound, at in ((inside, SAMPLE_RATE), (back, rate)):
        middle = sound[at // 4 : at * 3 // 4].astype(float)
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
        assert spectrum.argmax() * at / len(middle) == pytest.approx(700, abs=4)
        assert np.sqrt(np.mean(middle**2)) == pytest.approx(8192 / np.sqrt(2), rel=0.02)


def test_what_is_not_yet_played_is_cleared_in_the_resampler_too() -> None:
    writer = PageWriter(48_000)
    writer.sound(np.full(800, 9_000, dtype=np.int16))
    assert json.loads(writer.clear()) == {"type": "clear"}
    after = np.frombuffer(writer.sound(np.zeros(8_000, dtype=np.int16)), dtype="<i2")
    assert len(after)
    assert np.abs(after).max() <= 1  # the resampler's own noise


@given(st.lists(st.one_of(st.text(max_size=40), st.binary(max_size=400)), max_size=10))
def test_garbage_ends_in_a_close_code_and_nothing_else(messages: list[str | bytes]) -> None:
    reader = greeted()
    with suppress(PageFault):
        for message in messages:
            reader.text(message, 0.0) if isinstance(message, str) else reader.binary(message, 0.0)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["type", "version", "token", "rate", "key", "muted", "call", "secret", "told"]
        ),
        st.sampled_from(["hello", "resume", "key", "mute", "hang_up", TOKEN, 1, 8000, "5"])
        | JSON_VALUES,
    ),
    st.booleans(),
)
def test_any_json_is_a_message_or_a_close_code(content: dict[str, Any], after_hello: bool) -> None:
    reader = greeted() if after_hello else PageReader()
    with suppress(PageFault):
        reader.text(json.dumps(content), 0.0)
