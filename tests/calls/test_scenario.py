import json
from pathlib import Path

import jsonschema
import pytest
import soundfile
import yaml

from bot.audio import SAMPLE_RATE, silence
from bot.calls.callers import RecordedCaller, ScriptedCaller
from bot.calls.scenarios.choosing import find_scenarios
from bot.calls.scenarios.scenario import load_scenario, make_caller, schema
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


def expecting(more: str) -> str:
    return GOOD.replace("{result:", f"{{{more}, result:")


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
        (
            GOOD.replace("success", "succes"),
            "expect.result: 'succes' is no choice here; did you mean success?",
        ),
        (GOOD + "parameters: {language: fr}", "so far there is en"),
        (GOOD + "gateway: up", "gateway: 'up' is no choice here; choose simulator, down"),
        (GOOD + "gateway: dwon", "gateway: 'dwon' is no choice here; did you mean down?"),
        (expecting("brand: mastercrad"), "'mastercrad' is no choice here; did you mean mastercard"),
        (expecting("settled: aproved"), "'aproved' is no choice here; did you mean approved?"),
        (expecting("corrections_by_rasa: [expiri]"), "expect.corrections_by_rasa.0: 'expiri' is"),
        (expecting('last_four: "424"'), "expect.last_four: write the last four digits, such as"),
        (expecting('expiry: "13/29"'), 'expect.expiry: write month and year, such as "04/29"'),
        (expecting('expiry: "4/29"'), 'expect.expiry: write month and year, such as "04/29"'),
        (GOOD.replace('"87.50"', '"87,50"'), 'expect.amount: write an amount, such as "87.50"'),
        (GOOD.replace('"87.50"', "87.50"), "expect.amount: put it in quotes"),
        (GOOD + "today: 2026-13-22", "not YAML (month must be in 1..12"),
        (GOOD.replace('"8750#"', '"87x0"'), "keys are 0-9"),
        (GOOD.replace('keys: "8750#"', "wait_ms: 5"), "exactly one of wav, keys, text"),
        (GOOD.replace("after: amount.ask", "after: a, during: b"), "not both"),
        ("- a list", "a scenario is a mapping"),
        ("name: [unclosed", "not YAML (line 1, column 16: expected ',' or ']'"),
        ("name: nothing else", "caller: is missing"),
    ],
)
def test_a_typo_is_named_with_its_place(tmp_path: Path, broken: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        load_scenario(write(tmp_path, broken))
    assert "scenario.yml" in str(raised.value)
    assert message in str(raised.value)


CARD = "4242424242424242"


@pytest.mark.parametrize(
    "broken",
    [
        GOOD.replace('"8750#"', CARD),
        GOOD.replace('"8750#"', f'"{CARD}'),
        GOOD.replace('"8750#"', f"*{CARD}"),
        GOOD.replace('keys: "8750#"', f'"{CARD}": x'),
        GOOD.replace('"8750#"', f'"{CARD}x"'),
        GOOD.replace("success", CARD),
        GOOD.replace("success", '"4242 4242 4242 4242"'),
        expecting(f'last_four: "{CARD}"'),
        expecting(f'brand: "{CARD}"'),
        GOOD.replace("name: A caller", f"name: {CARD}: A caller"),
    ],
)
def test_a_card_number_in_a_faulty_scenario_is_not_repeated(tmp_path: Path, broken: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        load_scenario(write(tmp_path, broken))
    told = str(raised.value).removeprefix(str(tmp_path))
    assert "4242" not in told.replace('such as "4242"', "")


def test_a_caller_has_a_recording_or_turns_but_not_both(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="either a recording or turns"):
        load_scenario(write(tmp_path, "name: x\ncaller: {}\nexpect: {result: success}"))


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    scenario = load_scenario(
        write(tmp_path, "name: x\ncaller: {recording: gone.wav}\nexpect: {result: timeout}")
    )
    with pytest.raises(AudioError, match=r"gone\.wav: cannot be read"):
        make_caller(scenario.caller, tmp_path)


@pytest.mark.parametrize("caller", ["{recording: long.wav}", "{turns: [{wav: long.wav}]}"])
def test_a_recording_longer_than_the_settings_allow_is_refused(tmp_path: Path, caller: str) -> None:
    soundfile.write(tmp_path / "long.wav", silence(61 * SAMPLE_RATE), SAMPLE_RATE)
    scenario = load_scenario(
        write(tmp_path, f"name: x\ncaller: {caller}\nexpect: {{result: timeout}}")
    )
    with pytest.raises(AudioError, match="at most 1 are taken"):
        make_caller(scenario.caller, tmp_path, longest_minutes=1)


def test_the_published_schema_is_the_format_and_fits_every_scenario() -> None:
    published = json.loads((SCENARIOS / "schema.json").read_text())
    assert published == schema(), (
        "run: uv run run_bot.py test --schema > tests/scenarios/schema.json"
    )
    files = find_scenarios([SCENARIOS])
    assert len([file for file in files if not file.name.startswith("demo-")]) >= 40
    format_ = jsonschema.Draft202012Validator(published)
    for path in files:
        format_.validate(yaml.safe_load(path.read_text()))
        assert isinstance(
            make_caller(load_scenario(path).caller, path.parent), ScriptedCaller | RecordedCaller
        )
