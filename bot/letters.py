"""Random names and digests in letters only: what is kept of a call must never look like, or hide,
digits of a card, whatever stands beside it in a file."""

from __future__ import annotations

from typing import Final

_LETTERS: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def in_letters(data: bytes) -> str:
    """a to p for the sixteen hexadecimal digits: two letters a byte."""
    return data.hex().translate(_LETTERS)
