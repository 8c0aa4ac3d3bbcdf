"""Which words a caller is done with, as far as words can tell without a server."""

from __future__ import annotations

from bot.expectations import Expectation, Intent, Kind
from bot.understanding.grammar import clear_words, is_agreement

_OFTEN_GO_ON = {Intent.DENY, Intent.HOLD_ON}
""" "No ... the expiry is wrong"; "hold on ... that was my old one"."""


def is_whole(expectation: Expectation, text: str) -> bool:
    """Whether the text says one well-known thing and seldom goes on: "yes, that's right", "say
    that again", "the full amount". A "yes" or "right" is one only where it may be an answer."""
    if is_agreement(text):
        asked_openly = expectation.kind is Kind.OPEN and expectation.field is None
        return expectation.kind is Kind.YES_NO or asked_openly
    meant = clear_words(text)
    return meant is not None and meant.intent not in _OFTEN_GO_ON
