"""Verdicts as JUnit XML, as build servers read it.

Fits the two schemas in use: Ant's (one failure for a test, properties and output of the suite) and
the Jenkins xUnit plugin's. Times are of the call's clock, in seconds: the same on every machine.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from bot.calls.scenarios.run import Verdict
from bot.records.files import write_atomically

_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0, 2.2: what no document may hold, not even escaped."""


def write_junit(path: Path, verdicts: Sequence[Verdict], began: datetime) -> None:
    """The file is there whole or not at all. Raises StoreError when it cannot be written."""
    suite = _suite(verdicts, began)
    indent(suite)
    text = tostring(suite, encoding="unicode")
    write_atomically(path, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')


def _suite(verdicts: Sequence[Verdict], began: datetime) -> Element:
    suite = Element(
        "testsuite",
        name="scenarios",
        tests=str(len(verdicts)),
        failures=str(sum(bool(verdict.misses) for verdict in verdicts)),
        errors=str(sum(verdict.broken is not None for verdict in verdicts)),
        time=_seconds(sum(verdict.call_ms for verdict in verdicts)),
        timestamp=began.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        hostname=socket.gethostname() or "localhost",
    )
    properties = SubElement(suite, "properties")
    for verdict in verdicts:
        for what, file in _files(verdict):
            SubElement(properties, "property", name=f"{verdict.label}.{what}", value=_text(file))
    for verdict in verdicts:
        suite.append(_case(verdict))
    SubElement(suite, "system-out")
    SubElement(suite, "system-err")
    return suite


def _case(verdict: Verdict) -> Element:
    case = Element(
        "testcase",
        name=_text(" ".join(verdict.chosen.scenario.name.split())),
        classname=_text(f"scenarios.{verdict.label}"),
        time=_seconds(verdict.call_ms),
    )
    if verdict.broken is not None:
        error = SubElement(case, "error", message=_line(verdict.broken), type="could not run")
        error.text = _text(verdict.broken)
    elif verdict.misses:
        told = [str(miss) for miss in verdict.misses]
        failure = SubElement(case, "failure", message=_line(told[0]), type="not as expected")
        failure.text = _text("\n".join(told))
    return case


def _files(verdict: Verdict) -> list[tuple[str, str]]:
    files = [("scenario", verdict.chosen.path)]
    if verdict.files is not None:
        files += [
            ("page", verdict.files.page),
            ("recording", verdict.files.recording),
            ("result", verdict.files.result),
        ]
    return [(what, str(file)) for what, file in files]


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}"


def _line(text: str) -> str:
    return _text(text).partition("\n")[0]


def _text(text: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
