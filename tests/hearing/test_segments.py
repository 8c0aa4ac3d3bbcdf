"""Where sound is cut before it is encoded, and when nothing new has been said."""

from __future__ import annotations

import numpy as np
import pytest
from ear_sounds import join, noise, pause, phrase
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audio import SAMPLE_RATE, Samples, ms_to_samples
from bot.hearing.segments import cut_at_pauses, cut_between_groups, stayed_quiet


def said(*pauses_ms: int) -> Samples:
    """Groups of a card number, each with that much silence behind it."""
    return join(*(join(phrase("four_one_one_one"), pause(ms)) for ms in pauses_ms))


def lengths(pieces: list[Samples]) -> list[int]:
    return [len(piece) for piece in pieces]


def test_sound_longer_than_the_context_is_cut_where_it_is_quiet() -> None:
    random = np.random.default_rng(2)
    loud = (random.standard_normal(60 * SAMPLE_RATE) * 2000).astype(np.int16)
    for second in (24, 47):
        loud[second * SAMPLE_RATE : second * SAMPLE_RATE + SAMPLE_RATE // 2] = 0

    pieces = cut_at_pauses(loud)

    assert np.array_equal(np.concatenate(pieces), loud)
    assert all(len(piece) <= 28 * SAMPLE_RATE for piece in pieces)
    assert [24 <= len(pieces[0]) / SAMPLE_RATE <= 24.5, len(pieces)] == [True, 3]


def test_a_card_number_is_cut_between_its_groups_and_nowhere_else() -> None:
    sound = said(600, 600, 600, 600)

    pieces = cut_between_groups(sound)

    assert np.array_equal(np.concatenate(pieces), sound)
    assert len(pieces) > 1
    assert all(len(piece) >= 2.9 * SAMPLE_RATE for piece in pieces[:-1])
    for piece in pieces[:-1]:
        assert np.abs(piece[-ms_to_samples(60) :]).max() <= np.abs(sound).max() / 8


def test_without_pauses_nothing_is_cut() -> None:
    sound = np.tile(phrase("one_one_one_one")[: ms_to_samples(900)], 9)
    assert lengths(cut_between_groups(sound)) == [len(sound)]


def test_in_loud_noise_no_pause_is_known_and_nothing_is_cut() -> None:
    quiet = said(600, 600, 600, 600)
    loud = noise(len(quiet) / 8, -30.0)[: len(quiet)]
    sound = np.clip(quiet.astype(np.int32) + loud, -32768, 32767).astype(np.int16)

    assert lengths(cut_between_groups(sound)) == [len(sound)]
    assert not stayed_quiet(sound, len(sound) - 1000)


@given(st.floats(0.05, 1.0))
@settings(max_examples=25, deadline=None)
def test_a_cut_stays_where_it_is_however_much_is_said_after(share: float) -> None:
    sound = said(600, 400, 900, 700)
    begun = cut_between_groups(sound[: int(share * len(sound))])

    assert lengths(begun)[:-1] == lengths(cut_between_groups(sound))[: len(begun) - 1]


def test_silence_after_a_pause_is_nothing_new() -> None:
    sound = said(250)
    assert stayed_quiet(sound, len(sound))
    assert stayed_quiet(join(sound, pause(1500)), len(sound))


@pytest.mark.parametrize("level_dbfs", [-65.0, -50.0])
def test_the_noise_of_the_line_is_nothing_new(level_dbfs: float) -> None:
    sound = said(250, 1500)
    line = noise(len(sound) / 8, level_dbfs)[: len(sound)]
    since = len(said(250))

    assert not stayed_quiet(sound + line, since)
    assert stayed_quiet((said(1750) + line[: len(said(1750))]).astype(np.int16), since)


def test_whatever_is_said_after_a_pause_is_new() -> None:
    since = len(said(250))
    soft = (phrase("yes").astype(np.float64) * 0.1).astype(np.int16)

    assert not stayed_quiet(said(250, 0), since)
    assert not stayed_quiet(join(said(250), soft), since)


def test_in_the_middle_of_a_word_it_was_never_quiet() -> None:
    sound = join(phrase("four_one_one_one"), pause(1000))
    half = len(phrase("four_one_one_one")) // 2

    assert not stayed_quiet(sound, half)
    assert not stayed_quiet(pause(300), 80)
