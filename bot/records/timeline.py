"""A trace laid out for the eye: blocks in lanes over time, and the conversation in rows."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.records.trace import Entry, EntryKind
from bot.records.wording import (
    clock_text,
    describe,
    how_heard,
    plain,
    seconds_text,
    sentence,
    step_name,
    what_heard,
)

SLOW_MS = 1_500
"""From here on a caller notices the waiting; drawn as a warning."""
VERY_SLOW_MS = 3_000
"""From here on callers say "hello?"; drawn as a failure."""

UNSURE = 0.5
"""Below this confidence, what was heard is more likely wrong than right."""

_BACKGROUND = {EntryKind.SPEECH, EntryKind.WAITING, EntryKind.SILENCED}
"""Kinds that happen beneath the conversation and do not interrupt it."""

_STEP_TONES = {"done": "ok", "failed": "bad"}
_STEP_MARKS = {"done": "✓", "failed": "✗"}


@dataclass(frozen=True, slots=True)
class Block:
    """One entry drawn in a lane. left, width: percent of the whole timeline.

    tone: colours it: "caller", "bot", "ok", "bad", "warn", "quiet" or "" (the lane's own).
    hint: the whole text, for the pointer.
    """

    index: int
    left: float
    width: float
    text: str
    hint: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """name: for the style sheet. leg: "caller" or "bot" where a waveform lies beneath."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    leg: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the transcript; several entries where the caller pressed several keys.

    everyday: part of the conversation; the others show only when all is asked for.
    notes: small print after the text. keys: what was pressed, one by one.
    unsure: heard with less confidence than UNSURE, which is the first note then.
    """

    indices: tuple[int, ...]
    at: int
    until: int
    clock: str
    who: str
    side: str
    kind: str
    text: str
    tone: str
    everyday: bool
    notes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """waiting_*: milliseconds; None when nobody waited."""

    spoken_turns: int
    keyed_turns: int
    waiting_median_ms: int | None
    waiting_longest_ms: int | None


def waiting_tone(ms: int) -> str:
    if ms >= VERY_SLOW_MS:
        return "bad"
    return "warn" if ms >= SLOW_MS else "ok"


def lanes(entries: Sequence[Entry], total_ms: int) -> tuple[Lane, ...]:
    """Every entry is drawn in exactly one lane. total_ms: the length of the timeline, above 0."""
    blocks: dict[str, list[Block]] = {}
    began: dict[str, int] = {}
    for index, entry in enumerate(entries):
        start, text, tone = entry.at, entry.text, ""
        match entry.kind:
            case EntryKind.SPEECH:
                lane, text, tone = "caller", "", "caller"
            case EntryKind.SILENCED:
                lane = "bot" if entry.details.get("leg") == "bot" else "caller"
                text, tone = plain(entry.details.get("why", "")), "silenced"
            case EntryKind.PROMPT:
                lane = "prompts"
            case EntryKind.HEARD:
                lane, text = "heard", " · ".join((entry.text or "no words", *how_heard(entry)[:2]))
            case EntryKind.KEY:
                lane = "keys"
            case EntryKind.STEP:
                lane, text, tone = "steps", _step_text(entry), _step_tone(entry)
                start = _step_start(entry, began)
            case EntryKind.CHARGE:
                lane, text, tone = "charge", _charge_text(entry), _charge_tone(entry)
            case EntryKind.WAITING:
                lasted = _lasted(entry)
                lane, text, tone = "waiting", seconds_or_ms(lasted), waiting_tone(lasted)
            case EntryKind.DROPPED:
                lane, text, tone = "notes", "ignored", "quiet"
            case EntryKind.DEGRADED:
                lane, text, tone = "notes", plain(entry.details.get("what", "degraded")), "warn"
            case EntryKind.END:
                lane, text, tone = "notes", "end", "quiet"
        blocks.setdefault(lane, []).append(
            _block(index, entry, start=start, total_ms=total_ms, text=text, tone=tone)
        )
    return tuple(
        Lane(name, title, tuple(blocks.get(name, ())), leg)
        for name, title, leg in (
            ("caller", "Caller", "caller"),
            ("bot", "Bot", "bot"),
            ("prompts", "Prompts", ""),
            ("heard", "Heard", ""),
            ("keys", "Keys", ""),
            ("steps", "Steps", ""),
            ("charge", "Charge", ""),
            ("waiting", "Waiting", ""),
            ("notes", "Notes", ""),
        )
    )


def rows(entries: Sequence[Entry]) -> tuple[Row, ...]:
    """The transcript in the order of time; every entry is in exactly one row."""
    waited = _waiting_before_prompts(entries)
    return tuple(
        _key_row(entries, group) if entries[group[0]].kind is EntryKind.KEY
        else _row(group[0], entries[group[0]], waited.get(group[0]))
        for group in _grouped(entries)
    )  # fmt: skip


def figures(entries: Sequence[Entry]) -> Figures:
    waits = [_lasted(entry) for entry in entries if entry.kind is EntryKind.WAITING]
    heard = [entry for entry in entries if entry.kind is EntryKind.HEARD]
    return Figures(
        spoken_turns=len(heard),
        keyed_turns=sum(
            1 for group in _grouped(entries) if entries[group[0]].kind is EntryKind.KEY
        ),
        waiting_median_ms=round(statistics.median(waits)) if waits else None,
        waiting_longest_ms=max(waits, default=None),
    )


def seconds_or_ms(ms: int) -> str:
    """Waiting is given in milliseconds as long as that reads well."""
    return f"{ms} ms" if ms < 10_000 else seconds_text(ms)


def _block(index: int, entry: Entry, *, start: int, total_ms: int, text: str, tone: str) -> Block:
    left = min(max(start, 0), total_ms)
    right = min(max(entry.at if entry.until is None else entry.until, left), total_ms)
    who, what = describe(entry)
    return Block(
        index=index,
        left=left * 100 / total_ms,
        width=(right - left) * 100 / total_ms,
        text=text,
        hint=f"{clock_text(entry.at)}  {who}: {what}",
        tone=tone,
    )


def _lasted(entry: Entry) -> int:
    return 0 if entry.until is None else max(0, entry.until - entry.at)


def _step_start(entry: Entry, began: dict[str, int]) -> int:
    """A step is drawn from its entering to its end; the entering itself is a mark."""
    step = step_name(entry)
    if entry.details.get("state") == "entering":
        began[step] = entry.at
        return entry.at
    return began.pop(step, entry.at)


def _step_text(entry: Entry) -> str:
    if entry.details.get("state") == "entering":
        return ""
    mark = _STEP_MARKS.get(str(entry.details.get("state")), "")
    return f"{mark} {sentence(plain(step_name(entry)))}".strip()


def _step_tone(entry: Entry) -> str:
    return _STEP_TONES.get(str(entry.details.get("state")), "entering")


def _charge_text(entry: Entry) -> str:
    return sentence(plain(entry.details.get("status", "charge")))


def _charge_tone(entry: Entry) -> str:
    match entry.details.get("status"):
        case "approved":
            return "ok"
        case "declined" | "unavailable":
            return "bad"
        case _:
            return "warn"


def _tone(entry: Entry) -> str:
    match entry.kind:
        case EntryKind.STEP:
            return _step_tone(entry)
        case EntryKind.CHARGE:
            return _charge_tone(entry)
        case EntryKind.WAITING:
            return waiting_tone(_lasted(entry))
        case EntryKind.DEGRADED:
            return "warn"
        case EntryKind.DROPPED:
            return "quiet"
        case _:
            return ""


def _grouped(entries: Sequence[Entry]) -> Iterator[list[int]]:
    """Indices by time; keys that follow one another form one group, all else stands alone.

    What happens beneath (the voice, waiting, a silent recording) does not part keys.
    """
    order = sorted(range(len(entries)), key=lambda index: entries[index].at)
    keys: list[int] = []
    beneath: list[int] = []
    for index in order:
        kind = entries[index].kind
        if kind is EntryKind.KEY:
            keys.append(index)
        elif kind in _BACKGROUND and keys:
            beneath.append(index)
        else:
            if keys:
                yield keys
            yield from ([other] for other in beneath)
            keys, beneath = [], []
            yield [index]
    if keys:
        yield keys
    yield from ([other] for other in beneath)


def _waiting_before_prompts(entries: Sequence[Entry]) -> dict[int, Entry]:
    """For each prompt that ended a waiting: that waiting."""
    prompts = [i for i, entry in enumerate(entries) if entry.kind is EntryKind.PROMPT]
    ended = {}
    for waiting in (entry for entry in entries if entry.kind is EntryKind.WAITING):
        answers = [index for index in prompts if entries[index].at >= waiting.at]
        if answers:
            ended[min(answers, key=lambda index: entries[index].at)] = waiting
    return ended


def _side(entry: Entry) -> str:
    return entry.who if entry.who in {"caller", "bot"} else "middle"


def _row(index: int, entry: Entry, waited: Entry | None) -> Row:
    who, what = describe(entry)
    notes: tuple[str, ...] = ()
    if entry.kind is EntryKind.HEARD:
        what = entry.text or "(speech, but no words)"
        notes = (*how_heard(entry), *what_heard(entry))
    elif entry.kind is EntryKind.PROMPT:
        what = entry.text
        if not entry.details.get("completed", True):
            notes = ("interrupted",)
        if waited is not None:
            notes = (*notes, f"after {seconds_or_ms(_lasted(waited))}")
        if entry.details.get("source") == "tts":
            notes = (*notes, "text-to-speech")
    else:
        what = sentence(what)
    return Row(
        indices=(index,),
        at=entry.at,
        until=entry.at if entry.until is None else entry.until,
        clock=clock_text(entry.at),
        who=who,
        side=_side(entry),
        kind=entry.kind.value,
        text=what,
        tone=_tone(entry),
        everyday=entry.kind not in _BACKGROUND and _tone(entry) != "entering",
        notes=notes,
        unsure=entry.kind is EntryKind.HEARD and _confidence(entry) < UNSURE,
    )


def _confidence(entry: Entry) -> float:
    confidence = entry.details.get("confidence")
    return float(confidence) if isinstance(confidence, int | float) else 1.0


def _key_row(entries: Sequence[Entry], group: list[int]) -> Row:
    first, last = entries[group[0]], entries[group[-1]]
    return Row(
        indices=tuple(group),
        at=first.at,
        until=last.at if last.until is None else last.until,
        clock=clock_text(first.at),
        who=describe(first)[0],
        side=_side(first),
        kind=EntryKind.KEY.value,
        text="presses " + " ".join(entries[index].text for index in group),
        tone="",
        everyday=True,
        keys=tuple(entries[index].text for index in group),
    )
