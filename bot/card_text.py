"""Text that may hold a card number: how it is found, and what may be kept of a reference."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bot.cards import CardNumber, is_card_number

SHORTEST, LONGEST = 12, 19
"""Digits of a card number, ISO/IEC 7812-1."""

RUN = re.compile(r"\d(?:[\s\-\u2010-\u2015]{0,3}\d)+")
"""Digits with a few spaces or dashes of any kind between them."""


def digit_runs(text: str) -> Iterator[str]:
    """Runs of at least 12 digits as plain 0-9, whatever script they were written in."""
    for match in RUN.finditer(text):
        digits = "".join(str(unicodedata.digit(c)) for c in match.group() if c.isdecimal())
        if len(digits) >= SHORTEST:
            yield digits


def holds_card_number(digits: str) -> bool:
    """A card number anywhere inside: with an expiry after it, or a "%20" before it."""
    return any(
        is_card_number(digits[start:end])
        for start in range(len(digits) - SHORTEST + 1)
        for end in range(start + SHORTEST, min(start + LONGEST, len(digits)) + 1)
    )


def kept_reference(reference: str | None) -> str | None:
    """A gateway's reference as it may be kept: one that holds what looks like a card number keeps
    its last four characters only. Never refused: a payment must not go unrecorded for a number
    that looks like another by chance, and its key still finds it at the gateway.
    """
    if reference is None or not any(holds_card_number(run) for run in digit_runs(reference)):
        return reference
    return f"…{reference[-4:]}"


def reference_without(card: CardNumber, reference: str | None) -> str | None:
    """A reference for a charge of this card, which the gateway may have put into it: then it keeps
    the card's last four digits, where it ends in them, and nothing else. Of a wiped card only what
    looks like one can be told.
    """
    if len(card) == 0:
        return kept_reference(reference)
    if reference is None or not card.is_in(reference):
        return reference
    return f"…{card.last_four}" if reference.endswith(card.last_four) else "…"
