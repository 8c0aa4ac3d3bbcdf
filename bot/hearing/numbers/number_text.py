"""Free text and the number head's words, made into one text.

Whisper writes words well and numbers badly ("4,111 11 one"); the head hears numbers well and
takes some other words for numbers ("to pay" for "two eight"). Where both have the same count of
number stretches, the head's replace Whisper's, cut down to what both agree on where they do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.hearing.numbers.digit_words import ASIDES, REPEATS, TEENS, TENS, UNITS, spell

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_NUMBERS = frozenset({*UNITS, *TEENS, *TENS, *REPEATS, *MONTHS, "hundred", "thousand"})
_BETWEEN = frozenset({"and", "point", "slash", "dash", "of", "a"})
_MONEY = frozenset({"dollar", "dollars", "bucks", "cent", "cents"})
_JOINING = _BETWEEN | _MONEY
_NO_NUMBERS = ASIDES | {"yes", "no"}
"""Words of the head that end a stretch of numbers, as its filler does."""
_SOUNDS_LIKE_OH = frozenset({"all", "o", "old", "or", "owe"})
_SOUNDS_LIKE_TO_PAY = frozenset({"one", "two", "eight"})
_CENTS = frozenset({"cent", "cents"})
_SOUNDS_LIKE_CENTS = frozenset({"instead", "since", "sense"})
_ANSWERS = frozenset({"yes", "no"})
WRITTEN_ANSWERS = _ANSWERS | {"yeah", "yep", "yup", "nope", "nah"}
_LIKE_UM = frozenset({"i'm", "i'll"})
SOUNDS_LIKE_NO = frozenset({"know", "now", "note"})
_NO_CHANCE = 3
"""Digits: fewer stand in another number by chance."""
_LONELY = frozenset({"one", "oh", "may", "march", "second"})
"""Alone they are no number: "my old one", "may I"."""

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


@dataclass(frozen=True, slots=True)
class Merged:
    """text: words and numbers together. agreed: Whisper wrote the same numbers."""

    text: str = field(repr=False)
    agreed: bool


def merge(free_text: str, heard: Sequence[Sequence[str]], filler: str) -> Merged | None:
    """The free text with its numbers in the head's words.

    free_text: as `plain` makes it. heard: the head's word sequences, likeliest first, fillers
    among them; another than the first is taken only where it agrees with Whisper. None when the
    text has no numbers, or which stretch belongs where would be a guess.
    """
    words = free_text.split()
    written = written_stretches(words)
    if not written or not heard:
        return None
    for sequence in heard:
        common = _common(words, written, spoken_stretches(sequence, filler))
        if common is not None:
            return Merged(_replaced(words, common), agreed=True)
    spoken = spoken_stretches(heard[0], filler)
    if len(written) == 1:
        spoken = sorted(spoken, key=len)[-1:]
    if len(spoken) != len(written):
        return None
    pairs = [
        (start, end, _without_to_pay(words[:start], stretch))
        for (start, end), stretch in zip(written, spoken, strict=True)
    ]
    return Merged(_replaced(words, pairs), agreed=False)


def with_number_added(free_text: str, heard: Sequence[str], filler: str) -> str | None:
    """For a text without numbers: the head's one stretch of them, before or after all words."""
    spoken = spoken_stretches(heard, filler)
    if written_stretches(free_text.split()) or len(spoken) != 1 or len(spoken[0]) == 1:
        return None
    stretch = " ".join(_without_to_pay(free_text.split(), spoken[0]))
    return f"{stretch} {free_text}" if heard[-1] == filler else f"{free_text} {stretch}"


def agrees(heard: Sequence[str], free_text: str, filler: str) -> bool:
    """Whether Whisper wrote the numbers the head heard, and no others."""
    written = written_digits(free_text)
    spoken = "".join(numerals(stretch) for stretch in spoken_stretches(heard, filler))
    return bool(spoken) and spoken == written


