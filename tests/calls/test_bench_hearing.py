"""Figures of the bench, and the transcripts it reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.calls.laboratory.bench import Answer, as_json, as_markdown, edits, figures, proportion
from bot.calls.laboratory.cases import Case, Skipped, read_cases
from bot.expectations import Expectation, Kind


@pytest.mark.parametrize(
    ("heard", "said", "count"),
    [("", "123", 3), ("123", "123", 0), ("1123", "123", 1), ("13", "123", 1), ("321", "123", 2)],
)
def test_wrong_digits_are_those_to_insert_delete_or_change(
    heard: str, said: str, count: int
) -> None:
    assert edits(heard, said) == count


def test_an_interval_is_wilsons() -> None:
    share = proportion(8, 10)  # textbook: 0.49 to 0.943

    assert (share.percent, round(share.low, 1), round(share.high, 1)) == (80.0, 49.0, 94.3)
    assert proportion(0, 5).low == 0
    assert proportion(5, 5).high == 100


def answer(value: str | None, *, accepted: bool, engine: str = "a", said: str = "1234") -> Answer:
    case = Case(Path("x.wav"), Expectation(Kind.DIGITS), said)
    return Answer(engine, case, value, 0.9, accepted, 10.0)


def test_wrong_answers_that_were_accepted_are_counted_for_each_engine() -> None:
    first, second = figures(
        [
            answer("1234", accepted=True),
            answer("1235", accepted=True),
            answer(None, accepted=False),
            answer("1234", accepted=True, engine="b"),
        ]
    )

    assert (first.engine, first.recordings, first.accepted, first.accepted_wrong) == ("a", 3, 2, 1)
    assert first.digit_errors is not None
    assert round(first.digit_errors.percent, 1) == round(100 * 5 / 12, 1)
    assert (second.engine, second.exact.percent, second.accepted_wrong) == ("b", 100.0, 0)


@pytest.mark.parametrize(
    ("kind", "said", "heard"),
    [
        (Kind.CARD, "4242424242424242", "4242424242424"),
        (Kind.DIGITS, "90210", "90211"),
        (Kind.OPEN, "four two four two four two four two", "it's 4242 4242 42 forty two"),
        (Kind.AMOUNT, "87.50", "42424.24"),
    ],
)
def test_no_report_holds_digits_of_a_card_whatever_was_asked(
    kind: Kind, said: str, heard: str
) -> None:
    case = Case(Path("a.wav"), Expectation(kind), said)
    answers = [Answer("a", case, heard, 0.9, True, 10.0)]

    report = as_markdown(answers, [], show=False) + json.dumps(as_json(answers, [], show=False))
    hidden = [text for text in (said, heard) if text != "87.50"]
    assert not any(text in report for text in hidden)
    assert not {"4242", "42424", "four", "forty", "90210"} & set(re.findall(r"\w+", report))
    shown = as_markdown(answers, [], show=True) + json.dumps(as_json(answers, [], show=True))
    assert all(re.search(rf"\b{text}\b", shown) for text in (said, heard))


def test_a_report_shows_an_amount_as_it_was_heard() -> None:
    case = Case(Path("a.wav"), Expectation(Kind.AMOUNT), "87.50")
    report = as_markdown([Answer("a", case, "8750.00", 0.9, False, 1.0)], [], show=False)
    assert "said 87.50, heard 8750.00" in report


@pytest.mark.parametrize(
    "row",
    [
        {"file": "a.wav", "expect": "4242424242424242", "value": "card"},
        {"file": "4242424242424242", "expect": "card", "value": "a.wav"},
        {"file": "4242424242424242", "expect": "card", "value": "4242424242424242"},
        {"file": "a.wav", "expect": "digits", "value": "1", "channel": "4242424242424242"},
        {"file": "a.wav", "4242424242424242": "card"},
    ],
)
def test_a_table_with_its_columns_confused_is_told_without_what_is_in_them(
    tmp_path: Path, row: dict[str, str]
) -> None:
    (tmp_path / "a.wav").touch()
    table = tmp_path / "said.jsonl"
    table.write_text(json.dumps(row) + "\n")

    (skipped,) = read_cases(tmp_path, table)
    assert isinstance(skipped, Skipped)
    assert skipped.why.startswith(f"{table}:1: ")
    assert "4242" not in skipped.why


@pytest.mark.parametrize(
    ("line", "kind", "value", "lengths"),
    [
        ("card: 4242 4242-4242 4242", Kind.CARD, "4242424242424242", ()),
        ("digits 5, 9 : 90210", Kind.DIGITS, "90210", (5, 9)),
        ("amount: 87.50", Kind.AMOUNT, "87.50", ()),
        ("expiry: 04/29", Kind.EXPIRY, "04/29", ()),
        ("yes_no: Yes", Kind.YES_NO, "yes", ()),
        ("open: I'd like an agent, please.", Kind.OPEN, "i'd like an agent please", ()),
    ],
)
def test_a_line_beside_a_recording_says_what_was_said(
    tmp_path: Path, line: str, kind: Kind, value: str, lengths: tuple[int, ...]
) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "a.txt").write_text(line + "\n")

    (case,) = read_cases(tmp_path)
    assert isinstance(case, Case)
    assert (case.expectation, case.value) == (Expectation(kind, lengths=lengths), value)
    assert "value=" not in repr(case)


@pytest.mark.parametrize("line", ["", "4242", "card 4242", "card: x", "amount: 5", "expiry: 13/29"])
def test_a_line_that_cannot_be_read_names_its_file(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "a.txt").write_text(line)

    (skipped,) = read_cases(tmp_path)
    assert isinstance(skipped, Skipped)
    assert "a.txt" in skipped.why
    assert "4242" not in skipped.why


def test_json_lines_are_a_table_too(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    table = tmp_path / "said.jsonl"
    table.write_text(
        '{"file": "a.wav", "expect": "digits", "value": "123", "lengths": [3, 4]}\n'
        '{"file": "a.wav", "expect": "digits", "value": "123", "speaker": "x"}\n'
    )

    case, skipped = read_cases(tmp_path, table)
    assert isinstance(case, Case)
    assert case.expectation.lengths == (3, 4)
    assert isinstance(skipped, Skipped)
    assert "said.jsonl:2: 'speaker' is none of" in skipped.why
