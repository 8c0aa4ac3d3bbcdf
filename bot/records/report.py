"""`call.html`: one call as a page one can look at and listen to.

The page stands alone: styles, script and drawing are inside it, `call.wav` lies beside it, and its
content security policy lets nothing else in. Text of the call is escaped by the template.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.card_text import kept_reference
from bot.charges import ChargeStatus
from bot.errors import StoreError
from bot.outcomes import ResultName
from bot.records.files import write_atomically
from bot.records.guard import kept_entry, refuse_card_text, refuse_card_value
from bot.records.result import CallResult
from bot.records.timeline import (
    Lane,
    figures,
    lanes,
    rows,
    seconds_or_ms,
    waiting_tone,
)
from bot.records.trace import Entry
from bot.records.waveform import Waveform, read_waveform
from bot.records.wording import (
    brand_words,
    destination_words,
    plain,
    result_words,
    seconds_text,
    sentence,
)

_TEMPLATES = Path(__file__).parent / "templates"

_PAGE = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_PLACEHOLDER = re.compile(r"(<[a-z_]{1,20}>)")
"""What stands for a number in masked text: "<digits>"."""


def _placeholders(text: str) -> Markup:
    """Text, escaped, with its placeholders marked."""
    pieces = _PLACEHOLDER.split(text)
    return Markup("").join(
        Markup('<span class="placeholder">{}</span>').format(piece.strip("<>").replace("_", " "))
        if odd % 2
        else escape(piece)
        for odd, piece in enumerate(pieces)
    )


_PAGE.filters["placeholders"] = _placeholders

_RESULT_TONES = {
    ResultName.SUCCESS: "ok",
    ResultName.DECLINED: "bad",
    ResultName.TOO_MANY_FAILED_ATTEMPTS: "bad",
    ResultName.GATEWAY_UNAVAILABLE: "bad",
    ResultName.INTERNAL_ERROR: "bad",
}
"""All others neither worked nor failed: "warn"."""


def write_call_page(
    path: Path, result: CallResult, entries: Sequence[Entry], call_wav: Path
) -> None:
    """Write the page of a finished call to `path`, whole or not at all.

    call_wav: two channels, caller and bot, in the same folder as the page. Where there is no such
    file the page says so and shows the rest.
    Raises AudioError for a recording that cannot be read, StoreError for text that looks like a
    card number, for a recording elsewhere, and when the page cannot be written.
    """
    if call_wav.parent.resolve() != path.parent.resolve():
        raise StoreError(f"{call_wav}: must lie beside {path.name}, which plays it from there")
    entries = [kept_entry(entry) for entry in entries]
    for entry in entries:
        refuse_card_text(entry.text, f"text of a {entry.kind.value} on the call page")
        for key, value in entry.details.items():
            refuse_card_value(value, f"{key} of a {entry.kind.value} on the call page")
    waveform = read_waveform(call_wav) if call_wav.exists() else None
    write_atomically(path, _render(result, entries, waveform, call_wav.name))


def _render(
    result: CallResult, entries: Sequence[Entry], waveform: Waveform | None, audio_name: str
) -> str:
    total_ms = max(
        1,
        result.durations.call_ms,
        waveform.duration_ms if waveform else 0,
        *(max(entry.at, entry.until or 0) for entry in entries),
    )
    drawn = lanes(entries, total_ms)
    style = _asset("call.css") + _positions(drawn, waveform, total_ms)
    script = _asset("call.js")
    return _PAGE.get_template("call.html.j2").render(
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file, and numbers
        script=Markup(script),  # noqa: S704 - our own file
        audio=quote(audio_name),
        waveform=waveform,
        total_ms=total_ms,
        lanes=drawn,
        rows=rows(entries),
        header=_header(result),
        facts=_facts(result),
        notices=_notices(result, has_recording=waveform is not None),
        figures=_figure_cards(result, entries),
    )


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8")


def _positions(drawn: Sequence[Lane], waveform: Waveform | None, total_ms: int) -> str:
    """Where each block lies, as a style sheet: the policy allows no style attributes."""
    recorded_ms = waveform.duration_ms if waveform else 0
    rules = [f".wave{{width:{recorded_ms * 100 / total_ms:.3f}%}}"]
    rules += [
        f"#b{block.index}{{left:{block.left:.3f}%;width:{block.width:.3f}%}}"
        for lane in drawn
        for block in lane.blocks
    ]
    return "\n".join(rules) + "\n"


def _policy(style: str, script: str) -> str:
    """Only this style, this script, and sound that lies beside the page."""
    # Opened from disk, a page's own origin is "null", and 'self' covers its folder only by scheme.
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "media-src 'self' file:; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _header(result: CallResult) -> dict[str, str]:
    payment = result.payment
    return {
        "tone": _RESULT_TONES.get(payment.status, "warn"),
        "status": result_words(payment.status),
        "reason": sentence(plain(payment.reason)),
        "amount": payment.amount.spoken() if payment.amount else "",
        "started": f"{result.started_at.astimezone(UTC):%d %B %Y, %H:%M} UTC",
    }


def _facts(result: CallResult) -> list[tuple[str, str]]:
    payment = result.payment
    card = " ".join(
        filter(
            None,
            [
                brand_words(payment.brand) if payment.brand else "",
                f"•••• {payment.last_four}" if payment.last_four else "",
            ],
        )
    )
    hand_over = destination_words(result.hand_over) if result.hand_over else ""
    facts = [
        ("Reference", kept_reference(payment.reference) or ""),
        ("Card", card),
        ("Duration", seconds_text(result.durations.call_ms)),
        ("Afterwards", hand_over),
        ("Error", plain(payment.error.value) if payment.error else ""),
        ("Call", result.call_id),
    ]
    return [(name, value) for name, value in facts if value]


def _notices(result: CallResult, *, has_recording: bool) -> list[tuple[str, str]]:
    """(tone, text) of what one should know before the figures."""
    notices = []
    if settled := result.settled:
        tone = "ok" if settled.status is ChargeStatus.APPROVED else "warn"
        kept = kept_reference(settled.reference)
        reference = f", reference {kept}" if kept else ""
        notices.append((tone, f"Settled by {settled.how}: {settled.status.value}{reference}."))
    elif result.payment.status is ResultName.OUTCOME_UNKNOWN:
        notices.append(("warn", "Not settled yet: the gateway has not said what became of it."))
    notices += [("warn", f"Degraded: {plain(what)}.") for what in result.degradations]
    if not has_recording:
        notices.append(("warn", "There is no recording of this call."))
    return notices


def _figure_cards(result: CallResult, entries: Sequence[Entry]) -> list[dict[str, str]]:
    """Title, value, small print and tone of each summary figure."""
    counted = figures(entries)
    corrections = result.payment.corrections_by_rasa
    median, longest = counted.waiting_median_ms, counted.waiting_longest_ms
    turns = counted.spoken_turns + counted.keyed_turns
    return [
        {
            "title": "Waiting, median",
            "value": "none" if median is None else seconds_or_ms(median),
            "note": "from the caller's last word to the answer",
            "tone": "" if median is None else waiting_tone(median),
        },
        {
            "title": "Waiting, longest",
            "value": "none" if longest is None else seconds_or_ms(longest),
            "note": "the same, at its worst",
            "tone": "" if longest is None else waiting_tone(longest),
        },
        {
            "title": "Caller's turns",
            "value": str(turns),
            "note": f"{counted.spoken_turns} spoken, {counted.keyed_turns} keyed",
            "tone": "",
        },
        {
            "title": "Corrections by Rasa",
            "value": str(len(corrections)),
            "note": ", ".join(plain(name) for name in corrections) or "none needed",
            "tone": "",
        },
    ]
