"""`demo`: the table, several demos in one start of the services, and when the exit status is 1.

Services and calls are quick stand-ins; tests/whole/ runs the demos' scenarios with the real bot.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.calls.call import CallEnd
from bot.calls.demos import GALLERY, NAMES
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenarios.run import ScenarioOutcome
from bot.calls.scenarios.scenario import Scenario
from bot.calls.scenarios.verdict import Miss
from bot.cli.app import app
from bot.errors import AudioError, BotError
from bot.outcomes import PaymentResult
from bot.records.result import CallResult, Durations
from bot.records.trace import Entry, EntryKind

pytestmark = pytest.mark.usefixtures("own_logging")


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrapped or cut."""
    monkeypatch.setattr("bot.console.console.width", 200)
    monkeypatch.setattr("bot.console.problems.width", 200)


class Bot:
    """Stands in for the services and for every call.

    misses: of the scenario, by the stem of its file. broken: why one cannot be run.
    """

    def __init__(self) -> None:
        self.starts = 0
        self.misses: dict[str, list[Miss]] = {}
        self.broken: dict[str, str] = {}
        self.entries: list[Entry] = []
        self.listened: list[Any] = []
        self.folders: list[Path] = []

    @asynccontextmanager
    async def running_services(self, *_: Any, **__: Any) -> AsyncIterator[object]:
        self.starts += 1
        yield object()

    async def run_scenario(
        self,
        scenario: Scenario,
        path: Path,
        services: object,
        files: Files,
        watch: Callable[[Entry], None] | None = None,
        listener: Any = None,
    ) -> ScenarioOutcome:
        self.listened.append(listener)
        self.folders.append(files.folder)
        if path.stem in self.broken:
            raise AudioError(self.broken[path.stem])
        result = PaymentResult(
            scenario.expect.result,
            corrections_by_rasa=scenario.expect.corrections_by_rasa or (),
        )
        call = CallResult("call", datetime.now(UTC), result, Durations(call_ms=61_000))
        for entry in self.entries:
            if watch is not None:
                watch(entry)
        finished = FinishedCall(CallEnd(result), self.entries, call, files)
        return ScenarioOutcome(scenario, finished, self.misses.get(path.stem, []))


def everything_promised() -> list[Entry]:
    """What every promise of the gallery is kept by."""
    rasa = {intent for demo in GALLERY for intent in demo.rasa}
    cut = {prompt for demo in GALLERY for prompt in demo.talks_over}
    return [
        Entry(0, EntryKind.HEARD, "caller", "(nothing recognised)"),
        *(
            Entry(0, EntryKind.HEARD, "caller", "words", details={"source": "rasa", "intent": name})
            for name in rasa
        ),
        *(
            Entry(0, EntryKind.PROMPT, "bot", "How much?", details={"id": name, "completed": False})
            for name in cut
        ),
    ]


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch, wide: None) -> Bot:
    bot = Bot()
    bot.entries = everything_promised()
    monkeypatch.setattr("bot.calls.services.running_services", bot.running_services)
    monkeypatch.setattr("bot.calls.play_demo.run_scenario", bot.run_scenario)
    return bot


def demo(tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["demo", *arguments, "--out", str(tmp_path)])


@pytest.mark.usefixtures("wide")
def test_the_list_says_of_each_demo_who_calls_what_it_shows_and_how_it_ends() -> None:
    result = CliRunner().invoke(app, ["demo", "--list"])
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    for each in GALLERY:
        assert each.caller in lines[each.name]
        assert each.shows in lines[each.name]
    assert lines["agent"].rstrip().endswith("→ Agent requested")
    assert "→" not in lines["pay"]


def test_on_eighty_columns_a_demo_of_the_list_takes_two_lines_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.console.console.width", 80)
    lines = CliRunner().invoke(app, ["demo", "--list"]).stdout.splitlines()
    heights: dict[str, int] = {}
    name = ""
    for line in filter(str.strip, lines[3:]):  # below the heading
        name = line[:12].strip() or name
        heights[name] = heights.get(name, 0) + 1
    assert tuple(heights) == NAMES
    assert max(heights.values()) == 2


