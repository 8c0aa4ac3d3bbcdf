"""The machine's own sound devices, by PortAudio; imported only when somebody wants to hear."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from bot.audio import SAMPLE_RATE
from bot.errors import BotError


def sound_library(wanted_by: str, instead: str = "") -> ModuleType:
    """sounddevice. wanted_by: what needs it, as one types it. instead: what can be done without
    it. On Linux its PortAudio is the system's, and may be missing: raises BotError."""
    try:
        import sounddevice  # noqa: PLC0415
    except OSError:
        raise BotError(
            f"{wanted_by} needs the PortAudio library, which is not on this machine; "
            f"on Debian and Ubuntu: apt install libportaudio2{instead}"
        ) from None
    module: ModuleType = sounddevice
    return module


def rate_of(library: Any, *kinds: str) -> int:
    """The telephone's, where these devices take it; else the first one's own. In Hz.

    kinds: "input", "output". Raises the library's PortAudioError where there is no device.
    """
    try:
        for kind in kinds:
            check = getattr(library, f"check_{kind}_settings")
            check(channels=1, dtype="int16", samplerate=SAMPLE_RATE)
    except library.PortAudioError:
        return round(float(library.query_devices(kind=kinds[0])["default_samplerate"]))
    return SAMPLE_RATE
