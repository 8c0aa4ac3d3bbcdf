"""Runs scenarios through the whole bot, one after the other, and gives each its verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.calls.callers import Caller, ScriptedCaller
from bot.calls.leg import Listener
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenarios.check import check_scenario
from bot.calls.scenarios.choosing import Chosen
from bot.calls.scenarios.sameness import first_difference
from bot.calls.scenarios.scenario import Scenario, make_caller
from bot.calls.scenarios.verdict import Miss, end_of, judge, miss_at
from bot.calls.services import Services
from bot.errors import BotError
from bot.records.trace import Entry
from bot.settings import with_settings


@dataclass(frozen=True, slots=True)
class ScenarioOutcome:
    """misses: everything that did not come out as expected; empty when it passed."""

    scenario: Scenario
    finished: FinishedCall
    misses: list[Miss]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one scenario of a run.

    label: its name in this run, no other has it; its files lie in a folder of that name.
    broken: why it could not be run at all. call_ms: how long its call was, by the call's clock.
    """

    chosen: Chosen
    label: str
    misses: list[Miss] = field(default_factory=list)
    broken: str | None = None
    files: Files | None = None
    call_ms: int = 0

    @property
    def passed(self) -> bool:
        return self.broken is None and not self.misses


def labelled(chosen: Sequence[Chosen]) -> list[tuple[str, Chosen]]:
    """Each with a label: its file's name; files of one name in two folders get a number too."""
    labels: dict[str, Chosen] = {}
    for each in chosen:
        label, count = each.path.stem, 1
        while label in labels:
            count += 1
            label = f"{each.path.stem}-{count}"
        labels[label] = each
    return list(labels.items())


async def verdict_on(
    chosen: Chosen, label: str, services: Services, out: Path, *, twice: bool = False
) -> Verdict:
    """Run one scenario into a folder of its label under `out`; twice: and once more, to see that
    it comes out the same. One that cannot be run must not cost the others their verdict."""
    try:
        outcome = await run_scenario(chosen.scenario, chosen.path, services, Files(out / label))
        finished = outcome.finished
        misses = list(outcome.misses)
        if twice and not finished.not_kept:
            misses += await _differences(outcome, chosen, services, Files(out / "again" / label))
    except BotError as error:
        return Verdict(chosen, label, broken=str(error))
    return Verdict(
        chosen, label, misses, files=finished.files, call_ms=finished.result.durations.call_ms
    )


async def _differences(
    outcome: ScenarioOutcome, chosen: Chosen, services: Services, files: Files
) -> list[Miss]:
    again = await run_scenario(chosen.scenario, chosen.path, services, files)
    if again.finished.not_kept:
        return [Miss("files", "written", why) for why in again.finished.not_kept]
    difference = first_difference(outcome.finished, again.finished)
    return [] if difference is None else [difference]


async def run_scenario(
    scenario: Scenario,
    path: Path,
    services: Services,
    files: Files,
    watch: Callable[[Entry], None] | None = None,
    listener: Listener | None = None,
) -> ScenarioOutcome:
    """One scenario; `path` is its file, WAVs are found beside it. Raises BotError."""
    check_scenario(path, scenario, services.settings, services.speaker.prompt_ids)
    settings = with_settings(services.settings, scenario.settings)
    longest = settings.hearing.longest_recording_minutes
    caller = make_caller(scenario.caller, path.parent, longest)
    await services.restart_references()
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
    misses += [Miss("files", "all written", why) for why in finished.not_kept]
    if misses:
        misses += _turns_not_taken(scenario, caller, finished.entries)
    return ScenarioOutcome(scenario, finished, misses)


def _turns_not_taken(scenario: Scenario, caller: Caller, entries: list[Entry]) -> list[Miss]:
    """Of a call that did not come out right: where the caller was when it ended."""
    if not isinstance(caller, ScriptedCaller) or caller.waiting_for is None:
        return []
    turns = len(scenario.caller.turns)
    number = turns - caller.turns_left + 1
    happened = f"number {number} still waits for {caller.waiting_for}"
    return [miss_at(entries, end_of(entries), "caller", f"all {turns} turns taken", happened)]