def test_all_runs_the_whole_gallery_in_one_start_and_ends_with_a_table(
    bot: Bot, tmp_path: Path
) -> None:
    result = demo(tmp_path, "all")
    assert result.exit_code == 0, result.output
    assert bot.starts == 1
    assert bot.folders == [tmp_path / name for name in NAMES]
    table = result.stdout[result.stdout.index("length of call") :]
    rows = {line.split()[0]: line for line in table.splitlines() if line.strip()}
    assert set(NAMES) <= set(rows)
    assert "1 min 01 s" in rows["pay"]
    assert "expiry" in rows["pay"]
    assert "yes" in rows["pay"]
    assert f"{len(NAMES)} of {len(NAMES)} as promised" in table


def test_one_demo_that_misses_its_promise_fails_the_run_and_the_others_still_run(
    bot: Bot, tmp_path: Path
) -> None:
    bot.misses["demo-keys"] = [Miss("amount", "87.50", "8.75")]
    result = demo(tmp_path, "all")
    assert result.exit_code == 1
    assert len(bot.folders) == len(NAMES)
    assert "amount: expected 87.50, got 8.75" in result.stderr
    [row] = [line for line in result.stdout.splitlines() if line.split()[:2] == ["keys", "Paid"]]
    assert row.split()[-1] == "no"
    assert f"{len(NAMES) - 1} of {len(NAMES)} as promised" in result.stdout


def test_a_demo_in_which_rasa_took_no_part_is_not_as_promised(bot: Bot, tmp_path: Path) -> None:
    bot.entries = [e for e in bot.entries if e.details.get("source") != "rasa"]
    result = demo(tmp_path, "pay")
    assert result.exit_code == 1
    assert "expected Rasa to understand correct" in result.stderr


def test_a_demo_that_cannot_be_run_costs_the_others_nothing(bot: Bot, tmp_path: Path) -> None:
    bot.broken["demo-pay"] = "amount.wav: cannot be read"
    result = demo(tmp_path, "pay", "keys")
    assert result.exit_code == 1
    assert "amount.wav: cannot be read" in result.stderr
    assert "could not be run" in result.stdout
    assert "1 of 2 as promised" in result.stdout


def test_one_demo_shows_its_conversation_and_leaves_its_files_where_asked(
    bot: Bot, tmp_path: Path
) -> None:
    result = demo(tmp_path, "keys")
    assert result.exit_code == 0
    assert "How much?" in result.stdout
    assert bot.folders == [tmp_path]
    assert bot.listened == [None]
    assert "length of the call" in result.stdout


def test_without_a_name_it_is_the_spoken_demo(bot: Bot, tmp_path: Path) -> None:
    result = demo(tmp_path)
    assert GALLERY[0].name == "pay"
    assert GALLERY[0].shows in result.stdout
    assert len(bot.folders) == 1


def test_an_unknown_name_starts_nothing(bot: Bot, tmp_path: Path) -> None:
    result = demo(tmp_path, "pay", "keyz")
    assert isinstance(result.exception, BotError)
    assert "did you mean keys?" in str(result.exception)
    assert bot.starts == 0


def test_without_a_sound_device_nothing_starts(
    bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_portaudio(_wanted_by: str) -> object:
        raise BotError("--play needs PortAudio")

    monkeypatch.setattr("bot.calls.loudspeaker.sound_library", no_portaudio)
    result = demo(tmp_path, "pay", "--play")
    assert isinstance(result.exception, BotError)
    assert bot.starts == 0


def test_played_aloud_every_call_has_a_listener_and_shows_its_conversation(
    bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = SimpleNamespace(
        start=lambda: None, stop=lambda **_: None, close=lambda **_: None, write=lambda _: None
    )
    library = SimpleNamespace(
        PortAudioError=OSError,
        check_output_settings=lambda **_: None,
        OutputStream=lambda **_: stream,
    )
    monkeypatch.setattr("bot.calls.loudspeaker.sound_library", lambda _: library)
    result = demo(tmp_path, "pay", "keys", "--play")
    assert result.exit_code == 0, result.output
    assert len(bot.listened) == 2
    assert all(callable(listener) for listener in bot.listened)
    assert "How much?" in result.stdout


def test_the_shell_completes_names_and_says_what_they_show() -> None:
    asked = {"_RUN_BOT.PY_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    asked["_TYPER_COMPLETE_ARGS"] = "run_bot.py demo h"
    offered = CliRunner().invoke(app, [], prog_name="run_bot.py", env=asked).stdout
    lines = dict(line.split("\t") for line in offered.splitlines())
    shown = {each.name: each.shows for each in GALLERY}
    assert lines == {name: shown[name] for name in ("help", "hangup")}
