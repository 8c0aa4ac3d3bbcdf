"""Numbers as people say them and as recognisers print them: the speaking side of round trips."""

from __future__ import annotations

from collections.abc import Callable, Iterator

UNITS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
]  # fmt: skip
TEENS = [
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
]  # fmt: skip
TENS = [
    "_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
]  # fmt: skip
MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
]  # fmt: skip
ORDINALS = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
    "tenth", "eleventh", "twelfth",
]  # fmt: skip
NUMBER_WORDS = frozenset(
    [*UNITS, *TEENS, *TENS[2:], "oh", "hundred", "thousand", "double", "triple", "treble"]
)


def below_hundred(value: int, hyphen: str = " ") -> str:
    if value < 10:
        return UNITS[value]
    if value < 20:
        return TEENS[value - 10]
    tens, unit = divmod(value, 10)
    return TENS[tens] + (hyphen + UNITS[unit] if unit else "")


def cardinal(value: int, link: str = " ", hyphen: str = " ") -> str:
    """0 to 999,999; link stands between hundreds and the rest: " " or " and "."""
    thousands, rest = divmod(value, 1000)
    hundreds, small = divmod(rest, 100)
    out = ""
    if thousands:
        out = f"{cardinal(thousands, link, hyphen)} thousand"
    if hundreds:
        out += f" {UNITS[hundreds]} hundred"
    if small or not out:
        out += (link if out else "") + below_hundred(small, hyphen)
    return out.strip()


def pair(two: str, zero: str = "oh") -> str:
    """ "05" is oh five, "41" forty one."""
    if two[0] == "0":
        return f"{zero} {zero if two[1] == '0' else UNITS[int(two[1])]}"
    return below_hundred(int(two))


def digit_words(digits: str, zero: str = "zero") -> str:
    return " ".join(zero if d == "0" else UNITS[int(d)] for d in digits)


def _repeats(digits: str, triple: str = "triple") -> str:
    out, i = [], 0
    while i < len(digits):
        run = 1
        while i + run < len(digits) and digits[i + run] == digits[i] and run < 3:
            run += 1
        name = "oh" if digits[i] == "0" else UNITS[int(digits[i])]
        out.append(("", "double ", f"{triple} ")[run - 1] + name)
        i += run
    return " ".join(out)


def _in_fours(digits: str) -> list[str]:
    return [digits[i : i + 4] for i in range(0, len(digits), 4)]


def _in_pairs(digits: str) -> str:
    """A digit left over is said first: after "twenty" it would become a part of it."""
    odd = len(digits) % 2
    pairs = [digits[i : i + 2] for i in range(odd, len(digits), 2)]
    return " ".join([*([digit_words(digits[0])] if odd else []), *map(pair, pairs)])


def _group_as_quantity(group: str) -> str:
    if len(group) == 4 and group[0] != "0":
        if group.endswith("00") and group[1] != "0":
            return f"{below_hundred(int(group[:2]))} hundred"
        return cardinal(int(group))
    return digit_words(group, "oh")


DIGIT_STYLES: dict[str, Callable[[str], str]] = {
    "one by one": digit_words,
    "one by one with oh": lambda d: digit_words(d, "oh"),
    "one by one with nought": lambda d: digit_words(d, "nought"),
    "groups with commas": lambda d: ", ".join(digit_words(g) for g in _in_fours(d)),
    "groups with um": lambda d: " um ".join(digit_words(g, "oh") for g in _in_fours(d)),
    "groups with then": lambda d: " and then ".join(digit_words(g) for g in _in_fours(d)),
    "doubles and triples": _repeats,
    "doubles and trebles": lambda d: _repeats(d, "treble"),
    "doubles in groups": lambda d: ", ".join(_repeats(g) for g in _in_fours(d)),
    "pairs": _in_pairs,
    "pairs in groups": lambda d: ", ".join(_in_pairs(g) for g in _in_fours(d)),
    "quantities": lambda d: ", ".join(_group_as_quantity(g) for g in _in_fours(d)),
    "digits": str,
    "digits in groups": lambda d: " ".join(_in_fours(d)),
    "digits with dashes": lambda d: "-".join(_in_fours(d)),
    "digits with full stops": lambda d: ". ".join(_in_fours(d)) + ".",
    "digits apart": " ".join,
    "digits with commas": ", ".join,
    "words and digits": lambda d: " ".join(
        g if i % 2 else digit_words(g) for i, g in enumerate(_in_fours(d))
    ),
    "announced": lambda d: f"Yes, my card number is {digit_words(d)}, thank you.",
    "capitals": lambda d: digit_words(d).upper(),
}
"""Every style has one natural reading."""


