"""Which engine hears: one setting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.errors import ModelError
from bot.hearing.embedded import EmbeddedEngine
from bot.hearing.recogniser import Engine
from bot.hearing.vosk_engine import VoskEngine
from bot.settings import EngineName, HearingSettings

_DECODES_AT_ONCE = 2


def load_engine(
    settings: HearingSettings, root: Path, progress: Callable[[str], None] = lambda _: None
) -> Engine:
    """The engine the settings name; 'auto': Vosk where a model of it is there, else the embedded.

    root: the project, where models/ lies. progress: told what is being loaded. Raises ModelError.
    """
    folder = find_vosk_model(settings, root)
    if settings.engine is EngineName.EMBEDDED or (
        settings.engine is EngineName.AUTO and folder is None
    ):
        return EmbeddedEngine(root / "models" / "numbers", _DECODES_AT_ONCE, progress)
    if folder is None:
        raise ModelError(
            "hearing.engine is vosk, but there is no model: unpack one as models/vosk…, "
            "or name its folder in hearing.vosk_model (see models/README.md)"
        )
    return VoskEngine(folder, progress=progress)


def find_vosk_model(settings: HearingSettings, root: Path) -> Path | None:
    """The folder named in the settings, or the first models/vosk*; None when there is none."""
    if settings.vosk_model:
        return root / settings.vosk_model
    folders = sorted(path for path in (root / "models").glob("vosk*") if path.is_dir())
    return folders[0] if folders else None
