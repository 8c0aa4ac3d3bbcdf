import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from whole_bot import SCENARIOS, WholeRun

from bot.calls.scenarios.sameness import first_difference
from bot.records.result import SCHEMA
from bot.records.trace import EntryKind

NAMES = sorted(path.stem for path in SCENARIOS.glob("*.yml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_comes_out_as_it_says(whole_run: WholeRun, name: str) -> None:
    assert [str(miss) for miss in whole_run.outcomes[name].misses] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_comes_out_the_same_to_the_sample_on_a_busy_machine(
    whole_run: WholeRun, name: str
) -> None:
    first, again = whole_run.outcomes[name].finished, whole_run.again[name].finished
    assert str(first_difference(first, again)) == "None"


def test_two_runs_that_differ_are_told_apart(whole_run: WholeRun) -> None:
    """The comparison above can fail: in one entry, in one sample, in the result."""
    first = whole_run.outcomes["demo-keys"].finished
    assert first_difference(first, first) is None
    assert first_difference(first, whole_run.outcomes["demo-pay"].finished) is not None
    later = [replace(entry, at=entry.at + 1) for entry in first.entries]
    assert first_difference(first, replace(first, entries=later)) is not None
    result = replace(first.result, degradations=["something"])
    assert first_difference(first, replace(first, result=result)) is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_call_leaves_its_recording_its_page_and_its_result(
    whole_run: WholeRun, name: str
) -> None:
    files = whole_run.outcomes[name].finished.files
    result = json.loads(files.result.read_text())
    jsonschema.validate(result, json.loads(Path(SCHEMA).read_text()))
    assert files.recording.stat().st_size > 44
    assert "<html" in files.page.read_text()
    assert sorted(p.name for p in files.folder.iterdir()) == [
        "call.html",
        "call.wav",
        "result.json",
    ]


def test_in_the_spoken_demo_rasa_understood_the_correction(whole_run: WholeRun) -> None:
    finished = whole_run.outcomes["demo-pay"].finished
    assert finished.end.result.corrections_by_rasa == ("expiry",)
    heard = [e for e in finished.entries if e.kind is EntryKind.HEARD]
    assert any(
        e.details.get("source") == "rasa" and e.details.get("field") == "expiry" for e in heard
    )


def test_without_rasa_trace_and_result_say_so(whole_run: WholeRun) -> None:
    finished = whole_run.outcomes["rasa-away"].finished
    assert any(e.kind is EntryKind.DEGRADED for e in finished.entries)
    assert json.loads(finished.files.result.read_text())["degradations"]
