"""The demos: scenarios that ship with the product and must come out as they promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.calls.demos import Demo
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenario import load_scenario
from bot.calls.scenarios import run_scenario
from bot.calls.services import Services
from bot.calls.verdict import Miss
from bot.expectations import Source
from bot.project import ROOT
from bot.records.trace import Entry, EntryKind

_SPOKEN = {Demo.PAY, Demo.UNKNOWN}


@dataclass(frozen=True, slots=True)
class ShownDemo:
    """misses: what did not come out as promised; empty when all did."""

    finished: FinishedCall
    misses: list[Miss]


async def play_demo(
    which: Demo, services: Services, files: Files, watch: Callable[[Entry], None]
) -> ShownDemo:
    """Raises BotError."""
    path = ROOT / "tests" / "scenarios" / f"demo-{which}.yml"
    outcome = await run_scenario(load_scenario(path), path, services, files, watch)
    misses = list(outcome.misses)
    if which in _SPOKEN and not _rasa_took_part(outcome.finished.entries):
        # Without this a demo in which keys, numbers and grammar did everything would look fine.
        misses.append(Miss("understanding", "Rasa to take part", "it did not"))
    return ShownDemo(outcome.finished, misses)


def _rasa_took_part(entries: list[Entry]) -> bool:
    return any(
        entry.kind is EntryKind.HEARD and entry.details.get("source") == Source.RASA
        for entry in entries
    )
