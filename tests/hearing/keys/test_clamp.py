"""The clamp: no tone passes, from its first sample on; speech does."""

from __future__ import annotations

import numpy as np
import pytest
from ear_sounds import chunks, join, mixed, noise, pause, phrase, through_mu_law
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.tone_peers import has_spandsp, ours, spandsp
from benchmarks.tone_sequences import ALL_KEYS, on_line, pulse, train
from bot.audio import CHUNK_SAMPLES, AudioChunk, Samples, ms_to_samples
from bot.hearing.keys.clamp import DELAY_MS, ToneClamp
from bot.hearing.keys.key_tones import tone


def clamped(sound: Samples, *sizes: int) -> Samples:
    clamp = ToneClamp()
    passed = [c for chunk in chunks(sound, *sizes or (160,)) for c in clamp.feed(chunk)]
    passed += clamp.flush()
    ends = [c.end for c in passed]
    assert [c.position for c in passed] == [0, *ends[:-1]][: len(passed)], "joined without a gap"
    return join(*(c.samples for c in passed)) if passed else pause(0)


TONES: dict[str, Samples] = {
    "40 ms": on_line(train(pulse(k, 40) for k in ALL_KEYS)),
    "23 ms": on_line(train(pulse(k, 23) for k in ALL_KEYS)),
    "half a second": on_line(train(pulse(k, 500) for k in ALL_KEYS)),
    "one after the other without pause": on_line(train((pulse(k, 60) for k in ALL_KEYS), 0)),
    "too weak for a key": on_line(train(pulse(k, low_dbm0=-42, high_dbm0=-42) for k in ALL_KEYS)),
    "clipped": on_line(train(pulse(k, low_dbm0=3, high_dbm0=3) for k in ALL_KEYS)),
    "crooked": on_line(train(pulse(k, low_dbm0=-18) for k in ALL_KEYS)),
    "off": on_line(train(pulse(k, low_offset=-0.025, high_offset=0.025) for k in ALL_KEYS)),
    "through mu-law": through_mu_law(on_line(train(pulse(k, 50) for k in ALL_KEYS))),
}


@pytest.mark.parametrize("name", TONES)
def test_nothing_of_a_tone_passes(name: str) -> None:
    passed = clamped(TONES[name])
    assert len(passed) == len(TONES[name])
    assert np.count_nonzero(np.abs(passed.astype(np.int32)) > 8) == 0  # mu-law's idle step


@pytest.mark.skipif(not has_spandsp(), reason="libspandsp is not installed (libspandsp2)")
@pytest.mark.parametrize("below_db", [30, 20, 15, 12])
def test_another_receiver_finds_nothing_in_what_passes(below_db: int) -> None:
    sound = on_line(train(pulse(k, 50) for k in ALL_KEYS * 4))
    hiss = noise(len(sound) / 8, -10 - 3.17 - below_db)
    noisy = mixed(sound, hiss)
    assert len(spandsp(noisy)) == len(ALL_KEYS) * 4, "it hears them all unclamped"
    assert spandsp(clamped(noisy)) == ""
    assert ours(clamped(noisy)) == ""


@pytest.mark.skipif(not has_spandsp(), reason="libspandsp is not installed (libspandsp2)")
@pytest.mark.parametrize("name", TONES)
def test_another_receiver_finds_nothing_of_any_tone(name: str) -> None:
    assert spandsp(clamped(TONES[name])) == ""


def test_what_is_between_and_after_the_tones_passes() -> None:
    voice = phrase("yes")
    sound = join(voice, pause(100), tone("5", 80), pause(200), voice)
    passed = clamped(sound)
    assert np.array_equal(passed[: len(voice)], voice)
    assert np.array_equal(passed[-len(voice) :], voice)
    assert not passed[len(voice) : -len(voice)].any()


@pytest.mark.parametrize(
    "name", ["four_one_one_one", "one_one_one_one", "yes", "no_the_expiry_is_wrong"]
)
def test_speech_passes_unharmed(name: str) -> None:
    assert np.array_equal(clamped(phrase(name)), phrase(name))


def test_sound_passes_after_the_delay_and_no_later() -> None:
    clamp = ToneClamp()
    sound = phrase("yes")[: 20 * CHUNK_SAMPLES]
    for chunk in chunks(sound):
        passed = clamp.feed(chunk)
        late = ms_to_samples(DELAY_MS)
        assert [c.position for c in passed] == ([chunk.position - late] * (chunk.end > late))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=5), st.integers(0, 300))
def test_how_the_sound_is_cut_changes_nothing(sizes: list[int], lead: int) -> None:
    sound = join(np.zeros(lead, dtype=np.int16), phrase("yes"), tone("5", 90), tone("6", 30))
    assert np.array_equal(clamped(sound, *sizes), clamped(sound, len(sound)))


def test_sound_that_does_not_join_on_is_refused() -> None:
    clamp = ToneClamp()
    clamp.feed(AudioChunk(pause(20), 0))
    with pytest.raises(ValueError, match="where 160 was due"):
        clamp.feed(AudioChunk(pause(20), 320))
