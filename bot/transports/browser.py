"""The phone page's own protocol over a WebSocket, version 1. The sound is binary, the rest JSON.

    page -> bot   {"type": "hello", "version": 1, "token": "…", "rate": 8000}   first, and once
                  binary: samples, 16-bit little endian mono at that rate, at most 200 ms of them
                  {"type": "key", "key": "5"}            one of 0-9 * #
                  {"type": "mute", "muted": true}        what is sent from now on is no voice
                  {"type": "hang_up"}
    bot -> page   {"type": "ready", "call": "…"}         the call is taken
                  binary: the bot's voice, at the same rate
                  {"type": "clear"}                      what is not yet played is not to be
                  {"type": "caption", "text": "…"}       what the sound that follows says
                  {"type": "happened", "kind": "…", …}   an entry of the call's trace, masked
                  {"type": "ended", "result": {…}}       then the connection is closed

The token came with the call's parameters and opens it once; it is never part of an address, for
addresses are logged. At 8 kHz nothing is resampled; other rates are, at the cost of up to 60 ms.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import numpy as np
import soxr

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import ProtocolError

VERSION: Final = 1
RATES: Final = (8_000, 16_000, 24_000, 32_000, 44_100, 48_000)
"""Hz. What a browser's sound may have; a page asks for the first."""

MOST_SOUND_MS: Final = 200
"""In one message."""
MOST_TEXT: Final = 1_000
"""Characters of one message."""

_RUNS_FAST: Final = 1.02
_AHEAD_SECONDS: Final = 5.0
"""Sound may come so much faster than time, for clocks differ; and be so far ahead of it, for the
connection may have held some back before the first arrived."""

_MESSAGES_AT_ONCE: Final = 60.0
_MESSAGES_A_SECOND: Final = 30.0
"""No finger presses more keys than that."""

_PIECES_AT_ONCE: Final = 3_000.0
_PIECES_A_SECOND: Final = 400.0
"""Of sound. No browser's pieces are shorter than 128 samples, at the highest rate."""

_KEYS: Final = frozenset("0123456789*#")
_TOKEN_LENGTHS: Final = range(16, 129)

_QUALITY: Final = "LQ"
"""Of soxr's the only one with a filter that holds back less than 100 ms; it keeps 16 bits clean up
to 2.7 kHz and lets no higher sound down into speech."""


class CloseCode(IntEnum):
    """Why the connection was closed, for the page to put into words. 4000 and above are an
    application's own (RFC 6455 section 7.4.2)."""

    OVER = 1000
    NOT_THE_PROTOCOL = 4400
    TOKEN = 4401
    ORIGIN = 4403
    NO_HELLO = 4408
    TOO_MUCH = 4429
    FAILED = 4500
    BUSY = 4503
    ENDING = 4504


