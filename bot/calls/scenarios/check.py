"""What the format of a scenario cannot tell: names that exist nowhere.

A prompt that no catalogue has is never said: as the trigger of a turn it would be waited for in
vain, among those that must not be said it would always be right. So names are looked up before
a scenario runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from bot.calls.scenarios.choosing import Chosen
from bot.calls.scenarios.scenario import Scenario
from bot.errors import ScenarioError, SettingsError, did_you_mean
from bot.project import ROOT
from bot.settings import Settings, with_settings
from bot.speaking.catalogue import load_catalogue


def check_scenario(
    path: Path, scenario: Scenario, settings: Settings, prompts: Collection[str]
) -> None:
    """Raises ScenarioError with every fault found: file, place, and the nearest allowed name.

    path: the scenario's file; WAVs are relative to its folder. prompts: ids of the catalogue.
    """
    faults = [
        *_settings(scenario, settings),
        *_recordings(scenario, path.parent),
        *_prompts(scenario, prompts),
    ]
    if faults:
        raise ScenarioError("\n".join(f"{path}: {fault}" for fault in faults))


def refuse_hopeless(chosen: Sequence[Chosen], settings: Settings) -> None:
    """Before anything is started: when none of the scenarios can be run, raise ScenarioError with
    the faults of all. One among good ones costs only its own verdict. Raises CatalogueError."""
    prompts = load_catalogue(ROOT / settings.speaking.prompts / settings.payment.language).prompts
    faults = []
    for each in chosen:
        try:
            check_scenario(each.path, each.scenario, settings, prompts)
        except ScenarioError as error:
            faults.append(str(error))
        else:
            return
    raise ScenarioError("\n".join(faults))


def _settings(scenario: Scenario, settings: Settings) -> Iterator[str]:
    try:
        with_settings(settings, scenario.settings)
    except SettingsError as error:
        yield from str(error).splitlines()


def _recordings(scenario: Scenario, folder: Path) -> Iterator[str]:
    named = [("caller.recording", scenario.caller.recording)]
    named += [(f"caller.turns.{n}.wav", turn.wav) for n, turn in enumerate(scenario.caller.turns)]
    for place, wav in named:
        if wav is not None and not (folder / wav).exists():
            beside = (path.name for path in (folder / wav).parent.glob("*.wav"))
            yield f"{place}: {wav}: no such file{did_you_mean(Path(wav).name, beside)}"


def _prompts(scenario: Scenario, prompts: Collection[str]) -> Iterator[str]:
    named: list[tuple[str, str | None]] = []
    for number, turn in enumerate(scenario.caller.turns):
        named.append((f"caller.turns.{number}.after", turn.after))
        named.append((f"caller.turns.{number}.during", turn.during))
    for key in ("prompts", "absent"):
        named += [
            (f"expect.{key}.{number}", prompt)
            for number, prompt in enumerate(getattr(scenario.expect, key))
        ]
    for place, prompt in named:
        if prompt is not None and prompt not in prompts:
            yield f"{place}: {prompt}: no such prompt{did_you_mean(prompt, prompts)}"
