from __future__ import annotations

import pytest
import sample_call
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.outcomes import Destination, ResultName
from bot.records.timeline import figures, lanes, rows, waiting_tone
from bot.records.trace import Entry, EntryKind
from bot.records.wording import (
    by_whom,
    clock_text,
    describe,
    destination_words,
    result_words,
    seconds_text,
)


@pytest.mark.parametrize(
    ("entry", "who", "what"),
    [
        (sample_call.prompt(0, 9, "Welcome."), "Bot", "Welcome."),
        (
            sample_call.prompt(0, 9, "Welcome.", completed=False),
            "Bot",
            "Welcome. … (interrupted)",
        ),
        (sample_call.spoke(0, 2300), "Caller", "speaks 2.3 s"),
        (
            sample_call.heard(0, 9, "wrong expiry", 0.911, "rasa"),
            "Caller",
            "wrong expiry (91 % sure, Rasa, embedded engine)",
        ),
        (Entry(0, EntryKind.HEARD, "caller"), "Caller", "(speech, but no words)"),
        (
            Entry(0, EntryKind.DROPPED, "caller", "speech", None, {"why": "not now"}),
            "Caller",
            "“speech” does not count: not now",
        ),
        (sample_call.key(0), "Caller", "key •"),
        (
            sample_call.step(0, "card_number", "done", "************1111"),
            "Call",
            "card number: done, •••• 1111",
        ),
        (
            sample_call.charge(0, 1800, status="declined", reason="insufficient_funds"),
            "Gateway",
            "charge: declined, insufficient funds (1.8 s)",
        ),
        (
            sample_call.charge(0, 640, status="approved", reference="N-1_A", amount="87.50"),
            "Gateway",
            "charge of 87.50: approved, reference N-1_A (640 ms)",
        ),
        (sample_call.waited(0, 640), "Call", "caller waits 640 ms"),
        (
            sample_call.silenced(0, 3200, "caller", "card_number"),
            "Call",
            "recording silent (caller) 3.2 s: card number",
        ),
        (Entry(0, EntryKind.DEGRADED, "call", "rasa"), "Call", "degraded: rasa"),
        (
            Entry(0, EntryKind.END, "call", "outcome-unknown", None, {"reason": "no_answer"}),
            "Call",
            "ends: outcome unknown, no answer",
        ),
    ],
)
def test_each_entry_is_one_line(entry: Entry, who: str, what: str) -> None:
    assert describe(entry) == (who, what)


@pytest.mark.parametrize("kind", EntryKind)
def test_an_entry_without_any_detail_still_says_something(kind: EntryKind) -> None:
    who, what = describe(Entry(0, kind, "agent"))
    assert who == "agent"
    assert what or kind is EntryKind.PROMPT


def test_every_result_and_destination_has_words() -> None:
    assert len({result_words(status) for status in ResultName}) == len(ResultName)
    assert len({destination_words(to) for to in Destination}) == len(Destination)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1000, "1.0 s"),
        (59_949, "59.9 s"),
        (59_950, "1 min 00 s"),
        (125_000, "2 min 05 s"),
    ],
)
def test_durations_read_naturally(ms: int, text: str) -> None:
    assert seconds_text(ms) == text


def test_a_moment_is_read_as_on_a_clock() -> None:
    assert [clock_text(ms) for ms in (0, 59_999, 60_000, 3_725_450)] == [
        "0:00.0", "0:59.9", "1:00.0", "62:05.4",
    ]  # fmt: skip


def test_long_waiting_is_marked() -> None:
    assert [waiting_tone(ms) for ms in (0, 1499, 1500, 2999, 3000)] == [
        "ok", "ok", "warn", "warn", "bad",
    ]  # fmt: skip


def test_keys_that_follow_one_another_are_one_turn() -> None:
    trace = [
        sample_call.key(100, "1"),
        sample_call.silenced(150, 900, "caller", "card_number"),
        sample_call.key(200, "2"),
        sample_call.prompt(300, 400, "And?"),
        sample_call.key(500, "#"),
    ]
    told = [(row.kind, row.keys) for row in rows(trace)]
    assert told == [("key", ("1", "2")), ("silenced", ()), ("prompt", ()), ("key", ("#",))]
    assert figures(trace).keyed_turns == 2


def test_an_answer_says_how_long_the_caller_waited_for_it() -> None:
    trace = [
        sample_call.prompt(5_000, 6_000, "Later."),
        sample_call.waited(1_000, 2_700),
        sample_call.prompt(2_700, 3_000, "Yes."),
    ]
    assert {row.text: row.notes for row in rows(trace) if row.kind == "prompt"} == {
        "Yes.": ("after 1700 ms",),
        "Later.": (),
    }


def test_a_doubtful_utterance_is_marked() -> None:
    trace = [
        sample_call.heard(0, 1, "yes", 0.49, "grammar"),
        sample_call.heard(2, 3, "yes", 0.5, "grammar"),
        Entry(4, EntryKind.HEARD, "caller", "yes"),
    ]
    assert [row.unsure for row in rows(trace)] == [True, False, False]


def test_a_step_is_drawn_from_its_entering_to_its_end() -> None:
    trace = [
        sample_call.step(1_000, "amount", "entering"),
        sample_call.step(2_000, "expiry", "entering"),
        sample_call.step(4_000, "amount", "done"),
        sample_call.step(5_000, "amount", "failed"),
    ]
    steps = next(lane for lane in lanes(trace, 10_000) if lane.name == "steps")
    assert [(block.left, block.width) for block in steps.blocks] == [
        (10, 0), (20, 0), (10, 30), (50, 0),
    ]  # fmt: skip


def test_figures_of_a_call_without_turns() -> None:
    counted = figures(())
    assert (counted.spoken_turns, counted.keyed_turns) == (0, 0)
    assert counted.waiting_median_ms is None


entries = st.builds(
    Entry,
    at=st.integers(-100, 20_000),
    kind=st.sampled_from(EntryKind),
    who=st.sampled_from(["caller", "bot", "gateway", "call", "agent"]),
    text=st.sampled_from(["", "amount", "1"]),
    until=st.none() | st.integers(-100, 20_000),
    details=st.dictionaries(
        st.sampled_from(["step", "state", "leg", "why", "status", "confidence", "completed"]),
        st.sampled_from(["entering", "done", "bot", "approved", 0.3, True, 7]),
    ),
)


@settings(deadline=None)
@given(st.lists(entries, max_size=12), st.integers(1, 30_000))
def test_no_entry_is_lost_and_none_leaves_the_timeline(trace: list[Entry], total_ms: int) -> None:
    drawn = [block for lane in lanes(trace, total_ms) for block in lane.blocks]
    assert sorted(block.index for block in drawn) == list(range(len(trace)))
    for block in drawn:
        assert 0 <= block.left <= 100
        assert 0 <= block.width <= 100.0001 - block.left
    told = [index for row in rows(trace) for index in row.indices]
    assert sorted(told) == list(range(len(trace)))


def test_who_understood_an_utterance_and_how_surely() -> None:
    def heard(**details: str | float) -> Entry:
        return Entry(0, EntryKind.HEARD, "caller", "words", details=details)

    meant = heard(source="rasa", confidence=1.0, intent="correct", intent_confidence=0.968)
    assert by_whom(meant) == "Rasa, 97 % sure"
    assert by_whom(heard(source="numbers", confidence=0.91)) == "numbers, 91 % sure"
    assert by_whom(heard()) == ""
