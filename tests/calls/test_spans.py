"""A live call as an OpenTelemetry trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from canaries import canary
from card_search import leaks_in
from one_call import KnownWords, ObligingGateway, run_call
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from bot.calls.callers import ScriptedCaller, ScriptedTurn
from bot.calls.live.calls import LiveCall, LiveCalls
from bot.calls.live.line import LiveLine
from bot.calls.live.spans import CallSpans
from bot.calls.run_call import Files, FinishedCall
from bot.calls.scenarios.scenario import Parameters
from bot.cards import Expiry, SecretDigits
from bot.charges import ChargeStatus
from bot.expectations import Intent
from bot.live_settings import LiveSettings
from bot.money import Money
from bot.outcomes import CallType
from bot.records.result import CallResult, Durations
from bot.records.trace import Entry, EntryKind

CARD = canary(731)
STARTED = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Collector:
    """Takes spans in memory. `tell` is what a `LiveCalls` is given."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        self._provider = TracerProvider(shutdown_on_exit=False)
        self._provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tell = CallSpans(self._provider.get_tracer("test"))

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._kept.get_finished_spans()

    @property
    def call(self) -> ReadableSpan:
        return next(span for span in self.spans if span.name == "call")

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name.startswith(name)]

    def close(self) -> None:
        self._provider.shutdown()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def unmasked_words() -> KnownWords:
    """Of a caller whose words nothing masks: the trace of a call holds them as they were said."""
    words = KnownWords()
    words.knows("eighty seven fifty for the dog", Money(8750))
    words.knows(f"my card is {CARD.number}", SecretDigits(CARD.number))
    words.knows("it ran out with rex in march, oh three twenty eight", Expiry(3, 2028))
    words.knows(f"the code is {CARD.code}", SecretDigits(CARD.code))
    words.knows("nine oh two one oh, rex lives there", SecretDigits("90210"))
    words.knows("yes please my dear", intent=Intent.AFFIRM)
    return words


QUESTIONS = (
    "amount.ask", "card_number.ask", "expiry.ask", "security_code.ask_three", "postal_code.ask",
    "confirm.question",
)  # fmt: skip


