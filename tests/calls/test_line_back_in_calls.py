"""Half an utterance is none: what a break cut off is joined to nothing and counts for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from one_call import SaidWords, payment_words, run_call
from test_turns_in_calls import BARE_WORDS, HearsInPauses, pause

from bot.audio import CHUNK_SAMPLES, AudioChunk, Samples, whole_chunk
from bot.calls.callers import Back, Caller, Gone, Received, Sound
from bot.expectations import Expectation
from bot.records.trace import EntryKind


class Interrupted(Caller):
    """Says the first piece at the first question, and the next when the line is back."""

    def __init__(self, *pieces: Samples) -> None:
        self._pieces = list(pieces)
        self._sound = pause(2_000)

    async def receive(self, bot_waits: bool) -> Received:
        if not len(self._sound):
            if not self._pieces:
                return Gone()
            self._sound = self._pieces.pop(0)
            return Back()
        chunk, self._sound = self._sound[:CHUNK_SAMPLES], self._sound[CHUNK_SAMPLES:]
        return Sound(whole_chunk(chunk))

    def prompt_ended(self, prompt_id: str) -> None:
        if prompt_id == "amount.ask" and self._pieces:
            self._sound = np.concatenate([pause(500), self._pieces.pop(0)])


class Counts(HearsInPauses):
    """Of each utterance, how much of it came."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(texts)
        self.heard: list[int] = []

    def begin(self, expectation: Expectation) -> None:
        super().begin(expectation)
        self.heard.append(0)

    def accept(self, chunk: AudioChunk) -> None:
        self.heard[-1] += len(chunk.samples)


HALF = BARE_WORDS[: len(BARE_WORDS) // 2]
WHOLE = np.concatenate([BARE_WORDS, pause(3_000)])


async def test_what_a_break_cut_off_is_dropped_and_what_is_said_afterwards_is_judged_alone(
    tmp_path: Path,
) -> None:
    recogniser = Counts(["eighty seven fifty"])
    finished = await run_call(
        Interrupted(HALF, WHOLE),
        words=payment_words(),
        recogniser=recogniser,
        recording=tmp_path / "call.wav",
    )
    assert len(recogniser.heard) == 2
    [heard] = finished.of(EntryKind.HEARD)
    assert heard.details["amount"] == "87.50"
    [dropped] = finished.of(EntryKind.DROPPED)
    assert dropped.text == "cut speech"
    assert dropped.at <= heard.at
    assert finished.said().count("amount.ask") == 2
    [degraded] = finished.of(EntryKind.DEGRADED)
    assert degraded.text == "the connection was lost for a while"
    [silent] = finished.of(EntryKind.SILENCED)[:1]
    assert silent.details["why"] == "speech that was not judged"
    assert silent.until is not None
    assert silent.until - silent.at >= 300


async def test_what_was_whole_before_the_break_counts() -> None:
    finished = await run_call(
        Interrupted(np.concatenate([BARE_WORDS, pause(2_500)]), pause(2_000)),
        words=payment_words(),
        recogniser=SaidWords(["eighty seven fifty"]),
    )
    assert finished.of(EntryKind.DROPPED) == []
    assert finished.said()[-1] == "card_number.ask"
    assert len(finished.of(EntryKind.HEARD)) == 1
