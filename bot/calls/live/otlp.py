"""Sends the spans of live calls to a collector, by OTLP over HTTP.

Whom to send to, how and how much is said by OpenTelemetry's own variables, first of all
OTEL_EXPORTER_OTLP_ENDPOINT. A thread of its own sends in batches. A collector that is away delays
no call: spans wait up to a limit (OTEL_BSP_MAX_QUEUE_SIZE), then the oldest are dropped.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.environment_variables import (
    OTEL_EXPORTER_OTLP_ENDPOINT,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
)
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from bot.calls.live.calls import TellsOfCall
from bot.calls.live.spans import CallSpans
from bot.errors import SettingsError

_log = structlog.get_logger(__name__)

_SERVICE: Final = "payment-voicebot"
_FLUSH_SECONDS: Final = 3.0
"""How long the end of a server waits for a collector that was not known to be away."""

_ADDRESS: Final = re.compile(r"\s*https?://[^\s/]", re.IGNORECASE)

_EXPORTERS_LOG: Final = logging.getLogger(OTLPSpanExporter.__module__)


def open_exporter() -> SpanExporter:
    """As OTEL_* say. Raises SettingsError."""
    with _variables():
        return OTLPSpanExporter()


def check_variables() -> None:
    """Raises SettingsError where OTEL_* cannot be followed."""
    for name in (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT):
        if (address := os.environ.get(name, "")) and not _ADDRESS.match(address):
            raise SettingsError(
                f"{name} is no address like http://127.0.0.1:4318"
            )  # may hold a key
    _provider(open_exporter()).shutdown()


@asynccontextmanager
async def sending_spans(exporter: SpanExporter) -> AsyncIterator[TellsOfCall]:
    """Whom to tell of each call that is over. At the end what is left is sent, within
    `_FLUSH_SECONDS`. Raises SettingsError."""
    outage = _Outage()
    told = _Told(exporter, outage)
    provider = _provider(told)
    _EXPORTERS_LOG.addFilter(outage)
    try:
        yield CallSpans(provider.get_tracer(_SERVICE))
    finally:
        # The library would wait for half a minute; a thread that it still holds ends with us.
        flushing = threading.Thread(target=provider.shutdown, daemon=True)
        flushing.start()
        await asyncio.to_thread(flushing.join, 0 if outage.told else _FLUSH_SECONDS)
        if flushing.is_alive():
            told.shutdown()  # no more tries
        _EXPORTERS_LOG.removeFilter(outage)


def _provider(exporter: SpanExporter) -> TracerProvider:
    """Not the process-wide one: several servers may run in one test."""
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come before what we call ourselves.
    named = Resource({SERVICE_NAME: _SERVICE}).merge(OTELResourceDetector().detect())
    with _variables():
        provider = TracerProvider(
            resource=Resource.create(named.attributes), shutdown_on_exit=False
        )
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


@contextmanager
def _variables() -> Iterator[None]:
    """The library reads OTEL_*; most wrong values it replaces by its own and says so in the log."""
    try:
        yield
    except (ValueError, RuntimeError, StopIteration) as error:
        why = str(error) or type(error).__name__
        raise SettingsError(f"a variable of OpenTelemetry (OTEL_*) is wrong: {why}") from None


class _Outage(logging.Filter):
    """Of what the exporter logs about a collector that is away, its first word says why. It says
    the same of every batch."""

    told = False

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        first, self.told = not self.told, True
        return first


class _Told(SpanExporter):
    """An exporter that tells of the end of its outages, and may be shut down by whoever is first:
    the library's own would warn."""

    def __init__(self, exporter: SpanExporter, outage: _Outage) -> None:
        self._exporter = exporter
        self._outage = outage
        self._over = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._over:  # nobody waits any more, nor filters what is said of it
            return SpanExportResult.FAILURE
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS and self._outage.told:
            self._outage.told = False
            _log.info("collector_takes_spans_again")
        return result

    def shutdown(self) -> None:
        if not self._over:
            self._over = True
            self._exporter.shutdown()
