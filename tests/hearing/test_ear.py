"""One leg's sound in, keys and turns out: what callers do, in sound."""

from __future__ import annotations

import numpy as np
import pytest
from ear_sounds import chunks, join, mixed, noise, pause, phrase
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audio import AudioChunk, Samples, ms_to_samples, samples_to_ms
from bot.expectations import Expectation, Kind
from bot.hearing.ear import PRE_ROLL_MS, Ear
from bot.hearing.events import (
    EarEvent,
    KeyHeard,
    SpeechBegan,
    SpeechPaused,
    SpeechSound,
    TurnEnded,
)
from bot.hearing.keys.key_tones import tone
from bot.hearing.turns import LOOKS_MS, Completeness
from bot.settings import EndOfTurnSettings, HearingSettings

CARD = Expectation(Kind.CARD)
YES_NO = Expectation(Kind.YES_NO)
GROUPS = ("four_one_one_one", "one_one_one_one", "one_one_one_one", "one_one_one_one")


def ear_for(expectation: Expectation) -> Ear:
    ear = Ear(HearingSettings())
    ear.expect(expectation)
    return ear


def events_of(sound: Samples, expectation: Expectation = CARD, *sizes: int) -> list[EarEvent]:
    ear = ear_for(expectation)
    return feed(ear, sound, *sizes) + ear.flush()


def feed(ear: Ear, sound: Samples, *sizes: int, position: int = 0) -> list[EarEvent]:
    cut = chunks(sound, *sizes or (160,), position=position)
    return [event for chunk in cut for event in ear.feed(chunk)]


def names(events: list[EarEvent]) -> list[str]:
    """The kinds of events in order, without the sound."""
    return [type(e).__name__ for e in events if not isinstance(e, SpeechSound)]


def keys(events: list[EarEvent]) -> str:
    return "".join(e.key for e in events if isinstance(e, KeyHeard))


def turns(events: list[EarEvent]) -> list[TurnEnded]:
    return [e for e in events if isinstance(e, TurnEnded)]


def sound_of(events: list[EarEvent]) -> list[AudioChunk]:
    return [e.chunk for e in events if isinstance(e, SpeechSound)]


def card_in_groups(pause_ms: float) -> Samples:
    groups = [join(phrase(name), pause(pause_ms)) for name in GROUPS]
    return join(pause(700), *groups, pause(2500))


@pytest.mark.parametrize("pause_ms", [300, 700, 1200, 1500])
def test_a_card_number_read_in_four_groups_is_one_turn(pause_ms: float) -> None:
    sound = card_in_groups(pause_ms)
    events = events_of(sound)
    assert names(events).count("SpeechBegan") == 1
    [turn] = turns(events)
    assert samples_to_ms(turn.start) == pytest.approx(700, abs=120)
    voice_ends = samples_to_ms(len(sound)) - 2500 - pause_ms
    assert samples_to_ms(turn.end) == pytest.approx(voice_ends, abs=150)


def test_each_pause_between_groups_is_told_of_early_and_once_more() -> None:
    events = events_of(card_in_groups(1200))
    assert names(events) == ["SpeechBegan", *["SpeechPaused"] * 8, "TurnEnded"]
    told = [event.at for event in events if isinstance(event, SpeechPaused)]
    assert told[::2] == told[1::2]
    assert len(set(told)) == 4


def test_a_yes_ends_soon_after_its_last_sound() -> None:
    ear = ear_for(YES_NO)
    answer = join(pause(700), phrase("yes"))
    ended_after = None
    for chunk in chunks(join(answer, pause(2000))):
        if turns(ear.feed(chunk)):
            ended_after = samples_to_ms(chunk.end - len(answer))
    assert ended_after is not None
    assert 300 <= ended_after <= 560


def test_a_correction_said_in_one_breath_is_one_turn() -> None:
    events = events_of(join(pause(700), phrase("no_the_expiry_is_wrong"), pause(1500)), YES_NO)
    assert len(turns(events)) == 1


