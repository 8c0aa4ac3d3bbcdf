"""What a caller experiences who says nothing, too much, or has company: silence, a monologue,
hold music, coughs, talk in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from one_call import Finished, SaidWords, payment_words, run_call

from benchmarks.noises import amplitude, at_level, cough, mix, music
from bot.audio import Samples, ms_to_samples, silence
from bot.calls.callers import RecordedCaller, ScriptedCaller, ScriptedTurn
from bot.calls.wav import read_wav
from bot.cards import SecretDigits, SecretText
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.numbers.digit_words import spell
from bot.outcomes import ResultName
from bot.records.trace import EntryKind
from bot.settings import load_settings
from bot.understanding.understand import Understanding

RECORDINGS = Path(__file__).parents[1] / "hearing" / "recordings"
WORDS = read_wav(RECORDINGS / "four_one_one_one.wav")
_LOUD = np.flatnonzero(np.abs(WORDS.astype(int)) > np.abs(WORDS).max() / 100)
BARE_WORDS = WORDS[_LOUD[0] : _LOUD[-1] + 1]
"""Without the silence around them."""
AMOUNT = "eighty seven fifty"
PAYING = (
    "eighty seven fifty",
    "four two four two four two four two four two four two four two four two",
    "oh four twenty nine",
    "one two three",
    "nine oh two one oh",
    "yes",
)
QUESTIONS = (
    "amount.ask",
    "card_number.ask",
    "expiry.ask",
    "security_code.ask_three",
    "postal_code.ask",
    "confirm.question",
)


class HearsInPauses(SaidWords):
    """Hears one text an utterance, in every pause what was said so far. so_far: by the text, where
    that is not all of it."""

    def __init__(self, texts: Sequence[str], so_far: Mapping[str, str] | None = None) -> None:
        super().__init__(texts)
        self._so_far = dict(so_far or {})
        self._expectation = Expectation(Kind.OPEN)

    def begin(self, expectation: Expectation) -> None:
        self._expectation = expectation

    def preliminary(self) -> tuple[Hypothesis, ...]:
        return self._hypotheses(self._so_far.get(self.texts[0], self.texts[0]))

    def finish(self) -> tuple[Hypothesis, ...]:
        return self._hypotheses(self.texts.pop(0))

    def _hypotheses(self, text: str) -> tuple[Hypothesis, ...]:
        asks_for_digits = self._expectation.kind in {Kind.CARD, Kind.DIGITS}
        digits = spell(text.split()) if asks_for_digits else None
        return (
            Hypothesis(
                SecretText(text),
                0.97,
                digits=SecretDigits(digits) if digits else None,
                fits=digits is None or len(digits) in (self._expectation.lengths or (16,)),
            ),
        )


def pause(ms: float) -> Samples:
    return silence(ms_to_samples(ms))


def hold_music(ms: float) -> Samples:
    return mix(pause(ms), music(ms_to_samples(ms)) * amplitude(-25))


def a_cough() -> Samples:
    breath = cough(np.random.default_rng(7)) * amplitude(-20)
    return mix(silence(len(breath)), breath)


async def call_with(sound: Samples, *words: str) -> Finished:
    return await run_call(RecordedCaller(sound), words=payment_words(), recogniser=SaidWords(words))


def says(after: str, *pauses_ms: int) -> ScriptedTurn:
    """Words, and words again after each pause."""
    pieces = [piece for ms in pauses_ms for piece in (pause(ms), BARE_WORDS)]
    return ScriptedTurn(after, 1500, np.concatenate([BARE_WORDS, *pieces]))


async def paying_call(
    going_on: str, pause_ms: int, *texts: str, so_far: Mapping[str, str] | None = None
) -> Finished:
    """All answers by voice; at the question `going_on` more words come after a pause. texts: what
    is heard, one an utterance."""
    turns = [says(q, pause_ms) if q == going_on else says(q) for q in QUESTIONS]
    return await run_call(
        ScriptedCaller(turns, patience_ms=20_000),
        understanding=lambda degraded: Understanding(None, degraded),
        recogniser=HearsInPauses(texts, so_far),
    )


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
    monologue = np.tile(BARE_WORDS, 9 * 8000 // len(BARE_WORDS))
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


@pytest.mark.parametrize("pause_ms", [600, 1200])
@pytest.mark.parametrize(
    ("question", "so_far"),
    [
        ("amount.ask", "eighty seven and"),
        ("card_number.ask", "four two four two four two four two"),
        ("expiry.ask", "oh four"),
        ("security_code.ask_three", "one two"),
        ("postal_code.ask", "nine oh two"),
    ],
)
async def test_who_pauses_inside_an_answer_is_heard_out(
    question: str, so_far: str, pause_ms: int
) -> None:
    whole = PAYING[QUESTIONS.index(question)]
    finished = await paying_call(question, pause_ms, *PAYING, so_far={whole: so_far})
    # The recogniser says the same in the last pause, so each answer waits as if it lacked the rest.
    assert finished.end.result.status is ResultName.SUCCESS
    assert heard(finished) == len(PAYING)
    assert {"not_understood", "no_input"}.isdisjoint(finished.said())


async def test_a_yes_that_goes_on_after_half_a_second_charges_nothing() -> None:
    """No longer than that: a yes is waited for as long as such a pause."""
    texts = (*PAYING[:-1], "yes but the expiry is wrong")
    finished = await paying_call(
        "confirm.question", 550, *texts, so_far={"yes but the expiry is wrong": "yes"}
    )
    assert finished.gateway.asked == []
    assert finished.said().count("expiry.ask") == 2


@pytest.mark.parametrize(
    ("question", "more"),
    [
        ("amount.ask", "and fifty cents"),
        ("expiry.ask", "that's what it says"),
        ("postal_code.ask", "one two three four"),
    ],
)
async def test_what_is_said_after_an_answer_was_taken_changes_no_other(
    question: str, more: str
) -> None:
    at = QUESTIONS.index(question) + 1
    finished = await paying_call(question, 1000, *PAYING[:at], more, *PAYING[at:])
    assert finished.end.result.status is ResultName.SUCCESS
    (asked,) = finished.gateway.asked
    assert str(asked.amount.decimal) == "87.50"
    assert str(asked.expiry) == "04/29"
    assert finished.end.result.last_four == "4242"


@pytest.mark.parametrize(
    ("said", "longest_ms"),
    [("forty dollars and ten cents", 220), ("forty dollars", 560), ("i would like to pay", 960)],
)
async def test_the_answer_comes_the_sooner_the_surer_it_is_that_all_was_said(
    said: str, longest_ms: int
) -> None:
    finished = await run_call(
        ScriptedCaller([says("amount.ask")], patience_ms=3_000),
        understanding=lambda degraded: Understanding(None, degraded),
        recogniser=HearsInPauses([said]),
    )
    waits = [entry for entry in finished.of(EntryKind.WAITING) if entry.until is not None]
    assert waits
    assert (waits[0].until or 0) - waits[0].at <= longest_ms
