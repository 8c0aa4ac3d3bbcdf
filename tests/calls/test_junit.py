"""Verdicts as JUnit XML. What the two schemas in use ask for is written down here by hand."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calls.run_call import Files
from bot.calls.scenarios.choosing import Chosen
from bot.calls.scenarios.junit import write_junit
from bot.calls.scenarios.run import Verdict
from bot.calls.scenarios.scenario import CallerScript, Expected, Scenario, Turn
from bot.calls.scenarios.verdict import Miss
from bot.errors import StoreError
from bot.outcomes import ResultName

BEGAN = datetime(2026, 11, 22, 11, 30, tzinfo=timezone(timedelta(hours=2)))


def chosen(name: str = "A caller pays") -> Chosen:
    caller = CallerScript(turns=(Turn(keys="1"),))
    return Chosen(Path("tests/a.yml"), Scenario(name, caller, Expected(ResultName.SUCCESS)))


PASSED = Verdict(chosen(), "a", files=Files(Path("out/a")), call_ms=83_120)
FAILED = Verdict(
    chosen(),
    "b",
    [Miss("result", "success", "declined", 64_000), Miss("charges", "1", "2")],
    files=Files(Path("out/b")),
    call_ms=64_005,
)
BROKEN = Verdict(chosen(), "c", broken="gone.wav: cannot be read\nsecond line")


def written(tmp_path: Path, verdicts: Sequence[Verdict]) -> ElementTree.Element:
    write_junit(tmp_path / "deep" / "j.xml", verdicts, BEGAN)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["j.xml"]
    return ElementTree.parse(tmp_path / "deep" / "j.xml").getroot()  # noqa: S314 - our own


def test_the_suite_counts_what_failed_and_what_could_not_run_apart(tmp_path: Path) -> None:
    suite = written(tmp_path, [PASSED, FAILED, BROKEN])
    assert suite.tag == "testsuite"
    hostname = suite.attrib.pop("hostname")
    assert hostname
    assert suite.attrib == {
        "name": "scenarios",
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "time": "147.125",
        "timestamp": "2026-11-22T09:30:00",
    }


def test_parts_come_in_the_order_of_the_schema(tmp_path: Path) -> None:
    suite = written(tmp_path, [PASSED, FAILED])
    tags = [child.tag for child in suite]
    assert tags == ["properties", "testcase", "testcase", "system-out", "system-err"]
    for case in suite.iter("testcase"):
        assert set(case.attrib) == {"name", "classname", "time"}
        assert len(case) <= 1


def test_a_failure_says_everything_that_was_missed_and_the_call_clock_is_the_time(
    tmp_path: Path,
) -> None:
    case = written(tmp_path, [FAILED])[1]
    assert case.attrib == {"name": "A caller pays", "classname": "scenarios.b", "time": "64.005"}
    failure = case[0]
    assert failure.attrib == {
        "message": "result: expected success, got declined at 1:04.0",
        "type": "not as expected",
    }
    assert failure.text == (
        "result: expected success, got declined at 1:04.0\ncharges: expected 1, got 2"
    )


def test_what_could_not_run_is_an_error_and_took_no_time(tmp_path: Path) -> None:
    case = written(tmp_path, [BROKEN])[1]
    assert case.attrib["time"] == "0.000"
    assert case[0].tag == "error"
    assert case[0].attrib["message"] == "gone.wav: cannot be read"
    assert case[0].text == "gone.wav: cannot be read\nsecond line"


def test_the_files_of_each_call_are_properties_of_the_suite(tmp_path: Path) -> None:
    """Ant's schema knows no properties of a test."""
    suite = written(tmp_path, [PASSED, BROKEN])
    properties = {each.attrib["name"]: each.attrib["value"] for each in suite.iter("property")}
    assert properties == {
        "a.scenario": "tests/a.yml",
        "a.page": "out/a/call.html",
        "a.recording": "out/a/call.wav",
        "a.result": "out/a/result.json",
        "c.scenario": "tests/a.yml",
    }


@given(name=st.text(), broken=st.text())
def test_no_text_whatever_makes_a_document_that_cannot_be_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, broken: str
) -> None:
    path = tmp_path_factory.mktemp("junit")
    case = written(path, [Verdict(chosen(name), "x", broken=broken)])[1]
    readable = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", broken)
    assert (case[0].text or "") == readable.replace("\r\n", "\n").replace("\r", "\n")


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        write_junit(tmp_path / "file" / "j.xml", [PASSED], datetime.now(UTC))