def test_the_sound_of_a_turn_reaches_from_before_the_voice_to_the_end_without_a_gap() -> None:
    sound = card_in_groups(1200)
    events = events_of(sound)
    [turn] = turns(events)
    passed_on = sound_of(events)
    before = turn.start - passed_on[0].position
    assert ms_to_samples(PRE_ROLL_MS) <= before <= ms_to_samples(PRE_ROLL_MS + 20)
    assert passed_on[-1].end >= turn.end
    joined = np.concatenate([chunk.samples for chunk in passed_on])
    assert np.array_equal(joined, sound[passed_on[0].position : passed_on[-1].end])


def test_pre_roll_takes_nothing_from_the_turn_before() -> None:
    word = join(phrase("yes"), pause(600))
    events = events_of(join(pause(500), word, word), YES_NO)
    assert len(turns(events)) == 2
    positions = [chunk.position for chunk in sound_of(events)]
    assert positions == sorted(set(positions))


MIXED_CALL = join(
    pause(400),
    phrase("four_one_one_one"),
    pause(700),
    tone("1", 80),
    pause(80),
    tone("1", 45),
    pause(700),
    phrase("yes"),
    pause(2600),
    phrase("yes"),
)


@settings(deadline=None, max_examples=8)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=4))
def test_the_same_sound_gives_the_same_events_however_it_is_cut(sizes: list[int]) -> None:
    assert flat(events_of(MIXED_CALL, CARD, *sizes)) == flat(events_of(MIXED_CALL))


def flat(events: list[EarEvent]) -> list[object]:
    """Events as comparable values: sound as position and bytes."""
    return [
        (e.chunk.position, e.chunk.samples.tobytes()) if isinstance(e, SpeechSound) else e
        for e in events
    ]


# Keys and speech


def pressed(digits: str, on_ms: int, off_ms: int) -> Samples:
    return join(*(join(tone(key, on_ms), pause(off_ms)) for key in digits))


@pytest.mark.parametrize(("on_ms", "off_ms"), [(50, 50), (100, 100), (200, 60), (40, 40)])
def test_keys_are_no_speech(on_ms: int, off_ms: int) -> None:
    number = "4111111111111111"
    events = events_of(join(pause(500), pressed(number, on_ms, off_ms), pause(1000)))
    assert keys(events) == number
    assert names(events) == ["KeyHeard"] * 16


def test_a_key_held_for_seconds_is_one_key_and_no_speech() -> None:
    events = events_of(join(pause(500), tone("5", 4000), pause(1000)))
    assert keys(events) == "5"
    assert names(events) == ["KeyHeard"]


@pytest.mark.parametrize(("on_ms", "off_ms"), [(40, 40), (45, 40), (50, 40), (100, 100)])
def test_keys_after_speech_do_not_prolong_the_turn(on_ms: int, off_ms: int) -> None:
    spoken = join(pause(500), phrase("four_one_one_one"))
    without = turns(events_of(join(spoken, pause(4000))))
    events = events_of(
        join(spoken, pause(300), pressed("411111111111", on_ms, off_ms), pause(2500))
    )
    assert keys(events) == "411111111111"
    assert turns(events) == without


def test_a_key_held_right_after_a_word_does_not_prolong_the_turn() -> None:
    spoken = join(pause(500), phrase("four_one_one_one"))
    events = events_of(join(spoken, tone("5", 4000), pause(500)))
    [turn] = turns(events)
    assert turn.end <= len(spoken) + ms_to_samples(60)


def test_a_key_during_speech_is_reported_and_the_turn_goes_on() -> None:
    spoken = phrase("four_one_one_one")
    half = len(spoken) // 2
    sound = join(pause(500), spoken[:half], tone("7", 100), spoken[half:], pause(2500))
    events = events_of(sound)
    assert keys(events) == "7"
    told = [name for name in names(events) if name != "SpeechPaused"]
    assert told == ["SpeechBegan", "KeyHeard", "TurnEnded"]


def test_the_recogniser_hears_no_key_tone() -> None:
    spoken = join(pause(500), phrase("four_one_one_one"), pause(500))
    events = events_of(join(spoken, tone("7", 300), pause(2500)))
    after = [c.samples for c in sound_of(events) if c.position >= len(spoken)]
    assert after
    # What is left of it, if any, is its first 3 ms: the start is known to within that.
    assert np.count_nonzero(np.concatenate(after)) <= ms_to_samples(3)


