"""Figures of the bench, and the transcripts it reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.calls.bench_cases import Case, Skipped, read_cases
from bot.calls.bench_hearing import Answer, edits, figures, proportion
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
