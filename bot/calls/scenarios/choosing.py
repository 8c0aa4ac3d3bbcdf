"""Which scenarios to run: files and folders, narrowed by patterns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from bot.calls.scenarios.scenario import Scenario, load_scenario
from bot.errors import ScenarioError

_WILDCARDS = set("*?[")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A scenario and its file."""

    path: Path
    scenario: Scenario


def choose(paths: Sequence[Path], only: Sequence[str] = ()) -> list[Chosen]:
    """The scenarios in these files and folders that one of the patterns fits; all without one.

    A pattern with * ? or [ must fit a file's name, with or without its ending, or a scenario's
    name as a whole; any other may be a part of them. Capitals do not matter.
    Raises ScenarioError for a file that is wrong, and for a pattern that fits none.
    """
    found = [Chosen(path, load_scenario(path)) for path in find_scenarios(paths)]
    for pattern in only:
        if not any(_fits(pattern, each) for each in found):
            raise ScenarioError(f"--only {pattern!r}: no such scenario{_near(pattern, found)}")
    return [each for each in found if not only or any(_fits(pattern, each) for pattern in only)]


def find_scenarios(paths: Sequence[Path]) -> list[Path]:
    """Scenario files among files and folders. Raises ScenarioError when there is none."""
    if not paths:
        raise ScenarioError("name scenario files, or folders of them, e.g. tests/scenarios")
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.glob("*.yml")) + sorted(path.glob("*.yaml"))
        elif path.is_file():
            found.append(path)
        else:
            raise ScenarioError(f"{path}: no such scenario file or folder")
    if not found:
        raise ScenarioError(f"{', '.join(map(str, paths))}: no scenario (*.yml) in there")
    return found


def _fits(pattern: str, chosen: Chosen) -> bool:
    names = (chosen.path.stem, chosen.path.name, chosen.scenario.name)
    wanted = pattern.lower()
    if _WILDCARDS & set(wanted):
        return any(fnmatchcase(name.lower(), wanted) for name in names)
    return any(wanted in name.lower() for name in names)


def _near(pattern: str, found: Iterable[Chosen]) -> str:
    """Files that may have been meant: of a like name, or with a word of the pattern in theirs."""
    stems = [each.path.stem for each in found]
    wanted = pattern.lower().strip("*?")
    near = get_close_matches(wanted, stems, n=3, cutoff=0.5)
    words = [word for word in wanted.replace("-", " ").split() if len(word) > 3]
    near += [stem for stem in stems if any(word in stem for word in words)]
    named = list(dict.fromkeys(near))[:5]
    return f"; near: {', '.join(named)}" if named else ""
