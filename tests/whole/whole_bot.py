"""Every scenario through the whole bot at debug level, with a real Rasa, simulator and recogniser,
and at the same time once more in another process, backwards, while every core is kept busy; the
tests look at what came out of it and at what it left behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import pytest
from own_logging import logging_as_before

from bot.calls.run_call import Files
from bot.calls.scenarios.choosing import choose
from bot.calls.scenarios.run import ScenarioOutcome, labelled, run_scenario
from bot.calls.scenarios.scenario import SCENARIO_DAY
from bot.calls.services import running_services
from bot.cli.show import ConversationPrinter
from bot.console import Progress
from bot.logs import configure_logs
from bot.settings import Settings, load_settings
from bot.understanding.rasa_client import Parsed, RasaClient

SCENARIOS = Path(__file__).parents[1] / "scenarios"


@dataclass
class WholeRun:
    """What came of all scenarios. again: of the same in the other process. sent_to_rasa: every text
    Rasa was asked about, by both."""

    out: Path
    outcomes: dict[str, ScenarioOutcome]
    again: dict[str, ScenarioOutcome]
    sent_to_rasa: list[str]


@dataclass
class Pass:
    """All scenarios once."""

    outcomes: dict[str, ScenarioOutcome] = field(default_factory=dict)
    sent_to_rasa: list[str] = field(default_factory=list)


@contextmanager
def whole_run_of(out: Path, overrides: Sequence[str]) -> Iterator[WholeRun]:
    """Both passes, each with a log, a simulator and a journal of its own under `out`. The log is
    written on while the context lasts."""
    with logging_as_before():
        other_process = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        with other_process, busy_cores():
            other = other_process.submit(_pass, out / "again", overrides, backwards=True)
            first = _pass(out, overrides, ConversationPrinter())
            again = other.result()
        sent = first.sent_to_rasa + again.sent_to_rasa
        yield WholeRun(out, first.outcomes, again.outcomes, sent)


def _pass(
    out: Path,
    overrides: Sequence[str],
    watch: ConversationPrinter | None = None,
    *,
    backwards: bool = False,
) -> Pass:
    settings, done = load_settings(overrides=overrides), Pass()
    configure_logs(out / "logs" / "bot.log", settings.log_level)
    with listening_to(done.sent_to_rasa):
        asyncio.run(_run_all(done, out, settings, watch, backwards=backwards))
    return done


async def _run_all(
    into: Pass,
    out: Path,
    settings: Settings,
    watch: ConversationPrinter | None,
    *,
    backwards: bool,
) -> None:
    chosen = labelled(choose([SCENARIOS]))
    async with running_services(settings, out, Progress(), SCENARIO_DAY) as services:
        for label, each in reversed(chosen) if backwards else chosen:
            into.outcomes[label] = await run_scenario(
                each.scenario, each.path, services, Files(out / label), watch
            )


@contextmanager
def busy_cores() -> Iterator[None]:
    """A process for every core that computes without a pause: everything takes its turns in another
    order. Of low priority, for the tests must end some day."""
    forever = (
        "import os; os.nice(15); parent = os.getppid()\n"
        "while os.getppid() == parent: sum(range(100_000))"
    )
    command = [sys.executable, "-c", forever]
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
