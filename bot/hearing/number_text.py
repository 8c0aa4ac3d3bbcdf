"""Free text and the number head's words, made into one text.

Whisper writes words well and numbers badly ("4,111 11 one"); the head hears numbers well and
nothing else. Where both have just one stretch of numbers, the head's replaces Whisper's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.hearing.digit_words import REPEATS, TEENS, TENS, UNITS

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_NUMBERS = frozenset({*UNITS, *TEENS, *TENS, *REPEATS, *MONTHS, "hundred", "thousand"})
_BETWEEN = frozenset({"and", "point", "slash", "dash", "a"})
_MONEY = frozenset({"dollar", "dollars", "cent", "cents"})
_ANSWERS = frozenset({"yes", "no"})

_KEPT_IN_NUMBERS = re.compile(r"(?<=\d)[./:](?=\d)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NUMERAL = re.compile(r"\$?\d[\d./]*")
_ORDINAL = re.compile(r"(?<=\d)(st|nd|rd|th)$")


def plain(text: str) -> str:
    """Lower case, without punctuation but what numbers need: "$87.50", "04/29", "i'd".

    >>> plain("I'd like to pay $1,087.50, please.")
    "i'd like to pay $1087.50 please"
    """
    text = _THOUSANDS.sub("", text.lower().replace("\u2019", "'"))
    text = re.sub(r"\$\s+(?=\d)", "$", text)
    kept = {match.start() for match in _KEPT_IN_NUMBERS.finditer(text)}
    letters = (
        char if char.isalnum() or char in "$' " or index in kept else ("" if char == "." else " ")
        for index, char in enumerate(text)
    )
    words = (word.strip("'") for word in "".join(letters).split())
    return " ".join(word for word in words if word and word != "$")


def merge(free_text: str, heard: Sequence[str], filler: str) -> str | None:
    """The free text with its one stretch of numbers in the head's words.

    free_text: as `plain` makes it. heard: the head's words, fillers among them. None when one of
    the two has no stretch of numbers, or several: which belongs where is then a guess.
    """
    stretches = spoken_stretches(heard, filler)
    words = free_text.split()
    written = _written_stretches(words)
    if len(stretches) != 1 or len(written) != 1:
        return None
    ((start, end),) = written
    return " ".join([*words[:start], *stretches[0], *words[end:]])


def spoken_stretches(heard: Sequence[str], filler: str) -> list[list[str]]:
    """Runs of number words between fillers, each with at least one number in it."""
    runs: list[list[str]] = [[]]
    for word in heard:
        if word == filler or word in _ANSWERS:
            runs.append([])
        else:
            runs[-1].append(word)
    return [trimmed for run in runs if (trimmed := _trim(run))]


def _trim(run: list[str]) -> list[str]:
    """Without connecting words at the ends; empty when no number is left."""
    while run and run[0] not in _NUMBERS:
        run = run[1:]
    while run and run[-1] not in _NUMBERS | _MONEY:
        run = run[:-1]
    if run and run[0] in {"hundred", "thousand"}:
        run = ["a", *run]  # "a hundred": the head has no word for "a"
    return run


def _written_stretches(words: list[str]) -> list[tuple[int, int]]:
    """(start, end) of the runs of numbers; money words and connecting words inside belong."""
    stretches: list[tuple[int, int]] = []
    index = 0
    while index < len(words):
        if not _is_number(words[index]):
            index += 1
            continue
        start, end = index, index + 1
        while index < len(words) and (
            _is_number(words[index]) or words[index] in _BETWEEN | _MONEY
        ):
            index += 1
            if _is_number(words[index - 1]) or words[index - 1] in _MONEY:
                end = index
        if start > 0 and words[start - 1] == "a" and words[start] in {"hundred", "thousand"}:
            start -= 1
        stretches.append((start, end))
        index = end
    return stretches


def _is_number(word: str) -> bool:
    bare = _ORDINAL.sub("", word)
    return word in _NUMBERS or bool(_NUMERAL.fullmatch(bare))
