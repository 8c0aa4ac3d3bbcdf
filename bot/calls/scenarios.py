"""Runs scenarios through the whole bot, one after the other, and gives each its verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.calls.callers import ScriptedCaller
from bot.calls.leg import Listener
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenario import Scenario, make_caller
from bot.calls.services import Services
from bot.calls.verdict import Miss, judge
from bot.errors import ScenarioError, SettingsError
from bot.records.trace import Entry
from bot.settings import with_settings


@dataclass(frozen=True, slots=True)
class ScenarioOutcome:
    """misses: everything that did not come out as expected; empty when it passed."""

    scenario: Scenario
    finished: FinishedCall
    misses: list[Miss]


async def run_scenario(
    scenario: Scenario,
    path: Path,
    services: Services,
    files: Files,
    watch: Callable[[Entry], None] | None = None,
    listener: Listener | None = None,
) -> ScenarioOutcome:
    """One scenario; `path` is its file, WAVs are found beside it. Raises BotError."""
    try:
        settings = with_settings(services.settings, scenario.settings)
    except SettingsError as error:
        raise ScenarioError(f"{path}: {error}") from None
    caller = make_caller(scenario.caller, path.parent)
    finished = await services.call(
        caller,
        scenario.parameters,
        files,
        settings=settings,
        today=scenario.today,
        rasa_away=scenario.rasa == "away",
        gateway_down=scenario.gateway == "down",
        watch=watch,
        listener=listener,
    )
    settled = finished.result.settled
    misses = judge(
        scenario.expect, finished.end, finished.entries, settled.status.value if settled else None
    )
    if misses and isinstance(caller, ScriptedCaller) and caller.waiting_for is not None:
        misses.append(
            Miss("caller", "to take all turns", f"still waiting for {caller.waiting_for}")
        )
    return ScenarioOutcome(scenario, finished, misses)
