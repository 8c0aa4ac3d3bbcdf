"""A person with a headset pays, with a stand-in for the sound devices: no test makes a noise."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from one_call import payment_words, run_call

from bot.audio import SAMPLE_RATE, Samples
from bot.calls.live.headset import headset, headset_rate
from bot.calls.live.line import LiveLine
from bot.errors import BotError
from bot.money import Money
from bot.outcomes import ResultName
from bot.records.trace import Entry, EntryKind


class PortAudioError(Exception):
    pass


class Devices:
    """Microphone and loudspeaker of one clock, moved on by a test. unplugged_after: pieces."""

    def __init__(self, rate: int, *, microphone: bool = True) -> None:
        self.rate = rate
        self.microphone = microphone
        self.played: list[Samples] = []
        self.done: list[str] = []
        self.callback: Callable[..., None] | None = None
        self.gone: Callable[[], None] | None = None

    def open(self, **wanted: Any) -> Devices:
        assert (wanted["samplerate"], wanted["channels"]) == (self.rate, 1)
        self.callback, self.gone = wanted["callback"], wanted["finished_callback"]
        return self

    def start(self) -> None:
        self.done.append("start")

    def abort(self, ignore_errors: bool) -> None:
        self.done.append("abort")

    def close(self, ignore_errors: bool) -> None:
        self.done.append("close")

    def piece(self, sound: Samples | None = None) -> None:
        """20 ms in both directions, as PortAudio does it."""
        assert self.callback is not None
        size = self.rate // 50
        heard = np.zeros((size, 1), dtype=np.int16) if sound is None else sound.reshape(-1, 1)
        out = np.full((size, 1), 99, dtype=np.int16)
        self.callback(heard, out, size, None, None)
        self.played.append(out[:, 0])


def plug_in(monkeypatch: pytest.MonkeyPatch, devices: Devices | None) -> None:
    library = ModuleType("sounddevice")

    def check(*, samplerate: int, **_: Any) -> None:
        if devices is None or samplerate != devices.rate:
            raise PortAudioError("Invalid sample rate")

    def query(*, kind: str) -> Mapping[str, float]:
        if devices is None or (kind == "input" and not devices.microphone):
            raise PortAudioError(f"Error querying device -1 ({kind})")
        return {"default_samplerate": float(devices.rate)}

    vars(library).update(
        PortAudioError=PortAudioError,
        check_input_settings=check,
        check_output_settings=check,
        query_devices=query,
        Stream=devices.open if devices is not None else None,
    )
    monkeypatch.setitem(sys.modules, "sounddevice", library)


ANSWERS = {
    "amount.confirm_given": "1",
    "card_number.ask": "4242424242424242",
    "expiry.ask": "0429",
    "security_code.ask_three": "123",
    "postal_code.ask": "90210#",
    "confirm.question": "1",
}


@pytest.mark.parametrize("rate", [SAMPLE_RATE, 48_000])
async def test_a_person_with_a_headset_pays_whatever_rate_the_devices_have(
    monkeypatch: pytest.MonkeyPatch, rate: int
) -> None:
    devices = Devices(rate)
    plug_in(monkeypatch, devices)
    assert headset_rate() == rate
    line = LiveLine(dead_after_seconds=600)

    async def device_clock() -> None:
        while True:
            devices.piece()
            await asyncio.sleep(0.02)

    def answer(entry: Entry) -> None:
        if entry.kind is EntryKind.PROMPT:
            for key in ANSWERS.get(str(entry.details["id"]), ""):
                line.key("message", key)

    with headset(line, rate) as ends:
        clock = asyncio.create_task(device_clock())
        playing = asyncio.create_task(ends.play())
        finished = await run_call(
            line,
            words=payment_words(),
            amount=Money(8750),
            listener=line.play,
            watch=answer,
            live=True,
        )
        line.finish()
        await playing
        clock.cancel()
    assert finished.end.result.status is ResultName.SUCCESS
    assert np.concatenate(devices.played).max() > 1_500
    assert devices.done == ["start", "abort", "close"]


async def test_what_the_bot_had_queued_is_not_played_once_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    devices = Devices(SAMPLE_RATE)
    plug_in(monkeypatch, devices)
    line = LiveLine()
    with headset(line, SAMPLE_RATE) as ends:
        playing = asyncio.create_task(ends.play())
        for _ in range(10):
            await line.play(np.zeros(160, np.int16), np.full(160, 900, np.int16))
        await asyncio.sleep(0)
        devices.piece()
        line.interrupted()
        await asyncio.sleep(0)
        devices.piece()
        line.finish()
        await playing
    assert [int(sound.max()) for sound in devices.played] == [900, 0]


@pytest.mark.parametrize("rate", [SAMPLE_RATE, 48_000])
async def test_after_a_stall_the_bot_is_heard_late_only_until_it_is_silent(
    monkeypatch: pytest.MonkeyPatch, rate: int
) -> None:
    """The process stood still for a second; then it computes at once what it missed."""
    devices = Devices(rate)
    plug_in(monkeypatch, devices)
    line = LiveLine()
    with headset(line, rate) as ends:
        playing = asyncio.create_task(ends.play())

        async def said(level: int, chunks: int) -> None:
            for _ in range(chunks):
                await line.play(np.zeros(160, np.int16), np.full(160, level, np.int16))
                await asyncio.sleep(0)

        await said(900, 25)
        await said(0, 25)
        for _ in range(50):
            devices.piece()
            await said(0, 1)
        devices.played.clear()
        await said(700, 5)
        for _ in range(10):
            devices.piece()
        line.finish()
        await playing
    assert max(int(sound.max()) for sound in devices.played) > 600


async def test_devices_that_are_unplugged_end_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    devices = Devices(SAMPLE_RATE)
    plug_in(monkeypatch, devices)
    line = LiveLine()
    with headset(line, SAMPLE_RATE):
        assert devices.gone is not None
        devices.gone()
        finished = await run_call(line, amount=Money(8750), listener=line.play, live=True)
    assert finished.end.result.status is ResultName.CALLER_HUNG_UP


@pytest.mark.parametrize("devices", [None, Devices(48_000, microphone=False)])
def test_without_devices_there_is_one_line_that_says_what_to_do_instead(
    monkeypatch: pytest.MonkeyPatch, devices: Devices | None
) -> None:
    plug_in(monkeypatch, devices)
    with pytest.raises(BotError, match="talk --text") as error:
        headset_rate()
    assert "\n" not in str(error.value)
