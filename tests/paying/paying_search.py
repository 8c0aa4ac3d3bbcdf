"""The search for card data in what the product writes."""

from __future__ import annotations

import base64
import re

RUN = 8
"""Digits in a row that count as a find. Eight, not five: the files searched here also hold random
tokens and times, in which five of a card's digits turn up by chance."""


def finds(data: bytes, number: str, code: str) -> list[str]:
    """What of a card is in there: digits in a row or with one sign between them, base64, or the
    security code beside a word for it."""
    text = data.decode("latin-1")
    found = []
    windows = [number[i : i + RUN] for i in range(len(number) - RUN + 1)]
    for window in windows:
        if re.search(r"[\s\-.,_:;'\"]?".join(window), text):
            found.append("digits of the number")
    for offset in range(3):  # base64 depends on where in its three-byte groups the digits begin
        encoded = base64.b64encode(b"x" * offset + number.encode()).decode()
        if encoded[4:-4] in text:
            found.append("the number in base64")
    if re.search(rf"(?i)(code|cvv|cvc|cvn|csc)\W{{0,20}}{code}\b", text):
        found.append("the security code")
    return sorted(set(found))
