"""The demos: scenarios that ship with the product and must come out as they promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.calls.demos import Demo
from bot.calls.leg import Listener
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenarios.run import run_scenario
from bot.calls.scenarios.scenario import load_scenario
from bot.calls.scenarios.verdict import Miss
from bot.calls.services import Services
from bot.errors import BotError
from bot.expectations import Source
from bot.project import ROOT
from bot.records.trace import Entry, EntryKind


@dataclass(frozen=True, slots=True)
class ShownDemo:
    """misses: what did not come out as promised; empty when all did.
    finished: None when it could not be run."""

    demo: Demo
    finished: FinishedCall | None
    misses: list[Miss]


def scenario_of(demo: Demo) -> Path:
    return ROOT / "tests" / "scenarios" / f"demo-{demo.name}.yml"


async def play_demo(
    demo: Demo,
    services: Services,
    files: Files,
    watch: Callable[[Entry], None] | None = None,
    listener: Listener | None = None,
) -> ShownDemo:
    """What cannot be run is not as promised: it must not cost other demos their verdict."""
    path = scenario_of(demo)
    try:
        outcome = await run_scenario(load_scenario(path), path, services, files, watch, listener)
    except BotError as error:
        return ShownDemo(demo, None, [Miss("call", "to be run", str(error))])
    finished = outcome.finished
    misses = [*outcome.misses, *broken_promises(demo, finished.entries)]
    return ShownDemo(demo, finished, misses)


def broken_promises(demo: Demo, entries: list[Entry]) -> list[Miss]:
    """What the gallery promises and the scenario's file does not say."""
    heard = [entry for entry in entries if entry.kind is EntryKind.HEARD]
    by_rasa = {
        entry.details.get("intent") for entry in heard if entry.details.get("source") == Source.RASA
    }
    cut = {
        entry.details.get("id")
        for entry in entries
        if entry.kind is EntryKind.PROMPT and not entry.details.get("completed", True)
    }
    misses = [
        Miss("understanding", f"Rasa to understand {intent}", "it did not")
        for intent in demo.rasa
        if intent not in by_rasa
    ]
    misses += [
        Miss("barge-in", f"{prompt} to be interrupted", "it was not")
        for prompt in demo.talks_over
        if prompt not in cut
    ]
    if demo.makes_noise and all("source" in entry.details for entry in heard):
        misses.append(Miss("noise", "a sound without words", "none was heard"))
    return misses
