"""Whether live calls are told to an OpenTelemetry collector, and what one that is away costs."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

import bot.calls.live
from bot.calls.live import otlp
from bot.calls.live.calls import LiveCall
from bot.calls.live.line import LiveLine
from bot.calls.live.telemetry import check_telemetry, telemetry
from bot.errors import SettingsError
from bot.live_settings import LiveSettings
from bot.outcomes import CallType
from bot.project import ROOT
from bot.records.trace import Entry, EntryKind

PATIENCE_SECONDS = 60
AWAY_SECONDS = 10
ON = LiveSettings(telemetry="otlp")


def call() -> LiveCall:
    end = Entry(900, EntryKind.END, "call", "caller-hung-up")
    return LiveCall(
        "abcdefghijklmnop", CallType.AUTOMATED, "twilio", datetime.now(UTC), LiveLine(), [end]
    )


class Receiver(HTTPServer):
    """A collector's end of OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.taken: list[tuple[str, bytes]] = []


class _Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as receiver:
        address = f"http://127.0.0.1:{receiver.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        serving = threading.Thread(target=receiver.serve_forever, args=(0.01,))
        serving.start()
        yield receiver
        receiver.shutdown()
        serving.join()


async def test_a_call_is_told_to_the_collector_that_the_environment_names_before_the_server_ends(
    receiver: Receiver,
) -> None:
    async with telemetry(ON) as tell:
        assert tell is not None
        tell(call())
    ((path, body),) = receiver.taken
    assert path == "/v1/traces"
    (sent,) = ExportTraceServiceRequest.FromString(body).resource_spans
    names = {each.key: each.value.string_value for each in sent.resource.attributes}
    assert names["service.name"] == "payment-voicebot"
    assert [span.name for span in sent.scope_spans[0].spans] == ["call"]


async def test_the_environment_may_give_the_service_another_name(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "till-7")
    async with telemetry(ON) as tell:
        assert tell is not None
        tell(call())
    assert b"till-7" in receiver.taken[0][1]
    assert b"payment-voicebot" not in receiver.taken[0][1].split(b"till-7")[0]


def test_without_the_setting_nothing_of_opentelemetry_is_imported() -> None:
    code = (
        "import asyncio, sys, bot.web.lines, bot.cli.serve\n"
        "from bot.calls.live.telemetry import check_telemetry, telemetry\n"
        "from bot.live_settings import LiveSettings\n"
        "async def off():\n"
        "    async with telemetry(LiveSettings()) as tell: assert tell is None\n"
        "check_telemetry(LiveSettings()); asyncio.run(off())\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert "bot.calls.live.telemetry" in loaded
    assert not [name for name in loaded if name.startswith("opentelemetry")]


def test_where_the_packages_are_missing_it_is_told_which_group_brings_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, OTLPSpanExporter.__module__, None)
    monkeypatch.delitem(sys.modules, otlp.__name__)
    monkeypatch.delattr(bot.calls.live, "otlp")
    with pytest.raises(SettingsError, match="uv run --group telemetry"):
        check_telemetry(ON)


def test_a_wrong_variable_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "99999")
    with pytest.raises(SettingsError, match=r"OTEL_\*.*max_export_batch_size"):
        check_telemetry(ON)


@pytest.mark.parametrize(
    "name", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
)
@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:4318", "http://", "grpc://collector"])
def test_where_to_send_to_must_be_an_address_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(name, address)
    with pytest.raises(SettingsError, match=name):
        check_telemetry(ON)
    monkeypatch.setenv(name, "http://127.0.0.1:4318/v1")
    check_telemetry(ON)


class Away(SpanExporter):
    """A collector that does not answer until it is let: `answers`."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.answers = threading.Event()
        self.given_up = threading.Event()
        self.waited_for = False
        """Whoever waits for the collector gets here."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.asked.set()
        self.waited_for = not self.answers.wait(AWAY_SECONDS)
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        self.given_up.set()


async def test_a_collector_that_is_away_delays_no_call_and_no_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "600")
    monkeypatch.setattr(otlp, "_FLUSH_SECONDS", 0.01)
    away = Away()
    async with otlp.sending_spans(away) as tell:
        tell(call())
        await asyncio.to_thread(away.asked.wait, PATIENCE_SECONDS)
        for _ in range(2_000):
            tell(call())
    assert away.given_up.is_set()
    assert not away.waited_for
    away.answers.set()


class Comes(SpanExporter):
    """Fails and logs as the library's exporter does, or takes spans: the next of `results`.
    asked_for_all: set when there is none left."""

    def __init__(self, *results: SpanExportResult) -> None:
        self._results = list(results)
        self.asked_for_all = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._results.pop(0)
        if result is SpanExportResult.FAILURE:
            logging.getLogger(OTLPSpanExporter.__module__).error("no route to the collector")
        if not self._results:
            self.asked_for_all.set()
        return result


async def test_a_collector_that_is_away_is_told_once_and_again_after_it_was_there(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")
    gone, there = SpanExportResult.FAILURE, SpanExportResult.SUCCESS
    told = []
    for results in ([gone] * 4, [gone, there, gone, gone], [there] * 4):
        caplog.clear()
        monkeypatch.setattr(otlp, "_FLUSH_SECONDS", PATIENCE_SECONDS)
        exporter = Comes(*results)
        async with otlp.sending_spans(exporter) as tell:
            for _ in results:
                tell(call())
            await asyncio.to_thread(exporter.asked_for_all.wait, PATIENCE_SECONDS)
        told.append(sum("no route" in line for line in caplog.messages))
    assert told == [1, 2, 0]
