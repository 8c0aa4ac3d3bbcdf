"""The phone page's own protocol over a WebSocket, version 1. The sound is binary, the rest JSON.

    page -> bot   {"type": "hello", "version": 1, "token": "…", "rate": 8000}   first, and once
                  {"type": "resume", "version": 1, "call": "…", "secret": "…", "rate": 8000,
                   "told": 12}                           in its place: the call goes on
                  binary: samples, 16-bit little endian mono at that rate, at most 200 ms of them
                  {"type": "key", "key": "5"}            one of 0-9 * #
                  {"type": "mute", "muted": true}        what is sent from now on is no voice
                  {"type": "hang_up"}
    bot -> page   {"type": "ready", "call": "…", "keys": 0,
                   "reconnect_seconds": 20, "secret": "…"}    the call is taken, or goes on
                  binary: the bot's voice, at the same rate
                  {"type": "clear"}                      what is not yet played is not to be
                  {"type": "caption", "text": "…"}       what the sound that follows says
                  {"type": "happened", "kind": "…", …}   an entry of the call's trace, masked
                  {"type": "ended", "result": {…}}       then the connection is closed

The token came with the call's parameters and opens it once; it is never part of an address, for
addresses are logged. At 8 kHz nothing is resampled; other rates are, at the cost of up to 60 ms.

A connection that breaks is not the end of a call where `ready` says for how many seconds it is kept
(not 0): so long another connection may begin with `resume` and the secret. Each `ready` brings a
new secret; the one before counts until something has come over the connection that brought the new
one, for a `ready` may be lost too. An older connection that is still there is closed. Nothing has
to be said twice: `told` is how many captions and entries the page has, and the rest is sent;
`keys` is how many key messages arrived in this call, and the page sends the rest.

Who means to end the call says so, or closes with 1000 or 1001. 4000 closes a connection, from
either side, of which nothing is heard any more.
"""

from __future__ import annotations

import json
import re
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
_CALL_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

_QUALITY: Final = "LQ"
"""Of soxr's the only one with a filter that holds back less than 100 ms; it keeps 16 bits clean up
to 2.7 kHz and lets no higher sound down into speech."""


class CloseCode(IntEnum):
    """Why the connection was closed, for the page to put into words. 4000 and above are an
    application's own (RFC 6455 section 7.4.2)."""

    OVER = 1000
    LOST = 4000
    """The call may go on over another connection."""
    NOT_THE_PROTOCOL = 4400
    TOKEN = 4401
    ORIGIN = 4403
    NO_HELLO = 4408
    TAKEN_OVER = 4409
    """By another connection of the same call."""
    GONE = 4410
    """The process that had the call has ended, or cannot be reached."""
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
class Resume:
    """told: captions and entries that this page has already."""

    call_id: str
    secret: str = field(repr=False)
    rate: int
    told: int


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


First = Hello | Resume
Message = First | Key | Mute | HangUp | Sound

_HANGS_UP: Final = {1000, 1001}
_BREAKS_THE_PROTOCOL: Final = {1002, 1003, 1007, 1008, 1009, 1010}


def is_a_break(code: int) -> bool:
    """Whether a connection that ended with this code may have a successor: neither did the page end
    it (RFC 6455 section 7.4.1), nor was it ended because of what the page sent."""
    return code not in _HANGS_UP | _BREAKS_THE_PROTOCOL


class PageReader:
    """Reads what one page sends. Raises PageFault and nothing else, whatever it is.

    `now` is in seconds, of any clock that only goes forward.
    """

    def __init__(self) -> None:
        self._first: First | None = None
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
        if self._first is None:
            self._first = _first(kind, content)
            self._began = now
            if self._first.rate != SAMPLE_RATE:
                self._resampler = _resampler(self._first.rate, SAMPLE_RATE)
            return self._first
        match kind:
            case "key":
                return _key(content)
            case "mute":
                self._muted = content.get("muted") is True
                return Mute(self._muted)
            case "hang_up":
                return HangUp()
            case "hello" | "resume":
                raise _wrong("a second beginning")
            case _:
                raise _wrong("a message of a type that is not known")

    def binary(self, data: bytes, now: float) -> Sound:
        """A binary message; what comes while the page is muted is silence."""
        if self._first is None:
            raise _no_beginning()
        if not self._pieces.count(now):
            raise PageFault(CloseCode.TOO_MUCH, "sound in more pieces than a browser's")
        if not data or len(data) % 2:
            raise _wrong("no whole number of samples")
        samples = len(data) // 2
        rate = self._first.rate
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
    def ready(call_id: str, *, keys: int, reconnect_seconds: float, secret: str | None) -> str:
        """secret: None where the call ends with its connection."""
        kept: dict[str, Any] = {"reconnect_seconds": reconnect_seconds}
        if secret is not None:
            kept["secret"] = secret
        return _message("ready", call=call_id, keys=keys, **kept)

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


def _first(kind: object, content: dict[str, Any]) -> First:
    if kind not in ("hello", "resume"):
        raise _no_beginning()
    rate, version = content.get("rate"), content.get("version")
    if version is True or version != VERSION:
        raise _wrong(f"a beginning of another version than {VERSION}")
    if not isinstance(rate, int) or rate not in RATES:
        raise _wrong(f"a rate that is none of {', '.join(map(str, RATES))}")
    if kind == "hello":
        return Hello(_secret(content.get("token")), rate)
    call_id, told = content.get("call"), content.get("told")
    if not isinstance(call_id, str) or not _CALL_ID.fullmatch(call_id):
        raise _wrong("a resume that does not say of which call")
    if not isinstance(told, int) or isinstance(told, bool) or told < 0:
        raise _wrong("a resume that does not say how much was told already")
    return Resume(call_id, _secret(content.get("secret")), rate, told)


def _secret(given: object) -> str:
    if not isinstance(given, str) or len(given) not in _TOKEN_LENGTHS:
        raise PageFault(CloseCode.TOKEN, "a beginning without a token")
    return given


def _key(content: dict[str, Any]) -> Key:
    key = content.get("key")
    if not isinstance(key, str) or key not in _KEYS:
        raise _wrong("a key that no telephone has")
    return Key(key)


def _no_beginning() -> PageFault:
    return PageFault(CloseCode.NO_HELLO, "the first message has to be a hello or a resume")


def _wrong(what: str) -> PageFault:
    return PageFault(CloseCode.NOT_THE_PROTOCOL, what)
