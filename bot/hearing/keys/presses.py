"""One press of a key is one digit, whichever way and however often it was reported.

A press may be heard in the sound, come as RFC 4733 events, as a message of the phone system, or as
several of these. The ways report on one clock, the leg's samples, but not at the same place: the
sender's own detector, a gateway or the network shifts each by some tens of milliseconds. So

- two reports of one way are two presses, unless they begin at the same sample (then the second
  tells more of the first), or another way says that the key was held all the while;
- reports of two ways are one press when they are of the same key and begin within `window_ms`; the
  first press not yet reported this way is taken, so each way's presses stay in order;
- a report without a length is some moment of the press, its release for many phone systems: near is
  then what lies within `window_ms` of any moment of it.

Where every way reports every press, presses nearer together than the window are told apart too.
Where ways lose presses, two of the same key within the window may be taken for one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from bot.audio import ms_to_samples

WINDOW_MS: Final = 200
"""More than detectors and gateways take to notice a key; less than most people's next press."""

_REMEMBERED: Final = 64
"""Presses a late report may belong to: at four a second, those of a quarter of a minute."""


@dataclass(frozen=True, slots=True)
class KeyReport:
    """What one way says of a press. Positions are samples on the leg.

    way: who says so, "tone" or "event" for instance.
    end: the last sample known of it so far; None when the key is held, as far as is known.
    """

    way: str
    key: str = field(repr=False)
    start: int
    end: int | None = None


@dataclass(slots=True)
class _Press:
    key: str = field(repr=False)
    reports: dict[str, KeyReport] = field(default_factory=dict)

    def near(self, report: KeyReport, window: int) -> bool:
        return any(_apart(r, report) <= window for r in self.reports.values())

    def held_at(self, report: KeyReport) -> bool:
        """Whether another way says that the key was still down when this report begins.

        Ways are shifted against each other, by more than a short press lasts: where this way told
        of the press before, what counts is the time since then, on its own clock.
        """
        told = self.reports.get(report.way)
        for way, other in self.reports.items():
            since = report.start - (told or other).start
            held = other.end is None or since < other.end - other.start
            if way != report.way and since >= 0 and held:
                return True
        return False


def _apart(one: KeyReport, other: KeyReport) -> int:
    """Samples between the beginnings of two reports; from a moment, to the nearest of the other."""
    moment, whole = (one, other) if one.start == one.end else (other, one)
    if moment.start == moment.end and whole.end is not None:
        return max(whole.start - moment.start, moment.start - whole.end, 0)
    return abs(one.start - other.start)


class KeyPresses:
    """The presses of one leg. `report` says which reports are new digits."""

    def __init__(self, window_ms: float = WINDOW_MS) -> None:
        self._window = ms_to_samples(window_ms)
        self._presses: deque[_Press] = deque(maxlen=_REMEMBERED)

    def report(self, report: KeyReport) -> bool:
        """Whether this is a press that was not told of before."""
        same_key = [press for press in self._presses if press.key == report.key]
        for press in same_key:
            known = press.reports.get(report.way)
            if known is not None and known.start == report.start:
                press.reports[report.way] = report
                return False
        for press in same_key:
            if report.way not in press.reports and press.near(report, self._window):
                press.reports[report.way] = report
                return False
        if any(press.held_at(report) for press in same_key):
            return False
        self._presses.append(_Press(report.key, {report.way: report}))
        return True
