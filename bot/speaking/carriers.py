"""In what sentences the pieces are recorded, so that each has the melody of its place.

A phrase is recorded within its own prompt, with an example in place of each value; an atom within
a short sentence that has it where it will be used: before a unit, at the end of a group, at the
end of a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from bot.cards import BRANDS, Brand, CardNumber, Expiry, SecretDigits
from bot.money import Money
from bot.prompts import Count, Digits, PromptValue, Reference
from bot.speaking import english
from bot.speaking.catalogue import Catalogue, Slot, Variant
from bot.speaking.pieces import VALUES, Ending, Piece

Stretch = tuple[str, str | None]
"""Text to speak, and the id of the piece it is kept as; None for what only surrounds it."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """One text to render. speed: of the voice, 1 is its own."""

    stretches: tuple[Stretch, ...]
    speed: float = 1.0

    @property
    def piece_ids(self) -> tuple[str, ...]:
        return tuple(piece_id for _, piece_id in self.stretches if piece_id is not None)


_EXAMPLES: Mapping[str, PromptValue] = {
    "amount": Money(8750),
    "brand": Brand.VISA,
    "card_number": CardNumber("4111111111111111"),
    "count": Count(4),
    "expiry": Expiry(4, 2030),
    "last_four": Digits("4242"),
    "postal_code": SecretDigits("90210"),
    "reference": Reference("A1B2"),
}

_PHRASE_SPEED = 1.0
_ATOM_SPEED = 0.9
_SENTENCES = 4


def carriers_of(catalogue: Catalogue) -> Iterator[Carrier]:
    """Carriers for every piece of the catalogue's language: the atoms, then the phrases.

    A few atoms share a carrier, a sentence for each: it renders faster.
    """
    for sentences in (_numbers(), _characters(), _units(), _names()):
        yield from _joined(sentences)
    for variants in catalogue.prompts.values():
        for variant in variants:
            if variant.phrases:
                yield _prompt(variant)


def _joined(sentences: Iterator[Carrier]) -> Iterator[Carrier]:
    while group := tuple(islice(sentences, _SENTENCES)):
        yield Carrier(tuple(s for sentence in group for s in sentence.stretches), _ATOM_SPEED)


def _prompt(variant: Variant) -> Carrier:
    stretches: list[Stretch] = []
    for part in variant.parts:
        if isinstance(part, Piece):
            stretches.append((part.text, part.id))
        else:
            stretches.append((_example(part), None))
    return Carrier(tuple(stretches), _PHRASE_SPEED)


def _example(slot: Slot) -> str:
    words = " ".join(p.text for p in english.pieces_of(_EXAMPLES[slot.name], slot.ending))
    return words + {Ending.MID: "", Ending.COMMA: ",", Ending.FINAL: "."}[slot.ending]


def _id(kind: str, name: object, form: str) -> str:
    return f"{VALUES}/{kind}.{name}.{form}"


def _numbers() -> Iterator[Carrier]:
    for number in range(100):
        word = english.word_for(number)
        yield Carrier(
            (
                (word, _id("number", number, "mid")),
                ("dollars, or", None),
                (f"{word}.", _id("number", number, "final")),
            )
        )


def _characters() -> Iterator[Carrier]:
    digits = [("digit", str(n), english.word_for(n)) for n in range(10)]
    letters = [("letter", letter, letter) for letter in english.LETTERS]
    for kind, name, word in digits + letters:
        yield Carrier(
            (
                ("two...", None),  # the dots make a pause, so that no "oo" runs into the next
                (f"{word},", _id(kind, name, "mid")),
                ("two...", None),
                (f"{word} \u2014", _id(kind, name, "group")),
                ("two...", None),
                (f"{word}.", _id(kind, name, "final")),
            )
        )


_ONE = ("dollar", "cent", "euro", "pound", "penny")


def _units() -> Iterator[Carrier]:
    for size in ("hundred", "thousand", "million"):
        yield Carrier(
            (
                ("four", None),
                (size, _id("word", size, "mid")),
                ("thirty, or four", None),
                (f"{size}.", _id("word", size, "final")),
            )
        )
    for word in ("and", "point"):
        yield Carrier(
            (("nine dollars", None), (word, _id("word", word, "mid")), ("fifty cents.", None))
        )
    for unit in english.UNIT_WORDS:
        count = "one" if unit in _ONE else "ten"
        yield Carrier(
            (
                (count, None),
                (f"{unit},", _id("word", unit, "mid")),
                (f"and {count}", None),
                (f"{unit}.", _id("word", unit, "final")),
            )
        )


def _names() -> Iterator[Carrier]:
    for number, month in enumerate(english.MONTHS, start=1):
        yield Carrier(
            (("in", None), (month, _id("month", number, "mid")), ("twenty thirty.", None))
        )
    for rules in BRANDS:
        yield Carrier(
            (
                ("Your", None),
                (rules.name, _id("brand", rules.brand.value, "mid")),
                ("card is from", None),
                (f"{rules.name}.", _id("brand", rules.brand.value, "final")),
            )
        )
