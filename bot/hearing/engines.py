"""Which engine hears: one setting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.cores import DECODES_AT_ONCE
from bot.errors import ModelError
from bot.hearing.embedded.engine import EmbeddedEngine
from bot.hearing.recogniser import Engine
from bot.hearing.vosk_engine.engine import VoskEngine
from bot.hearing.vosk_engine.folder import speaks
from bot.settings import EngineName, HearingSettings

_LANGUAGE = "en"
"""What callers speak; a Vosk model of another language is not taken unasked."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """name: VOSK or EMBEDDED. vosk_model: its folder, with VOSK. why: for a person."""

    name: EngineName
    vosk_model: Path | None
    why: str


def choose_engine(settings: HearingSettings, root: Path) -> EngineChoice:
    """Loads nothing. root: the project, where models/ lies. Raises ModelError."""
    folder = find_vosk_model(settings, root)
    if settings.engine is EngineName.EMBEDDED:
        return EngineChoice(EngineName.EMBEDDED, None, "hearing.engine is embedded")
    if folder is not None:
        named = "hearing.vosk_model names it" if settings.vosk_model else "its model is there"
        return EngineChoice(
            EngineName.VOSK, folder, f"hearing.engine is {settings.engine}, {named}"
        )
    if settings.engine is EngineName.VOSK:
        raise ModelError(
            "hearing.engine is vosk, but there is no model: run_bot.py models get, or unpack one "
            "as models/vosk…, or name its folder in hearing.vosk_model (see models/README.md)"
        )
    return EngineChoice(
        EngineName.EMBEDDED, None, f"hearing.engine is auto, no Vosk model for {_LANGUAGE} is there"
    )


def load_engine(
    settings: HearingSettings, root: Path, progress: Callable[[str], None] = lambda _: None
) -> Engine:
    """The engine the settings name; 'auto': Vosk where a model of it is there, else the embedded.

    root: the project, where models/ lies. progress: told what is being loaded. Raises ModelError.
    """
    choice = choose_engine(settings, root)
    if choice.vosk_model is None:
        return EmbeddedEngine(root / "models" / "numbers", DECODES_AT_ONCE, progress)
    return VoskEngine(choice.vosk_model, progress=progress)


def find_vosk_model(settings: HearingSettings, root: Path) -> Path | None:
    """The folder named in the settings, or the first models/vosk* of the callers' language; None
    when there is none."""
    if settings.vosk_model:
        return root / settings.vosk_model
    return next((path for path in vosk_folders(root) if speaks(path.name, _LANGUAGE)), None)


def vosk_folders(root: Path) -> list[Path]:
    """All models/vosk*, of any language, whole or not."""
    return sorted(path for path in (root / "models").glob("vosk*") if path.is_dir())