def amount_styles(minor_units: int) -> Iterator[tuple[str, str]]:
    """Style and phrase, for each unambiguous way to say this amount."""
    dollars, cents = divmod(minor_units, 100)
    dollar = "dollar" if dollars == 1 else "dollars"
    cent = "cent" if cents == 1 else "cents"
    for name, link, hyphen in (("plain", " ", " "), ("british", " and ", "-")):
        whole, part = cardinal(dollars, link, hyphen), below_hundred(cents, hyphen)
        if dollars and cents:
            yield f"{name} with and", f"{whole} {dollar} and {part} {cent}"
            yield f"{name} without and", f"{whole} {dollar} {part} {cent}"
            yield f"{name} with comma", f"{whole} {dollar}, {part} {cent}"
            yield f"{name} cents unsaid", f"{whole} {dollar} {pair(f'{cents:02}')}"
        elif dollars:
            yield name, f"{whole} {dollar}"
            yield f"{name} bucks", f"{whole} bucks"
            if dollars >= 10:
                yield f"{name} bare", whole
        else:
            yield name, f"{part} {cent}"
        yield f"{name} point", f"{whole} point {digit_words(f'{cents:02}')}"
        yield f"{name} point oh", f"{whole} point {digit_words(f'{cents:02}', 'oh')}"
        if cents >= 10 and dollars % 100 >= 10:
            yield f"{name} in two parts", f"{whole} {part}"
    if dollars >= 10 and dollars % 100 and cents:
        yield "cents after oh", f"{cardinal(dollars)} {pair(f'{cents:02}')}"
    yield "written", f"${dollars:,}.{cents:02}"
    yield "written without comma", f"{dollars}.{cents:02}"
    yield "written with word", f"{dollars:,}.{cents:02} dollars"
    if dollars % 100 == 0 and 1000 < dollars < 10_000 and dollars % 1000 and not cents:
        yield "hundreds", f"{below_hundred(dollars // 100)} hundred"
    if dollars and cents == 50:
        yield "and a half", f"{cardinal(dollars)} and a half dollars"


def expiry_styles(month: int, year: int) -> Iterator[tuple[str, str]]:
    """Style and phrase, for each unambiguous way to say this date."""
    short = year % 100
    name = MONTHS[month - 1]
    two = below_hundred(short)
    long_year = f"twenty {pair(f'{short:02}')}"
    padded = pair(f"{month:02}")
    yield "pairs", f"{padded} {two}"
    yield "zero pairs", f"{pair(f'{month:02}', 'zero')} {two}"
    yield "one by one", f"{digit_words(f'{month:02}')} {digit_words(str(short))}"
    yield "one by one with oh", f"{digit_words(f'{month:02}', 'oh')} {digit_words(str(short))}"
    yield "slash", f"{below_hundred(month)} slash {two}"
    yield "slash long", f"{padded} slash {long_year}"
    yield "bare month", f"{below_hundred(month)} {two}"
    yield "century", f"{below_hundred(month)} {long_year}"
    yield "thousand", f"{padded} two thousand {two}"
    yield "thousand and", f"{padded}, two thousand and {two}"
    yield "name", f"{name} {long_year}"
    yield "name short", f"{name} {two}"
    yield "name of", f"{name} of {two}"
    yield "name comma", f"{name}, {year}."
    yield "name thousand", f"{name} two thousand and {two}"
    yield "name cut", f"{name[:3]} {short}"
    yield "name with day", f"{name} 30th, {year}"
    yield "ordinal", f"the {ORDINALS[month - 1]} of {two}"
    yield "ordinal long", f"{ORDINALS[month - 1]} month, {long_year}"
    yield "number of", f"{below_hundred(month)} of {two}"
    yield "written", f"{month:02}/{short}"
    yield "written bare", f"{month}/{short}"
    yield "written long", f"{month:02}/{year}"
    yield "written dash", f"{month:02}-{short}"
    yield "written spaced", f"{month:02} {short}"
    yield "written together", f"{month:02}{short}"
    yield "written long together", f"{month:02}{year}"
    yield "with um", f"um {padded}, uh, {two}"
    yield "sentence", f"It expires {name} {long_year}."
