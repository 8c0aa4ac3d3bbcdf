"""`test`: its report and its summary, however a run ends. Services and calls are stand-ins."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from bot.calls.scenarios.choosing import Chosen
from bot.calls.scenarios.run import Verdict
from bot.cli.app import app
from bot.cli.stopping import Stopped
from bot.errors import BotError, ModelError, ScenarioError, StoreError

pytestmark = pytest.mark.usefixtures("own_logging")

SCENARIO = "name: {}\ncaller: {{turns: [{{keys: '*'}}]}}\nexpect: {{result: caller-cancelled}}"
NAMES = ("one", "two", "three")


class Bot:
    """before: called with the label before each verdict. fails: why the services cannot start.
    interrupted: Ctrl-C comes in the scenario of this label."""

    def __init__(self) -> None:
        self.before: Callable[[str], None] = lambda _: None
        self.fails: BotError | None = None
        self.interrupted: str | None = None

    @asynccontextmanager
    async def running_services(self, *_: Any, **__: Any) -> AsyncIterator[object]:
        if self.fails is not None:
            raise self.fails
        yield object()

    async def verdict_on(self, chosen: Chosen, label: str, *_: Any, **__: Any) -> Verdict:
        self.before(label)
        if label == self.interrupted:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.get_running_loop().create_future()
        return Verdict(chosen, label)


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> Bot:
    bot = Bot()
    monkeypatch.setattr("bot.calls.services.running_services", bot.running_services)
    monkeypatch.setattr("bot.calls.scenarios.run.verdict_on", bot.verdict_on)
    return bot


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Of another run: it is still there."""
    path = tmp_path / "junit.xml"
    path.write_text("<testsuite name='of another run'/>")
    for number, name in enumerate(NAMES):
        (tmp_path / f"{number}-{name}.yml").write_text(SCENARIO.format(name))
    return path


def run(report: Path) -> Result:
    folder = report.parent
    return CliRunner().invoke(
        app, ["test", str(folder), "--junit", str(report), "--out", str(folder / "out")]
    )


def errors(report: Path) -> dict[str, str]:
    """What could not be run, and why; every test is there."""
    suite = ElementTree.parse(report).getroot()  # noqa: S314 - our own
    cases = {str(case.get("name")): case.find("error") for case in suite.iter("testcase")}
    assert tuple(cases) == NAMES
    return {name: str(why.get("message")) for name, why in cases.items() if why is not None}


def test_a_run_that_was_stopped_reports_what_it_found_and_what_it_did_not_run(
    bot: Bot, report: Path
) -> None:
    bot.interrupted = "2-three"
    with pytest.raises(Stopped):
        run(report)
    assert errors(report) == {"three": "not run: the run ended before it was done"}


def test_a_run_that_could_not_start_reports_that_nothing_was_run(bot: Bot, report: Path) -> None:
    bot.fails = ModelError("no model")
    assert isinstance(run(report).exception, ModelError)
    assert set(errors(report)) == set(NAMES)


def test_a_scenario_that_is_wrong_leaves_no_report_of_another_run(bot: Bot, report: Path) -> None:
    (report.parent / "3.yml").write_text("name: no caller")
    assert isinstance(run(report).exception, ScenarioError)
    assert not report.exists()


def test_a_run_to_the_end_reports_all(bot: Bot, report: Path) -> None:
    assert run(report).exit_code == 0
    assert errors(report) == {}


def test_the_summary_is_told_though_the_report_cannot_be_written(bot: Bot, report: Path) -> None:
    def in_the_way(_: str) -> None:
        report.mkdir(exist_ok=True)

    bot.before = in_the_way
    ended = run(report)
    assert "3 passed, 0 failed" in ended.stdout
    assert isinstance(ended.exception, StoreError)


def test_without_a_path_it_is_the_usual_folder(
    bot: Bot, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = report.parent / "tests" / "scenarios"
    usual.mkdir(parents=True)
    (usual / "usual.yml").write_text(SCENARIO.format("usual"))
    monkeypatch.chdir(report.parent)
    seen: list[str] = []
    bot.before = seen.append
    ended = CliRunner().invoke(app, ["test", "--only", "usu"])
    assert ended.exit_code == 0, ended.output
    assert seen == ["usual"]
