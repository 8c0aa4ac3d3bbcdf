"""Keys that come as RFC 4733 telephone events instead of sound: a pure parser and a receiver.

An event is told of in several packets with one RTP timestamp, its beginning, and a growing
duration; the last one is sent three times with the end bit. Any of them may be lost, come twice or
late. What is longer than a duration can say goes on in a new segment, which begins where the full
one ended (RFC 4733 2.5.1.3). Timestamps count the samples of the audio on the same RTP clock,
from anywhere, modulo 2^32.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from bot.hearing.keys.presses import KeyReport

KEYS: Final = "0123456789*#ABCD"
"""RFC 4733 table 3, events 0 to 15. Others (flash, modem tones) are no keys."""

LONGEST: Final = 0xFFFF
"""The greatest duration of one segment, in samples: 8.2 s."""

_WRAP: Final = 1 << 32
_BLOCK: Final = 4
_REMEMBERED: Final = 64


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """One block of a payload. volume: dBm0 without its minus sign, 0 to 63. duration: samples."""

    event: int
    end: bool
    volume: int
    duration: int


def parse(payload: bytes) -> list[TelephoneEvent]:
    """The blocks of an RTP payload, as RFC 4733 2.3 lays them out; usually one.

    The reserved bit is ignored, as the RFC asks. Raises ValueError for a payload that is empty or
    no whole number of blocks.
    """
    if not payload or len(payload) % _BLOCK:
        raise ValueError(f"{len(payload)} bytes are no telephone events of {_BLOCK} bytes each")
    return [
        TelephoneEvent(
            event=payload[i],
            end=bool(payload[i + 1] & 0x80),
            volume=payload[i + 1] & 0x3F,
            duration=int.from_bytes(payload[i + 2 : i + 4], "big"),
        )
        for i in range(0, len(payload), _BLOCK)
    ]


@dataclass(slots=True)
class _Known:
    """A press under way or past. start: of the press; begin: of its present segment."""

    key: str
    start: int
    begin: int
    duration: int = 0
    ended: bool = False


class EventReceiver:
    """The telephone events of one RTP stream, in the order in which they arrive. Waits for live
    calls: a recorded one has no RTP.

    offset: the leg's sample at which the stream's first timestamp lies; later ones are counted
    from there, so that a wrap of the timestamp does no harm.
    """

    def __init__(self, first_timestamp: int, offset: int = 0) -> None:
        self._newest = first_timestamp
        self._at = offset
        self._known: OrderedDict[int, _Known] = OrderedDict()

    def receive(self, timestamp: int, payload: bytes) -> list[KeyReport]:
        """What a packet tells of presses, new or known: `KeyPresses` knows which.

        Raises ValueError for a payload that is none (`parse`).
        """
        reports = []
        start = self._position(timestamp)
        for block in parse(payload):
            # Further blocks are events that followed at once, each where the one before ended.
            if block.event < len(KEYS):
                reports.append(self._take(KEYS[block.event], start, block))
            start += block.duration
        return reports

    def _position(self, timestamp: int) -> int:
        ahead = (timestamp - self._newest + _WRAP // 2) % _WRAP - _WRAP // 2
        at = self._at + ahead
        if ahead > 0:
            self._newest, self._at = timestamp, at
        return at

    def _take(self, key: str, begin: int, block: TelephoneEvent) -> KeyReport:
        known = self._known.get(begin)
        if known is None or known.key != key:
            known = self._continued(key, begin) or _Known(key, begin, begin)
            self._known[begin] = known
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        if begin >= known.begin:
            known.duration = max(known.duration if begin == known.begin else 0, block.duration)
            known.begin = begin
            known.ended = known.ended or block.end
        end = known.begin + known.duration if known.ended else None
        return KeyReport("event", key, known.start, end)

    def _continued(self, key: str, begin: int) -> _Known | None:
        """The press whose full segment ended where this one begins, if its end was not told."""
        before = self._known.get(begin - LONGEST)
        return before if before is not None and before.key == key and not before.ended else None