# What is not speech


@pytest.mark.parametrize("dbfs", [-60, -45, -35])
def test_line_noise_is_no_speech(dbfs: float) -> None:
    assert names(events_of(noise(8000, dbfs))) == []


@pytest.mark.parametrize("dbfs", [-45, -38])
def test_a_yes_over_line_noise_is_one_turn(dbfs: float) -> None:
    sound = join(pause(2000), phrase("yes"), pause(2000))
    events = events_of(mixed(sound, noise(samples_to_ms(len(sound)) + 1, dbfs)[: len(sound)]))
    [turn] = turns(events)
    assert 1900 <= samples_to_ms(turn.start) <= 2200


def test_noise_that_sets_in_during_a_turn_does_not_hold_it_open() -> None:
    spoken = join(pause(500), phrase("four_one_one_one"))
    events = events_of(join(spoken, noise(9000, -30)))
    assert len(turns(events)) >= 1
    assert samples_to_ms(turns(events)[0].end - len(spoken)) < 5000


@pytest.mark.parametrize("ms", [5, 20, 80])
def test_clicks_and_short_coughs_are_no_speech(ms: float) -> None:
    burst = join(noise(ms, -15), pause(900 - ms))
    sound = mixed(join(pause(1000), *[burst] * 5), noise(5500, -60))
    assert names(events_of(sound)) == []


def test_a_click_in_a_pause_does_not_prolong_the_turn() -> None:
    spoken = join(pause(500), phrase("yes"))
    clicked = join(spoken, pause(200), noise(20, -15), pause(2000))
    assert turns(events_of(clicked, YES_NO)) == turns(events_of(join(spoken, pause(2220)), YES_NO))


# What the call tells the ear


def pausing_ear(
    expectation: Expectation = CARD, *, pause_ms: int = 500, times: EndOfTurnSettings | None = None
) -> tuple[Ear, int, int]:
    """An ear in the pause after a group of digits, its leg's position, and where it told of the
    pause."""
    ear = Ear(HearingSettings(end_of_turn=times or EndOfTurnSettings()))
    ear.expect(expectation)
    sound = join(pause(500), phrase("four_one_one_one"), pause(pause_ms))
    events = feed(ear, sound)
    pauses = [event.at for event in events if isinstance(event, SpeechPaused)]
    assert names(events) == ["SpeechBegan", *["SpeechPaused"] * len(pauses)]
    assert len(set(pauses)) == 1
    return ear, len(sound), pauses[0]


def test_a_complete_answer_ends_the_turn_at_once() -> None:
    ear, position, paused = pausing_ear()
    events = ear.judge(Completeness.CERTAIN, paused)
    assert names(events) == ["TurnEnded"]
    assert sound_of(events)[-1].end == position - position % 160
    assert ear.judge(Completeness.CERTAIN, paused) == []


def test_a_complete_answer_ends_no_turn_before_the_pause_is_one() -> None:
    """Recognition may know within the gap before a last word."""
    times = EndOfTurnSettings(certain_ms=400)
    ear, position, paused = pausing_ear(pause_ms=200, times=times)
    assert ear.judge(Completeness.CERTAIN, paused) == []
    for chunk in chunks(pause(1000), position=position):
        for turn in turns(ear.feed(chunk)):
            assert samples_to_ms(chunk.end - turn.end) == pytest.approx(400, abs=20)
            return
    pytest.fail("the turn did not end")


def test_an_answer_known_after_its_wait_ends_the_turn_at_once() -> None:
    ear, _, paused = pausing_ear(Expectation(Kind.DIGITS, lengths=(5, 9)), pause_ms=800)
    assert names(ear.judge(Completeness.POSSIBLE, paused)) == ["TurnEnded"]


def test_a_pause_is_one_until_the_voice_goes_on_or_the_turn_is_over() -> None:
    ear, position, paused = pausing_ear()
    assert ear.still_pauses(paused)
    feed(ear, phrase("yes"), position=position)
    assert not ear.still_pauses(paused)
    ear, _, paused = pausing_ear()
    ear.judge(Completeness.CERTAIN, paused)
    assert not ear.still_pauses(paused)


