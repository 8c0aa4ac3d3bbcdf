"""Whether two runs of one scenario are the same: every entry of the trace, every sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
import soundfile

from bot.audio import samples_to_ms
from bot.calls.run_call import FinishedCall
from bot.calls.scenarios.verdict import Miss, miss_at
from bot.records.trace import Entry
from bot.records.wording import clock_text, describe


def first_difference(first: FinishedCall, again: FinishedCall) -> Miss | None:
    """The first thing in which two runs differ; None when they are the same to the sample.

    Names and times of day of a run (its call's id, when it started) are not looked at.
    """
    return (
        _in_entries(first.entries, again.entries)
        or _in_recordings(first, again)
        or _in_results(first, again)
    )


def _in_entries(first: Sequence[Entry], again: Sequence[Entry]) -> Miss | None:
    for one, other in zip_longest(first, again):
        if one != other:
            at = min(entry.at for entry in (one, other) if entry is not None)
            return miss_at(list(first), at, "twice", _told(one), f"{_told(other)} the second time")
    return None


def _told(entry: Entry | None) -> str:
    if entry is None:
        return "nothing more"
    who, what = describe(entry)
    until = "" if entry.until is None else f" to {clock_text(entry.until)}"
    return f"{clock_text(entry.at)}{until} {who}: {what}"


def _in_recordings(first: FinishedCall, again: FinishedCall) -> Miss | None:
    one, other = _samples(first.files.recording), _samples(again.files.recording)
    if one.shape != other.shape:
        return Miss("twice", f"{len(one)} samples", f"{len(other)} the second time")
    differing = np.flatnonzero(np.any(one != other, axis=1))
    if len(differing) == 0:
        return None
    at = samples_to_ms(int(differing[0]))
    how_many = f"{len(differing)} other samples the second time, the first"
    return miss_at(first.entries, at, "twice", "the same recording", how_many)


def _samples(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    samples, _ = soundfile.read(path, dtype="int16", always_2d=True)
    return np.asarray(samples, dtype=np.int16)


def _in_results(first: FinishedCall, again: FinishedCall) -> Miss | None:
    one, other = first.result, again.result
    same = replace(other, call_id=one.call_id, started_at=one.started_at)
    return None if one == same else Miss("twice", "the same result", "another the second time")
