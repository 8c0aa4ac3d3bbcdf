"""A call heard aloud, with a stand-in for the sound device: no test makes a noise."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from one_call import run_call

from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, Samples, silence
from bot.calls.callers import ScriptedCaller, ScriptedTurn, keys_sound
from bot.calls.loudspeaker import loudspeaker, mixed
from bot.errors import BotError
from bot.money import Money
from bot.outcomes import ResultName


class PortAudioError(Exception):
    pass


class Device:
    """What is heard, and what was done to the stream. gone_after: chunks until it is unplugged."""

    def __init__(self, rate: int = SAMPLE_RATE, gone_after: int | None = None) -> None:
        self.rate = rate
        self.gone_after = gone_after
        self.opened: Mapping[str, Any] = {}
        self.done: list[str] = []
        self.chunks: list[Samples] = []

    def stream(self, **wanted: Any) -> Device:
        if wanted["samplerate"] != self.rate:
            raise PortAudioError("Invalid sample rate")
        self.opened = wanted
        return self

    def write(self, data: Samples) -> None:
        if self.gone_after is not None and len(self.chunks) >= self.gone_after:
            raise PortAudioError("Device unavailable")
        assert data.dtype == np.int16
        assert data.shape == (len(data), 1)
        self.chunks.append(data[:, 0].copy())

    @property
    def heard(self) -> Samples:
        return np.concatenate(self.chunks)

    def start(self) -> None:
        self.done.append("start")

    def stop(self, ignore_errors: bool) -> None:
        self.done.append("stop")

    def abort(self, ignore_errors: bool) -> None:
        self.done.append("abort")

    def close(self, ignore_errors: bool) -> None:
        self.done.append("close")


def plug_in(monkeypatch: pytest.MonkeyPatch, device: Device | None) -> None:
    """The machine has this device, or none."""
    library = ModuleType("sounddevice")

    def check(*, samplerate: int, **_: Any) -> None:
        if device is None or samplerate != device.rate:
            raise PortAudioError("Invalid sample rate")

    def query(*, kind: str) -> Mapping[str, float]:
        if device is None:
            raise PortAudioError(f"Error querying device -1 ({kind})")
        return {"default_samplerate": float(device.rate)}

    vars(library).update(
        PortAudioError=PortAudioError,
        check_output_settings=check,
        query_devices=query,
        OutputStream=device.stream if device is not None else None,
    )
    monkeypatch.setitem(sys.modules, "sounddevice", library)


def paying_by_keys() -> ScriptedCaller:
    keys = {
        "amount.confirm_given": "1",
        "card_number.ask": "4242424242424242",
        "expiry.ask": "0429",
        "security_code.ask_three": "123",
        "postal_code.ask": "90210#",
        "confirm.question": "1",
    }
    return ScriptedCaller(
        [ScriptedTurn(after, 400, keys_sound(pressed)) for after, pressed in keys.items()]
    )


@pytest.mark.parametrize("rate", [SAMPLE_RATE, 48_000, 44_100])
async def test_the_whole_call_is_heard_whatever_rate_the_device_has(
    monkeypatch: pytest.MonkeyPatch, rate: int
) -> None:
    device = Device(rate)
    plug_in(monkeypatch, device)
    with loudspeaker(pytest.fail) as speaker:
        finished = await run_call(
            paying_by_keys(), amount=Money.parse("50.00", "USD"), listener=speaker.hear
        )
    assert finished.end.result.status is ResultName.SUCCESS
    assert device.opened["samplerate"] == rate
    seconds = finished.end.duration / SAMPLE_RATE
    assert len(device.heard) / rate == pytest.approx(seconds, abs=0.05)
    assert device.done == ["start", "stop", "close"]


async def test_who_listens_hears_the_card_being_keyed_while_the_recording_is_silent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device = Device()
    plug_in(monkeypatch, device)
    with loudspeaker(pytest.fail) as speaker:
        await run_call(
            paying_by_keys(),
            amount=Money.parse("50.00", "USD"),
            recording=tmp_path / "call.wav",
            listener=speaker.hear,
        )
    recorded, _ = soundfile.read(tmp_path / "call.wav", dtype="int16")
    heard = device.heard[: len(recorded)]
    bot = recorded[: len(heard), 1].astype(int)
    keyed = np.abs(heard - bot) > 0
    assert keyed.sum() > 30 * CHUNK_SAMPLES  # the key tones of a card, at least
    assert not recorded[: len(heard), 0][keyed].any()


async def test_listening_changes_nothing_in_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, Device())
    amount = Money.parse("50.00", "USD")
    alone = await run_call(paying_by_keys(), amount=amount)
    with loudspeaker(pytest.fail) as speaker:
        heard = await run_call(paying_by_keys(), amount=amount, listener=speaker.hear)
    assert heard.entries == alone.entries
    assert heard.end.duration == alone.end.duration


async def test_a_device_that_is_unplugged_costs_the_sound_and_not_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = Device(gone_after=20)
    plug_in(monkeypatch, device)
    warned: list[str] = []
    with loudspeaker(warned.append) as speaker:
        finished = await run_call(
            paying_by_keys(), amount=Money.parse("50.00", "USD"), listener=speaker.hear
        )
    assert finished.end.result.status is ResultName.SUCCESS
    [line] = warned
    assert "Device unavailable" in line
    assert len(device.chunks) == 20


def test_ctrl_c_cuts_the_sound_off(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device()
    plug_in(monkeypatch, device)
    with pytest.raises(KeyboardInterrupt), loudspeaker(pytest.fail):
        raise KeyboardInterrupt
    assert device.done == ["start", "abort", "close"]


def test_without_a_sound_device_there_is_one_line_that_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plug_in(monkeypatch, None)
    with pytest.raises(BotError, match="no sound device") as raised, loudspeaker(pytest.fail):
        pytest.fail("opened")
    assert "\n" not in str(raised.value)


def test_without_portaudio_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> ModuleType:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return ordinary(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BotError, match="apt install libportaudio2"), loudspeaker(pytest.fail):
        pytest.fail("opened")


SOUNDS = st.lists(st.integers(-32768, 32767), min_size=1, max_size=20)


@given(SOUNDS)
def test_one_side_alone_is_heard_as_it_is(values: list[int]) -> None:
    sound = np.array(values, dtype=np.int16)
    assert mixed(sound, silence(len(sound))).tolist() == values


@given(st.lists(st.tuples(*2 * [st.integers(-32768, 32767)]), min_size=1, max_size=20))
def test_two_loud_sides_are_clipped_and_never_wrap_around(pairs: list[tuple[int, int]]) -> None:
    caller, bot = (np.array(side, dtype=np.int16) for side in zip(*pairs, strict=True))
    wanted = [max(-32768, min(32767, a + b)) for a, b in pairs]
    assert mixed(caller, bot).tolist() == wanted
