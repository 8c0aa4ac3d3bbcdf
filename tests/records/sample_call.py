"""A call as it might have been: heard wrongly, corrected, declined once, paid in the end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile

from bot.audio import SAMPLE_RATE, ms_to_samples
from bot.cards import Brand
from bot.money import Money
from bot.outcomes import Destination, PaymentResult, ResultName
from bot.records.result import CallResult, Durations
from bot.records.trace import Entry, EntryKind

CALL_MS = 83_400

Details = dict[str, str | int | float | bool]


def prompt(at: int, until: int, text: str, *, completed: bool = True) -> Entry:
    details: Details = {"id": "sample", "completed": completed, "source": "recording"}
    return Entry(at, EntryKind.PROMPT, "bot", text, until, details)


def heard(at: int, until: int, text: str, confidence: float, source: str, **more: str) -> Entry:
    details: Details = {
        "confidence": confidence,
        "source": source,
        "engine": "embedded",
        **more,
    }
    return Entry(at, EntryKind.HEARD, "caller", text, until, details)


def spoke(at: int, until: int) -> Entry:
    return Entry(at, EntryKind.SPEECH, "caller", "", until)


def waited(at: int, until: int) -> Entry:
    return Entry(at, EntryKind.WAITING, "call", "", until)


def key(at: int, text: str = "•") -> Entry:
    return Entry(at, EntryKind.KEY, "caller", text)


def step(at: int, name: str, state: str, detail: str = "") -> Entry:
    return Entry(at, EntryKind.STEP, "call", name, details={"state": state, "detail": detail})


def silenced(at: int, until: int, leg: str, why: str) -> Entry:
    return Entry(at, EntryKind.SILENCED, "call", "", until, {"leg": leg, "why": why})


def charge(at: int, until: int, **details: str) -> Entry:
    return Entry(at, EntryKind.CHARGE, "gateway", "", until, details)


ENTRIES: tuple[Entry, ...] = (
    prompt(300, 3_900, "Welcome to Northwind Energy. How much would you like to pay?"),
    step(300, "amount", "entering"),
    spoke(4_600, 6_700),
    heard(4_600, 6_700, "i'd like to pay <amount>", 0.94, "rasa", intent="pay_amount"),
    step(7_250, "amount", "done", "87.50"),
    waited(6_700, 7_340),
    prompt(7_340, 10_600, "Eighty-seven dollars and fifty cents. What is your card number?"),
    step(7_340, "card_number", "entering"),
    Entry(8_900, EntryKind.DROPPED, "caller", "speech", None, {"why": "too short"}),
    spoke(11_400, 18_900),
    silenced(11_100, 19_500, "caller", "card_number"),
    heard(11_400, 18_900, "<digits>", 0.41, "numbers"),
    step(19_700, "card_number", "failed", "invalid-card-number"),
    waited(18_900, 22_350),
    prompt(22_350, 26_900, "Sorry, I did not get that. Please key in your card number.",
           completed=False),
    step(22_350, "card_number", "entering"),
    *(key(26_700 + n * 260 + (n // 4) * 300) for n in range(16)),
    silenced(26_500, 32_100, "caller", "card_number"),
    step(31_700, "card_number", "done", "************0002"),
    prompt(32_150, 34_300, "When does it expire?"),
    step(32_150, "expiry", "entering"),
    spoke(34_900, 36_600),
    silenced(34_700, 36_900, "caller", "expiry"),
    heard(34_900, 36_600, "<date>", 0.88, "numbers"),
    step(37_200, "expiry", "done"),
    waited(36_600, 37_280),
    prompt(37_280, 40_400, "And the three digits on the back?"),
    step(37_280, "security_code", "entering"),
    key(40_900), key(41_150), key(41_420),
    silenced(40_700, 41_700, "caller", "security_code"),
    step(41_430, "security_code", "done"),
    Entry(41_900, EntryKind.DEGRADED, "call", "", None, {"what": "rasa slow"}),
    prompt(41_700, 48_200, "Eighty-seven fifty with the Visa card ending in 0 0 0 2, "
           "valid through March twenty twenty-nine. Is that right?"),
    step(41_700, "confirmation", "entering"),
    spoke(48_700, 52_300),
    heard(48_700, 52_300, "hang on the date is off it should say <date>", 0.83, "rasa",
          intent="correct", field="expiry"),
    silenced(50_600, 52_400, "caller", "expiry"),
    step(53_800, "expiry", "done"),
    waited(52_300, 53_980),
    prompt(53_980, 58_100, "April twenty twenty-nine. Is everything right now?"),
    spoke(58_600, 59_100),
    heard(58_600, 59_100, "yes", 0.98, "grammar", intent="affirm"),
    step(59_500, "confirmation", "done"),
    waited(59_100, 59_560),
    prompt(59_560, 60_900, "One moment, please."),
    step(60_000, "charge", "entering"),
    charge(60_000, 61_800, status="declined", reason="insufficient_funds", amount="87.50"),
    step(61_800, "charge", "failed", "card-declined"),
    prompt(61_900, 66_200, "Your bank says there is not enough money on this card. "
           "Would you like to use another one?"),
    spoke(66_700, 68_000),
    heard(66_700, 68_000, "use my other card", 0.79, "rasa", intent="affirm"),
    waited(68_000, 68_700),
    prompt(68_700, 70_100, "What is its number?"),
    silenced(70_300, 74_900, "caller", "card_number"),
    spoke(70_500, 74_600),
    heard(70_500, 74_600, "<digits>", 0.97, "numbers"),
    step(75_100, "card_number", "done", "************1111"),
    step(75_200, "charge", "entering"),
    charge(75_200, 76_900, status="approved", reference="NW-7Q4K", amount="87.50"),
    step(76_900, "charge", "done"),
    waited(74_600, 77_000),
    prompt(77_000, 83_000, "Thank you. Your payment went through. Your reference is N W, 7 Q 4 K."),
    Entry(83_300, EntryKind.END, "call", "success", None, {"reason": ""}),
)  # fmt: skip

RESULT = CallResult(
    call_id="20261122-0617-4f2a",
    started_at=datetime(2026, 11, 22, 6, 17, 26, 125_000, tzinfo=UTC),
    payment=PaymentResult(
        status=ResultName.SUCCESS,
        reference="NW-7Q4K",
        amount=Money(8750),
        brand=Brand.VISA,
        last_four="1111",
        corrections_by_rasa=("expiry",),
    ),
    durations=Durations.of(ENTRIES, CALL_MS),
    hand_over=Destination.HANG_UP,
    degradations=("rasa slow",),
)


def write_recording(path: Path) -> Path:
    """Two channels: murmurs where somebody spoke, noise elsewhere, silence where silenced."""
    rng = np.random.default_rng(7)
    sound = rng.normal(0, 0.002, (ms_to_samples(CALL_MS), 2))
    for entry in ENTRIES:
        if entry.until is None or entry.kind not in (EntryKind.SPEECH, EntryKind.PROMPT):
            continue
        channel = 0 if entry.kind is EntryKind.SPEECH else 1
        stretch = slice(ms_to_samples(entry.at), ms_to_samples(entry.until))
        sound[stretch, channel] += _murmur(rng, stretch.stop - stretch.start)
    for entry in ENTRIES:
        if entry.kind is EntryKind.SILENCED and entry.until is not None:
            sound[ms_to_samples(entry.at) : ms_to_samples(entry.until), 0] = 0
    soundfile.write(path, sound.clip(-1, 1), SAMPLE_RATE, subtype="PCM_16")
    return path


def _murmur(rng: np.random.Generator, samples: int) -> np.ndarray:
    """A hum whose loudness comes and goes like syllables."""
    time = np.arange(samples) / SAMPLE_RATE
    knots = rng.uniform(0, 1, max(2, samples // 900)) ** 2
    loudness = np.interp(time, np.linspace(0, time[-1], len(knots)), knots)
    hum = np.sin(2 * np.pi * 140 * time) + 0.5 * np.sin(2 * np.pi * 410 * time)
    return np.asarray(0.3 * loudness * (hum + rng.normal(0, 0.4, samples)))
