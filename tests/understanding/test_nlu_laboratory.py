from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NluError
from bot.expectations import Field, Intent
from bot.understanding import laboratory
from bot.understanding.laboratory import (
    Sentence,
    held_out,
    numbers_in,
    parse_line,
    thresholds,
    weighted_f1,
)
from bot.understanding.rasa_client import UNHURRIED, Parsed, RasaClient


class FixedClient(RasaClient):
    """Answers the same to everything and keeps what it was asked."""

    def __init__(self, answer: Parsed) -> None:
        super().__init__("http://rasa.test", patience=UNHURRIED)
        self.answer = answer
        self.asked: list[str] = []

    async def parse(self, text: str) -> Parsed:
        self.asked.append(text)
        return self.answer


async def test_a_line_is_parsed_the_way_of_a_live_text() -> None:
    client = FixedClient(Parsed(Intent.CORRECT, 0.91234, Field.EXPIRY, 0.8))
    async with client:
        parsed = await parse_line("No, it's oh four twenty nine", client)
    assert client.asked == ["no, it's <date>"]
    assert parsed["text"] == "No, it's oh four twenty nine"
    assert (parsed["intent"], parsed["confidence"]) == ("correct", 0.9123)
    assert parsed["entities"] == {"field": "expiry"}
    assert parsed["numbers"]["expiry"] == "04/29"


def test_a_number_shows_every_kind_it_can_be() -> None:
    assert numbers_in("eighty seven fifty") == {"amount": "87.50", "digits": "8750"}
    assert numbers_in("april twenty twenty nine") == {"expiry": "04/29"}
    assert numbers_in("ninety dollars") == {"amount": "90.00"}
    assert numbers_in("yes one moment") == {}


def test_held_out_sentences_come_with_intent_and_field(tmp_path: Path) -> None:
    file = tmp_path / "nlu_test.yml"
    file.write_text(
        'version: "3.1"\nnlu:\n- intent: deny\n  examples: |\n    - no\n'
        "- intent: correct\n  examples: |\n    - [it's (late) <date>](field:expiry)\n"
    )
    assert held_out(file) == [
        Sentence("no", "deny"),
        Sentence("it's (late) <date>", "correct", "expiry"),
    ]


@pytest.mark.parametrize("content", ["", "nlu:", "nlu: [1]", "nlu: []", "{", "nlu:\n- intent: x"])
def test_a_file_that_is_no_examples_is_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "odd.yml"
    file.write_text(content)
    with pytest.raises(NluError, match=r"odd\.yml"):
        held_out(file)


@pytest.mark.parametrize("content", ["=", "intent_accuracy = 'high'", "intent_accuracy = []"])
def test_odd_thresholds_are_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "thresholds.toml"
    file.write_text(content)
    with pytest.raises(NluError, match=r"thresholds\.toml"):
        thresholds(file)


def report(answers: list[Parsed], out: Path, **least: float) -> laboratory.NluReport:
    sentences = [
        Sentence("yes", "affirm"),
        Sentence("no", "deny"),
        Sentence("the date", "correct", "expiry"),
        Sentence("the code", "correct", "security_code"),
    ]
    return laboratory._report(sentences, answers, 5.0, least, out, None)


def test_a_wrong_field_counts_against_the_fields_and_not_against_the_intents(
    tmp_path: Path,
) -> None:
    got = report(
        [
            Parsed(Intent.AFFIRM, 0.9),
            Parsed(Intent.DENY, 0.9),
            Parsed(Intent.CORRECT, 0.9, Field.EXPIRY, 0.9),
            Parsed(Intent.CORRECT, 0.9, Field.POSTAL_CODE, 0.9),
        ],
        tmp_path,
        intent_accuracy=1.0,
        field_accuracy=0.75,
    )
    assert (got.intent_accuracy, got.intent_weighted_f1, got.field_accuracy) == (1.0, 1.0, 0.5)
    assert got.below == ("field_accuracy 0.500 is below 0.750",)
    assert not got.passed
    assert got.confused == (("correct security_code", "correct postal_code", 1),)
    assert '"field_accuracy": 0.5' in got.report.read_text()


def test_a_correction_taken_for_something_else_has_no_right_field(tmp_path: Path) -> None:
    got = report(
        [
            Parsed(Intent.AFFIRM, 0.9),
            Parsed(Intent.DENY, 0.9),
            Parsed(Intent.DENY, 0.9),
            Parsed(Intent.CORRECT, 0.9, Field.SECURITY_CODE, 0.9),
        ],
        tmp_path,
    )
    assert (got.intent_accuracy, got.field_accuracy) == (0.75, 0.5)
    assert got.passed


def test_a_threshold_nobody_measures_is_missed(tmp_path: Path) -> None:
    answers = [Parsed(Intent.AFFIRM, 0.9)] * 4
    assert not report(answers, tmp_path, intent_acuracy=0.1).passed


def test_weighted_f1_of_a_known_case() -> None:
    # a: precision 2/3, recall 1, F1 0.8 (weight 2); b: precision 1, recall 1/2, F1 2/3 (weight 2)
    assert weighted_f1(["a", "a", "b", "b"], ["a", "a", "a", "b"]) == pytest.approx(11 / 15)


@given(st.lists(st.sampled_from("abc"), min_size=1))
def test_weighted_f1_is_one_where_all_is_right(labels: list[str]) -> None:
    assert weighted_f1(labels, labels) == pytest.approx(1.0)
