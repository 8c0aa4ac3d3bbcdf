"""Key tones at the edges of ITU-T Q.24, and sound that is none."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ear_sounds import (
    chunks,
    join,
    mixed,
    noise,
    pause,
    phrase,
    through_a_law,
    through_mu_law,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audio import SAMPLE_RATE, AudioChunk, Samples, ms_to_samples, samples_to_ms
from bot.hearing.events import KeyHeard
from bot.hearing.keys.key_tones import HIGH_HZ, KEYS, LOW_HZ, tone, tone_pair
from bot.hearing.keys.tones import ToneDetector

ALL_KEYS = "".join(KEYS)


def keys_in(sound: Samples, *sizes: int) -> list[KeyHeard]:
    detector = ToneDetector()
    heard = [key for chunk in chunks(sound, *sizes or (160,)) for key in detector.feed(chunk)]
    return heard + detector.flush()


def names(keys: list[KeyHeard]) -> str:
    return "".join(key.key for key in keys)


def pair_of(
    key: str, *, ms: float = 40, offset: float = 0, level: float = -10, twist: float = 0
) -> Samples:
    """offset: part by which both frequencies are off. twist: high minus low level, in dB."""
    row = next(i for i, keys in enumerate(KEYS) if key in keys)
    low, high = LOW_HZ[row], HIGH_HZ[KEYS[row].index(key)]
    return tone_pair(
        low * (1 + offset), high * (1 + offset), ms, level - max(twist, 0), level + min(twist, 0)
    )


def in_silence(sound: Samples, lead_ms: float = 53) -> Samples:
    return join(pause(lead_ms), sound, pause(100))


@pytest.mark.parametrize("key", ALL_KEYS)
def test_each_of_the_sixteen_keys_is_heard(key: str) -> None:
    assert names(keys_in(in_silence(tone(key)))) == key


# The limits of ITU-T Q.24, each at several places of the tone on the detector's grid.


@pytest.mark.parametrize("lead_ms", [50, 51.375, 57.25])
@pytest.mark.parametrize(
    "limits",
    [
        {"ms": 40},
        {"ms": 40, "offset": 0.015},
        {"ms": 40, "offset": -0.015},
        {"twist": 4},
        {"twist": -8},
        {"level": -3},
        {"level": -25},
        {"ms": 800},
        {"ms": 40, "offset": -0.015, "twist": -8, "level": -17},
    ],
    ids=str,
)
def test_a_tone_within_the_limits_is_one_key(limits: dict[str, float], lead_ms: float) -> None:
    pressed = (join(pair_of(key, **limits), pause(60)) for key in ALL_KEYS)
    assert names(keys_in(join(pause(lead_ms), *pressed))) == ALL_KEYS


@pytest.mark.parametrize("lead_ms", [50, 51.375, 57.25])
@pytest.mark.parametrize(
    "limits",
    [
        {"ms": 23},
        {"ms": 10},
        {"ms": 200, "offset": 0.035},
        {"ms": 200, "offset": -0.035},
        {"ms": 200, "twist": 8},
        {"ms": 200, "twist": -13},
        {"ms": 200, "level": -29},
        {"ms": 200, "level": -55},
    ],
    ids=str,
)
def test_a_tone_beyond_the_limits_is_no_key(limits: dict[str, float], lead_ms: float) -> None:
    pressed = (join(pair_of(key, **limits), pause(60)) for key in ALL_KEYS)
    assert names(keys_in(join(pause(lead_ms), *pressed))) == ""


@pytest.mark.parametrize("interruption_ms", [1, 5, 10])
def test_a_short_interruption_does_not_make_two_keys(interruption_ms: float) -> None:
    for key in ALL_KEYS:
        sound = join(tone(key, 60), pause(interruption_ms), tone(key, 60))
        assert names(keys_in(in_silence(sound))) == key


def test_a_pause_of_40_ms_parts_two_presses_of_one_key() -> None:
    for key in ALL_KEYS:
        assert names(keys_in(in_silence(join(tone(key, 40), pause(40), tone(key, 40))))) == key * 2


@pytest.mark.parametrize("below_db", [20, 12])
def test_keys_are_heard_in_noise(below_db: float) -> None:
    sound = join(*(join(pause(60), tone(key, 50, level_dbm0=-12)) for key in ALL_KEYS), pause(60))
    one_tone_dbfs = -12 - 3.17 - 3.01
    hiss = noise(samples_to_ms(len(sound)), one_tone_dbfs - below_db)
    assert names(keys_in(mixed(sound, hiss))) == ALL_KEYS


@pytest.mark.parametrize("codec", [through_mu_law, through_a_law])
@pytest.mark.parametrize("level", [-3, -10, -24])
def test_keys_are_heard_through_the_telephone_s_codecs(codec: object, level: float) -> None:
    assert callable(codec)
    sound = join(*(join(pause(60), tone(key, 50, level_dbm0=level)) for key in ALL_KEYS), pause(60))
    assert names(keys_in(codec(sound))) == ALL_KEYS


presses = st.lists(
    st.tuples(
        st.sampled_from(ALL_KEYS),
        st.integers(40, 200),
        st.integers(40, 150),
        st.floats(-24, -4),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=40)
@given(presses, st.lists(st.integers(1, 700), min_size=1, max_size=4), st.integers(0, 400))
def test_any_legal_sequence_of_presses_is_reported_exactly(
    pressed: list[tuple[str, int, int, float]], sizes: list[int], lead: int
) -> None:
    parts, starts = [np.zeros(lead, dtype=np.int16)], []
    for key, ms, gap_ms, level in pressed:
        starts.append(sum(map(len, parts)))
        parts += [tone(key, ms, level), pause(gap_ms)]
    heard = keys_in(join(*parts), *sizes)
    assert names(heard) == "".join(key for key, *_ in pressed)
    for found, start, (_, ms, *_) in zip(heard, starts, pressed, strict=True):
        assert abs(found.start - start) <= ms_to_samples(5)
        assert start + ms_to_samples(30) <= found.end <= start + ms_to_samples(ms + 10)


def test_a_key_is_reported_while_it_is_still_held() -> None:
    detector = ToneDetector()
    heard = [
        (chunk.end, key)
        for chunk in chunks(join(pause(100), tone("5", 2000)))
        for key in detector.feed(chunk)
    ]
    [(when, key)] = heard
    assert key.key == "5"
    assert samples_to_ms(when - key.start) <= 60


def test_sounding_lasts_from_certainty_until_shortly_after_release() -> None:
    detector = ToneDetector()
    held = []
    for chunk in chunks(join(pause(100), tone("5", 500), pause(400)), 16):
        detector.feed(chunk)
        if detector.sounding:
            held.append(chunk.end)
    assert 130 <= samples_to_ms(held[0]) <= 160
    assert 600 <= samples_to_ms(held[-1]) <= 650
    assert all(later - earlier == 16 for earlier, later in pairwise(held))


def test_sliding_from_key_to_key_without_a_pause_reports_both() -> None:
    assert names(keys_in(in_silence(join(tone("1", 80), tone("6", 80))))) == "16"


def test_a_key_at_the_very_end_of_the_sound_is_not_lost() -> None:
    assert names(keys_in(join(pause(50), tone("9", 40)))) == "9"


def test_positions_count_from_where_the_leg_s_sound_begins() -> None:
    detector = ToneDetector()
    sound = in_silence(tone("3"), lead_ms=100)
    [key] = [k for c in chunks(sound, position=80_000) for k in detector.feed(c)]
    assert abs(key.start - 80_800) <= ms_to_samples(5)


@pytest.mark.parametrize(
    ("low", "high"), [(350, 440), (440, 480), (480, 620), (697, 770), (1209, 1336), (425, 425)]
)
def test_tones_of_the_network_are_no_keys(low: float, high: float) -> None:
    """Dial, ringing and busy tones, and two frequencies of one group."""
    assert names(keys_in(tone_pair(low, high, 2000, -10, -10))) == ""


def test_one_frequency_of_a_pair_is_no_key() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for hz in LOW_HZ + HIGH_HZ:
        alone = (8000 * np.sin(2 * np.pi * hz * time)).astype(np.int16)
        assert names(keys_in(alone)) == ""


def test_music_like_chords_are_no_keys() -> None:
    """Notes with overtones, two of them close to a key's frequencies (F5 698 Hz, D6 1175 Hz)."""
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for notes in ((349.2, 587.3), (698.5, 1174.7), (233.1, 349.2, 466.2), (783.99, 1318.5)):
        partials = [n * k for n in notes for k in (1, 2, 3, 4) if n * k < 3900]
        chord = sum(np.sin(2 * np.pi * hz * time) / (1 + i % 4) for i, hz in enumerate(partials))
        sound = (chord / np.abs(chord).max() * 16000).astype(np.int16)
        assert names(keys_in(sound)) == ""