@dataclass
class Spoken:
    """Runs one whole call of a caller who answers each question in words. breaks: before its end,
    when the charge has been sent."""

    gateway: ObligingGateway = field(default_factory=ObligingGateway)
    breaks: Exception | None = None
    entries: list[Entry] = field(default_factory=list)

    async def __call__(
        self,
        line: LiveLine,
        parameters: Parameters,
        files: Files,
        *,
        call_id: str,
        watch: Callable[[Entry], None],
    ) -> FinishedCall:
        words = unmasked_words()
        nothing = np.zeros(0, dtype=np.int16)
        turns = [
            ScriptedTurn(question, 100, nothing, text=text)
            for question, text in zip(QUESTIONS, words.words, strict=True)
        ]
        finished = await run_call(
            ScriptedCaller(turns), words=words, gateway=self.gateway, watch=watch
        )
        if self.breaks is not None:
            raise self.breaks
        self.entries = finished.entries
        result = CallResult(
            call_id,
            STARTED,
            finished.end.result,
            Durations.of(finished.entries, finished.end.duration // 8),
            finished.end.handed_over_to,
        )
        return FinishedCall(finished.end, finished.entries, result, files)


async def told(collector: Collector, folder: Path, runs: Spoken) -> None:
    calls = LiveCalls(runs, LiveSettings(), folder, tell=collector.tell)
    await calls.take(LiveLine(), Parameters(), transport="browser", call_id="abcdefghijklmnop")


async def test_a_call_becomes_one_trace_whose_spans_lie_within_it(
    collector: Collector, tmp_path: Path
) -> None:
    runs = Spoken(ObligingGateway(delay_ms=1_500))
    await told(collector, tmp_path, runs)
    call = collector.call
    assert call.parent is None
    assert call.kind is SpanKind.SERVER
    assert call.attributes is not None
    assert call.attributes["voicebot.call.id"] == "abcdefghijklmnop"
    assert call.attributes["voicebot.call.type"] == "automated"
    assert call.attributes["voicebot.transport"] == "browser"
    assert call.attributes["voicebot.result"] == "success"
    assert call.attributes["voicebot.charge_ms"] == 1_500
    assert call.status.status_code is StatusCode.UNSET
    parts = [span for span in collector.spans if span is not call]
    assert len(collector.named("prompt ")) == len([e for e in runs.entries if e.kind == "prompt"])
    assert len(collector.named("utterance")) == len(QUESTIONS)
    for part in parts:
        assert part.parent == call.context
        assert start(call) <= start(part) <= end(part) <= end(call)


async def test_a_span_lies_where_its_entry_does(collector: Collector, tmp_path: Path) -> None:
    runs = Spoken(ObligingGateway(delay_ms=1_500))
    await told(collector, tmp_path, runs)
    (entry,) = (entry for entry in runs.entries if entry.kind is EntryKind.CHARGE)
    (charge,) = collector.named("charge")
    assert entry.until is not None
    assert start(charge) - start(collector.call) == entry.at * 1_000_000
    assert end(charge) - start(charge) == (entry.until - entry.at) * 1_000_000
    assert charge.kind is SpanKind.CLIENT
    assert charge.attributes == {
        "voicebot.charge.status": "approved",
        "voicebot.charge.settled_by_lookup": False,
    }


async def test_no_card_digit_code_amount_or_word_of_the_caller_is_in_any_span(
    collector: Collector, tmp_path: Path
) -> None:
    """Though here the trace itself holds them."""
    runs = Spoken()
    await told(collector, tmp_path, runs)
    trace = "\n".join(entry.text for entry in runs.entries)
    assert leaks_in(trace, [CARD.number], [CARD.code])
    text = "\n".join(span.to_json() for span in collector.spans)
    assert not leaks_in(text, [CARD.number], [CARD.code])
    for word in ("rex", "dog", "dear", "nine oh", "90210", "87.50", "8750", "K7M4Q2", "2028"):
        assert word not in text


async def test_a_step_lasts_from_its_question_to_its_answer(
    collector: Collector, tmp_path: Path
) -> None:
    await told(collector, tmp_path, Spoken())
    (asked,) = collector.named("step card_number")
    (prompt,) = collector.named("prompt card_number.ask")
    assert asked.attributes == {"voicebot.step.state": "done"}
    assert start(asked) <= start(prompt) < end(prompt) < end(asked)
    assert {span.name for span in collector.named("step ")} == {
        f"step {name}"
        for name in (
            "amount", "card_number", "expiry", "security_code", "postal_code", "confirmation",
            "charge",
        )
    }  # fmt: skip


def call_of(*entries: Entry, result: CallResult | None = None) -> LiveCall:
    return LiveCall(
        "abcdefghijklmnop", CallType.AUTOMATED, "twilio", STARTED, LiveLine(), list(entries), result
    )


def step(at: int, name: str, state: str, detail: str = "") -> Entry:
    return Entry(
        at, EntryKind.STEP, "call", name, details={"step": name, "state": state, "detail": detail}
    )


async def test_each_try_of_a_step_is_a_span_and_one_that_is_never_answered_ends_with_the_call(
    collector: Collector,
) -> None:
    collector.tell(
        call_of(
            step(100, "card_number", "entering"),
            step(200, "expiry", "done"),  # said along with it
            step(300, "card_number", "failed", "invalid-card-number"),
            step(300, "card_number", "entering"),
            step(500, "amount", "entering"),
            Entry(900, EntryKind.END, "call", "caller-hung-up"),
        )
    )
    seen = [
        (span.name, (start(span) - start(collector.call)) // 1_000_000, ms(span), state(span))
        for span in collector.named("step ")
    ]
    assert seen == [
        ("step expiry", 200, 0, "done"),
        ("step card_number", 100, 200, "failed"),
        ("step card_number", 300, 200, "left"),
        ("step amount", 500, 400, "left"),
    ]


async def test_of_an_utterance_recognition_and_understanding_are_spans_after_one_another(
    collector: Collector,
) -> None:
    times = {"end_of_turn_ms": 700, "recognition_ms": 120, "understanding_ms": 40}
    collector.tell(
        call_of(
            Entry(
                1_000, EntryKind.HEARD, "caller", "typed", until=1_000, details={"source": "rasa"}
            ),
            Entry(2_000, EntryKind.HEARD, "caller", "said", until=3_000, details=times),
        )
    )
    seen = [
        (span.name, (start(span) - start(collector.call)) // 1_000_000, ms(span), span.attributes)
        for span in collector.spans
        if span.name in {"recognition", "understanding"}
    ]
    assert seen == [("recognition", 3_700, 120, {}), ("understanding", 3_820, 40, {})]
    assert end(collector.call) == end(collector.named("understanding")[0])


async def test_what_worked_less_well_is_an_event_in_words_of_our_own(collector: Collector) -> None:
    collector.tell(
        call_of(
            Entry(700, EntryKind.DEGRADED, "call", "Rasa is away: four two four two"),
            Entry(900, EntryKind.DEGRADED, "call", "something quite unforeseen"),
        )
    )
    events = collector.call.events
    assert [event.attributes for event in events] == [
        {"voicebot.degraded": "understanding"},
        {"voicebot.degraded": "other"},
    ]
    assert events[0].timestamp - start(collector.call) == 700_000_000
    assert events[1].timestamp == end(collector.call)


async def test_a_charge_nobody_knows_the_end_of_is_an_error_and_so_is_its_call(
    collector: Collector, tmp_path: Path
) -> None:
    await told(collector, tmp_path, Spoken(ObligingGateway([ChargeStatus.UNKNOWN])))
    (charge,) = collector.named("charge")
    for span, error in ((charge, "unknown"), (collector.call, "outcome-unknown")):
        assert span.status.status_code is StatusCode.ERROR
        assert span.attributes is not None
        assert span.attributes["error.type"] == error


async def test_a_declined_card_is_no_error_of_the_call(
    collector: Collector, tmp_path: Path
) -> None:
    await told(collector, tmp_path, Spoken(ObligingGateway([ChargeStatus.DECLINED] * 9)))
    for span in collector.spans:
        assert span.status.status_code is StatusCode.UNSET
    assert "declined" in {
        (span.attributes or {}).get("voicebot.charge.status") for span in collector.named("charge")
    }


async def test_an_interrupted_call_is_told_as_far_as_it_came(
    collector: Collector, tmp_path: Path
) -> None:
    with pytest.raises(KeyError):
        await told(collector, tmp_path, Spoken(breaks=KeyError()))
    assert collector.named("charge")
    attributes = collector.call.attributes or {}
    assert attributes["error.type"] == "interrupted"
    assert "voicebot.result" not in attributes


def start(span: ReadableSpan) -> int:
    assert span.start_time is not None
    return span.start_time


def end(span: ReadableSpan) -> int:
    assert span.end_time is not None
    return span.end_time


def ms(span: ReadableSpan) -> int:
    return (end(span) - start(span)) // 1_000_000


def state(span: ReadableSpan) -> object:
    return (span.attributes or {}).get("voicebot.step.state")
