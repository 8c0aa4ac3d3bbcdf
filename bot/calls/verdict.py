"""Holds what came out of a call against what its scenario expects."""

from __future__ import annotations

from dataclasses import dataclass

from bot.calls.call import CallEnd
from bot.calls.scenario import Expected
from bot.records.trace import Entry, EntryKind


@dataclass(frozen=True, slots=True)
class Miss:
    """One expectation that was not met. at_ms: when in the call, where that can be said."""

    what: str
    expected: str
    happened: str
    at_ms: int | None = None

    def __str__(self) -> str:
        when = "" if self.at_ms is None else f" at {self.at_ms / 1000:.1f} s"
        return f"{self.what}: expected {self.expected}, got {self.happened}{when}"


def judge(
    expected: Expected, end: CallEnd, entries: list[Entry], settled: str | None
) -> list[Miss]:
    """Everything that differs; empty when the scenario passed."""
    result = end.result
    end_ms = max((entry.at for entry in entries if entry.kind is EntryKind.END), default=None)
    happened: dict[str, str | None] = {
        "result": result.status.value,
        "error": result.error.value if result.error else None,
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
            misses.append(Miss(name, str(wanted), got or "nothing", end_ms))
    wanted_corrections = expected.corrections_by_rasa
    if wanted_corrections is not None and (
        sorted(wanted_corrections) != sorted(result.corrections_by_rasa)
    ):
        misses.append(
            Miss(
                "corrections_by_rasa",
                ", ".join(wanted_corrections) or "none",
                ", ".join(result.corrections_by_rasa) or "none",
            )
        )
    return misses + _judge_prompts(expected, entries) + _judge_waiting(expected, entries)


def _judge_prompts(expected: Expected, entries: list[Entry]) -> list[Miss]:
    said = sorted(
        (
            (entry.at, str(entry.details["id"]))
            for entry in entries
            if entry.kind is EntryKind.PROMPT
        ),
        key=lambda prompt: prompt[0],
    )
    misses = []
    position = 0
    for wanted in expected.prompts:
        ids = [prompt_id for _, prompt_id in said]
        if wanted in ids[position:]:
            position = ids.index(wanted, position) + 1
            continue
        after = f"after {said[position - 1][1]}" if position else "at all"
        rest = ", ".join(ids[position:]) or "nothing"
        at = said[position - 1][0] if position else None
        misses.append(Miss("prompts", f"{wanted} {after}", rest, at))
        break
    misses += [
        Miss("absent", f"never {prompt_id}", "it was said", at)
        for at, prompt_id in said
        if prompt_id in expected.absent
    ]
    return misses


def _judge_waiting(expected: Expected, entries: list[Entry]) -> list[Miss]:
    if expected.answered_within_ms is None:
        return []
    return [
        Miss(
            "answered_within_ms",
            f"at most {expected.answered_within_ms}",
            str(entry.until - entry.at),
            entry.at,
        )
        for entry in entries
        if entry.kind is EntryKind.WAITING
        and entry.until is not None
        and entry.until - entry.at > expected.answered_within_ms
    ]
