"""A run of scenarios: each has files of its own, and one that cannot be run costs no other."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.calls.scenarios.choosing import Chosen, choose
from bot.calls.scenarios.run import labelled, verdict_on
from bot.calls.scenarios.scenario import CallerScript, Expected, Scenario, Turn
from bot.calls.services import Services
from bot.outcomes import ResultName
from bot.settings import Settings, with_settings


def chosen(path: Path, settings: dict[str, Any] | None = None) -> Chosen:
    caller = CallerScript(turns=(Turn(wav="gone.wav"),))
    expected = Expected(ResultName.SUCCESS)
    return Chosen(path, Scenario("A caller pays", caller, expected, settings=settings or {}))


class NoServices:
    """As far as a scenario that cannot be run gets."""

    settings = Settings()
    speaker = SimpleNamespace(prompt_ids=frozenset())


def test_scenarios_of_one_name_in_two_folders_keep_their_files_apart() -> None:
    paths = [Path("a/pay.yml"), Path("b/pay.yml"), Path("c/pay.yaml"), Path("a/star.yml")]
    labels = [label for label, _ in labelled([chosen(path) for path in paths])]
    assert labels == ["pay", "pay-2", "pay-3", "star"]


@pytest.mark.parametrize(
    ("settings", "why"),
    [({}, "gone.wav: no such file"), ({"payment.max_declines": 0}, "payment.max_declines = 0")],
)
async def test_a_scenario_that_cannot_be_run_says_why_and_has_no_call(
    tmp_path: Path, settings: dict[str, Any], why: str
) -> None:
    services = cast(Services, NoServices())
    verdict = await verdict_on(chosen(tmp_path / "x.yml", settings), "x", services, tmp_path)
    assert verdict.broken is not None
    assert why in verdict.broken
    assert not verdict.passed
    assert verdict.call_ms == 0
    assert verdict.files is None


def test_every_setting_a_shipped_scenario_changes_is_one() -> None:
    folder = Path(__file__).parents[1] / "scenarios"
    for each in choose([folder]):
        with_settings(Settings(), each.scenario.settings)
