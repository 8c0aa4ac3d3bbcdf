"""Whether live calls are told to OpenTelemetry, and to whom: `live.telemetry`.

Nothing of OpenTelemetry is imported where it is off: its packages need not be there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType

from bot.calls.live.calls import TellsOfCall
from bot.errors import SettingsError
from bot.live_settings import LiveSettings


def check_telemetry(live: LiveSettings) -> None:
    """Raises SettingsError where it is wanted and cannot be: before anything that takes long."""
    if live.telemetry == "otlp":
        _otlp().check_variables()


@asynccontextmanager
async def telemetry(live: LiveSettings) -> AsyncIterator[TellsOfCall | None]:
    """Whom to tell of each call that is over; what is left is sent at the end, within a bound.
    Raises SettingsError."""
    if live.telemetry == "off":
        yield None
        return
    otlp = _otlp()
    async with otlp.sending_spans(otlp.open_exporter()) as tell:
        yield tell


def _otlp() -> ModuleType:
    try:
        from bot.calls.live import otlp  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise SettingsError(
            'live.telemetry = "otlp" needs the packages of OpenTelemetry, which are not installed: '
            "uv run --group telemetry run_bot.py serve"
        ) from None
    return otlp