def test_after_a_complete_answer_the_next_words_are_a_turn_of_their_own() -> None:
    ear, position, paused = pausing_ear()
    ear.judge(Completeness.CERTAIN, paused)
    more = feed(ear, join(phrase("yes"), pause(2500)), position=position)
    assert names(more) == ["SpeechBegan", *["SpeechPaused"] * 2, "TurnEnded"]


@pytest.mark.parametrize(
    ("judged", "ends_after_ms"),
    [(Completeness.PARTIAL, 1800), (Completeness.UNKNOWN, 1000), (Completeness.POSSIBLE, 700)],
)
def test_what_recognition_thinks_of_the_answer_lengthens_or_shortens_the_wait(
    judged: Completeness, ends_after_ms: int
) -> None:
    times = EndOfTurnSettings(digits_complete_ms=700, digits_ms=1000, digits_missing_ms=1800)
    ear, position, paused = pausing_ear(Expectation(Kind.DIGITS, lengths=(5, 9)), times=times)
    assert ear.judge(judged, paused) == []
    for chunk in chunks(pause(3000), position=position):
        for turn in turns(ear.feed(chunk)):
            assert samples_to_ms(chunk.end - turn.end) == pytest.approx(ends_after_ms, abs=20)
            return
    pytest.fail("the turn did not end")


def test_a_judgement_is_forgotten_when_the_caller_goes_on() -> None:
    digits = Expectation(Kind.DIGITS, lengths=(5, 9))
    times = EndOfTurnSettings(digits_complete_ms=700, digits_ms=1000)
    ear, position, paused = pausing_ear(digits, times=times)
    assert ear.judge(Completeness.POSSIBLE, paused) == []
    spoken = join(phrase("yes"), pause(800))
    assert not turns(feed(ear, spoken, position=position))


def test_a_judgement_that_comes_when_the_caller_speaks_again_ends_nothing() -> None:
    ear, position, paused = pausing_ear()
    said = join(phrase("yes"), pause(500))
    events = feed(ear, said, position=position)
    again = [event for event in events if isinstance(event, SpeechPaused)][-1]
    assert ear.judge(Completeness.CERTAIN, paused) == []
    assert names(ear.judge(Completeness.CERTAIN, again.at)) == ["TurnEnded"]


def test_a_new_question_during_an_utterance_changes_the_wait() -> None:
    ear, position, _ = pausing_ear()
    ear.expect(YES_NO)
    assert turns(feed(ear, pause(200), position=position))


def test_a_dropped_utterance_is_forgotten_with_what_still_follows_of_it() -> None:
    ear = ear_for(CARD)
    spoken = join(pause(500), phrase("no_the_expiry_is_wrong"))
    first = feed(ear, spoken[:8000])
    assert "SpeechBegan" in names(first)
    ear.drop()
    rest = feed(ear, join(spoken[8000:], pause(900)), position=8000)
    assert rest == []
    again = feed(ear, join(phrase("yes"), pause(2500)), position=len(spoken) + 7200)
    assert names(again) == ["SpeechBegan", *["SpeechPaused"] * 2, "TurnEnded"]


def test_dropping_without_an_utterance_changes_nothing() -> None:
    ear = ear_for(YES_NO)
    ear.drop()
    events = feed(ear, join(pause(500), phrase("yes"), pause(1000)))
    assert names(events) == ["SpeechBegan", *["SpeechPaused"] * 2, "TurnEnded"]


def test_what_is_said_after_a_break_is_an_utterance_of_its_own() -> None:
    """Not, as with a dropped one, the rest of what was said before."""
    ear = ear_for(CARD)
    spoken = join(pause(500), phrase("no_the_expiry_is_wrong"))[:12_800]
    [began] = [event for event in feed(ear, spoken) if isinstance(event, SpeechBegan)]
    assert ear.cut() == began.start
    assert ear.cut() is None
    again = feed(ear, join(pause(100), phrase("yes"), pause(2500)), position=len(spoken))
    assert names(again) == ["SpeechBegan", *["SpeechPaused"] * 2, "TurnEnded"]
    assert sound_of(again)[0].position >= len(spoken)


