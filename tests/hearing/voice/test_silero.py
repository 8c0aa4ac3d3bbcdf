"""Silero as the ear uses it: streamed, at telephone rate, one network for all calls."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soxr
from ear_sounds import chunks, join, noise, pause, phrase
from faster_whisper.utils import get_assets_path
from faster_whisper.vad import get_vad_model
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audio import Samples
from bot.errors import ModelError
from bot.hearing.voice.silero import FRAME_SAMPLES, Silero, SileroStream, load_silero

SPOKEN = join(pause(500), phrase("no_the_expiry_is_wrong"), pause(500), phrase("yes"), pause(500))


def probabilities(sound: Samples, *sizes: int) -> list[float]:
    stream = SileroStream(load_silero())
    return [p for chunk in chunks(sound, *sizes or (160,)) for p in stream.feed(chunk.samples)]


def test_speech_is_probable_and_silence_and_noise_are_not() -> None:
    assert max(probabilities(phrase("four_one_one_one"))) > 0.8
    assert max(probabilities(pause(2000))) < 0.1
    assert max(probabilities(noise(2000, -35))) < 0.3


def test_one_judgement_for_each_32_ms() -> None:
    assert len(probabilities(SPOKEN)) == len(SPOKEN) // FRAME_SAMPLES


@settings(deadline=None, max_examples=6)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=3))
def test_the_judgement_does_not_depend_on_how_the_sound_is_cut(sizes: list[int]) -> None:
    # Frames judged at once may differ in the last bits from the same judged one by one.
    assert probabilities(SPOKEN, *sizes) == pytest.approx(probabilities(SPOKEN), abs=1e-4)


def test_streamed_at_8_khz_it_judges_as_faster_whisper_does_on_the_whole_at_16_khz() -> None:
    wide = soxr.resample(SPOKEN.astype(np.float32) / 32768, 8000, 16000)
    whole = get_vad_model()(np.pad(wide, (0, -len(wide) % (2 * FRAME_SAMPLES))))
    streamed = np.array(probabilities(SPOKEN))
    agree = (streamed >= 0.5) == (whole[: len(streamed)] >= 0.5)
    assert np.mean(agree) > 0.95


def test_streams_that_share_the_network_do_not_disturb_each_other() -> None:
    silero = load_silero()
    one, other = SileroStream(silero), SileroStream(silero)
    heard: list[float] = []
    for chunk in chunks(SPOKEN):
        heard += one.feed(chunk.samples)
        other.feed(noise(20, -20, seed=chunk.position))
    assert heard == probabilities(SPOKEN)


def test_a_file_that_is_not_the_one_it_should_be_is_refused_by_name(tmp_path: Path) -> None:
    model = tmp_path / "silero_vad_v6.onnx"
    shutil.copy(Path(get_assets_path()) / model.name, model)
    Silero(model)
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    with pytest.raises(
        ModelError, match=r"silero_vad_v6\.onnx is not the file it should be.*webrt"
    ):
        Silero(model)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"silero_vad_v6\.onnx cannot be read"):
        Silero(tmp_path / "silero_vad_v6.onnx")
