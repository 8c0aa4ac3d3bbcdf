import json
from pathlib import Path

import jsonschema
import pytest
from whole_bot import SCENARIOS, WholeRun

from bot.records.result import SCHEMA
from bot.records.trace import EntryKind

NAMES = sorted(path.stem for path in SCENARIOS.glob("*.yml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_comes_out_as_it_says(whole_run: WholeRun, name: str) -> None:
    assert [str(miss) for miss in whole_run.outcomes[name].misses] == []


@pytest.mark.parametrize("name", ["demo-pay", "demo-keys"])
def test_a_scenario_gives_the_same_result_to_the_sample(whole_run: WholeRun, name: str) -> None:
    first, again = whole_run.outcomes[name].finished, whole_run.again[name].finished

    def told(finished: object) -> list[object]:
        # References are the simulator's count of bookings; they alone may differ.
        entries = finished.entries  # type: ignore[attr-defined]
        return [
            (
                e.at,
                e.until,
                e.kind,
                e.details.get("id"),
                e.text if e.kind is EntryKind.HEARD else "",
            )
            for e in entries
            if e.kind is not EntryKind.PROMPT or e.details["id"] != "charge.approved"
        ]

    reference_spoken = [i for i, e in enumerate(first.entries) if e.kind is EntryKind.CHARGE]
    cut = reference_spoken[-1]
    assert told(first)[:cut] == told(again)[:cut]


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
