"""Finds a card's digits in the memory of a process, or in a core dump of it. Linux.

Where they stand as text (a byte, two or four a character), as small values in a row (arrays of 1,
2, 4 or 8 bytes each), or as a row of Python's own small numbers and characters (a list of them is
a row of pointers). Eight digits in a row count as a trace; so a copy that was partly overwritten is
found, and among a few hundred megabytes of other things chance makes none: whoever searches
shows that by searching before the digits are there.

A security code is too short for that. It is found as a Python text or bytes of just these digits,
alive or freed, and beside what names it.
"""

from __future__ import annotations

import re
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

RUN = 8
_STRIDE = 4
"""Traces looked for begin at every fourth digit: whatever is left of eleven or more is found."""
_BLOCK = 32 << 20
_OVERLAP = 4096
_TEXT_HEAD, _BYTES_HEAD = sys.getsizeof("") - 9, sys.getsizeof(b"") - 9
"""From the type of a text or bytes to its first character, and in any process of this Python."""
_NAMES = (b"ecurity", b"cvv", b"cvc")
_CODE_AFTER = re.compile(rb"[^0-9]{0,48}?([0-9]{3,4})(?![0-9])")


@dataclass(frozen=True)
class Pointers:
    """Where the process has its own: the addresses of 0 to 9, of "0" to "9", of str and bytes."""

    numbers: tuple[int, ...]
    characters: tuple[int, ...]
    text_type: int
    bytes_type: int

    @classmethod
    def of_this_process(cls) -> Pointers:
        return cls(
            tuple(id(number) for number in range(10)),
            tuple(id(character) for character in "0123456789"),
            id(str),
            id(bytes),
        )


@dataclass(frozen=True)
class Wanted:
    """What is looked for. spoken: the number in words, as a recogniser writes them."""

    number: str
    code: str
    spoken: str = ""
    spoken_code: str = ""


@dataclass
class Found:
    """Copies, by how they are written. around: some bytes on both sides of each, digits hidden."""

    number: Counter[str] = field(default_factory=Counter)
    code: Counter[str] = field(default_factory=Counter)
    around: list[str] = field(default_factory=list)

    def __add__(self, other: Found) -> Found:
        return Found(self.number + other.number, self.code + other.code, self.around + other.around)


def process_memory(pid: int) -> Iterator[bytes]:
    """All that the process can write to, block by block: what it was given to work with, not the
    programs and models it has mapped. Blocks overlap. Raises OSError where it may not be read."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            places, permissions, *rest = line.split(maxsplit=5)
            if "w" not in permissions or rest[-1].startswith("[v"):
                continue
            start, end = (int(place, 16) for place in places.split("-"))
            while start < end:
                memory.seek(start)
                try:
                    block = memory.read(min(end - start, _BLOCK + _OVERLAP))
                except OSError:  # a device's pages
                    break
                yield block
                start += _BLOCK


def file_blocks(path: Path) -> Iterator[bytes]:
    """A core dump, block by block."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK + _OVERLAP):
            yield block
            if len(block) <= _BLOCK:
                return
            file.seek(-_OVERLAP, 1)


