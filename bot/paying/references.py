"""References that are easy to say on the telephone: three or four letters and digits in turn."""

from __future__ import annotations

import hashlib

_LETTERS = "ACDEFGHJKLMNPQRTUVWX"
_DIGITS = "23456789"
"""Without O and 0, I and 1, and letters that sound too much alike: B, S, Y, Z."""

_PAIR = len(_LETTERS) * len(_DIGITS)
_STEP = 1_597_463  # has no factor in common with _PAIR, so no reference comes twice


def reference_for(number: int) -> str:
    """ "K7M4Q2": the n-th of 4,096,000, none of which comes twice, and always the same one."""
    return _text(number * _STEP % _PAIR**3, 3)


def reference_of_key(key: str) -> str:
    """ "K7M4Q2X5": one of 655 million, always the same for a key; for gateways without short
    references of their own. Where two should meet, the key tells their charges apart."""
    return _text(int.from_bytes(hashlib.sha256(key.encode()).digest()) % _PAIR**4, 4)


def _text(rest: int, pairs: int) -> str:
    text = ""
    for _ in range(pairs):
        rest, digit = divmod(rest, len(_DIGITS))
        rest, letter = divmod(rest, len(_LETTERS))
        text += _LETTERS[letter] + _DIGITS[digit]
    return text