class PageFault(ProtocolError):
    """What the page sent cannot be taken; the connection is to be closed with this code. The
    message names what was wrong and repeats nothing that was sent."""

    def __init__(self, code: CloseCode, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Hello:
    token: str = field(repr=False)
    rate: int


@dataclass(frozen=True, slots=True)
class Key:
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mute:
    muted: bool


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """samples: shape (n,), int16, SAMPLE_RATE."""

    samples: Samples


Message = Hello | Key | Mute | HangUp | Sound


class PageReader:
    """Reads what one page sends. Raises PageFault and nothing else, whatever it is.

    `now` is in seconds, of any clock that only goes forward.
    """

    def __init__(self) -> None:
        self._hello: Hello | None = None
        self._began = 0.0
        self._received = 0
        self._messages = _Allowance(_MESSAGES_AT_ONCE, _MESSAGES_A_SECOND)
        self._pieces = _Allowance(_PIECES_AT_ONCE, _PIECES_A_SECOND)
        self._muted = False
        self._resampler: soxr.ResampleStream | None = None

    def text(self, message: str, now: float) -> Message:
        """A text message."""
        if not self._messages.count(now):
            raise PageFault(CloseCode.TOO_MUCH, "more messages than anybody presses keys")
        content = _json_object(message)
        kind = content.get("type")
        if self._hello is None:
            if kind != "hello":
                raise PageFault(CloseCode.NO_HELLO, "the first message has to be a hello")
            self._hello = _hello(content)
            self._began = now
            if self._hello.rate != SAMPLE_RATE:
                self._resampler = _resampler(self._hello.rate, SAMPLE_RATE)
            return self._hello
        match kind:
            case "key":
                return _key(content)
            case "mute":
                self._muted = content.get("muted") is True
                return Mute(self._muted)
            case "hang_up":
                return HangUp()
            case "hello":
                raise _wrong("a second hello")
            case _:
                raise _wrong("a message of a type that is not known")

    def binary(self, data: bytes, now: float) -> Sound:
        """A binary message; what comes while the page is muted is silence."""
        if self._hello is None:
            raise PageFault(CloseCode.NO_HELLO, "the first message has to be a hello")
        if not self._pieces.count(now):
            raise PageFault(CloseCode.TOO_MUCH, "sound in more pieces than a browser's")
        if not data or len(data) % 2:
            raise _wrong("no whole number of samples")
        samples = len(data) // 2
        rate = self._hello.rate
        if samples * 1000 > MOST_SOUND_MS * rate:
            raise PageFault(CloseCode.TOO_MUCH, f"more than {MOST_SOUND_MS} ms in one message")
        self._received += samples
        if self._received / rate > (now - self._began) * _RUNS_FAST + _AHEAD_SECONDS:
            raise PageFault(
                CloseCode.TOO_MUCH, f"the sound comes faster than {rate} samples in a second"
            )
        sound = np.frombuffer(data, dtype="<i2").astype(np.int16)
        if self._muted:
            sound[:] = 0
        if self._resampler is not None:
            sound = self._resampler.resample_chunk(sound)
        return Sound(sound)


class _Allowance:
    """So many at once, and so many more in each second."""

    def __init__(self, at_once: float, a_second: float) -> None:
        self._at_once = self._left = at_once
        self._a_second = a_second
        self._last = 0.0

    def count(self, now: float) -> bool:
        """One more; whether it is allowed."""
        gained = (now - self._last) * self._a_second
        self._left = min(self._at_once, self._left + gained) - 1
        self._last = now
        return self._left >= 0


class PageWriter:
    """What is sent to one page. rate: the one its hello named."""

    def __init__(self, rate: int) -> None:
        self._resampler = None if rate == SAMPLE_RATE else _resampler(SAMPLE_RATE, rate)

    def sound(self, samples: Samples) -> bytes:
        """samples: shape (n,), int16, SAMPLE_RATE. Empty while a resampler still gathers."""
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return samples.astype("<i2").tobytes()

    def clear(self) -> str:
        if self._resampler is not None:
            self._resampler.clear()
        return _message("clear")

    @staticmethod
    def ready(call_id: str) -> str:
        return _message("ready", call=call_id)

    @staticmethod
    def caption(text: str) -> str:
        return _message("caption", text=text)

    @staticmethod
    def happened(kind: str, **entry: Any) -> str:
        return _message("happened", kind=kind, **entry)

    @staticmethod
    def ended(result: dict[str, Any]) -> str:
        return _message("ended", result=result)


def _message(message_type: str, /, **content: Any) -> str:
    return json.dumps({"type": message_type, **content}, ensure_ascii=False)


def _resampler(from_rate: int, to_rate: int) -> soxr.ResampleStream:
    return soxr.ResampleStream(from_rate, to_rate, 1, dtype="int16", quality=_QUALITY)


def _json_object(message: str) -> dict[str, Any]:
    if len(message) > MOST_TEXT:
        raise PageFault(CloseCode.TOO_MUCH, f"a message of more than {MOST_TEXT} characters")
    try:
        content = json.loads(message)
    except (ValueError, RecursionError):
        raise _wrong("a text message that is no JSON") from None
    if not isinstance(content, dict):
        raise _wrong("a text message that is no JSON object")
    return content


def _hello(content: dict[str, Any]) -> Hello:
    token, rate, version = content.get("token"), content.get("rate"), content.get("version")
    if version is True or version != VERSION:
        raise _wrong(f"a hello of another version than {VERSION}")
    if not isinstance(rate, int) or rate not in RATES:
        raise _wrong(f"a rate that is none of {', '.join(map(str, RATES))}")
    if not isinstance(token, str) or len(token) not in _TOKEN_LENGTHS:
        raise PageFault(CloseCode.TOKEN, "a hello without a token")
    return Hello(token, rate)


def _key(content: dict[str, Any]) -> Key:
    key = content.get("key")
    if not isinstance(key, str) or key not in _KEYS:
        raise _wrong("a key that no telephone has")
    return Key(key)


def _wrong(what: str) -> PageFault:
    return PageFault(CloseCode.NOT_THE_PROTOCOL, what)
