"""The catalogue of prompts: what the bot says, in one file a designer edits.

`audio/prompts/<language>/catalogue.yml`:

    version: 1
    language: en
    prompts:
      amount.confirm_given:            # variants by attempt; later on the last two take turns
        - "Your payment is {amount}. Is that right?"

Recordings lie beside it, one WAV for each piece; which text each says is in the manifest
(`recordings.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.cards import Brand, CardNumber, Expiry, SecretDigits
from bot.errors import CatalogueError
from bot.money import Money
from bot.prompts import Count, Digits, Prompt, PromptValue, Reference
from bot.speaking import english
from bot.speaking.pieces import PHRASES, Ending, Pause, Piece

VERSION = 1

PLACEHOLDERS: Mapping[str, tuple[type, ...]] = {
    "amount": (Money,),
    "brand": (Brand,),
    "card_number": (CardNumber,),
    "count": (Count,),
    "expiry": (Expiry,),
    "last_four": (Digits,),
    "postal_code": (SecretDigits,),
    "reference": (Reference,),
}
"""What may stand in braces, and which value each takes."""

PiecesOf = Callable[[PromptValue, Ending], list[Piece]]


@dataclass(frozen=True, slots=True)
class Language:
    """pieces_of: how a value is said. atoms: piece id -> text of all it may use."""

    name: str
    locale: str
    pieces_of: PiecesOf
    atoms: Mapping[str, str]


LANGUAGES: Mapping[str, Language] = {
    "en": Language("en", "en_US", english.pieces_of, english.ATOMS)
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder, and what follows it in the text."""

    name: str
    ending: Ending


Part = Piece | Slot


@dataclass(frozen=True, slots=True)
class Variant:
    """One wording of a prompt: its text, and the same as phrases to record and slots to fill."""

    text: str
    parts: tuple[Part, ...]

    @property
    def phrases(self) -> tuple[Piece, ...]:
        return tuple(part for part in self.parts if isinstance(part, Piece))


@dataclass(frozen=True)
class Catalogue:
    """folder: where the recordings lie. prompts: id -> variants by attempt, at least one."""

    folder: Path
    language: Language
    prompts: Mapping[str, tuple[Variant, ...]]

    def variant(self, prompt: Prompt) -> Variant:
        """Raises CatalogueError for an unknown id and for values that do not fill the slots."""
        variants = self.prompts.get(prompt.id)
        if variants is None:
            raise CatalogueError(f"{prompt.id}: no such prompt in {self.folder / 'catalogue.yml'}")
        variant = variants[variant_due(prompt.attempt, len(variants)) - 1]
        for part in variant.parts:
            if isinstance(part, Slot):
                _check_value(prompt, part.name)
        return variant

    def pieces(self) -> Iterator[Piece]:
        """Every piece that can be said: the phrases of all variants, then the atoms."""
        for variants in self.prompts.values():
            for variant in variants:
                yield from variant.phrases
        for piece_id, text in self.language.atoms.items():
            yield Piece(piece_id, text)


def variant_due(attempt: int, variants: int) -> int:
    """Which variant is said at this attempt, from 1. After the last one the last two take turns,
    so that nothing is said three times in a row in the same words."""
    beyond = max(attempt, 1) - variants
    return max(attempt, 1) if beyond < 0 else max(1, variants - beyond % 2)


def _check_value(prompt: Prompt, name: str) -> None:
    if name not in prompt.values:
        raise CatalogueError(f"{prompt.id}: its text has {{{name}}}, but no value came for it")
    value = prompt.values[name]
    if not isinstance(value, PLACEHOLDERS[name]):
        wanted = " or ".join(kind.__name__ for kind in PLACEHOLDERS[name])
        raise CatalogueError(
            f"{prompt.id}: {{{name}}} takes a {wanted}, not a {type(value).__name__}"
        )


