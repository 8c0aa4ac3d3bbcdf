"""Card numbers and codes made for one test, to be searched for afterwards in all it left behind.

In a brand's range and with the right check digit, so that they are taken for cards; of digits that
nothing else has: no run of five of one stands in another, none repeats or counts up or down.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from stdnum import luhn

from bot.cards import is_card_number

_RUN = 5
_COUNTING = "01234567890123456789"


@dataclass(frozen=True)
class Canary:
    """A card as a caller has it."""

    number: str
    code: str

    @property
    def spoken(self) -> str:
        """The number in words, as a recogniser writes them."""
        return in_words(self.number)


def in_words(digits: str) -> str:
    return " ".join(_WORDS[int(digit)] for digit in digits)


_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def canary(seed: int, prefix: str = "4", length: int = 16, code_length: int = 3) -> Canary:
    """The same for the same seed. prefix: of the brand, Visa's by default."""
    random = Random(seed)
    while True:
        body = prefix + _digits(random, length - len(prefix) - 1)
        number = body + luhn.calc_check_digit(body)
        # Keyed, a number ends where it is complete: no beginning of this one may be.
        complete = any(is_card_number(number[:end]) for end in range(len(number)))
        if _is_unusual(number) and not complete:
            break
    code = _digits(random, code_length)
    while len(set(code)) < code_length or code in number or code in _COUNTING:
        code = _digits(random, code_length)
    return Canary(number, code)


def _digits(random: Random, count: int) -> str:
    return "".join(random.choice("0123456789") for _ in range(count))


def _is_unusual(number: str) -> bool:
    runs = [number[start : start + _RUN] for start in range(len(number) - _RUN + 1)]
    return all(
        len(set(run)) >= _RUN - 1 and run not in _COUNTING and run[::-1] not in _COUNTING
        for run in runs
    )
