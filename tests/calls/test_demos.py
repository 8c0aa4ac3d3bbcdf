"""The gallery: what its table says of a demo is what its scenario and recordings hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.calls.demos import ALL, GALLERY, NAMES, Demo, demos_named, names_to_complete
from bot.calls.play_demo import broken_promises, scenario_of
from bot.calls.scenarios.scenario import Scenario, load_scenario
from bot.errors import BotError
from bot.expectations import Intent
from bot.outcomes import ResultName
from bot.paying.simulator.cards import TEST_CARDS
from bot.project import ROOT
from bot.records.trace import Entry, EntryKind
from bot.speaking.callers import load_turns

CALLERS = ROOT / "audio" / "callers"
VOICES = {turn.caller: turn.voice for turn in load_turns(CALLERS / "callers.yml")}
COUNTRIES = {"a": "US", "b": "GB"}

each_demo = pytest.mark.parametrize("demo", GALLERY, ids=NAMES)


def scenario(demo: Demo) -> Scenario:
    return load_scenario(scenario_of(demo))


def recordings(demo: Demo) -> list[Path]:
    folder = scenario_of(demo).parent
    return [(folder / turn.wav).resolve() for turn in scenario(demo).caller.turns if turn.wav]


def test_every_demo_scenario_is_in_the_gallery_and_none_is_missing() -> None:
    files = {path.stem for path in (ROOT / "tests" / "scenarios").glob("demo-*.yml")}
    assert files == {f"demo-{name}" for name in NAMES}
    assert len(set(NAMES)) == len(NAMES) >= 14
    assert ALL not in NAMES


@each_demo
def test_a_demo_ends_as_its_scenario_expects(demo: Demo) -> None:
    assert ResultName(demo.ends) is scenario(demo).expect.result


@each_demo
def test_a_demos_recordings_are_there_and_its_callers_own(demo: Demo) -> None:
    for recording in recordings(demo):
        assert recording.is_file()
        assert recording.parent == CALLERS / demo.name


@each_demo
def test_the_table_says_who_calls_as_the_voice_is(demo: Demo) -> None:
    if not recordings(demo):
        assert demo.caller == "nobody speaks"
        return
    kind, _, name = VOICES[demo.name].partition("_")
    assert demo.caller == f"{name.capitalize()} ({COUNTRIES[kind[0]]})"


@each_demo
def test_a_demo_pays_with_a_public_test_card(demo: Demo) -> None:
    last_four = scenario(demo).expect.last_four
    assert last_four is None or last_four in {number[-4:] for number in TEST_CARDS}


@each_demo
def test_a_demo_that_promises_a_correction_by_rasa_says_of_which_field(demo: Demo) -> None:
    assert {Intent(name) for name in demo.rasa} <= set(Intent)
    corrected = scenario(demo).expect.corrections_by_rasa
    assert ("correct" in demo.rasa) == bool(corrected)


def test_the_gallery_has_many_callers_of_both_sexes() -> None:
    voices = [VOICES[demo.name] for demo in GALLERY if recordings(demo)]
    assert len(voices) >= 10
    assert len(set(voices)) >= 6
    assert {voice[1] for voice in voices} == {"f", "m"}
    assert {voice[0] for voice in voices} == {"a", "b"}


def test_demos_come_in_the_order_they_were_named_each_once() -> None:
    assert [demo.name for demo in demos_named(["keys", "pay", "keys"])] == ["keys", "pay"]
    assert demos_named([ALL]) == GALLERY
    assert next(demo.name for demo in demos_named(["noise", ALL])) == "noise"
    assert len(demos_named(["noise", ALL])) == len(GALLERY)


def test_an_unknown_name_is_answered_with_the_nearest_alone() -> None:
    with pytest.raises(BotError) as raised:
        demos_named(["pay", "declind"])
    assert str(raised.value) == "demo declind: no such demo; did you mean declined?"


def test_a_name_that_is_near_to_nothing_still_lists_what_there_is() -> None:
    with pytest.raises(BotError, match="no such demo") as raised:
        demos_named(["xyzzy"])
    assert "did you mean" not in str(raised.value)
    for name in (*NAMES, ALL):
        assert name in str(raised.value)


def test_names_complete_with_what_they_show() -> None:
    assert [name for name, _ in names_to_complete("")] == [*NAMES, ALL]
    assert [name for name, _ in names_to_complete("ag")] == ["agent"]
    assert names_to_complete("zz") == []
    assert all(help_text for _, help_text in names_to_complete(""))


def test_completing_a_name_waits_for_no_library() -> None:
    code = "import sys, bot.calls.demos; print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert not {"numpy", "pydantic", "babel", "rich", "soundfile", "yaml"} & set(loaded)


def heard(text: str, **details: Any) -> Entry:
    return Entry(0, EntryKind.HEARD, "caller", text, details=details)


BY_RASA = heard("call me a person", source="rasa", intent="agent")
BY_GRAMMAR = heard("agent", source="grammar", intent="agent")
WORDLESS = heard("(nothing recognised)")
CUT = Entry(0, EntryKind.PROMPT, "bot", details={"id": "amount.ask", "completed": False})
WHOLE = Entry(0, EntryKind.PROMPT, "bot", details={"id": "amount.ask", "completed": True})


@pytest.mark.parametrize(
    ("promise", "kept_by", "not_by"),
    [
        ({"rasa": ("agent",)}, [BY_GRAMMAR, BY_RASA], [BY_GRAMMAR]),
        ({"rasa": ("agent", "help")}, None, [BY_RASA]),
        ({"talks_over": ("amount.ask",)}, [WHOLE, CUT], [WHOLE, BY_RASA]),
        ({"makes_noise": True}, [WORDLESS, BY_GRAMMAR], [BY_GRAMMAR]),
        ({}, [], None),
    ],
)
def test_a_promise_is_kept_only_by_what_was_promised(
    promise: dict[str, Any], kept_by: list[Entry] | None, not_by: list[Entry] | None
) -> None:
    demo = Demo("any", "a man", "anything", **promise)
    if kept_by is not None:
        assert broken_promises(demo, kept_by) == []
    if not_by is not None:
        assert len(broken_promises(demo, not_by)) == 1