def load_catalogue(folder: Path) -> Catalogue:
    """Read `catalogue.yml` in the folder of one language. Raises CatalogueError with every fault
    found, a line each."""
    path = folder / "catalogue.yml"
    table = _read(path)
    language = LANGUAGES.get(str(table.get("language")))
    if table.get("version") != VERSION:
        raise CatalogueError(f"{path}: version must be {VERSION}, not {table.get('version')!r}")
    if language is None:
        raise CatalogueError(
            f"{path}: language must be one of {', '.join(LANGUAGES)}, not {table.get('language')!r}"
        )
    unknown = sorted(map(str, table.keys() - {"version", "language", "prompts"}))
    if unknown:
        raise CatalogueError(f"{path}: no such key: {', '.join(unknown)}")
    prompts = table.get("prompts")
    if not isinstance(prompts, dict) or not prompts:
        raise CatalogueError(f"{path}: prompts must be a table of prompt ids, and not empty")
    faults: list[str] = []
    read = {
        str(prompt_id): _variants(str(prompt_id), texts, faults)
        for prompt_id, texts in prompts.items()
    }
    if faults:
        raise CatalogueError("\n".join(f"{path}: {fault}" for fault in faults))
    return Catalogue(folder, language, read)


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key said twice, where plain YAML silently takes the last."""


def _table_without_duplicates(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise CatalogueError(f"{key}: written twice")
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _table_without_duplicates)


def _read(path: Path) -> dict[str, Any]:
    try:
        table = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror})") from None
    except CatalogueError as error:
        raise CatalogueError(f"{path}: {error}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: not a YAML file ({error})") from None
    if not isinstance(table, dict):
        raise CatalogueError(f"{path}: must be a table with version, language and prompts")
    return table


_PROMPT_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


def _variants(prompt_id: str, texts: object, faults: list[str]) -> tuple[Variant, ...]:
    if not _PROMPT_ID.fullmatch(prompt_id):
        faults.append(f"{prompt_id}: an id is lower-case words joined by dots and underscores")
        return ()
    if not isinstance(texts, list) or not texts:
        faults.append(f"{prompt_id}: must be a list of texts, one for each attempt")
        return ()
    variants = []
    for number, text in enumerate(texts, start=1):
        if not isinstance(text, str):
            faults.append(f"{prompt_id}: text {number} must be text in quotes, not {text!r}")
        elif text in texts[: number - 1]:
            faults.append(f"{prompt_id}: text {number} is written twice")
        else:
            fault = _fault_in(text)
            if fault:
                faults.append(f"{prompt_id}: text {number} {fault}")
            else:
                variants.append(Variant(text, _parts(f"{prompt_id}.{number}", text)))
    return tuple(variants)


_SLOT = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"\w")


def _fault_in(text: str) -> str | None:
    if not _WORD.search(text):
        return "is empty"
    for name in _SLOT.findall(text):
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            return f"has an unknown placeholder {{{name}}}; known are {known}"
    if re.search(r"[{}]", _SLOT.sub("", text)):
        return "has a brace that belongs to no placeholder; write it like {amount}"
    if re.search(r"\d", _SLOT.sub("", text)):
        return "has digits in it; write numbers in words, as they are said"
    return None


_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


def _parts(stem: str, text: str) -> tuple[Part, ...]:
    """Phrases between the slots, cut again at the ends of sentences."""
    parts: list[Part] = []
    split = _SLOT.split(text)  # text, name, text, name, ..., text
    phrases = 0
    for index, stretch in enumerate(split):
        if index % 2:
            parts.append(Slot(stretch, _ending_before(split[index + 1])))
            continue
        for sentence in _SENTENCE_END.split(stretch):
            spoken = sentence.strip(" ,;:.?!-\u2013\u2014") and sentence.lstrip(
                " ,;:.?!-\u2013\u2014"
            )
            if spoken:
                phrases += 1
                pause = _pause_after(spoken)
                parts.append(Piece(f"{PHRASES}/{stem}.{phrases}", spoken.rstrip(), pause))
    return tuple(parts)


def _ending_before(text: str) -> Ending:
    following = text.lstrip()[:1]
    if not following or following in ".?!":
        return Ending.FINAL
    return Ending.COMMA if following in ",;:-\u2013\u2014" else Ending.MID


def _pause_after(phrase: str) -> Pause:
    last = phrase.rstrip()[-1]
    if last in ".?!":
        return Pause.SENTENCE
    return Pause.PHRASE if last in ",;:-\u2013\u2014" else Pause.JOIN
