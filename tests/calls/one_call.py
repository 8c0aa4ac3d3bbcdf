"""A whole call with quick stand-ins for the heavy rooms: recogniser, speech and gateway.

The dialog, the ear, the playback, the clock and the recording are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from bot.audio import AudioChunk, Samples, ms_to_samples
from bot.calls.call import Call, CallEnd
from bot.calls.callers import Caller, ScriptedCaller, ScriptedTurn, keys_sound
from bot.calls.leg import Leg, Listener
from bot.calls.recording import Recording
from bot.calls.rooms import Rooms, Understands
from bot.cards import CardNumber, Expiry, SecretDigits, SecretText
from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus
from bot.dialog.events import CallStarted
from bot.expectations import (
    Expectation,
    Field,
    Hypothesis,
    Intent,
    NumberValue,
    Reading,
    Source,
    SpokenNumber,
)
from bot.hearing.ear import PRE_ROLL_MS, Ear
from bot.money import Money
from bot.prompts import Prompt
from bot.records.trace import Entry, EntryKind, Trace
from bot.settings import Settings
from bot.speaking.playback import Playback
from bot.speaking.speaker import PieceSpan, Speaker, Spoken

TODAY = date(2026, 11, 22)
PROMPT_MS = 300


class BriefSpeaker(Speaker):
    """Every prompt is 300 ms of a tone, however much it says."""

    def __init__(self) -> None:
        pass

    def speak(self, prompt: Prompt, gap_scale: float = 1.0) -> Spoken:
        samples: Samples = np.full(ms_to_samples(PROMPT_MS), 2_000, dtype=np.int16)
        return Spoken(
            prompt_id=prompt.id,
            attempt=prompt.attempt,
            text=prompt.id,
            samples=samples,
            pieces=(PieceSpan(prompt.id, 0, len(samples), "recording"),),
            sensitive=any(isinstance(v, CardNumber) for v in prompt.values.values()),
        )


@dataclass
class KnownWords:
    """Understands exactly the words it was told of."""

    words: dict[str, Reading] = field(default_factory=dict)

    def knows(
        self,
        text: str,
        *values: NumberValue,
        intent: Intent | None = None,
        about: Field | None = None,
        masked: str = "",
    ) -> None:
        self.words[text] = Reading(
            confidence=0.99,
            intent=intent,
            intent_confidence=0.99 if intent else 0.0,
            field=about,
            numbers=tuple(SpokenNumber(value) for value in values),
            masked_text=masked or text,
            source=Source.RASA if intent else Source.NUMBERS,
            fits=True,
        )

    async def understand(
        self,
        hypotheses: Sequence[Hypothesis],
        expectation: Expectation,
        *,
        currency: str,
        this_year: int,
    ) -> tuple[Reading, ...]:
        return tuple(
            self.words[text] for h in hypotheses if (text := h.said.reveal()) in self.words
        )


class SaidWords:
    """A recogniser that hears the given texts, one an utterance."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self.texts = list(texts)

    def begin(self, expectation: Expectation) -> None:
        pass

    def accept(self, chunk: AudioChunk) -> None:
        pass

    def preliminary(self) -> tuple[Hypothesis, ...]:
        return ()

    def finish(self) -> tuple[Hypothesis, ...]:
        return (Hypothesis(SecretText(self.texts.pop(0)), 0.9, fits=True),) if self.texts else ()


@dataclass
class ObligingGateway:
    """Answers every charge with the next outcome, approved when none is left."""

    answers: list[ChargeStatus] = field(default_factory=list)
    delay_ms: int = 0
    asked: list[ChargeRequest] = field(default_factory=list)
    heard_of: list[str] = field(default_factory=list)

    async def heard(self, attempt_ids: list[str]) -> None:
        self.heard_of += attempt_ids

    async def charge(self, request: ChargeRequest) -> ChargeOutcome:
        self.asked.append(request)
        status = self.answers.pop(0) if self.answers else ChargeStatus.APPROVED
        return ChargeOutcome(
            status,
            request.attempt_id,
            reference="K7M4Q2" if status is ChargeStatus.APPROVED else None,
            declared_delay_ms=self.delay_ms,
        )


@dataclass
class Finished:
    end: CallEnd
    entries: list[Entry]
    gateway: ObligingGateway

    def said(self) -> list[str]:
        return [str(e.details["id"]) for e in self.entries if e.kind is EntryKind.PROMPT]

    def of(self, kind: EntryKind) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind is kind]


async def run_call(
    caller: Caller,
    *,
    words: KnownWords | None = None,
    understanding: Callable[[Callable[[str], None]], Understands] | None = None,
    speaker: BriefSpeaker | None = None,
    recogniser: SaidWords | None = None,
    gateway: ObligingGateway | None = None,
    settings: Settings | None = None,
    amount: Money | None = None,
    recording: Path | None = None,
    listener: Listener | None = None,
    live: bool = False,
    executor: Executor | None = None,
    watch: Callable[[Entry], None] | None = None,
) -> Finished:
    """executor: where things are computed; None: a thread of its own."""
    settings = settings or Settings()
    gateway = gateway or ObligingGateway()
    trace = Trace(watch)
    leg = Leg(
        "caller",
        Ear(settings.hearing),
        recogniser or SaidWords(),
        Playback(),
        pre_roll=ms_to_samples(PRE_ROLL_MS),
        listener=listener,
    )
    with executor or ThreadPoolExecutor(1) as computing:
        rooms = Rooms(
            settings,
            understanding or (lambda _: words or KnownWords()),
            speaker or BriefSpeaker(),
            gateway,
            computing,
        )
        call = Call(
            rooms,
            leg,
            caller,
            CallStarted(call_id="onecall", today=TODAY, amount=amount),
            trace=trace,
            recording=Recording(recording) if recording else None,
            live=live,
        )
        end = await call.run()
    return Finished(end, trace.entries, gateway)


def paying_caller() -> ScriptedCaller:
    """Pays 87.50 by pressing keys."""
    return ScriptedCaller(
        [
            ScriptedTurn("amount.ask", 100, keys_sound("8750#")),
            ScriptedTurn("card_number.ask", 100, keys_sound("4242424242424242#")),
            ScriptedTurn("expiry.ask", 100, keys_sound("0429")),
            ScriptedTurn("security_code.ask_three", 100, keys_sound("123")),
            ScriptedTurn("postal_code.ask", 100, keys_sound("90210#")),
            ScriptedTurn("confirm.question", 100, keys_sound("1")),
        ]
    )


def payment_words() -> KnownWords:
    """The words of a caller who pays 87.50 by speaking."""
    words = KnownWords()
    words.knows("eighty seven fifty", Money(8750), masked="<amount>")
    words.knows("four two", SecretDigits("4242424242424242"), masked="<digits>")
    words.knows("oh three twenty eight", Expiry(3, 2028), masked="<date>")
    words.knows("one two three", SecretDigits("123"), masked="<digits>")
    words.knows("nine oh two one oh", SecretDigits("90210"), masked="<digits>")
    words.knows("yes", intent=Intent.AFFIRM)
    words.knows(
        "no it ran out, april twenty nine",
        Expiry(4, 2029),
        intent=Intent.CORRECT,
        about=Field.EXPIRY,
        masked="no it ran out, <date>",
    )
    return words
