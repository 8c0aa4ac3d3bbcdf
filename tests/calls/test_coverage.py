from dataclasses import fields
from pathlib import Path

import pytest

from bot.calls.scenarios.choosing import choose
from bot.calls.scenarios.coverage import REQUIREMENTS, as_markdown, coverage_of, load_sentences
from bot.calls.scenarios.scenario import Expected
from bot.errors import ScenarioError
from bot.outcomes import ResultName

SCENARIOS = Path(__file__).parents[1] / "scenarios"

SENTENCES = """
[[sentence]]
id = "R1.9 help"
says = "The caller asks for help."
[[sentence]]
id = "R1.9 agent"
says = "The caller asks for an agent."
[[sentence]]
id = "R7.1 identified"
says = "The caller is identified."
no_scenario = "later"
"""

CALL = """
name: A caller asks for help
covers: [{covers}]
caller: {{turns: [{{after: amount.ask, text: help}}]}}
expect: {{result: success}}
"""


def folder_with(tmp_path: Path, sentences: str, covers: str) -> Path:
    (tmp_path / REQUIREMENTS).write_text(sentences)
    (tmp_path / "help.yml").write_text(CALL.format(covers=covers))
    return tmp_path


def test_every_sentence_has_a_scenario_or_says_why_it_has_none() -> None:
    coverage = coverage_of(choose([SCENARIOS]))
    assert coverage.missing == []
    assert coverage.outdated == []


def test_every_scenario_but_the_demos_says_what_it_covers_and_is_named_by_a_sentence() -> None:
    for each in choose([SCENARIOS]):
        assert each.scenario.covers or each.path.name.startswith("demo-"), each.path
        assert len(each.scenario.name.split()) > 4, each.path


def seen_to_show(expect: Expected) -> list[str]:
    """What besides the result a scenario checks: covering a sentence takes more than ending well,
    for a call may end well without what the sentence asks for."""
    return [
        key.name
        for key in fields(expect)
        if key.name != "result" and getattr(expect, key.name) not in (None, ())
    ]


def test_a_scenario_that_covers_a_sentence_expects_more_than_its_result() -> None:
    for each in choose([SCENARIOS]):
        assert not each.scenario.covers or seen_to_show(each.scenario.expect), each.path
    assert not seen_to_show(Expected(ResultName.SUCCESS))


def test_no_two_scenarios_have_the_same_name() -> None:
    names = [each.scenario.name for each in choose([SCENARIOS])]
    assert sorted(names) == sorted(set(names))


def test_the_list_for_people_is_in_step() -> None:
    listed = (SCENARIOS / "README.md").read_text()
    assert listed == as_markdown(coverage_of(choose([SCENARIOS]))), (
        "run: uv run run_bot.py test tests/scenarios --coverage > tests/scenarios/README.md"
    )


def test_a_sentence_without_a_scenario_is_missing_unless_it_says_why(
    tmp_path: Path,
) -> None:
    coverage = coverage_of(choose([folder_with(tmp_path, SENTENCES, "R1.9 help")]))
    assert [sentence.id for sentence in coverage.missing] == ["R1.9 agent"]
    assert coverage.outdated == []
    told = as_markdown(coverage)
    assert "| The caller asks for help. | [help](help.yml) |" in told
    assert "| The caller asks for an agent. | **no scenario** |" in told
    assert "| The caller is identified. | none: later |" in told
    assert "1 of 3 sentences" in told


def test_a_scenario_for_what_is_said_to_have_none_is_told(tmp_path: Path) -> None:
    coverage = coverage_of(choose([folder_with(tmp_path, SENTENCES, "R7.1 identified")]))
    assert [sentence.id for sentence in coverage.outdated] == ["R7.1 identified"]


def test_a_scenario_that_covers_what_nobody_asked_for_is_an_error(tmp_path: Path) -> None:
    chosen = choose([folder_with(tmp_path, SENTENCES, "R1.9 helb")])
    with pytest.raises(ScenarioError, match=r"help\.yml: covers 'R1.9 helb': not in"):
        coverage_of(chosen)


@pytest.mark.parametrize(
    ("sentences", "told"),
    [
        ("", "holds no"),
        ("sentence = 3", "holds no"),
        ("sentence = [3]", "has texts"),
        ("[[sentence]]\nid = 'a'", "says is missing"),
        ("[[sentence]]\nid = 'a'\nsays = 3", "has texts"),
        ("[[sentence]]\nid = 'a'\nsays = 'b'\nsaid = 'c'", "said: no such key"),
        (SENTENCES + SENTENCES, "'R1.9 help' stands there twice"),
        ("[[", "not a TOML file"),
    ],
)
def test_a_mistake_in_the_requirements_is_named(tmp_path: Path, sentences: str, told: str) -> None:
    path = tmp_path / REQUIREMENTS
    path.write_text(sentences)
    with pytest.raises(ScenarioError, match=told):
        load_sentences(path)


def test_scenarios_without_requirements_beside_them_cannot_be_held_against_any(
    tmp_path: Path,
) -> None:
    with pytest.raises(ScenarioError, match=r"requirements\.toml: cannot be read"):
        load_sentences(tmp_path / REQUIREMENTS)
