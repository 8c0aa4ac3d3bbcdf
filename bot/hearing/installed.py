"""Every model on disk, and whether it is what it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.errors import ModelError
from bot.hearing.embedded.whisper import check_weights
from bot.hearing.engines import find_vosk_model, vosk_folders
from bot.hearing.model_files import check_files, read_sums
from bot.hearing.numbers.confidence import Calibration
from bot.hearing.vosk_engine.folder import SUMS, check_folder
from bot.settings import HearingSettings


@dataclass(frozen=True, slots=True)
class Checked:
    """One model. good: usable. note: what was checked, or what is wrong and what to do."""

    name: str
    good: bool
    note: str


def check_models(settings: HearingSettings, root: Path) -> Iterator[Checked]:
    """One by one; hashing a large model takes seconds."""
    yield _checked("models/numbers", partial(_check_numbers, root / "models" / "numbers"))
    yield _checked("Whisper tiny.en", _check_whisper)
    folders = vosk_folders(root)
    named = find_vosk_model(settings, root) if settings.vosk_model else None
    if named is not None and named not in folders:
        folders.append(named)
    for folder in folders:
        name = folder.relative_to(root) if folder.is_relative_to(root) else folder
        yield _checked(str(name), partial(_check_vosk, folder))


def _checked(name: str, check: Callable[[], str]) -> Checked:
    try:
        return Checked(name, True, check())
    except ModelError as error:
        return Checked(name, False, str(error))


def _check_numbers(folder: Path) -> str:
    remedy = "get models/numbers again from the project's repository"
    sums = read_sums(folder / SUMS, remedy)
    check_files(folder, sums, remedy)
    Calibration.read(folder / "calibration.json")
    return f"{len(sums)} files are those of {SUMS}"


def _check_whisper() -> str:
    check_weights()
    return "the files are those the embedded engine was made with"


def _check_vosk(folder: Path) -> str:
    found = check_folder(folder)
    kind = "takes grammars" if found.takes_grammars else "static graph, hears freely"
    about = f"{found.language or 'language not told'}, {found.rate} Hz, {kind}"
    if not (folder / SUMS).is_file():
        return f"{about}; whole, no {SUMS} to compare with (not got by models get)"
    sums = read_sums(folder / SUMS, "get it again with: run_bot.py models get")
    check_files(folder, sums, f"get it again with: run_bot.py models get {folder.name}")
    return f"{about}; {len(sums)} files are those of {SUMS}"
