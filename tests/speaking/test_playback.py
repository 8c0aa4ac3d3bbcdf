"""Playback: what goes out, when, and how much of it was heard, to the sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audio import Samples, ms_to_samples, silence
from bot.speaking.levels import FADE
from bot.speaking.playback import Playback, PlaybackEvent, Played, PromptEnded, PromptStarted
from bot.speaking.speaker import PieceSpan, Spoken


def spoken(prompt_id: str, *pieces: int, gap: int = 0, pause_after: int = 0) -> Spoken:
    """A prompt of pieces of these lengths; every sample is 1000."""
    spans: list[PieceSpan] = []
    position = 0
    for number, length in enumerate(pieces):
        start = position + (gap if number else 0)
        position = start + length
        spans.append(PieceSpan(f"{prompt_id}.{number}", start, position, "recording"))
    samples = np.full(position, 1000, dtype=np.int16)
    return Spoken(prompt_id, 1, prompt_id, samples, tuple(spans), pause_after)


def drain(
    playback: Playback, samples: int, chunk: int = 160
) -> tuple[Samples, list[PlaybackEvent]]:
    """That many samples of the leg, asked for in chunks."""
    sounds: list[Samples] = [silence(0)]
    events: list[PlaybackEvent] = []
    while samples > 0:
        sound, found = playback.next_chunk(min(chunk, samples))
        sounds.append(sound)
        events += found
        samples -= len(sound)
    return np.concatenate(sounds), events


def started(events: list[PlaybackEvent]) -> list[tuple[str, int]]:
    return [(e.prompt_id, e.at) for e in events if isinstance(e, PromptStarted)]


def ended(events: list[PlaybackEvent]) -> list[tuple[str, bool, int]]:
    return [(e.prompt_id, e.completed, e.at) for e in events if isinstance(e, PromptEnded)]


def played(events: list[PlaybackEvent]) -> list[Played]:
    return [e for e in events if isinstance(e, Played)]


def test_silence_when_nothing_is_said() -> None:
    playback = Playback()
    sound, events = playback.next_chunk()
    assert len(sound) == 160
    assert not sound.any()
    assert events == []
    assert playback.position == 160
    assert playback.current is None
    assert not playback.speaking


def test_a_say_is_reported_at_its_last_sample() -> None:
    playback = Playback()
    playback.next_chunk()
    playback.say(7, [spoken("a", 100, 200)])
    assert playback.current == 7
    assert playback.speaking
    sound, events = drain(playback, 480)
    assert (sound[:300] == 1000).all()
    assert not sound[300:].any()
    assert started(events) == [("a", 160)]
    assert ended(events) == [("a", True, 460)]
    assert played(events) == [Played(7, True, 2, 300, 460)]
    assert not playback.speaking


def test_prompts_of_one_say_are_parted_by_a_pause_and_reported_in_order() -> None:
    playback = Playback()
    playback.say(1, [spoken("a", 100, pause_after=50), spoken("b", 80)])
    _, events = drain(playback, 320)
    assert [type(event).__name__ for event in events] == [
        "PromptStarted",
        "PromptEnded",
        "PromptStarted",
        "PromptEnded",
        "Played",
    ]
    assert started(events) == [("a", 0), ("b", 150)]
    assert played(events) == [Played(1, True, 2, 230, 230)]


def test_a_say_queued_behind_another_waits_for_its_pause() -> None:
    playback = Playback()
    playback.say(1, [spoken("a", 100, pause_after=300)])
    playback.say(2, [spoken("b", 100)])
    _, events = drain(playback, 640)
    assert started(events) == [("a", 0), ("b", 400)]
    assert [e.say_id for e in played(events)] == [1, 2]


def test_a_say_long_after_another_begins_at_once() -> None:
    playback = Playback()
    playback.say(1, [spoken("a", 100, pause_after=300)])
    drain(playback, 480)
    playback.say(2, [spoken("b", 100)])
    _, events = drain(playback, 160)
    assert started(events) == [("b", 480)]


def test_stop_is_silent_at_once_and_tells_what_was_heard() -> None:
    playback = Playback()
    playback.say(1, [spoken("a", 100, 100, 1000)])
    playback.say(2, [spoken("b", 100)])
    drain(playback, 320)
    events = playback.stop()
    assert events == [
        PromptEnded(1, "a", False, 320),
        Played(1, False, heard=2, heard_samples=320, at=320),
        Played(2, False, heard=0, heard_samples=0, at=320),
    ]
    sound, after = drain(playback, 320)
    assert after == []
    assert not sound[FADE:].any()
    assert sound[0] == 1000, "the fade begins where the sound was"
    assert (np.diff(sound[:FADE].astype(int)) < 0).all()
    assert playback.current is None


def test_a_piece_counts_as_heard_with_its_last_sample() -> None:
    for position, heard in ((99, 0), (100, 1), (101, 1), (249, 1), (250, 2)):
        playback = Playback()
        playback.say(1, [spoken("a", 100, 100, 100, gap=50)])
        drain(playback, position)
        assert played(playback.stop())[0].heard == heard


def test_stop_before_the_first_sample_says_that_nothing_was_heard() -> None:
    playback = Playback()
    playback.say(1, [spoken("a", 100)])
    assert playback.stop() == [Played(1, False, 0, 0, 0)]
    sound, _ = drain(playback, 160)
    assert not sound.any()


def test_stop_with_nothing_queued_is_nothing() -> None:
    assert Playback().stop() == []


def test_what_is_said_after_a_stop_is_said() -> None:
    playback = Playback()
    playback.say(1, [spoken("a", 1000)])
    drain(playback, 160)
    playback.pause()
    playback.stop()
    playback.say(2, [spoken("b", 100)])
    _, events = drain(playback, 320)
    assert [e.say_id for e in played(events)] == [2]


def test_after_a_pause_it_goes_on_from_the_gap_between_words_before_it() -> None:
    words = [ms_to_samples(ms) for ms in (600, 500, 600)]
    gap = ms_to_samples(100)
    three_words = spoken("a", *words, gap=gap)
    for word in three_words.pieces[1:]:
        three_words.samples[word.start - gap : word.start] = 0
    playback = Playback()
    playback.say(1, [three_words])
    drain(playback, words[0] + gap + ms_to_samples(300))
    playback.pause()
    assert not playback.speaking
    assert playback.current == 1
    sound, events = drain(playback, 800)
    assert events == []
    assert not sound[FADE:].any()
    playback.resume()
    after, events = drain(playback, ms_to_samples(2_000))
    # The second word is said again, from its beginning.
    begins = int(np.flatnonzero(after)[0])
    assert begins <= gap
    assert np.count_nonzero(after) == pytest.approx(words[1] + words[2], abs=gap + FADE)
    [over] = played(events)
    assert over.completed
    assert over.heard == 3


def test_what_was_heard_surely_is_not_said_again_and_what_may_be_lost_is() -> None:
    playback = Playback()
    playback.say(1, [spoken("a", ms_to_samples(5_000))])
    drain(playback, ms_to_samples(3_000))
    playback.pause()
    playback.resume()
    after, _ = drain(playback, ms_to_samples(5_000))
    again = np.count_nonzero(after) - ms_to_samples(2_000)
    assert ms_to_samples(195) <= again <= ms_to_samples(1_000)


def test_a_pause_with_nothing_being_said_pauses_nothing_that_is_said_later() -> None:
    playback = Playback()
    playback.pause()
    playback.say(1, [spoken("a", 400)])
    _, events = drain(playback, 800)
    assert [e.completed for e in played(events)] == [True]


@settings(deadline=None)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=5), st.lists(st.booleans(), max_size=60))
def test_however_often_it_is_paused_every_prompt_begins_once_and_is_heard_to_its_end(
    lengths: list[int], pauses: list[bool]
) -> None:
    playback = Playback()
    playback.say(1, [spoken(str(i), length) for i, length in enumerate(lengths)])
    events = []
    for paused in [*pauses, False]:
        if paused:
            playback.pause()
        else:
            playback.resume()
        events += drain(playback, 160)[1]
    events += drain(playback, 60_000)[1]
    assert [e.prompt_id for e in events if isinstance(e, PromptStarted)] == [
        str(i) for i in range(len(lengths))
    ]
    assert [e.completed for e in events if isinstance(e, PromptEnded)] == [True] * len(lengths)
    assert [e.heard for e in played(events)] == [len(lengths)]


def test_a_say_without_prompts_is_over_at_once() -> None:
    playback = Playback()
    playback.say(1, [])
    playback.say(2, [spoken("a", 100)])
    _, events = playback.next_chunk()
    assert [e.say_id for e in played(events)] == [1, 2]


def test_interruptible_is_that_of_the_say_under_way() -> None:
    playback = Playback()
    assert playback.interruptible
    playback.say(1, [spoken("a", 160)], interruptible=False)
    playback.say(2, [spoken("b", 160)], interruptible=True)
    assert not playback.interruptible
    drain(playback, 160)
    assert playback.interruptible


prompts = st.lists(
    st.builds(
        lambda lengths, gap, pause: spoken("p", *lengths, gap=gap, pause_after=pause),
        st.lists(st.integers(1, 400), min_size=1, max_size=4),
        st.integers(0, 200),
        st.integers(0, 400),
    ),
    max_size=3,
)


@settings(deadline=None)
@given(st.lists(prompts, min_size=1, max_size=4), st.integers(20, 500))
def test_positions_do_not_depend_on_how_the_leg_is_chunked(
    says: list[list[Spoken]], chunk: int
) -> None:
    total = 12_000
    results = []
    for size in (chunk, 160):
        playback = Playback()
        for number, prompts_of_say in enumerate(says):
            playback.say(number, prompts_of_say)
        sound, events = drain(playback, total, size)
        results.append((sound.tolist(), [e for e in events if e.at < total]))
        assert playback.position == total
    assert results[0] == results[1]


@settings(deadline=None)
@given(st.lists(prompts, min_size=1, max_size=3), st.integers(0, 6000))
def test_every_say_is_reported_exactly_once_however_it_ends(
    says: list[list[Spoken]], stop_at: int
) -> None:
    playback = Playback()
    for number, prompts_of_say in enumerate(says):
        playback.say(number, prompts_of_say)
    _, events = drain(playback, stop_at)
    events += playback.stop()
    assert [e.say_id for e in played(events)] == list(range(len(says)))
    starts = [e for e in events if isinstance(e, PromptStarted)]
    ends = [e for e in events if isinstance(e, PromptEnded)]
    assert len(starts) == len(ends)
