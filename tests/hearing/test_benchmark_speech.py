"""The speech that figures are measured with, and the speech that the confidence is fitted to."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest

from benchmarks import rendered_groups, rendered_phrases
from benchmarks.rendered_groups import Group, joined_strings
from benchmarks.rendering import PARTS, VOICES
from benchmarks.validation_speech import HardLines
from bot.calls.laboratory.hear import value_of
from bot.cards import SecretText
from bot.expectations import Hypothesis
from bot.hearing.numbers.digit_answers import rules_for
from bot.hearing.numbers.digit_words import spell
from training.voices import ACCEPTANCE, KOKORO


def test_nobody_is_both_fitted_to_and_measured_with_and_nobody_was_trained_on() -> None:
    speakers = {part: set(chain(*(v.split("+") for v in VOICES[part]))) for part in PARTS}

    assert not speakers["validation"] & speakers["test"]
    for part in PARTS:
        assert not speakers[part] & (set(KOKORO["train"]) | ACCEPTANCE)


@pytest.mark.parametrize("voice", ["am_michael", "af_river", "a", "b", "c"])
def test_what_a_phrase_is_said_to_be_worth_is_what_its_words_say(voice: str) -> None:
    for line in rendered_phrases.phrases_to_say(voice):
        expectation = rendered_phrases.EXPECTED[line.about["what"]]
        heard = Hypothesis(SecretText(line.text.rstrip(".").lower()), 1.0)
        assert value_of(heard, expectation) == line.about["value"], line.text


def test_what_a_group_is_said_to_be_is_what_its_words_say() -> None:
    for line in rendered_groups.groups_to_say("am_michael", "test"):
        assert spell(line.text.rstrip(".,").split()) == line.about["digits"]


def test_a_caller_fits_the_question_or_is_told_apart() -> None:
    lines = rendered_groups.groups_to_say("somebody", "test")
    sound = np.ones(800)
    groups = [Group("somebody", x.about["sort"], x.about["digits"], sound) for x in lines]
    counts = {"card": 40, "zip": 40, "security": 40, "amex code": 40}

    strings = list(joined_strings(np.random.default_rng(1), groups, counts, misread=0.3))

    for one in strings:
        fits = any(rule.accepts(one.given) for rule in rules_for(one.expectation))
        assert fits == one.valid
    assert {one.valid for one in strings} == {True, False}


def test_the_same_chances_give_the_same_lines() -> None:
    sound = np.sin(np.arange(8000) * 0.3)
    first, again = (HardLines(np.random.default_rng(4), [sound]) for _ in range(2))

    for _ in range(6):
        assert np.array_equal(first.over(sound), again.over(sound))
