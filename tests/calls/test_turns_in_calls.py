"""What a caller experiences who says nothing, too much, or has company: silence, a monologue,
hold music, coughs, talk in the background."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from one_call import Finished, SaidWords, payment_words, run_call

from benchmarks.noises import amplitude, at_level, cough, mix, music
from bot.audio import Samples, ms_to_samples, silence
from bot.calls.callers import RecordedCaller, ScriptedCaller, ScriptedTurn
from bot.calls.wav import read_wav
from bot.records.trace import EntryKind
from bot.settings import load_settings

RECORDINGS = Path(__file__).parents[1] / "hearing" / "recordings"
WORDS = read_wav(RECORDINGS / "four_one_one_one.wav")
AMOUNT = "eighty seven fifty"


def pause(ms: float) -> Samples:
    return silence(ms_to_samples(ms))


def hold_music(ms: float) -> Samples:
    return mix(pause(ms), music(ms_to_samples(ms)) * amplitude(-25))


def a_cough() -> Samples:
    breath = cough(np.random.default_rng(7)) * amplitude(-20)
    return mix(silence(len(breath)), breath)


async def call_with(sound: Samples, *words: str) -> Finished:
    return await run_call(RecordedCaller(sound), words=payment_words(), recogniser=SaidWords(words))


def heard(finished: Finished) -> int:
    return len(finished.of(EntryKind.HEARD))


@pytest.mark.parametrize(
    "sound", [pause(20_000), hold_music(20_000)], ids=["silence", "hold music"]
)
async def test_who_says_nothing_is_asked_again(sound: Samples) -> None:
    finished = await call_with(sound)
    assert heard(finished) == 0
    assert finished.said().count("amount.ask") >= 2
    assert "not_understood" not in finished.said()


async def test_an_answer_after_seconds_of_silence_counts() -> None:
    finished = await call_with(np.concatenate([pause(6500), WORDS, pause(4000)]), AMOUNT)
    assert "card_number.ask" in finished.said()
    assert finished.said().count("amount.ask") == 1


async def test_the_trace_tells_how_long_the_end_of_the_turn_took_to_be_sure_of() -> None:
    finished = await call_with(np.concatenate([pause(1500), WORDS, pause(4000)]), AMOUNT)
    (entry,) = finished.of(EntryKind.HEARD)
    settings = load_settings(None, []).hearing.end_of_turn
    took = int(entry.details["end_of_turn_ms"])
    assert settings.amount_complete_ms <= took <= settings.amount_ms + 60
    assert entry.details["recognition_ms"] == entry.details["understanding_ms"] == 0, (
        "a recorded call's clock stands still meanwhile"
    )


async def test_who_talks_for_too_long_is_told_so_and_asked_again() -> None:
    loud = np.flatnonzero(np.abs(WORDS.astype(int)) > np.abs(WORDS).max() / 100)
    words = WORDS[loud[0] : loud[-1] + 1]
    monologue = np.tile(words, 9 * 8000 // len(words))
    sound = np.concatenate([pause(1500), monologue, pause(4000)])
    words_of_it = payment_words()
    words_of_it.knows("and so on")
    finished = await run_call(
        RecordedCaller(sound),
        words=words_of_it,
        recogniser=SaidWords(["and so on", "and so on"]),
        settings=load_settings(None, ["hearing.longest_utterance_ms=5000"]),
    )
    assert heard(finished) == 2
    assert "not_understood" in finished.said()
    assert finished.said().count("amount.ask") >= 2


async def test_an_answer_given_over_talk_in_the_background_is_taken_while_the_talk_goes_on() -> (
    None
):
    talk = at_level(np.tile(read_wav(RECORDINGS / "no_the_expiry_is_wrong.wav"), 4), -52)
    sound = np.concatenate([pause(1500), at_level(WORDS, -20), talk])
    finished = await call_with(sound, AMOUNT)
    assert "card_number.ask" in finished.said()


async def test_a_cough_does_not_stop_a_prompt() -> None:
    caller = ScriptedCaller(
        [
            ScriptedTurn("amount.ask", 50, a_cough(), during=True),
            ScriptedTurn(None, 2000, pause(100), hang_up=True),
        ]
    )
    finished = await run_call(caller)
    assert heard(finished) == 0
    assert finished.said().count("amount.ask") == 1


async def test_words_stop_a_prompt() -> None:
    """The positive control of the test above."""
    caller = ScriptedCaller(
        [
            ScriptedTurn("amount.ask", 50, WORDS, during=True),
            ScriptedTurn(None, 2000, pause(100), hang_up=True),
        ]
    )
    finished = await run_call(caller)
    assert heard(finished) == 1
