import numpy as np
import pytest

from bot.audio import CHUNK_SAMPLES, Samples, ms_to_samples
from bot.calls.callers import (
    Caller,
    Gone,
    RecordedCaller,
    ScriptedCaller,
    ScriptedTurn,
    Sound,
    Typed,
    keys_sound,
)

WORD = np.full(400, 5, dtype=np.int16)


async def chunks(caller: Caller, count: int) -> Samples:
    received = [await caller.receive(False) for _ in range(count)]
    assert all(isinstance(item, Sound) for item in received)
    return np.concatenate([item.samples for item in received if isinstance(item, Sound)])


async def test_a_recording_is_played_at_its_own_pace_then_the_line_goes_dead() -> None:
    caller = RecordedCaller(WORD, stay_ms=100)
    caller.prompt_started("welcome", "")
    sound = await chunks(caller, 8)
    assert (sound[:400] == WORD).all()
    assert not sound[400:].any()
    assert isinstance(await caller.receive(False), Gone)


async def test_a_turn_waits_for_the_end_of_its_prompt_and_then_a_moment() -> None:
    caller = ScriptedCaller([ScriptedTurn("amount.ask", 40, WORD)])
    assert not (await chunks(caller, 10)).any()
    caller.prompt_started("amount.ask", "")
    caller.prompt_ended("welcome")
    assert not (await chunks(caller, 10)).any()
    caller.prompt_ended("amount.ask")
    sound = await chunks(caller, 10)
    assert not sound[: 2 * CHUNK_SAMPLES].any()
    assert (sound[2 * CHUNK_SAMPLES :][:400] == WORD).all()
    assert caller.turns_left == 0


async def test_a_turn_may_begin_while_the_prompt_is_said() -> None:
    caller = ScriptedCaller([ScriptedTurn("amount.ask", 0, WORD, during=True)])
    caller.prompt_ended("amount.ask")
    assert not (await chunks(caller, 2)).any()
    caller.prompt_started("amount.ask", "")
    assert (await chunks(caller, 3))[:400].all()


async def test_a_turn_without_a_prompt_follows_on_the_one_before() -> None:
    caller = ScriptedCaller(
        [ScriptedTurn("amount.ask", 0, WORD), ScriptedTurn(None, 100, WORD, hang_up=True)]
    )
    caller.prompt_ended("amount.ask")
    sound = await chunks(caller, 3 + 5 + 3)
    assert np.flatnonzero(sound).tolist() == [*range(400), *range(1_280, 1_680)]
    assert isinstance(await caller.receive(False), Gone)


async def test_typed_words_come_as_words() -> None:
    caller = ScriptedCaller([ScriptedTurn("amount.ask", 0, WORD[:0], text="the full amount")])
    caller.prompt_ended("amount.ask")
    assert await caller.receive(False) == Typed("the full amount")
    assert isinstance(await caller.receive(False), Sound)


async def test_a_caller_hangs_up_in_the_middle_of_a_prompt() -> None:
    caller = ScriptedCaller([ScriptedTurn("charge.wait", 40, WORD[:0], during=True, hang_up=True)])
    caller.prompt_started("charge.wait", "")
    await chunks(caller, 2)
    assert isinstance(await caller.receive(False), Gone)


async def test_a_caller_whose_prompt_never_comes_loses_patience() -> None:
    caller = ScriptedCaller([ScriptedTurn("never.said", 0, WORD)], patience_ms=1_000)
    await chunks(caller, 49)
    assert isinstance(await caller.receive(False), Gone)
    assert caller.waiting_for == "never.said"


def test_keys_are_tones_with_pauses() -> None:
    sound = keys_sound("1,#")
    assert len(sound) == ms_to_samples(100 + 100 + 500 + 100 + 100)
    assert np.abs(sound[:800]).max() > 1_000
    assert not sound[800:5_600].any()
    assert len(keys_sound("")) == 0
    with pytest.raises(ValueError, match="x"):
        keys_sound("x")


async def test_a_prompt_that_begins_before_the_turn_has_quite_ended_starts_the_next_turn() -> None:
    caller = ScriptedCaller([ScriptedTurn("a", 0, WORD), ScriptedTurn("b", 0, WORD, during=True)])
    caller.prompt_ended("a")
    await chunks(caller, 1)
    caller.prompt_started("b", "")
    assert np.count_nonzero(await chunks(caller, 6)) == 400 - CHUNK_SAMPLES + 400
