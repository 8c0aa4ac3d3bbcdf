"""Recordings with what was said in them, for `bench hearing`.

Beside NAME.wav a NAME.txt of one line, KIND: VALUE, or one table for all, a .csv or .jsonl.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.calls.wav import CHANNELS
from bot.errors import AudioError, BotError
from bot.expectations import Expectation, Kind
from bot.hearing.numbers.number_text import plain
from bot.understanding.numbers import mask

_LINE = re.compile(r"(\w+)(?:\s+(\d+(?:\s*,\s*\d+)*))?\s*:\s*(.+)")
_VALUES = {
    Kind.DIGITS: (re.compile(r"\d+"), "digits"),
    Kind.CARD: (re.compile(r"\d{8,19}"), "8 to 19 digits"),
    Kind.AMOUNT: (re.compile(r"\d+\.\d\d"), "an amount like 87.50"),
    Kind.EXPIRY: (re.compile(r"(0[1-9]|1[0-2])/\d\d"), "a month and year like 04/29"),
    Kind.YES_NO: (re.compile(r"yes|no"), "yes or no"),
    Kind.OPEN: (re.compile(r".+"), "words"),
}
_KEYS = {"file", "expect", "value", "lengths", "channel"}


@dataclass(frozen=True, slots=True)
class Case:
    """value: what was said, written as `laboratory.value_of` writes it. May be card data."""

    file: Path
    expectation: Expectation
    value: str = field(repr=False)
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A recording that cannot be used. why: names it, and what is wrong."""

    file: Path
    why: str


def read_cases(folder: Path, transcripts: Path | None = None) -> list[Case | Skipped]:
    """In order of their names, or of the table. Raises AudioError for a folder or table that
    cannot be read at all."""
    if not folder.is_dir():
        raise AudioError(f"{folder} is not a folder")
    if transcripts is not None:
        return [_case_or_why(folder, row) for row in _rows(transcripts)]
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".wav")
    if not found:
        raise AudioError(f"{folder}: no WAV files in it")
    return [_beside(path) for path in found]


def _beside(file: Path) -> Case | Skipped:
    text = file.with_suffix(".txt")
    try:
        lines = text.read_text("utf-8-sig").strip().splitlines()
    except FileNotFoundError:
        return Skipped(file, f"{file}: no {text.name} beside it says what was said")
    except (OSError, UnicodeDecodeError) as error:
        return Skipped(file, f"{text}: cannot be read ({type(error).__name__})")
    found = _LINE.fullmatch(lines[0].strip()) if len(lines) == 1 else None
    if found is None:
        return Skipped(file, f"{text}: write one line, KIND: VALUE; bench hearing --help shows how")
    kind, lengths, value = found.groups()
    return _made(file, text, {"expect": kind, "value": value, "lengths": lengths or ""})


def _case_or_why(folder: Path, row: tuple[str, Mapping[str, Any]]) -> Case | Skipped:
    where, entry = row
    if not entry.get("file"):
        return Skipped(folder, f"{where}: names no file")
    return _made(folder / str(entry["file"]), where, entry)


def _made(file: Path, where: object, entry: Mapping[str, Any]) -> Case | Skipped:
    """The value is never in a message: it may be a card number."""
    try:
        unknown = sorted(set(entry) - _KEYS)
        if unknown:
            raise BotError(f"{mask(unknown[0])!r} is none of {', '.join(sorted(_KEYS))}")
        kind = _kind(str(entry.get("expect") or ""))
        lengths = _lengths(str(entry.get("lengths") or ""))
        value = _value(kind, str(entry.get("value") or ""))
        if not file.is_file():
            # In a table with its columns confused this may be anything.
            named = file if file.suffix.lower() == ".wav" else "the file it names"
            raise BotError(f"{named} is not there")
        channel = str(entry.get("channel") or "") or None
        if channel is not None and channel not in CHANNELS:
            raise BotError(f"channel: choose one of {', '.join(CHANNELS)}")
    except BotError as error:
        return Skipped(file, f"{where}: {error}")
    return Case(file, Expectation(kind, lengths=lengths), value, channel)


def _kind(name: str) -> Kind:
    try:
        return Kind(name.strip().lower())
    except ValueError:
        raise BotError(f"{mask(name)[:20]!r} is no kind; there are {', '.join(Kind)}") from None


def _lengths(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({int(part) for part in text.strip("[] ").split(",") if part.strip()}))
    except ValueError:
        raise BotError("lengths: write whole numbers, e.g. 5,9") from None


def _value(kind: Kind, text: str) -> str:
    text = text.strip()
    if kind in {Kind.DIGITS, Kind.CARD}:
        text = re.sub(r"[\s-]", "", text)
    elif kind is Kind.OPEN:
        text = plain(text)
    elif kind is Kind.YES_NO:
        text = text.lower()
    pattern, allowed = _VALUES[kind]
    if not pattern.fullmatch(text):
        raise BotError(f"the value of {kind} must be {allowed}")
    return text


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each with its place in the table."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AudioError(f"{path}: cannot be read ({type(error).__name__})") from None
    entries: Iterable[Any]
    if path.suffix.lower() == ".csv":
        reader = csv.DictReader(text.splitlines(), restkey="more columns than the header")
        entries = list(reader)
        first = 2
    elif path.suffix.lower() == ".jsonl":
        entries = [_object(path, n, line) for n, line in enumerate(text.splitlines(), 1) if line]
        first = 1
    else:
        raise AudioError(f"{path}: transcripts are a .csv or a .jsonl file")
    for number, entry in enumerate(entries, first):
        yield f"{path}:{number}", entry


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise AudioError(f"{path}:{number}: not a JSON object")
    return entry
