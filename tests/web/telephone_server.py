"""A server for calls over telephone lines, with quick stand-ins for the heavy rooms; and keys and
words that pay."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from one_call import BriefSpeaker, Finished, KnownWords, SaidWords, payment_words, run_call
from telephony.person import Action, Keys, Says
from telephony.virtual_time import InlineExecutor

from bot.audio import Samples, ms_to_samples
from bot.calls.live.calls import LiveCalls
from bot.calls.live.line import LiveLine
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenarios.scenario import Parameters
from bot.calls.wav import read_wav
from bot.live_settings import LiveSettings
from bot.money import Money
from bot.outcomes import ResultName
from bot.prompts import Prompt
from bot.records.result import CallResult, Durations
from bot.records.trace import Entry
from bot.speaking.speaker import PieceSpan, Spoken
from bot.web.telephone import Admitted, KnownCall

CARD = "4242424242424242"
KEYED: list[Action] = [
    Keys("1"), Keys(CARD), Keys("0429"), Keys("123"), Keys("90210#"), Keys("1")
]  # fmt: skip
"""Pays a given amount: yes, card, expiry, security code, postal code, yes."""

SPOKEN = ["yes", "four two", "oh three twenty eight", "one two three", "nine oh two one oh", "yes"]

TOKEN = "40325ec2-5efd-4bd3-805f-53576e581d13"


def voice(ms: int = 900) -> Samples:
    """Somebody speaking, as the ear hears it."""
    path = Path(__file__).parents[1] / "hearing" / "recordings"
    sound = read_wav(sorted(path.glob("*.wav"))[0], None)
    loud = np.flatnonzero(
        np.abs(sound.astype(np.int32)) > np.abs(sound.astype(np.int32)).max() / 50
    )
    return np.resize(sound[loud[0] : loud[-1]], ms_to_samples(ms))


def speaking_caller(more: int = 0) -> list[Action]:
    """more: answers to questions that are asked again."""
    return [Says(voice()) for _ in range(len(SPOKEN) + more)]


class LongSpeaker(BriefSpeaker):
    """Every prompt is three seconds of a level of its own."""

    def speak(self, prompt: Prompt, gap_scale: float = 1.0) -> Spoken:
        brief = super().speak(prompt, gap_scale)
        level = 1_000 + zlib.crc32(prompt.id.encode()) % 20_000
        samples = np.full(ms_to_samples(3_000), level, dtype=np.int16)
        return replace(brief, samples=samples, pieces=(PieceSpan(prompt.id, 0, len(samples), "r"),))


@dataclass
class Server:
    """Runs calls, each with the words that are said in it; finished: what came of them.

    hears: what the recogniser makes of the utterances.
    """

    folder: Path
    settings: LiveSettings = field(default_factory=lambda: LiveSettings(most_calls=2))
    hears: list[str] = field(default_factory=list)
    prepared: dict[str, KnownCall] = field(default_factory=dict)
    speaker: BriefSpeaker = field(default_factory=BriefSpeaker)
    words: KnownWords = field(default_factory=payment_words)
    finished: list[Finished] = field(default_factory=list)
    parameters: list[Parameters] = field(default_factory=list)
    lines: list[LiveLine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calls = LiveCalls(self._run, self.settings, self.folder)

    def prepare(self, token: str, amount: str = "87.50") -> None:
        self.prepared[token] = Admitted("preparedpreparec", Parameters(amount=amount))

    async def redeem(self, token: str) -> KnownCall | None:
        return self.prepared.pop(token, None)

    def results(self) -> list[ResultName]:
        return [finished.end.result.status for finished in self.finished]

    async def _run(
        self,
        line: LiveLine,
        parameters: Parameters,
        files: Files,
        *,
        call_id: str,
        watch: Callable[[Entry], None],
    ) -> FinishedCall:
        self.parameters.append(parameters)
        self.lines.append(line)
        finished = await run_call(
            line,
            words=self.words,
            speaker=self.speaker,
            recogniser=SaidWords(self.hears),
            amount=Money.parse(parameters.amount) if parameters.amount else None,
            listener=line.play,
            live=True,
            executor=InlineExecutor(),
            watch=watch,
        )
        self.finished.append(finished)
        result = CallResult(
            call_id, datetime.now(UTC), finished.end.result, Durations.of(finished.entries, 0)
        )
        return FinishedCall(finished.end, finished.entries, result, files)
