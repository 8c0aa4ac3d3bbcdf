"""The Rasa project's data keeps its own rules; no Rasa is needed to see it."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from bot.expectations import Field, Intent
from bot.understanding.laboratory import Sentence, held_out, thresholds
from bot.understanding.numbers import mask
from bot.understanding.rasa_environment import PROJECT

MANY = {
    Intent.AFFIRM, Intent.DENY, Intent.CORRECT, Intent.PAY_AMOUNT, Intent.PAY_FULL,
    Intent.PAY_MINIMUM, Intent.REPEAT, Intent.AGENT, Intent.CANCEL, Intent.OUT_OF_SCOPE,
}  # fmt: skip
"""Intents with at least 40 examples; the others have 20."""


@pytest.fixture(scope="module")
def examples() -> list[Sentence]:
    files: list[Path] = sorted((PROJECT / "data").glob("*.yml"))
    return [sentence for file in files for sentence in held_out(file)]


@pytest.fixture(scope="module")
def tests() -> list[Sentence]:
    return held_out(PROJECT / "tests" / "nlu_test.yml")


def test_domain_data_and_bot_know_the_same_intents(examples: list[Sentence]) -> None:
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text("utf-8"))
    assert set(domain["intents"]) == {intent.value for intent in Intent}
    assert {sentence.intent for sentence in examples} == set(domain["intents"])


@pytest.mark.parametrize("intent", Intent)
def test_every_intent_has_enough_examples(intent: Intent, examples: list[Sentence]) -> None:
    assert sum(s.intent == intent for s in examples) >= (40 if intent in MANY else 20)


@pytest.mark.parametrize("field", Field)
def test_every_field_has_many_corrections(field: Field, examples: list[Sentence]) -> None:
    assert sum(s.field == field for s in examples) >= 40


def test_no_example_contradicts_another(examples: list[Sentence]) -> None:
    taken: dict[str, Sentence] = {}
    for sentence in examples:
        # As training sees it: with its numbers replaced.
        other = taken.setdefault(mask(sentence.text), sentence)
        assert (other.intent, other.field) == (sentence.intent, sentence.field), sentence.text


def test_no_example_stands_twice(examples: list[Sentence]) -> None:
    twice = [t for t, n in Counter(sentence.text for sentence in examples).items() if n > 1]
    assert twice == []


def test_held_out_sentences_are_held_out(examples: list[Sentence], tests: list[Sentence]) -> None:
    trained = {mask(sentence.text) for sentence in examples}
    assert [s.text for s in tests if mask(s.text) in trained] == []
    assert len(tests) >= 150


def test_the_held_out_set_asks_for_every_intent_and_field(tests: list[Sentence]) -> None:
    assert {s.intent for s in tests} == {intent.value for intent in Intent}
    assert {s.field for s in tests} == {*(field.value for field in Field), "none"}


def test_examples_hold_no_digits(examples: list[Sentence], tests: list[Sentence]) -> None:
    for sentence in [*examples, *tests]:
        assert not any(character.isdigit() for character in sentence.text), sentence.text


def test_the_least_figures_are_those_we_promise() -> None:
    least = thresholds(PROJECT / "tests" / "thresholds.toml")
    assert least["intent_accuracy"] >= 0.95
    assert least["field_accuracy"] >= 0.90
