"""Searches what a call left behind for card data, as ARCHITECTURE.md defines a leak:

no run of five or more consecutive digits of a card number (the last four aside), and no security
code beside anything that names it: in digits, in words, spaced, URL- or base64-encoded.

Moments, sizes of pictures, ports of this machine, addresses in its memory and random hexadecimal
names are taken out first: five given digits stand in one of some thousand of them by chance, a log
at debug level holds hundreds, and they say nothing of a card.
"""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RUN = 5
_WORDS = {
    "zero": "0", "oh": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d([.,]\d+)?"
    r'|data-(at|until)="\d+"|"\w+_ms": \d+|viewBox="[^"]*"'
)
_OF_THE_MACHINE = re.compile(r"\b0x[0-9a-f]+\b|\bport=\d+\b|\b127\.0\.0\.1:\d+\b")
_UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_HEXADECIMAL = re.compile(r"(?<![0-9a-zA-Z])(?=[0-9]*[a-f])[0-9a-f]{8,}(?![0-9a-zA-Z])")
_FIVE_DIGITS = re.compile(r"\d{5,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_READABLE = re.compile(rb"[\t\x20-\x7e]{3,}")
_NAMED_CODE = re.compile(
    r"(security|cvv|cvc|cvn|verification|card code)\D{0,24}(?<!\d)(\d{3,4})(?!\d)", re.IGNORECASE
)


@dataclass(frozen=True)
class Leak:
    where: str
    what: str


def leaks_in(text: str, cards: list[str], codes: list[str], where: str = "") -> list[Leak]:
    """Every trace of the cards and codes in a text."""
    found = []
    runs = {run for card in cards for run in _runs(card)}
    for form, seen in _forms(text):
        digits = _spelled_out(seen)
        if any(run in runs for stretch in _FIVE_DIGITS.findall(digits) for run in _runs(stretch)):
            found.append(Leak(where, f"digits of a card ({form})"))
        named = _NAMED_CODE.findall(_in_digits(seen)) + _NAMED_CODE.findall(digits)
        if any(code in codes for _, code in named):
            found.append(Leak(where, f"a security code beside its name ({form})"))
    return found


def leaks_in_file(path: Path, cards: list[str], codes: list[str]) -> list[Leak]:
    """Text and databases alike: bytes that are no text stay what they are. Of sound, which holds
    text by chance only, what could be read as some."""
    data = path.read_bytes()
    if path.suffix == ".wav":
        data = b"\n".join(_READABLE.findall(data))
    return leaks_in(data.decode("latin-1"), cards, codes, path.name)


def _runs(card: str) -> Iterator[str]:
    """Every run of five digits but those of one digit repeated: 00000 stands in any style sheet
    and tells nothing, and every card has other runs beside it."""
    for start in range(len(card) - RUN + 1):
        run = card[start : start + RUN]
        if len(set(run)) > 1:
            yield run


def _forms(text: str) -> Iterator[tuple[str, str]]:
    plain = text
    for pattern in (_MOMENT, _OF_THE_MACHINE, _UUID, _HEXADECIMAL):
        plain = pattern.sub(" ", plain)
    yield "plain", plain
    if "%" in text:
        yield "URL-encoded", urllib.parse.unquote(plain)
    decoded = []
    for token in _BASE64.findall(text):
        for start in range(4):
            piece = token[start:].replace("-", "+").replace("_", "/")
            piece = piece[: len(piece) // 4 * 4]
            try:
                decoded.append(base64.b64decode(piece, validate=True).decode("latin-1"))
            except (binascii.Error, ValueError):
                continue
    if decoded:
        yield "base64-encoded", "\n".join(decoded)


def _in_digits(text: str) -> str:
    return re.sub(r"[a-z]+", lambda word: _WORDS.get(word[0], word[0]), text.lower())


def _spelled_out(text: str) -> str:
    """Digits that follow one another with only spaces or dashes between them are joined."""
    return re.sub(r"(?<=\d)[ \t\-_]+(?=\d)", "", _in_digits(text))