def search(blocks: Iterable[bytes], wanted: Wanted, pointers: Pointers | None = None) -> Found:
    """Every trace. pointers: of the process searched; without them its lists are left out."""
    found = Found()
    forms = _forms(wanted, pointers)
    for block in blocks:
        whole_words = np.frombuffer(block, dtype="<u8", count=len(block) // 8)
        if not whole_words.any():
            continue
        body = min(len(block), _BLOCK)
        for form in forms:
            end = -1
            for place in sorted(form.places(block, whole_words)):
                if end <= place < body:
                    found.number[form.name] += 1
                    found.around.append(f"number, {form.name}: {_around(block, place, form.reach)}")
                    end = place + form.reach
        for name, place in _codes(block, whole_words, wanted, pointers):
            if place < body:
                found.code[name] += 1
                found.around.append(f"code, {name}: {_around(block, place, len(wanted.code))}")
    return found


_Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class _Form:
    """A way to write the number. rows: eight digits each. size: bytes of one digit, a word or the
    half, quarter or eighth of one. reach: within how many bytes finds are of one copy."""

    name: str
    rows: tuple[bytes, ...]
    size: int
    reach: int

    def places(self, block: bytes, whole_words: _Words) -> Iterator[int]:
        for row in self.rows:
            if self.size == 1:
                yield from _places(block, row)
                continue
            # A search for bytes crawls where nearly all are zeros; whole words are compared fast.
            first = np.frombuffer(row, dtype="<u8", count=1)[0]
            for shift in range(0, 8, self.size):
                words = whole_words if shift == 0 else _shifted(block, shift)
                for index in np.flatnonzero(words == first).tolist():
                    place = index * 8 + shift
                    if block.startswith(row, place):
                        yield place


def _shifted(block: bytes, shift: int) -> _Words:
    return np.frombuffer(block, dtype="<u8", count=(len(block) - shift) // 8, offset=shift)


def _forms(wanted: Wanted, pointers: Pointers | None) -> list[_Form]:
    digits = [int(digit) for digit in wanted.number]

    def written(name: str, one: Callable[[int], bytes]) -> _Form:
        rows = tuple(
            b"".join(map(one, digits[start : start + RUN]))
            for start in range(0, len(digits) - RUN + 1, _STRIDE)
        )
        return _Form(name, rows, len(one(0)), len(one(0)) * len(digits))

    forms = [
        written("text, 1 byte", lambda digit: b"%d" % digit),
        written("text, 2 bytes", lambda digit: f"{digit}".encode("utf-16-le")),
        written("text, 4 bytes", lambda digit: f"{digit}".encode("utf-32-le")),
        written("values, 1 byte", lambda digit: bytes([digit])),
        written("values, 2 bytes", lambda digit: struct.pack("<H", digit)),
        written("values, 4 bytes", lambda digit: struct.pack("<I", digit)),
        written("values, 8 bytes", lambda digit: struct.pack("<Q", digit)),
    ]
    if pointers is not None:
        numbers, characters = pointers.numbers, pointers.characters
        forms += [
            written("list of numbers", lambda digit: struct.pack("<Q", numbers[digit])),
            written("list of characters", lambda digit: struct.pack("<Q", characters[digit])),
        ]
    words = wanted.spoken.split()
    if words:
        rows = tuple(
            " ".join(words[start : start + RUN]).encode()
            for start in range(0, len(words) - RUN + 1, _STRIDE)
        )
        forms.append(_Form("words", rows, 1, len(wanted.spoken)))
    return forms


def _places(block: bytes, *patterns: bytes) -> Iterator[int]:
    for pattern in patterns:
        place = block.find(pattern)
        while place >= 0:
            yield place
            place = block.find(pattern, place + 1)


def _codes(
    block: bytes, whole_words: _Words, wanted: Wanted, pointers: Pointers | None
) -> Iterator[tuple[str, int]]:
    code = wanted.code.encode()
    for place in _places(block, *_NAMES):
        match = _CODE_AFTER.match(block, place)
        if match is not None and match[1] == code:
            yield "beside its name", match.start(1)
    if wanted.spoken_code:
        for place in _places(block, wanted.spoken_code.encode()):
            yield "words", place
    if pointers is None:
        return
    # A freed object loses its first word only, and an exact text is told by the rest of its head:
    # type, length, hash, (of a text) state, then the characters and a zero.
    for name, kind, head in (
        ("a text of its own", pointers.text_type, _TEXT_HEAD),
        ("bytes of its own", pointers.bytes_type, _BYTES_HEAD),
    ):
        is_one = (whole_words[:-1] == kind) & (whole_words[1:] == len(code))
        for index in np.flatnonzero(is_one).tolist():
            place = index * 8 + head
            if block.startswith(code + b"\0", place):
                yield name, place


def _around(block: bytes, place: int, length: int) -> str:
    """What stands beside a find, to tell whose it is; no digits."""
    seen = block[max(0, place - 48) : place] + b"<<>>" + block[place + length : place + length + 32]
    return re.sub(r"[^ -~]+", ".", re.sub(r"[0-9]", "#", seen.decode("latin-1")))
