from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest
import sample_call
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import Brand
from bot.charges import ChargeStatus
from bot.errors import StoreError
from bot.money import Money
from bot.outcomes import Destination, ErrorName, PaymentResult, ResultName
from bot.records.result import (
    SCHEMA,
    CallResult,
    Durations,
    Settlement,
    result_document,
    write_result,
)
from bot.records.trace import Entry, EntryKind

VALIDATOR = jsonschema.Draft202012Validator(
    json.loads(SCHEMA.read_text("utf-8")), format_checker=jsonschema.FormatChecker()
)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)


def test_the_file_says_what_became_of_the_payment(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "result.json"
    write_result(path, sample_call.RESULT)
    assert json.loads(path.read_text("utf-8")) == {
        "call_id": "20261122-0617-4f2a",
        "started_at": "2026-11-22T06:17:26.125+00:00",
        "status": "success",
        "reason": "",
        "error": None,
        "reference": "NW-7Q4K",
        "amount": "87.50",
        "currency": "USD",
        "brand": "visa",
        "last_four": "1111",
        "corrections_by_rasa": ["expiry"],
        "hand_over": "hang_up",
        "degradations": ["rasa slow"],
        "durations": {
            "call_ms": 83_400,
            "caller_speaking_ms": 20_800,
            "bot_speaking_ms": 40_340,
            "waiting_ms": 10_010,
            "charge_ms": 3_500,
        },
        "settled": None,
    }


words = st.text(st.characters(exclude_categories=("Cs", "Nd")), max_size=12)
results = st.builds(
    CallResult,
    call_id=words.filter(bool),
    started_at=st.datetimes(
        min_value=datetime(2000, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))]),
    ),
    payment=st.builds(
        PaymentResult,
        status=st.sampled_from(ResultName),
        reason=words,
        error=st.none() | st.sampled_from(ErrorName),
        reference=st.none() | words,
        amount=st.none()
        | st.builds(Money, st.integers(0, 10**7), st.sampled_from(["USD", "JPY", "TND"])),
        brand=st.none() | st.sampled_from(Brand),
        last_four=st.none() | st.from_regex(r"\A[0-9]{4}\Z"),
        corrections_by_rasa=st.lists(words, max_size=3).map(tuple),
    ),
    durations=st.builds(Durations, *[st.integers(0, 10**7)] * 5),
    hand_over=st.none() | st.sampled_from(Destination),
    degradations=st.lists(words, max_size=3),
    settled=st.none()
    | st.builds(
        Settlement,
        status=st.sampled_from([s for s in ChargeStatus if s is not ChargeStatus.UNKNOWN]),
        reference=st.none() | words,
        how=st.sampled_from(["look-up", "answer"]),
    ),
)


@settings(deadline=None)
@given(results)
def test_every_result_keeps_to_the_schema(result: CallResult) -> None:
    document = json.loads(json.dumps(result_document(result)))
    VALIDATOR.validate(document)
    assert datetime.fromisoformat(document["started_at"]) - result.started_at < timedelta(
        milliseconds=1
    )


def test_the_schema_notices_what_does_not_belong() -> None:
    document = result_document(sample_call.RESULT)
    for wrong in (
        {"status": "paid"},
        {"amount": "87,50"},
        {"last_four": "11111"},
        {"settled": {"status": "unknown", "reference": None, "how": "look-up"}},
        {"pan": "x"},
    ):
        assert not VALIDATOR.is_valid({**document, **wrong}), wrong
    for key in document:
        assert not VALIDATOR.is_valid({k: v for k, v in document.items() if k != key}), key


def test_a_result_that_looks_like_a_card_number_is_refused(tmp_path: Path) -> None:
    result = sample_call.RESULT
    leaking = CallResult(
        result.call_id,
        result.started_at,
        PaymentResult(ResultName.DECLINED, reason="4111-1111-1111-1111"),
        result.durations,
    )
    with pytest.raises(StoreError, match=r"result\.json: refused"):
        write_result(tmp_path / "result.json", leaking)
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_finished_leaves_the_old_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "result.json"
    write_result(path, sample_call.RESULT)
    before = path.read_bytes()

    def disk_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", disk_full)
    with pytest.raises(StoreError, match="No space left on device"):
        write_result(path, sample_call.RESULT)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(StoreError, match=r"out/result\.json: cannot be written"):
        write_result(tmp_path / "out" / "result.json", sample_call.RESULT)


def speech(at: int, until: int | None) -> Entry:
    return Entry(at, EntryKind.SPEECH, "caller", "", until)


def test_stretches_that_overlap_count_once() -> None:
    entries = [speech(0, 1000), speech(500, 1500), speech(600, 700), speech(3000, 3100)]
    assert Durations.of(entries, 5000) == Durations(5000, caller_speaking_ms=1600)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
def test_speaking_time_is_the_milliseconds_in_which_somebody_spoke(
    stretches: list[tuple[int, int]],
) -> None:
    covered = {ms for start, end in stretches for ms in range(start, end)}
    entries = [speech(start, end) for start, end in stretches]
    assert Durations.of(entries, 60).caller_speaking_ms == len(covered)
