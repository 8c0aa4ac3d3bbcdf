"""Every scenario through the whole bot at debug level, with a real Rasa, simulator and recogniser,
and once more while every core is kept busy; the tests look at what came out of it and at what it
left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.calls.run_call import Files
from bot.calls.scenarios.choosing import choose
from bot.calls.scenarios.run import ScenarioOutcome, labelled, run_scenario
from bot.calls.scenarios.scenario import SCENARIO_DAY
from bot.calls.services import running_services
from bot.cli.show import ConversationPrinter
from bot.console import Progress
from bot.settings import Settings
from bot.understanding.rasa_client import Parsed, RasaClient

SCENARIOS = Path(__file__).parents[1] / "scenarios"


@dataclass
class WholeRun:
    """What came of all scenarios. again: of the same on a busy machine. sent_to_rasa: every text
    Rasa was asked about."""

    out: Path
    settings: Settings
    outcomes: dict[str, ScenarioOutcome] = field(default_factory=dict)
    again: dict[str, ScenarioOutcome] = field(default_factory=dict)
    sent_to_rasa: list[str] = field(default_factory=list)


async def run_all(run: WholeRun) -> None:
    chosen = labelled(choose([SCENARIOS]))
    async with running_services(run.settings, run.out, Progress(), SCENARIO_DAY) as services:
        for label, each in chosen:
            run.outcomes[label] = await run_scenario(
                each.scenario, each.path, services, Files(run.out / label), ConversationPrinter()
            )
        with busy_cores():
            for label, each in chosen:
                files = Files(run.out / "again" / label)
                run.again[label] = await run_scenario(each.scenario, each.path, services, files)


@contextmanager
def busy_cores() -> Iterator[None]:
    """A process for every core that computes without a pause: everything takes longer, and
    everything takes its turns in another order."""
    command = [sys.executable, "-c", "import os; os.nice(5)\nwhile True: sum(range(100_000))"]
    busy = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]  # noqa: S603 - our own
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@contextmanager
def listening_to(sent: list[str]) -> Iterator[None]:
    """Keeps every text the client is given for Rasa."""
    parse = RasaClient.parse

    async def listening(client: RasaClient, text: str) -> Parsed:
        sent.append(text)
        return await parse(client, text)

    patch = pytest.MonkeyPatch()
    patch.setattr(RasaClient, "parse", listening)
    try:
        yield
    finally:
        patch.undo()
