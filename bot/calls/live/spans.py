"""A live call as one OpenTelemetry trace, made from its own trace when it is over.

    call                           SERVER  from its beginning to its end
      prompt ID                            the bot speaks
      utterance                            the caller speaks, and what was understood
      recognition                          from the end of the turn until its words are there
      understanding                        from the words until their meaning is there
      waiting                              from the caller's last sample to the first of the answer
      step NAME                            asked for, until it is there, or failed, or was left
      charge                       CLIENT  from sending to the answer

Attributes are labels, counts and times. The text of an entry is never looked at, and neither are
amounts, references or expiry dates: masked or not, no word of the caller leaves by this way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from opentelemetry.context import Context
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.util.types import AttributeValue

from bot.calls.live.calls import LiveCall
from bot.calls.live.metrics import degraded_mode
from bot.charges import ChargeStatus
from bot.dialog.commands import StepState
from bot.outcomes import ResultName
from bot.records.result import Durations
from bot.records.trace import Entry, EntryKind

_FAULTS: Final = {
    ResultName.GATEWAY_UNAVAILABLE,
    ResultName.OUTCOME_UNKNOWN,
    ResultName.INTERNAL_ERROR,
}
"""Results that no caller meant; a declined card or a wrong code is none."""

_LEFT: Final = "left"
"""A step that was neither done nor failed: the caller went elsewhere, or away."""

_PROMPT: Final = ("id", "attempt", "completed", "source")
_UTTERANCE: Final = ("source", "engine", "intent", "field", "confidence", "intent_confidence")
_CHARGE: Final = ("status", "reason", "settled_by_lookup")
"""Details that are told; all others stay where they are."""


@dataclass(frozen=True, slots=True)
class _Part:
    """at, until: milliseconds since the call began. error: its type, where it went wrong."""

    name: str
    at: int
    until: int
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    kind: SpanKind = SpanKind.INTERNAL
    error: str = ""


class CallSpans:
    """Gives each call that is over to a tracer."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, call: LiveCall) -> None:
        began_ms = round(call.started_at.timestamp() * 1000)
        whole = _whole(call)
        root = self._start(whole, Context(), began_ms)
        inside = set_span_in_context(root, Context())
        for part in (*_stretches(call.entries), *_steps(call.entries, whole.until)):
            self._start(part, inside, began_ms).end(_ns(began_ms + part.until))
        for entry in call.entries:
            if entry.kind is EntryKind.DEGRADED:
                mode = {"voicebot.degraded": degraded_mode(entry)}
                root.add_event("degraded", mode, _ns(began_ms + entry.at))
        root.end(_ns(began_ms + whole.until))

    def _start(self, part: _Part, context: Context, began_ms: int) -> Span:
        span = self._tracer.start_span(
            part.name, context, part.kind, part.attributes, start_time=_ns(began_ms + part.at)
        )
        if part.error:
            span.set_attribute(ERROR_TYPE, part.error)
            span.set_status(StatusCode.ERROR)
        return span


def _ns(ms: int) -> int:
    return ms * 1_000_000


def _whole(call: LiveCall) -> _Part:
    """The root, as long as anything in it."""
    entries, result = call.entries, call.result
    moments = [max(entry.at, entry.until or 0) for entry in entries]
    call_ms = max([*moments, *(part.until for part in _stretches(entries))], default=0)
    attributes: dict[str, AttributeValue] = {
        "voicebot.call.id": call.call_id,
        "voicebot.call.type": call.call_type.value,
        "voicebot.transport": call.transport,
        "voicebot.keys": sum(entry.kind is EntryKind.KEY for entry in entries),
    }
    error = "interrupted"
    if result is not None:
        call_ms = max(call_ms, result.durations.call_ms)
        status, last_error = result.payment.status, result.payment.error
        attributes["voicebot.result"] = status.value
        if last_error is not None:
            attributes["voicebot.error"] = last_error.value
        if result.hand_over is not None:
            attributes["voicebot.hand_over"] = result.hand_over.value
        error = status.value if status in _FAULTS else ""
    durations = result.durations if result is not None else Durations.of(entries, call_ms)
    for name, ms in asdict(durations).items():
        attributes[f"voicebot.{name}"] = ms
    return _Part("call", 0, call_ms, attributes, SpanKind.SERVER, error)


def _stretches(entries: Iterable[Entry]) -> Iterator[_Part]:
    """What has a beginning and an end of its own. SPEECH is left out: what was heard in it has the
    same two."""
    for entry in entries:
        until = max(entry.at, entry.until or 0)
        match entry.kind:
            case EntryKind.PROMPT:
                told = _told(entry, "prompt", _PROMPT)
                yield _Part(f"prompt {entry.details['id']}", entry.at, until, told)
            case EntryKind.HEARD:
                told = _told(entry, "utterance", _UTTERANCE)
                yield _Part("utterance", entry.at, until, told)
                yield from _worked_out(entry, until)
            case EntryKind.WAITING:
                yield _Part("waiting", entry.at, until)
            case EntryKind.CHARGE:
                status = str(entry.details["status"])
                fault = status in {ChargeStatus.UNAVAILABLE, ChargeStatus.UNKNOWN}
                told = _told(entry, "charge", _CHARGE)
                yield _Part(
                    "charge", entry.at, until, told, SpanKind.CLIENT, status if fault else ""
                )
            case _:
                pass


def _worked_out(heard: Entry, until: int) -> Iterator[_Part]:
    """What a caller waits for; nothing of typed words."""
    ended = until + int(heard.details.get("end_of_turn_ms", 0))
    for part in ("recognition", "understanding"):
        if (took := heard.details.get(f"{part}_ms")) is not None:
            yield _Part(part, ended, ended + int(took))
            ended += int(took)


def _steps(entries: Iterable[Entry], call_ms: int) -> Iterator[_Part]:
    """Of one step there are several where it is asked for again. A step that was answered before
    it was asked for has no length."""
    step, since = "", 0
    for entry in entries:
        if entry.kind is not EntryKind.STEP:
            continue
        state = str(entry.details["state"])
        if step and step != entry.text:
            # What another answer brought along, "done" at once, leaves the open step open.
            if state != StepState.ENTERING:
                yield _step(entry.text, entry.at, entry.at, state)
                continue
            yield _step(step, since, entry.at, _LEFT)
            step = ""
        if not step:
            step, since = entry.text, entry.at
        if state != StepState.ENTERING:
            yield _step(step, since, entry.at, state)
            step = ""
    if step:
        yield _step(step, since, call_ms, _LEFT)


def _step(step: str, at: int, until: int, state: str) -> _Part:
    """Its detail is not told: of a card it is the last four digits."""
    return _Part(f"step {step}", at, until, {"voicebot.step.state": state})


def _told(entry: Entry, what: str, names: Iterable[str]) -> dict[str, AttributeValue]:
    details = entry.details
    return {
        f"voicebot.{what}.{name}": details[name] for name in names if details.get(name, "") != ""
    }
