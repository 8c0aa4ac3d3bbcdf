"""Two runs of a scenario are compared entry by entry and sample by sample."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile

from bot.audio import SAMPLE_RATE
from bot.calls.call import CallEnd
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenarios.sameness import first_difference
from bot.outcomes import PaymentResult, ResultName
from bot.records.result import CallResult, Durations
from bot.records.trace import Entry, EntryKind

ENTRIES = [
    Entry(0, EntryKind.PROMPT, "bot", "Welcome.", 1500, {"id": "welcome"}),
    Entry(2000, EntryKind.KEY, "caller", "•"),
    Entry(2500, EntryKind.END, "call", "success", None, {"status": "success"}),
]


def a_run(folder: Path, call_id: str = "first") -> FinishedCall:
    files = Files(folder / call_id)
    files.folder.mkdir()
    sound = np.arange(2 * SAMPLE_RATE, dtype=np.int16).reshape(-1, 2)
    soundfile.write(files.recording, sound, SAMPLE_RATE, subtype="PCM_16")
    payment = PaymentResult(ResultName.SUCCESS)
    result = CallResult(
        call_id=call_id,
        started_at=datetime.now(UTC),
        payment=payment,
        durations=Durations.of(ENTRIES, 2500),
    )
    return FinishedCall(CallEnd(payment), list(ENTRIES), result, files)


def test_runs_that_differ_in_name_and_time_of_day_only_are_the_same(tmp_path: Path) -> None:
    assert first_difference(a_run(tmp_path), a_run(tmp_path, "again")) is None


def test_the_first_entry_that_differs_is_told_with_its_moment(tmp_path: Path) -> None:
    first, again = a_run(tmp_path), a_run(tmp_path, "again")
    again.entries[1] = replace(again.entries[1], at=2020)
    assert str(first_difference(first, again)) == (
        "twice: expected 0:02.0 Caller: key •, got 0:02.0 Caller: key • the second time at "
        "0:02.0, after a key"
    )
    again.entries[1] = replace(again.entries[1], at=2120, text="#")
    assert "got 0:02.1 Caller: key # the second time" in str(first_difference(first, again))


def test_an_entry_that_is_missing_is_a_difference(tmp_path: Path) -> None:
    first, again = a_run(tmp_path), a_run(tmp_path, "again")
    del again.entries[2]
    assert "got nothing more the second time" in str(first_difference(first, again))


def test_one_sample_is_a_difference_and_told_with_its_moment(tmp_path: Path) -> None:
    first, again = a_run(tmp_path), a_run(tmp_path, "again")
    sound, rate = soundfile.read(again.files.recording, dtype="int16")
    sound[4000, 1] += 1
    soundfile.write(again.files.recording, sound, rate, subtype="PCM_16")
    told = str(first_difference(first, again))
    assert told == (
        "twice: expected the same recording, got 1 other samples the second time, the first at "
        "0:00.5, while the bot said “Welcome.”"
    )


def test_a_longer_recording_is_a_difference(tmp_path: Path) -> None:
    first, again = a_run(tmp_path), a_run(tmp_path, "again")
    sound, rate = soundfile.read(again.files.recording, dtype="int16")
    soundfile.write(again.files.recording, sound[:-1], rate, subtype="PCM_16")
    assert str(first_difference(first, again)) == (
        "twice: expected 8000 samples, got 7999 the second time"
    )


def test_another_result_is_a_difference(tmp_path: Path) -> None:
    first, again = a_run(tmp_path), a_run(tmp_path, "again")
    again = replace(again, result=replace(again.result, degradations=["Rasa is away"]))
    assert "another the second time" in str(first_difference(first, again))