def is_stuttered(written: str, heard: str) -> bool:
    """Whether Whisper wrote the head's number and parts of it once more, as it does when it loses
    its place: that is no other number. Both as `numerals` writes them.

    >>> is_stuttered("54543050", "5430"), is_stuttered("80", "8")
    (True, False)
    """
    return len(heard) >= _NO_CHANCE and len(written) >= 2 * len(heard) and heard in written


def spoken_text(heard: Sequence[str], filler: str) -> str:
    """The head's words as text, fillers left out, "a hundred" put right."""
    words = [word for word in heard if word != filler]
    if words[:1] == ["oh"] and words[1:2] in (["hundred"], ["thousand"]):
        words = words[1:]
    if words[:1] in (["hundred"], ["thousand"]):
        words = ["a", *words]
    return " ".join(words)


def with_heard_answer(free_text: str, heard: Sequence[str]) -> str:
    """ "know that's wrong" as "no that's wrong", where the head heard "no" first, "i'm yes please"
    as "um yes please", where it heard "yes" after some other word."""
    at = next((at for at, word in enumerate(heard[:2]) if word in _ANSWERS), None)
    words = free_text.split()
    if at is None or len(words) <= at:
        return free_text
    if heard[at] == "no" and words[at] in SOUNDS_LIKE_NO and (at == 0 or words[0] in _LIKE_UM):
        words[at] = "no"
    if at == 1 and words[0] in _LIKE_UM and words[1] in WRITTEN_ANSWERS:
        words[0] = "um"
    return " ".join(words)


def written_digits(free_text: str) -> str:
    """The numbers of a text, all in a row, as `numerals` writes them."""
    words = free_text.split()
    return "".join(numerals(words[start:end]) for start, end in written_stretches(words))


def numerals(words: Sequence[str]) -> str:
    """A stretch of numbers in a form that can be compared: months, and all digits in a row.

    >>> numerals(["eighty", "seven", "dollars", "and", "fifty", "cents"]), numerals(["$87.50"])
    ('8750', '8750')
    """
    parts: list[str] = []
    run: list[str] = []

    def close() -> None:
        digits = spell(run)
        parts.append(" ".join(run) if digits is None else digits)
        run.clear()

    for word in _years(words):
        if word in MONTHS or word in _MONEY or any(char.isdigit() for char in word):
            close()
            parts.append("" if word in _MONEY else re.sub(r"[^a-z0-9]", "", word))
        else:
            run.append(word)
    close()
    return "".join(parts)


def spoken_stretches(heard: Sequence[str], filler: str) -> list[list[str]]:
    """Runs of number words between fillers, each with at least one number in it."""
    runs: list[list[str]] = [[]]
    for word in heard:
        if word == filler or word in _NO_NUMBERS:
            runs.append([])
        else:
            runs[-1].append(word)
    stretches = [trimmed for run in runs if (trimmed := _trim(run))]
    return [stretch for stretch in stretches if stretch[0] not in _LONELY or len(stretch) > 1]


def written_stretches(words: Sequence[str]) -> list[tuple[int, int]]:
    """(start, end) of the runs of numbers; money words and connecting words inside belong."""
    stretches: list[tuple[int, int]] = []
    index = 0
    while index < len(words):
        start = index
        if words[index] == "a" and words[index + 1 : index + 2] in (["hundred"], ["thousand"]):
            index += 1
        if not _is_number(words[index]):
            index += 1
            continue
        end = index + 1
        while index < len(words) and (_is_number(words[index]) or words[index] in _JOINING):
            index += 1
            if words[index - 1] not in _BETWEEN:
                end = index
        if end - start > 1 or words[start] not in _LONELY:
            stretches.append((start, end))
        index = end
    return stretches


def _trim(run: list[str]) -> list[str]:
    """Without connecting words at the ends; empty when no number is left."""
    while run and run[0] not in _NUMBERS:
        run = run[1:]
    while run and run[-1] not in _NUMBERS | _MONEY:
        run = run[:-1]
    if run[:1] == ["oh"] and run[1:2] in (["hundred"], ["thousand"]):
        run = run[1:]
    if run[:1] in (["hundred"], ["thousand"]):
        run = ["a", *run]  # the head has no word for "a", or takes it for "oh"
    return run


