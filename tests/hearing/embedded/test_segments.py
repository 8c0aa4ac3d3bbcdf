"""Where sound is cut before it is encoded, and when nothing new has been said."""

from __future__ import annotations

import numpy as np
import pytest
from ear_sounds import join, noise, pause, phrase

from bot.audio import SAMPLE_RATE, Samples, ms_to_samples
from bot.hearing.embedded.segments import cut_at_pauses, last_pause, stayed_quiet


def said(*pauses_ms: int) -> Samples:
    """Groups of a card number, each with that much silence behind it."""
    return join(*(join(phrase("four_one_one_one"), pause(ms)) for ms in pauses_ms))


def test_sound_longer_than_the_context_is_cut_where_it_is_quiet() -> None:
    random = np.random.default_rng(2)
    loud = (random.standard_normal(60 * SAMPLE_RATE) * 2000).astype(np.int16)
    for second in (24, 47):
        loud[second * SAMPLE_RATE : second * SAMPLE_RATE + SAMPLE_RATE // 2] = 0

    pieces = cut_at_pauses(loud)

    assert np.array_equal(np.concatenate(pieces), loud)
    assert all(len(piece) <= 28 * SAMPLE_RATE for piece in pieces)
    assert [24 <= len(pieces[0]) / SAMPLE_RATE <= 24.5, len(pieces)] == [True, 3]


@pytest.mark.parametrize("spoken", [1, 2, 3])
def test_the_last_pause_before_a_place_is_found_in_its_middle(spoken: int) -> None:
    sound = said(600, 600, 600, 600)
    group = len(sound) // 4
    end_of_pause = spoken * group

    cut = last_pause(sound, before=end_of_pause + group // 2)

    assert cut is not None
    assert end_of_pause - ms_to_samples(600) < cut < end_of_pause
    assert np.abs(sound[cut - ms_to_samples(60) : cut + ms_to_samples(60)]).max() < 100
    assert last_pause(sound, before=cut) == cut


def test_the_pause_after_the_first_group_is_not_before_it() -> None:
    sound = said(600, 600)

    assert last_pause(sound, before=ms_to_samples(500)) is None
    assert last_pause(join(pause(2000), sound), before=ms_to_samples(2200)) is None


def test_without_pauses_none_is_found() -> None:
    sound = np.tile(phrase("one_one_one_one")[: ms_to_samples(900)], 9)

    assert last_pause(sound, before=len(sound)) is None


def test_in_loud_noise_no_pause_is_known() -> None:
    quiet = said(600, 600, 600, 600)
    loud = noise(len(quiet) / 8, -30.0)[: len(quiet)]
    sound = np.clip(quiet.astype(np.int32) + loud, -32768, 32767).astype(np.int16)

    assert last_pause(sound, before=len(sound)) is None
    assert not stayed_quiet(sound, len(sound) - 1000)


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
