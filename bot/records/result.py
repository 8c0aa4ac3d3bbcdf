"""`result.json`: what is attached to a call and travels on with it.

Its keys are described in `result.schema.json` beside this file and never change their meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.card_text import kept_reference
from bot.charges import ChargeStatus
from bot.outcomes import Destination, PaymentResult
from bot.records.files import write_atomically
from bot.records.guard import refuse_card_identifier, refuse_card_text
from bot.records.trace import Entry, EntryKind

SCHEMA = Path(__file__).parent / "result.schema.json"
"""JSON Schema (draft 2020-12) of result.json."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a charge whose call did not hear of it.

    how: "answer", the gateway's own that came too late; "look-up", asked for afterwards.
    """

    status: ChargeStatus
    reference: str | None
    how: str


@dataclass(frozen=True, slots=True)
class Durations:
    """Milliseconds of the call's own clock. Stretches that overlap count once.

    waiting_ms: from the end of the caller's speech to the first sound of the answer, summed.
    """

    call_ms: int
    caller_speaking_ms: int = 0
    bot_speaking_ms: int = 0
    waiting_ms: int = 0
    charge_ms: int = 0

    @classmethod
    def of(cls, entries: Iterable[Entry], call_ms: int) -> Durations:
        """Summed up from a call's trace."""
        kept = tuple(entries)
        return cls(
            call_ms=call_ms,
            caller_speaking_ms=_covered_ms(kept, EntryKind.SPEECH),
            bot_speaking_ms=_covered_ms(kept, EntryKind.PROMPT),
            waiting_ms=_covered_ms(kept, EntryKind.WAITING),
            charge_ms=_covered_ms(kept, EntryKind.CHARGE),
        )


@dataclass(frozen=True, slots=True)
class CallResult:
    """A finished call: what the payment came to, and how the call went.

    started_at: aware. hand_over: where the call went; None when it ended where it was.
    degradations: what worked less well than it should, in words and in order ("the recording could
        not be written").
    """

    call_id: str
    started_at: datetime
    payment: PaymentResult
    durations: Durations
    hand_over: Destination | None = None
    degradations: Sequence[str] = ()
    settled: Settlement | None = None


def result_document(result: CallResult) -> dict[str, Any]:
    """The content of result.json, as JSON values. Raises StoreError for text like a card number."""
    payment = result.payment
    document = {
        "call_id": result.call_id,
        "started_at": result.started_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "status": payment.status.value,
        "reason": payment.reason,
        "error": payment.error.value if payment.error else None,
        "reference": kept_reference(payment.reference),
        "amount": str(payment.amount) if payment.amount else None,
        "currency": payment.amount.currency if payment.amount else None,
        "brand": payment.brand.value if payment.brand else None,
        "last_four": payment.last_four,
        "corrections_by_rasa": list(payment.corrections_by_rasa),
        "hand_over": result.hand_over.value if result.hand_over else None,
        "degradations": list(result.degradations),
        "durations": {
            "call_ms": result.durations.call_ms,
            "caller_speaking_ms": result.durations.caller_speaking_ms,
            "bot_speaking_ms": result.durations.bot_speaking_ms,
            "waiting_ms": result.durations.waiting_ms,
            "charge_ms": result.durations.charge_ms,
        },
        "settled": None
        if result.settled is None
        else {
            "status": result.settled.status.value,
            "reference": kept_reference(result.settled.reference),
            "how": result.settled.how,
        },
    }
    _refuse_card_data(result)
    return document


def write_result(path: Path, result: CallResult) -> None:
    """Write result.json: whole or not at all. Raises StoreError."""
    text = json.dumps(result_document(result), indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(path, text + "\n")


def _refuse_card_data(result: CallResult) -> None:
    refuse_card_identifier(result.call_id, "call_id of result.json")
    texts = [
        result.payment.reason,
        result.payment.last_four or "",
        *result.payment.corrections_by_rasa,
        *result.degradations,
        result.settled.how if result.settled else "",
    ]
    for text in texts:
        refuse_card_text(text, "result.json")


def _covered_ms(entries: Iterable[Entry], kind: EntryKind) -> int:
    """Time covered by the entries of one kind."""
    stretches = sorted(
        (entry.at, entry.until) for entry in entries if entry.kind is kind and entry.until
    )
    covered = 0
    reached = 0
    for start, end in stretches:
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered
