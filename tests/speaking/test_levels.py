"""Loudness and edges of pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import SAMPLE_RATE, Samples
from bot.speaking.levels import (
    FADE,
    PEAK_DBFS,
    TARGET_DBFS,
    active_level_dbfs,
    faded,
    levelled,
    trimmed,
)


def tone(seconds: float, amplitude: float) -> Samples:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(np.round(amplitude * np.sin(2 * np.pi * 440 * time)), dtype=np.int16)


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)


@given(st.integers(100, 32_000))
def test_every_loudness_becomes_the_same(amplitude: int) -> None:
    level = active_level_dbfs(levelled(tone(0.5, amplitude)))
    assert abs(level - TARGET_DBFS) <= 1.05


def test_pauses_do_not_count_towards_loudness() -> None:
    speech = tone(0.5, 5000)
    with_pause = np.concatenate([speech, quiet(2.0), speech])
    assert active_level_dbfs(with_pause) == pytest.approx(active_level_dbfs(speech), abs=0.1)


def test_peaks_stay_below_full_scale() -> None:
    clicks = np.tile(np.array([15_000] + [0] * 159, dtype=np.int16), 50)
    out = levelled(clicks)
    assert np.abs(out).max() <= 32768 * 10 ** (PEAK_DBFS / 20) + 1
    assert np.abs(out).max() > 15_000


def test_silence_stays_silence() -> None:
    assert not levelled(quiet(0.1)).any()
    assert active_level_dbfs(quiet(0.1)) == -np.inf
    assert len(trimmed(quiet(0.1))) == 0
    assert len(trimmed(quiet(0))) == 0


def test_quiet_around_the_sound_is_cut_but_for_a_little() -> None:
    out = trimmed(np.concatenate([quiet(0.7), tone(0.3, 8000), quiet(0.4)]))
    assert 0.3 <= len(out) / SAMPLE_RATE <= 0.345


def test_a_soft_ending_is_kept() -> None:
    speech = np.concatenate([tone(0.3, 8000), tone(0.1, 150)])
    assert len(trimmed(speech)) == len(speech)


@given(st.integers(0, 400))
def test_fades_leave_the_middle_and_end_in_nothing(length: int) -> None:
    sound = np.full(length, 10_000, dtype=np.int16)
    out = faded(sound)
    assert len(out) == length
    assert (sound == 10_000).all(), "the sound given stays as it was"
    if length >= 2:
        assert out[0] == 0
        assert out[-1] == 0
    assert (out[FADE : length - FADE] == 10_000).all()
