"""A scenario with a typo: the file, the place, and what was probably meant."""

from pathlib import Path

import pytest

from bot.calls.scenarios.check import check_scenario, refuse_hopeless
from bot.calls.scenarios.choosing import Chosen
from bot.calls.scenarios.scenario import load_scenario
from bot.errors import ScenarioError
from bot.settings import Settings

PROMPTS = {"welcome", "amount.ask", "card_number.ask", "goodbye"}

GOOD = """
name: Somebody keys
caller:
  turns:
    - {after: amount.ask, keys: "87#"}
    - {during: card_number.ask, wav: yes.wav}
settings: {payment.max_declines: 2}
expect:
  result: success
  prompts: [welcome, goodbye]
  absent: [card_number.ask]
"""


def written(folder: Path, text: str) -> Path:
    (folder / "yes.wav").touch()
    path = folder / "some.yml"
    path.write_text(text)
    return path


def faults_of(path: Path) -> list[str]:
    try:
        check_scenario(path, load_scenario(path), Settings(), PROMPTS)
    except ScenarioError as error:
        return str(error).splitlines()
    return []


def test_a_scenario_whose_every_name_exists_has_no_fault(tmp_path: Path) -> None:
    assert faults_of(written(tmp_path, GOOD)) == []


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("after: amount.ask", "after: amuont.ask", "caller.turns.0.after: amuont.ask: no such "
         "prompt; did you mean amount.ask?"),
        ("during: card_number.ask", "during: card_nmber.ask", "caller.turns.1.during: card_nmber."
         "ask: no such prompt; did you mean card_number.ask?"),
        ("[welcome, goodbye]", "[welcome, godbye]", "expect.prompts.1: godbye: no such prompt; "
         "did you mean goodbye?"),
        ("[card_number.ask]", "[zzz]", "expect.absent.0: zzz: no such prompt"),
        ("wav: yes.wav", "wav: yess.wav", "caller.turns.1.wav: yess.wav: no such file; did you "
         "mean yes.wav?"),
        ("max_declines: 2", "max_decline: 2", "settings: payment.max_decline: no such key; did "
         "you mean payment.max_declines?"),
        ("keys: ", "kees: ", "caller.turns.0.kees: no such key; did you mean keys?"),
        ("result: ", "reslt: ", "expect.reslt: no such key; did you mean result?"),
        ("caller:", "callr:", "callr: no such key; did you mean caller?"),
        ('"87#"', "87", 'caller.turns.0.keys: put it in quotes'),
        ("success", "sucess", "expect.result: 'sucess' is no choice here; did you mean success?"),
    ],
)  # fmt: skip
def test_a_typo_is_told_with_file_place_and_the_nearest_name(
    tmp_path: Path, right: str, wrong: str, told: str
) -> None:
    path = written(tmp_path, GOOD.replace(right, wrong, 1))
    assert any(line.startswith(f"{path}: {told}") for line in faults_of(path)), faults_of(path)


def test_one_scenario_with_a_typo_does_not_cost_the_others_their_verdict(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text("{name: a, caller: {turns: [{silence_ms: 1}]}, expect: {result: timeout}}")
    bad.write_text(good.read_text().replace("{silence", "{after: nowhere, silence"))
    chosen = [Chosen(path, load_scenario(path)) for path in (bad, good)]
    refuse_hopeless(chosen, Settings())
    with pytest.raises(ScenarioError, match=r"bad\.yml: caller\.turns\.0\.after: nowhere"):
        refuse_hopeless(chosen[:1], Settings())
