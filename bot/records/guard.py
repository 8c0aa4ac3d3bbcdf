"""The last defence of the records: text that looks like a card number is refused.

Masking happens where the digits are (the dialog, understanding, the recording). Nothing should
ever be refused here; when something is, a masking upstream has a hole, and the record is better
lost than the number kept (PCI DSS 4.0.1 3.5.1).
"""

from __future__ import annotations

from dataclasses import replace

from stdnum import luhn

from bot.card_text import LONGEST, RUN, digit_runs, holds_card_number, kept_reference
from bot.errors import StoreError
from bot.records.trace import Entry

_SPEAKS_REFERENCE = "charge.approved"
"""Ids of the prompts that say the gateway's reference begin so."""


def refuse_card_text(text: str, where: str) -> None:
    """Refuse free text with a run of 12 to 19 digits that passes Luhn, or holds a card number.

    where: what the text is, for the message. Raises StoreError, which shows no digit.
    """
    if any(_passes_luhn(run) or holds_card_number(run) for run in digit_runs(text)):
        _refuse(where)


def refuse_card_identifier(text: str, where: str) -> None:
    """Refuse an identifier that holds a number of a known brand, length and check digit.

    Milder than `refuse_card_text`: gateways and phone systems give long numeric identifiers, and
    one in ten passes Luhn by chance; a payment must not go unrecorded for that.
    Raises StoreError, which shows no digit.
    """
    if any(holds_card_number(run) for run in digit_runs(text)):
        _refuse(where)


def kept_entry(entry: Entry) -> Entry:
    """An entry whose gateway reference, shown or spoken, is as it may be kept."""
    reference = entry.details.get("reference")
    details = dict(entry.details)
    if isinstance(reference, str):
        details["reference"] = kept_reference(reference) or ""
    text = entry.text
    if str(details.get("id", "")).startswith(_SPEAKS_REFERENCE):
        text = RUN.sub(lambda run: kept_reference(run.group()) or "", text)
    return replace(entry, text=text, details=details)


def refuse_card_value(value: str | int | float, where: str) -> None:
    """`refuse_card_text` for a detail of an entry. The decimals of a float are no card number."""
    if isinstance(value, float):
        if not value.is_integer():
            return
        value = int(value)
    refuse_card_text(str(value), where)


def _passes_luhn(digits: str) -> bool:
    return len(digits) <= LONGEST and bool(luhn.is_valid(digits))


def _refuse(where: str) -> None:
    raise StoreError(
        f"{where}: refused, because it looks like a card number; "
        "it should have been masked before it came to the records"
    ) from None
