"""Every scenario, run once through the whole bot at debug level, with a real Rasa, simulator and
recogniser; the tests look at what came out of it and at what it left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.calls.run_call import Files
from bot.calls.scenario import SCENARIO_DAY, find_scenarios, load_scenario
from bot.calls.scenarios import ScenarioOutcome, run_scenario
from bot.calls.services import running_services
from bot.cli.show import ConversationPrinter
from bot.console import Progress
from bot.settings import Settings
from bot.understanding.rasa_client import Parsed, RasaClient

SCENARIOS = Path(__file__).parents[1] / "scenarios"


@dataclass
class WholeRun:
    """What came of all scenarios. sent_to_rasa: every text Rasa was asked about."""

    out: Path
    settings: Settings
    outcomes: dict[str, ScenarioOutcome] = field(default_factory=dict)
    again: dict[str, ScenarioOutcome] = field(default_factory=dict)
    sent_to_rasa: list[str] = field(default_factory=list)


async def run_all(run: WholeRun) -> None:
    async with running_services(run.settings, run.out, Progress(), SCENARIO_DAY) as services:
        for path in find_scenarios([SCENARIOS]):
            run.outcomes[path.stem] = await run_scenario(
                load_scenario(path), path, services, Files(run.out / path.stem),
                ConversationPrinter(),
            )  # fmt: skip
        for name in ("demo-pay", "demo-keys"):
            path = SCENARIOS / f"{name}.yml"
            run.again[name] = await run_scenario(
                load_scenario(path), path, services, Files(run.out / "again" / name)
            )


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
