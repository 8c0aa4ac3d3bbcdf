"""Holds what came out of a call against what its scenario expects: what was expected, what
happened instead, and when in the call."""

from __future__ import annotations

from dataclasses import dataclass

from bot.calls.call import CallEnd
from bot.calls.scenarios.scenario import Expected
from bot.dialog.commands import StepState
from bot.records.trace import Entry, EntryKind
from bot.records.wording import clock_text, step_name

_STEP_OF = {
    "amount": "amount",
    "brand": "card_number",
    "last_four": "card_number",
    "expiry": "expiry",
    "charges": "charge",
}
"""The step that gave an expected value; the others stand when the call ends."""


@dataclass(frozen=True, slots=True)
class Miss:
    """One expectation that was not met.

    at_ms: when on the call's clock, where that can be said. meanwhile: what was going on then, in
    words; masked, as the trace it comes from.
    """

    what: str
    expected: str
    happened: str
    at_ms: int | None = None
    meanwhile: str = ""

    def __str__(self) -> str:
        when = "" if self.at_ms is None else f" at {clock_text(self.at_ms)}"
        meanwhile = f", {self.meanwhile}" if self.meanwhile else ""
        return f"{self.what}: expected {self.expected}, got {self.happened}{when}{meanwhile}"


def judge(
    expected: Expected, end: CallEnd, entries: list[Entry], settled: str | None
) -> list[Miss]:
    """Everything that differs; empty when the scenario passed."""
    return [
        *_judge_result(expected, end, entries),
        *_judge_values(expected, end, entries, settled),
        *_judge_prompts(expected, entries),
        *_judge_absent(expected, entries),
        *_judge_waiting(expected, entries),
    ]


def miss_at(entries: list[Entry], at: int | None, what: str, expected: str, happened: str) -> Miss:
    """A miss with what was going on at that moment of the call."""
    return Miss(what, expected, happened, at, "" if at is None else _meanwhile(entries, at))


def end_of(entries: list[Entry]) -> int | None:
    """When the call ended."""
    return max((entry.at for entry in entries if entry.kind is EntryKind.END), default=None)


def _judge_result(expected: Expected, end: CallEnd, entries: list[Entry]) -> list[Miss]:
    result = end.result
    misses = []
    if result.status is not expected.result:
        why = ", ".join(text for text in (result.reason, result.error or "", *end.degraded) if text)
        happened = f"{result.status} ({why})" if why else str(result.status)
        misses.append(miss_at(entries, end_of(entries), "result", expected.result, happened))
    if expected.error is not None and result.error is not expected.error:
        happened = str(result.error or "nothing")
        misses.append(Miss("error", expected.error, happened, end_of(entries)))
    wanted = expected.corrections_by_rasa
    if wanted is not None and sorted(wanted) != sorted(result.corrections_by_rasa):
        happened = ", ".join(result.corrections_by_rasa) or "none"
        misses.append(Miss("corrections_by_rasa", ", ".join(wanted) or "none", happened))
    return misses


def _judge_values(
    expected: Expected, end: CallEnd, entries: list[Entry], settled: str | None
) -> list[Miss]:
    result = end.result
    happened: dict[str, str | None] = {
        "amount": str(result.amount) if result.amount else None,
        "brand": result.brand.value if result.brand else None,
        "last_four": result.last_four,
        "expiry": str(end.asked[-1].expiry) if end.asked else None,
        "charges": str(len(end.asked)),
        "handed_over_to": end.handed_over_to.value if end.handed_over_to else None,
        "settled": settled,
    }
    misses = []
    for name, got in happened.items():
        wanted = getattr(expected, name)
        if wanted is not None and str(wanted) != got:
            given_at = _when_done(entries, _STEP_OF.get(name))
            if given_at is None:
                misses.append(Miss(name, str(wanted), got or "nothing", end_of(entries)))
            else:
                misses.append(miss_at(entries, given_at, name, str(wanted), got or "nothing"))
    return misses


def _judge_prompts(expected: Expected, entries: list[Entry]) -> list[Miss]:
    said = _prompts(entries)
    ids = [str(prompt.details["id"]) for prompt in said]
    position = 0
    for wanted in expected.prompts:
        if wanted in ids[position:]:
            position = ids.index(wanted, position) + 1
            continue
        before = said[position - 1] if position else None
        after = f"after {ids[position - 1]}" if position else "at all"
        rest = ", ".join(ids[position:]) or "nothing"
        at = None if before is None else (before.until or before.at)
        return [miss_at(entries, at, "prompts", f"{wanted} {after}", rest)]
    return []


def _judge_absent(expected: Expected, entries: list[Entry]) -> list[Miss]:
    return [
        Miss(
            "absent",
            f"never {prompt.details['id']}",
            f"“{prompt.text}”",
            prompt.at,
            _before(entries, prompt.at),
        )
        for prompt in _prompts(entries)
        if prompt.details["id"] in expected.absent
    ]


def _judge_waiting(expected: Expected, entries: list[Entry]) -> list[Miss]:
    if expected.answered_within_ms is None:
        return []
    return [
        miss_at(
            entries,
            entry.at,
            "answered_within_ms",
            f"at most {expected.answered_within_ms}",
            str(entry.until - entry.at),
        )
        for entry in entries
        if entry.kind is EntryKind.WAITING
        and entry.until is not None
        and entry.until - entry.at > expected.answered_within_ms
    ]


def _prompts(entries: list[Entry]) -> list[Entry]:
    """In the order they were said in; the trace has them in that of their ends."""
    said = (entry for entry in entries if entry.kind is EntryKind.PROMPT)
    return sorted(said, key=lambda entry: entry.at)


def _when_done(entries: list[Entry], step: str | None) -> int | None:
    """When a step last came to its value; None where it never did."""
    done = [
        entry.at
        for entry in entries
        if entry.kind is EntryKind.STEP
        and step_name(entry) == step
        and entry.details.get("state") == StepState.DONE
    ]
    return done[-1] if done else None


def _meanwhile(entries: list[Entry], at: int) -> str:
    for prompt in _prompts(entries):
        if prompt.at <= at < (prompt.until or prompt.at):
            return f"while the bot said “{prompt.text}”"
    return _before(entries, at)


def _before(entries: list[Entry], at: int) -> str:
    """The last that was said or keyed before this moment."""
    told = {EntryKind.PROMPT, EntryKind.HEARD, EntryKind.KEY}
    over = [entry for entry in entries if entry.kind in told and _over(entry) <= at]
    if not over:
        return ""
    last = max(over, key=_over)
    match last.kind:
        case EntryKind.PROMPT:
            return f"after the bot said “{last.text}”"
        case EntryKind.KEY:
            return "after a key"
        case _:
            return f"after the caller said “{last.text}”"


def _over(entry: Entry) -> int:
    return entry.at if entry.until is None else entry.until