def _is_number(word: str) -> bool:
    return word in _NUMBERS or bool(_NUMERAL.fullmatch(_ORDINAL.sub("", word)))


def _years(words: Sequence[str]) -> list[str]:
    """ "two thousand [and] twenty nine" as "twenty twenty nine"; "a hundred" as "one hundred"."""
    out: list[str] = []
    for index, word in enumerate(words):
        after = words[index + 1] if index + 1 < len(words) else ""
        if word == "a" and after in {"hundred", "thousand"}:
            out.append("one")
        elif word == "thousand" and out[-1:] == ["two"] and after in {"and", *TENS, *TEENS}:
            out[-1] = "twenty"
        else:
            out.append(word)
    return out


def _common(
    words: Sequence[str], written: Sequence[tuple[int, int]], spoken: Sequence[list[str]]
) -> list[tuple[int, int, list[str]]] | None:
    """(start, end, head's words) for every written stretch, each from a spoken one that says the
    same, in order; None when one has none."""
    pairs = []
    left = list(spoken)
    for start, end in written:
        before = words[start - 1] if start else ""
        while left:
            part = _common_part(left.pop(0), numerals(words[start:end]), before in _SOUNDS_LIKE_OH)
            if part is not None:
                first = start - (part[0] == "oh" and before in _SOUNDS_LIKE_OH)
                pairs.append((first, end, part))
                break
        else:
            return None
    return pairs


def _common_part(stretch: list[str], written: str, may_lack_oh: bool) -> list[str] | None:
    """The longest run within the stretch that says what was written, cut between numbers only.

    may_lack_oh: Whisper wrote the "oh" before it as a word ("it's all 429").
    """
    for length in range(len(stretch), 0, -1):
        for start in range(len(stretch) - length + 1):
            part = stretch[start : start + length]
            if _splits_a_number(stretch, start) or _splits_a_number(stretch, start + length):
                continue
            said = numerals(part)
            if said == written or (may_lack_oh and part[0] == "oh" and said == "0" + written):
                return part
    return None


def _splits_a_number(stretch: Sequence[str], at: int) -> bool:
    """Whether the words before and after the place belong to one number: "eighty | seven"."""
    if not 0 < at < len(stretch):
        return False
    before, after = stretch[at - 1], stretch[at]
    return (
        (before in TENS and bool(UNITS.get(after)))
        or before in REPEATS
        or before in _BETWEEN
        or after in _JOINING | {"hundred", "thousand"}
    )


def _without_to_pay(before: Sequence[str], stretch: list[str]) -> list[str]:
    """The head takes "to pay" for "two eight": such words go where Whisper wrote "pay"."""
    if "pay" not in before:
        return stretch
    count = 0
    while count < len(stretch) and stretch[count] in _SOUNDS_LIKE_TO_PAY:
        count += 1
    rest = stretch[count:]
    return rest if rest and rest[0] in {*TENS, *TEENS} else stretch


def _without_cents(
    stretch: Sequence[str], written: Sequence[str], after: Sequence[str]
) -> Sequence[str]:
    """ "fifty instead" is heard as "fifty cents"; Whisper's words tell which it was."""
    misheard = stretch[-1] in _CENTS and not _CENTS & set(written)
    if not misheard or not _SOUNDS_LIKE_CENTS & set(after[:1]):
        return stretch
    return stretch[:-2] if stretch[-2:-1] == ["and"] else stretch[:-1]


def _replaced(words: list[str], pairs: Sequence[tuple[int, int, Sequence[str]]]) -> str:
    out: list[str] = []
    last = 0
    for start, end, stretch in pairs:
        out += [*words[last:start], *_without_cents(stretch, words[start:end], words[end:])]
        last = end
    return " ".join([*out, *words[last:]])
