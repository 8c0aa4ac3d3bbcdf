"""What a monitoring system asks of the live calls, in Prometheus' words.

Taken from what calls tell anyway (their trace, their lines), so nothing is measured twice. Every
label has a few values that are known beforehand; none holds what a caller said.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from bot.calls.decoding import DecodingPool
from bot.calls.live.line import LineFigures
from bot.records.trace import Entry, EntryKind

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_WAITING = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0)
_WORKED_OUT = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0)
_GATEWAY = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_QUEUE = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

_PARTS: Final = {
    "recognition": "From the end of a turn until its words are there, by the call's clock",
    "understanding": "From the words until their meaning is there, by the call's clock",
}

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the workers of one server keep their counts, so that each can tell those of all. The
library's own variable: it has to be set before the library is imported."""

_OF_ALL: Final = "livesum"
_NEWEST: Final = "livemostrecent"

_DEGRADED: Final = {
    "Rasa is away": "understanding",
    "the recording": "recording",
    "the records": "records",
    "a prompt": "prompts",
    "the connection": "connection",
}
"""How the words of a degraded mode begin, and its label."""


class CallMetrics:
    """Of one process; `text` of all workers where they share a folder. Not the process-wide
    registry of prometheus_client: several servers may run in one test."""

    def __init__(self, most_calls: int) -> None:
        self.registry = registry = CollectorRegistry()
        self._under_way = Gauge(
            "voicebot_calls_under_way",
            "Calls at this moment",
            ["transport"],
            multiprocess_mode=_OF_ALL,
            registry=registry,
        )
        Gauge(
            "voicebot_calls_most",
            "Calls there is room for",
            multiprocess_mode=_OF_ALL,
            registry=registry,
        ).set(most_calls)
        Gauge(
            "voicebot_processes",
            "Processes that take calls",
            multiprocess_mode=_OF_ALL,
            registry=registry,
        ).set(1)
        self._ended = Counter(
            "voicebot_calls", "Calls that ended", ["transport", "result"], registry=registry
        )
        self._refused = Counter(
            "voicebot_calls_refused", "Calls not taken", ["why"], registry=registry
        )
        self._waiting = Histogram(
            "voicebot_waiting_seconds",
            "From the last sample of the caller's speech to the first of the answer",
            buckets=_WAITING,
            registry=registry,
        )
        self._worked_out = {
            part: Histogram(
                f"voicebot_{part}_seconds", what, buckets=_WORKED_OUT, registry=registry
            )
            for part, what in _PARTS.items()
        }
        self._turns = Counter(
            "voicebot_turns", "Utterances, by what understood them", ["source"], registry=registry
        )
        self._keys = Counter("voicebot_keys", "Keys pressed", registry=registry)
        self._charges = Counter(
            "voicebot_charges", "Charges, by their outcome", ["outcome"], registry=registry
        )
        self._gateway = Histogram(
            "voicebot_gateway_seconds",
            "From a charge to its outcome",
            buckets=_GATEWAY,
            registry=registry,
        )
        self._degraded = Counter(
            "voicebot_degraded",
            "Calls in which something worked less well than it should",
            ["what"],
            registry=registry,
        )
        self._line = Counter(
            "voicebot_line_trouble",
            "Silence filled and sound dropped in ms, keys dropped in presses",
            ["what"],
            registry=registry,
        )
        self._queue = Histogram(
            "voicebot_decoding_wait_seconds",
            "How long decoding waits for a thread",
            buckets=_QUEUE,
            registry=registry,
        )
        self._reconnected = Counter(
            "voicebot_page_reconnections",
            "Connections of the phone page that broke or tried to go on: back, too_late, refused",
            ["outcome"],
            registry=registry,
        )
        self._open_charges = Gauge(
            "voicebot_charges_open",
            "Charges whose outcome is not known: still looked up, or given up and left to a person",
            ["state"],
            multiprocess_mode=_NEWEST,
            registry=registry,
        )

        self._workers_ended = Gauge(
            "voicebot_workers_ended",
            "Processes that took calls and ended unasked since the start: died, or hung",
            ["how"],
            multiprocess_mode=_NEWEST,
            registry=registry,
        )

    def watch(self, pool: DecodingPool) -> None:
        """Tell of this pool's queue too."""
        waiting = Gauge(
            "voicebot_decoding_queue",
            "Jobs that wait",
            multiprocess_mode=_OF_ALL,
            registry=self.registry,
        )
        waiting.set(pool.waiting)
        pool.queued = waiting.set
        pool.waited = self._queue.observe

    def began(self, transport: str) -> None:
        self._under_way.labels(transport).inc()

    def ended(self, transport: str, result: str, line: LineFigures) -> None:
        self._under_way.labels(transport).dec()
        self._ended.labels(transport, result).inc()
        self._line.labels("silence_filled").inc(line.silence_filled)
        self._line.labels("sound_dropped").inc(line.sound_dropped)
        self._line.labels("keys_dropped").inc(line.keys_dropped)

    def refused(self, why: str) -> None:
        """why: the name of a `NotTakenError`."""
        self._refused.labels(why).inc()

    def reconnected(self, outcome: Literal["back", "too_late", "refused"]) -> None:
        """too_late: nobody came back to a call that was kept. refused: with a secret that opens
        nothing, or to a call that is not there any more."""
        self._reconnected.labels(outcome).inc()

    def happened(self, entry: Entry) -> None:
        match entry.kind:
            case EntryKind.WAITING if entry.until is not None:
                self._waiting.observe((entry.until - entry.at) / 1000)
            case EntryKind.HEARD:
                for part, histogram in self._worked_out.items():
                    if (took := entry.details.get(f"{part}_ms")) is not None:
                        histogram.observe(int(took) / 1000)
                self._turns.labels(str(entry.details.get("source", "nothing"))).inc()
            case EntryKind.KEY:
                self._keys.inc()
            case EntryKind.CHARGE if entry.until is not None:
                self._charges.labels(str(entry.details["status"])).inc()
                self._gateway.observe((entry.until - entry.at) / 1000)
            case EntryKind.DEGRADED:
                self._degraded.labels(degraded_mode(entry)).inc()
            case _:
                pass

    def open_charges(self, looked_up: int, given_up: int) -> None:
        self._open_charges.labels("looked_up").set(looked_up)
        self._open_charges.labels("given_up").set(given_up)

    def workers_ended(self, so_far: Mapping[str, int]) -> None:
        """How many, by how they ended; only their parent knows, and tells all that are left."""
        for how, count in so_far.items():
            self._workers_ended.labels(how).set(count)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        folder = os.environ.get(FOLDER_VARIABLE)
        if folder is None:
            return generate_latest(self.registry)
        of_all = CollectorRegistry()
        MultiProcessCollector(of_all, folder)  # type: ignore[no-untyped-call]
        return generate_latest(of_all)


def degraded_mode(entry: Entry) -> str:
    """Its label; the words may be anything."""
    known = (label for text, label in _DEGRADED.items() if entry.text.startswith(text))
    return next(known, "other")


def forget_process(pid: int, folder: Path) -> None:
    """A worker that has ended has no calls under way any more; what it counted stays."""
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
