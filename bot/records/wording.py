"""A trace in words: one line for each entry, for the console and the call page alike."""

from __future__ import annotations

import re

from bot.cards import Brand, rules_of
from bot.outcomes import Destination, ResultName
from bot.records.trace import Entry, EntryKind

_WHO = {"caller": "Caller", "bot": "Bot", "gateway": "Gateway", "call": "Call"}

_ENGINES = {"embedded": "embedded engine", "vosk": "Vosk", "typed": "typed"}

_SOURCES = {"rasa": "Rasa", "numbers": "numbers", "grammar": "grammar", "keys": "keys"}

_RESULTS: dict[str, str] = {
    ResultName.SUCCESS: "Paid",
    ResultName.DECLINED: "Declined",
    ResultName.TOO_MANY_FAILED_ATTEMPTS: "Too many failed attempts",
    ResultName.CALLER_CANCELLED: "Cancelled by the caller",
    ResultName.CALLER_HUNG_UP: "Caller hung up",
    ResultName.TIMEOUT: "Ended by silence",
    ResultName.GATEWAY_UNAVAILABLE: "Gateway not available",
    ResultName.OUTCOME_UNKNOWN: "Outcome unknown",
    ResultName.NOT_IDENTIFIED: "Caller not identified",
    ResultName.AGENT_REQUESTED: "Agent requested",
    ResultName.INTERNAL_ERROR: "Internal error",
}

_MASK = re.compile(r"\*{4,}")
"""The masked digits of a card number; as many as there are say nothing, and four read better."""

_DESTINATIONS = {
    Destination.AGENT: "To an agent",
    Destination.IVR: "Back to the phone system",
    Destination.HANG_UP: "Hung up",
}


def describe(entry: Entry) -> tuple[str, str]:
    """Who, and what happened, in one line; "Caller", "wrong expiry (91 % sure, Rasa)".

    Details that are missing are left out; text is the entry's own and is not escaped.
    """
    return _WHO.get(entry.who, entry.who), _what(entry)


def result_words(status: ResultName) -> str:
    """A result for people: 'Outcome unknown'."""
    return _RESULTS[status]


def brand_words(brand: Brand) -> str:
    return rules_of(brand).name


def destination_words(destination: Destination) -> str:
    return _DESTINATIONS[destination]


def plain(name: object) -> str:
    """A name from the code for people: 'card_number' -> 'card number'."""
    return str(name).replace("_", " ").replace("-", " ")


def sentence(text: str) -> str:
    """With a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def seconds_text(ms: int) -> str:
    """A duration as one reads it: '640 ms', '2.3 s', '1 min 05 s'."""
    if ms < 1000:
        return f"{ms} ms"
    if ms < 59_950:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} min {seconds:02d} s"


def clock_text(ms: int) -> str:
    """A moment of the call: '1:07.4'. Tenths are cut off, as a clock does."""
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes}:{rest // 1000:02d}.{rest % 1000 // 100}"


def what_heard(entry: Entry) -> tuple[str, ...]:
    """What was understood of an utterance: ('correct', 'expiry', '04/29')."""
    details = entry.details
    notes = [plain(details[key]) for key in ("intent", "field") if details.get(key)]
    notes += [str(details[key]) for key in ("amount", "expiry") if details.get(key)]
    if digits := details.get("digits"):
        notes.append(f"{digits} digits")
    return tuple(notes)


def how_heard(entry: Entry) -> tuple[str, ...]:
    """How sure a heard utterance is, who understood it and who heard it: ('91 % sure', 'Rasa')."""
    details = entry.details
    notes = []
    confidence = details.get("confidence")
    if isinstance(confidence, int | float):
        notes.append(f"{round(confidence * 100)} % sure")
    if source := details.get("source"):
        notes.append(_SOURCES.get(str(source), str(source)))
    if engine := details.get("engine"):
        notes.append(_ENGINES.get(str(engine), str(engine)))
    return tuple(notes)


def by_whom(entry: Entry) -> str:
    """Who understood an utterance, and how surely: 'Rasa, 97 % sure'; "" where nobody did."""
    details = entry.details
    source = str(details.get("source", ""))
    sure = details.get("intent_confidence", details.get("confidence"))
    if not source or not isinstance(sure, int | float):
        return ""
    return sure_of(source, sure)


def sure_of(source: str, confidence: float) -> str:
    """'Rasa, 97 % sure'."""
    return f"{_SOURCES.get(source, source)}, {round(confidence * 100)} % sure"


def _what(entry: Entry) -> str:  # noqa: PLR0911 - one answer for each kind reads best
    details = entry.details
    match entry.kind:
        case EntryKind.PROMPT:
            return entry.text + ("" if details.get("completed", True) else " … (interrupted)")
        case EntryKind.SPEECH:
            return f"speaks{_lasting(entry)}"
        case EntryKind.HEARD:
            notes = how_heard(entry)
            heard = entry.text or "(speech, but no words)"
            return heard + (f" ({', '.join(notes)})" if notes else "")
        case EntryKind.DROPPED:
            what = f"“{entry.text}” does" if entry.text else "does"
            return f"{what} not count{_because(details.get('why'))}"
        case EntryKind.KEY:
            return f"key {entry.text}"
        case EntryKind.STEP:
            return _step(entry)
        case EntryKind.CHARGE:
            return _charge(entry)
        case EntryKind.WAITING:
            return f"caller waits{_lasting(entry)}"
        case EntryKind.SILENCED:
            leg = f" ({plain(details['leg'])})" if "leg" in details else ""
            return f"recording silent{leg}{_lasting(entry)}{_because(details.get('why'))}"
        case EntryKind.DEGRADED:
            return f"degraded{_because(details.get('what', entry.text))}"
        case EntryKind.END:
            status = str(details.get("status", entry.text))
            ending = _RESULTS.get(status, plain(status)).lower()
            reason = details.get("reason")
            return "ends" + _because(ending) + (f", {plain(reason)}" if reason else "")


def step_name(entry: Entry) -> str:
    """Which step a STEP entry tells of: 'card_number'. Its text, where the details lack it."""
    return str(entry.details.get("step", entry.text)) or "step"


def _step(entry: Entry) -> str:
    details = entry.details
    step = plain(step_name(entry))
    state = f" {plain(details['state'])}" if "state" in details else ""
    detail = details.get("detail")
    return f"{step}:{state}" + (f", {_MASK.sub('•••• ', plain(detail))}" if detail else "")


def _charge(entry: Entry) -> str:
    details = entry.details
    text = f"charge of {details['amount']}" if details.get("amount") else "charge"
    if status := details.get("status"):
        text += f": {plain(status)}"
    if reason := details.get("reason"):
        text += f", {plain(reason)}"
    if reference := details.get("reference"):
        text += f", reference {reference}"
    if entry.until is not None:
        text += f" ({seconds_text(entry.until - entry.at)})"
    return text


def _lasting(entry: Entry) -> str:
    return "" if entry.until is None else f" {seconds_text(entry.until - entry.at)}"


def _because(why: object) -> str:
    return f": {plain(why)}" if why else ""