def test_an_utterance_cut_off_by_hanging_up_ends() -> None:
    spoken = join(pause(500), phrase("four_one_one_one"))
    ear = ear_for(CARD)
    began = feed(ear, spoken)
    assert names(began) == ["SpeechBegan"]
    events = ear.flush()
    assert names(events) == ["TurnEnded"]
    assert sound_of(events)[-1].end == len(spoken)


def test_a_key_cut_off_by_hanging_up_is_reported() -> None:
    assert keys(events_of(join(pause(500), tone("#", 40)))) == "#"


def test_silence_and_no_sound_at_all_report_nothing() -> None:
    assert events_of(pause(5000)) == []
    assert ear_for(CARD).flush() == []


def test_a_voice_that_never_stops_is_cut_into_turns() -> None:
    word = phrase("one_one_one_one")
    on_and_on = np.tile(word, 40 * 8000 // len(word))
    ended = turns(events_of(join(pause(500), on_and_on)))
    assert len(ended) == 2
    length = samples_to_ms(ended[0].end - ended[0].start)
    assert length == pytest.approx(HearingSettings().longest_utterance_ms, abs=600)


def test_the_longest_utterance_is_a_setting() -> None:
    ear = Ear(HearingSettings(longest_utterance_ms=5000))
    ear.expect(CARD)
    word = phrase("one_one_one_one")
    ended = turns(feed(ear, join(pause(500), np.tile(word, 7 * 8000 // len(word)))))
    assert [samples_to_ms(turn.end - turn.start) for turn in ended] == [
        pytest.approx(5000, abs=600)
    ]


@pytest.mark.parametrize("silence_ms", [300, 2000])
def test_the_silence_that_ends_a_turn_is_a_setting(silence_ms: int) -> None:
    ear = Ear(HearingSettings(end_of_turn=EndOfTurnSettings(yes_no_ms=silence_ms)))
    ear.expect(YES_NO)
    for chunk in chunks(join(pause(700), phrase("yes"), pause(3000))):
        for turn in turns(ear.feed(chunk)):
            assert samples_to_ms(chunk.end - turn.end) == pytest.approx(silence_ms, abs=20)
            return
    pytest.fail("the turn did not end")


def test_half_a_second_before_the_voice_reaches_the_recogniser() -> None:
    assert PRE_ROLL_MS >= 500


@pytest.mark.parametrize("kind", Kind)
def test_a_pause_is_told_of_soon_at_every_question(kind: Kind) -> None:
    """Computing in the silence that is waited for anyway takes no time."""
    events = events_of(join(pause(500), phrase("yes"), pause(2600)), Expectation(kind))
    paused = [event for event in events if isinstance(event, SpeechPaused)]
    [turn] = turns(events)
    assert len(paused) == len(LOOKS_MS)
    assert samples_to_ms(paused[0].at - turn.end) == pytest.approx(LOOKS_MS[0], abs=20)


def test_what_is_certain_already_is_not_asked_again() -> None:
    times = EndOfTurnSettings(certain_ms=400)
    ear, position, paused = pausing_ear(pause_ms=200, times=times)
    ear.judge(Completeness.CERTAIN, paused)
    more = feed(ear, pause(1000), position=position)
    assert names(more) == ["TurnEnded"]


def test_speech_is_reported_within_200_ms_of_its_start() -> None:
    """Barge-in has to stop a prompt within 200 ms (R3)."""
    ear = ear_for(CARD)
    for chunk in chunks(join(pause(500), phrase("four_one_one_one"))):
        began = [e for e in ear.feed(chunk) if isinstance(e, SpeechBegan)]
        if began:
            assert samples_to_ms(chunk.end - began[0].start) <= 200
            return
    pytest.fail("speech was not noticed")


def test_sound_that_does_not_join_on_is_refused() -> None:
    ear = ear_for(CARD)
    ear.feed(AudioChunk(pause(20), 0))
    with pytest.raises(ValueError, match="a chunk at sample 0 where 160 was due"):
        ear.feed(AudioChunk(pause(20), 0))