@pytest.mark.parametrize(
    "name", ["four_one_one_one", "one_one_one_one", "yes", "no_the_expiry_is_wrong"]
)
@pytest.mark.parametrize("gain", [0.5, 1, 4])
def test_voice_is_no_key(name: str, gain: float) -> None:
    voice = np.clip(phrase(name) * gain, -32768, 32767).astype(np.int16)
    assert names(keys_in(voice)) == ""


def test_noise_and_silence_are_no_keys() -> None:
    assert names(keys_in(noise(5000, -20))) == ""
    assert names(keys_in(pause(1000))) == ""
    assert keys_in(np.zeros(0, dtype=np.int16)) == []


def test_sound_that_does_not_join_on_is_refused() -> None:
    detector = ToneDetector()
    detector.feed(AudioChunk(pause(20), 0))
    with pytest.raises(ValueError, match="a chunk at sample 320 where 160 was due"):
        detector.feed(AudioChunk(pause(20), 320))


@pytest.mark.parametrize("key", ["", "12", "E", "a"])
def test_there_is_no_tone_for_what_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="is no key; keys are 123A456B789C"):
        tone(key)


def test_a_tone_that_would_clip_is_refused() -> None:
    with pytest.raises(ValueError, match="more than full scale"):
        tone("1", level_dbm0=0)


def test_a_tone_has_its_level_and_length() -> None:
    sound = tone("1", 1000, level_dbm0=-10)
    spectrum = np.abs(np.fft.rfft(sound)) / (len(sound) / 2)
    full_scale_dbm0 = 20 * np.log10(spectrum[[697, 1209]] / 32768) + 3.17
    assert np.allclose(full_scale_dbm0, -10, atol=0.05)
    assert len(sound) == 8000
