"""Which sentences of the requirements have a scenario, which have none, and why.

The sentences lie in requirements.toml beside the scenarios; a scenario names those it shows under
`covers`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.calls.scenarios.choosing import Chosen
from bot.errors import ScenarioError

REQUIREMENTS = "requirements.toml"

_KEYS = {"id", "says", "no_scenario"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One requirement. no_scenario: why none can show it, or not yet; empty where one can."""

    id: str
    says: str
    no_scenario: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """shown_by: the scenarios' files for each sentence, in the sentences' order."""

    shown_by: Mapping[Sentence, tuple[str, ...]]

    @property
    def missing(self) -> list[Sentence]:
        """Built, and no scenario shows it."""
        return [s for s, files in self.shown_by.items() if not files and not s.no_scenario]

    @property
    def outdated(self) -> list[Sentence]:
        """Said not to be built, and a scenario shows it."""
        return [s for s, files in self.shown_by.items() if files and s.no_scenario]


def coverage_of(chosen: Sequence[Chosen]) -> Coverage:
    """Raises ScenarioError: no requirements beside the scenarios, or one that is not listed."""
    folders = {each.path.parent for each in chosen}
    sentences: dict[str, Sentence] = {}
    for folder in sorted(folders):
        sentences |= {sentence.id: sentence for sentence in load_sentences(folder / REQUIREMENTS)}
    shown_by: dict[Sentence, list[str]] = {sentence: [] for sentence in sentences.values()}
    for each in chosen:
        for wanted in each.scenario.covers:
            if wanted not in sentences:
                raise ScenarioError(f"{each.path}: covers {wanted!r}: not in {REQUIREMENTS}")
            shown_by[sentences[wanted]].append(each.path.stem)
    return Coverage({sentence: tuple(files) for sentence, files in shown_by.items()})


def load_sentences(path: Path) -> list[Sentence]:
    """Raises ScenarioError that names the file and what is wrong in it."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: not a TOML file ({error})") from None
    entries = table.get("sentence", [])
    if not isinstance(entries, list) or not entries:
        raise ScenarioError(f"{path}: holds no [[sentence]]")
    sentences = [_sentence(path, entry) for entry in entries]
    ids = [sentence.id for sentence in sentences]
    if twice := [each for each in dict.fromkeys(ids) if ids.count(each) > 1]:
        raise ScenarioError(f"{path}: {twice[0]!r} stands there twice")
    return sentences


def _sentence(path: Path, entry: Any) -> Sentence:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise ScenarioError(f"{path}: a [[sentence]] has texts: id, says, perhaps no_scenario")
    if missing := {"id", "says"} - set(entry):
        raise ScenarioError(f"{path}: {entry}: {', '.join(sorted(missing))} is missing")
    if unknown := set(entry) - _KEYS:
        raise ScenarioError(f"{path}: {entry['id']}: {', '.join(sorted(unknown))}: no such key")
    return Sentence(**entry)


def as_markdown(coverage: Coverage) -> str:
    """The list for people, under a heading for each number of a requirement."""
    shown = sum(1 for files in coverage.shown_by.values() if files)
    lines = [
        "# What the scenarios show",
        "",
        f"{shown} of {len(coverage.shown_by)} sentences of the requirements have a scenario; the "
        "others say why they have none.",
        "Made by `uv run run_bot.py test tests/scenarios --coverage`; a test keeps it in step.",
    ]
    group = ""
    for sentence, files in coverage.shown_by.items():
        number = sentence.id.split()[0]
        if number != group:
            group = number
            heading = f"{number.capitalize()} names" if number.isalpha() else number
            lines += ["", f"## {heading}", "", "| sentence | shown by |", "|---|---|"]
        lines.append(f"| {_cell(sentence.says)} | {_shown_by(sentence, files)} |")
    return "\n".join(lines) + "\n"


def _shown_by(sentence: Sentence, files: Iterable[str]) -> str:
    names = ", ".join(f"[{name}]({name}.yml)" for name in files)
    if names:
        return names
    return f"none: {_cell(sentence.no_scenario)}" if sentence.no_scenario else "**no scenario**"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
