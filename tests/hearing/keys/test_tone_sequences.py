"""The published test sequences for key-tone receivers, and what ITU-T Q.24 asks of each."""

from __future__ import annotations

import numpy as np
import pytest
from ear_sounds import chunks, join, phrase
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import tone_sequences as sequences
from benchmarks.tone_peers import has_spandsp, ours, spandsp
from benchmarks.tone_sequences import ALL_KEYS, on_line, pulse, steady, train
from bot.hearing.events import KeyHeard
from bot.hearing.keys.key_tones import tone
from bot.hearing.keys.tones import ToneDetector


def test_every_key_is_decoded_ten_times() -> None:
    assert sequences.decoded(ours) == 160


def test_each_frequency_is_taken_within_1_5_percent_and_refused_from_3_5() -> None:
    for found in sequences.bandwidths(ours, step=0.0025, most=0.05):
        assert 0.015 <= found.below < 0.035, found
        assert 0.015 <= found.above < 0.035, found
        centre_offset = (found.above - found.below) / 2
        assert abs(centre_offset) <= 0.0025, found


def test_the_high_frequency_may_be_8_db_weaker_and_4_db_stronger() -> None:
    weaker, stronger = sequences.twists(ours, step_db=0.5)
    assert 8 <= weaker <= 11
    assert 4 <= stronger <= 7


def test_keys_are_heard_from_clipping_down_to_minus_25_dbm0_and_not_much_further() -> None:
    loudest, weakest = sequences.dynamic_range(ours)
    assert loudest >= 0
    assert -28 <= weakest <= -25


def test_40_ms_always_count_and_23_ms_never() -> None:
    all_from, none_to = sequences.guard_time(ours, step_ms=1)
    assert all_from <= 40
    assert none_to >= 23


def test_10_ms_never_part_a_key_and_40_ms_always_do() -> None:
    one_to, two_from = sequences.pauses(ours, step_ms=3)
    assert one_to >= 10
    assert two_from <= 40


@pytest.mark.parametrize("snr_db", [24, 18, 12])
def test_1000_bursts_in_noise_are_all_heard(snr_db: float) -> None:
    assert sequences.bursts_in_noise(ours, snr_db) == (1000, 0)


@pytest.mark.parametrize("name", sequences.DIAL_TONES)
def test_keys_are_heard_beside_a_dial_tone_as_loud_as_themselves(name: str) -> None:
    above = sequences.dial_tone_tolerance(ours, sequences.DIAL_TONES[name])
    assert above is not None
    assert above >= 0


def test_a_dial_tone_alone_is_no_key() -> None:
    for hz in sequences.DIAL_TONES.values():
        assert ours(on_line(steady(hz, 16000, -10))) == ""


def test_keys_are_heard_while_somebody_speaks_more_softly() -> None:
    speech = join(phrase("four_one_one_one"), phrase("no_the_expiry_is_wrong")).astype(np.float64)
    heard, pressed = sequences.keys_in_speech(ours, speech, below_db=15, rounds=3)
    assert heard >= 0.95 * pressed


@pytest.mark.skipif(not has_spandsp(), reason="libspandsp is not installed (libspandsp2)")
def test_spandsp_hears_the_same_keys_in_what_we_generate() -> None:
    assert spandsp(on_line(train(pulse(key) for key in ALL_KEYS))) == ALL_KEYS


def heard_in(detector: ToneDetector, parts: list[KeyHeard]) -> list[KeyHeard]:
    return parts + detector.flush()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=5), st.integers(0, 2**16))
def test_how_the_sound_is_cut_changes_nothing(sizes: list[int], seed: int) -> None:
    """To the sample: doubtful sound, on which a rounding error could decide."""
    rng = np.random.default_rng(seed)
    keys = train(pulse(key, float(rng.uniform(20, 45))) for key in ALL_KEYS)
    sound = on_line(keys + rng.normal(0, rng.uniform(0, 3000), len(keys)))
    whole, cut = ToneDetector(), ToneDetector()
    at_once = heard_in(whole, [k for c in chunks(sound, len(sound)) for k in whole.feed(c)])
    in_parts = heard_in(cut, [k for c in chunks(sound, *sizes) for k in cut.feed(c)])
    assert at_once == in_parts


def test_a_key_in_the_middle_of_hours_is_found_where_it_is() -> None:
    sound = np.zeros(8000 * 120, dtype=np.int16)
    sound[500_003:500_803] = tone("7", 100)
    [key] = [k for c in chunks(sound, len(sound)) for k in ToneDetector().feed(c)]
    assert key.key == "7"
    assert abs(key.start - 500_003) <= 40
