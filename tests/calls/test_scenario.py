import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from bot.calls.callers import RecordedCaller, ScriptedCaller
from bot.calls.choosing import find_scenarios
from bot.calls.scenario import load_scenario, make_caller, schema
from bot.errors import AudioError, ScenarioError
from bot.outcomes import ResultName

SCENARIOS = Path(__file__).parents[1] / "scenarios"

GOOD = """
name: A caller pays by keys
caller:
  turns:
    - {after: amount.ask, keys: "8750#"}
    - {after: confirm.question, text: "yes"}
expect: {result: success, amount: "87.50"}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "scenario.yml"
    path.write_text(text)
    return path


def test_a_scenario_says_what_the_caller_does_and_what_must_come_out(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, GOOD))
    assert scenario.expect.result is ResultName.SUCCESS
    caller = make_caller(scenario.caller, tmp_path)
    assert isinstance(caller, ScriptedCaller)
    assert caller.turns_left == 2


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (GOOD.replace("keys:", "kyes:"), "caller.turns.0.kyes: no such key"),
        (GOOD.replace("name:", "nam:"), "nam: no such key"),
        (GOOD.replace("success", "succes"), "expect.result: Input should be"),
        (GOOD.replace('"87.50"', "87.50"), "expect.amount: put it in quotes"),
        (GOOD.replace('"8750#"', '"87x0"'), "keys are 0-9"),
        (GOOD.replace('keys: "8750#"', "wait_ms: 5"), "exactly one of wav, keys, text"),
        (GOOD.replace("after: amount.ask", "after: a, during: b"), "not both"),
        ("- a list", "a scenario is a mapping"),
        ("name: [unclosed", "not YAML"),
        ("name: nothing else", "caller: is missing"),
    ],
)
def test_a_typo_is_named_with_its_place(tmp_path: Path, broken: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        load_scenario(write(tmp_path, broken))
    assert "scenario.yml" in str(raised.value)
    assert message in str(raised.value)


def test_a_caller_has_a_recording_or_turns_but_not_both(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="either a recording or turns"):
        load_scenario(write(tmp_path, "name: x\ncaller: {}\nexpect: {result: success}"))


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    scenario = load_scenario(
        write(tmp_path, "name: x\ncaller: {recording: gone.wav}\nexpect: {result: timeout}")
    )
    with pytest.raises(AudioError, match=r"gone\.wav: cannot be read"):
        make_caller(scenario.caller, tmp_path)


def test_the_published_schema_is_the_format_and_fits_every_scenario() -> None:
    published = json.loads((SCENARIOS / "schema.json").read_text())
    assert published == schema(), (
        "run: uv run run_bot.py test --schema > tests/scenarios/schema.json"
    )
    files = find_scenarios([SCENARIOS])
    assert len([file for file in files if not file.name.startswith("demo-")]) >= 40
    for path in files:
        jsonschema.validate(yaml.safe_load(path.read_text()), published)
        assert isinstance(
            make_caller(load_scenario(path).caller, path.parent), ScriptedCaller | RecordedCaller
        )
