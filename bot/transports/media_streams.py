"""Twilio Media Streams, both directions, as its documents have them: JSON over a WebSocket.

    from Twilio   connected, start, media, dtmf, mark, stop
    to Twilio     media, mark, clear

Sound is mu-law at 8 kHz in base64. A mark we send comes back when all sound before it has been
played, or was cleared. Parsing raises ProtocolError and nothing else, whatever the message is.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import ProtocolError
from bot.transports.g711 import mu_law_decoded, mu_law_encoded

KEYS: Final = "0123456789*#ABCD"

MOST_CHARACTERS: Final = 1 << 16
"""Of one message; a second of sound takes 11 000, Twilio's 20 ms take 300."""

_MOST_SOUND: Final = SAMPLE_RATE
"""Bytes of sound in one message: a second."""

_MOST_PARAMETERS: Final = 50
_LONGEST_PARAMETER: Final = 500
"""Characters of name and value together: Twilio's own limit."""

_CODING: Final = "audio/x-mulaw"


@dataclass(frozen=True, slots=True)
class Connected:
    """The first message of a connection."""


@dataclass(frozen=True, slots=True)
class Start:
    """What is streamed. parameters: those of the TwiML's <Parameter> elements."""

    stream_sid: str
    call_sid: str
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Media:
    """Sound of the caller. chunk: its place among the stream's, counted from 1; None: not told."""

    samples: Samples
    chunk: int | None = None


@dataclass(frozen=True, slots=True)
class Dtmf:
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The stream is over: the caller hung up, or the call went on elsewhere."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event that is not in the documents, or sound of another track than the caller's."""

    event: str


Message = Connected | Start | Media | Dtmf | Mark | Stop | Unknown


def parse(text: str) -> Message:
    """Raises ProtocolError, which names the field and repeats nothing that may be a caller's."""
    if len(text) > MOST_CHARACTERS:
        raise ProtocolError(f"a message of {len(text)} characters; {MOST_CHARACTERS} at most")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolError("a message that is not JSON") from None
    if not isinstance(content, dict):
        raise ProtocolError("a message that is no JSON object")
    event = _text(content, "event")
    read = _READERS.get(event)
    return Unknown(event[:20]) if read is None else read(content)


def _start(content: Mapping[str, Any]) -> Start:
    start = _table(content, "start")
    coding = _table(start, "start.mediaFormat")
    found = (coding.get("encoding"), str(coding.get("sampleRate")), coding.get("channels", 1))
    if found != (_CODING, str(SAMPLE_RATE), 1):
        raise ProtocolError(f"start.mediaFormat: only {_CODING} at {SAMPLE_RATE} Hz, one channel")
    parameters = start.get("customParameters") or {}
    if not isinstance(parameters, dict) or len(parameters) > _MOST_PARAMETERS:
        raise ProtocolError(
            f"start.customParameters: no object of {_MOST_PARAMETERS} texts at most"
        )
    for name, value in parameters.items():
        if not isinstance(value, str) or len(name) + len(value) > _LONGEST_PARAMETER:
            raise ProtocolError(
                f"start.customParameters: each is a text; name and value have together "
                f"{_LONGEST_PARAMETER} characters at most"
            )
    return Start(
        _text(start, "start.streamSid"),
        _text(start, "start.callSid"),
        MappingProxyType(dict(parameters)),
    )


def _media(content: Mapping[str, Any]) -> Media | Unknown:
    media = _table(content, "media")
    track = media.get("track", "inbound")
    if track != "inbound":
        return Unknown("media of another track")
    try:
        code = base64.b64decode(
            _text(media, "media.payload", longest=MOST_CHARACTERS), validate=True
        )
    except (binascii.Error, ValueError):
        raise ProtocolError("media.payload: no base64") from None
    if len(code) > _MOST_SOUND:
        raise ProtocolError(f"media.payload: {len(code)} samples; a second, {_MOST_SOUND}, at most")
    return Media(mu_law_decoded(code), _number(media, "media.chunk"))


def _dtmf(content: Mapping[str, Any]) -> Dtmf:
    key = _text(_table(content, "dtmf"), "dtmf.digit").upper()
    if len(key) != 1 or key not in KEYS:
        raise ProtocolError(f"dtmf.digit: none of {KEYS}")
    return Dtmf(key)


def _mark(content: Mapping[str, Any]) -> Mark:
    return Mark(_text(_table(content, "mark"), "mark.name"))


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Message]]] = {
    "connected": lambda _: Connected(),
    "start": _start,
    "media": _media,
    "dtmf": _dtmf,
    "mark": _mark,
    "stop": lambda _: Stop(),
}


def _table(content: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    value = content.get(_name(place))
    if not isinstance(value, dict):
        raise ProtocolError(f"{place}: is missing, or no object")
    return value


def _text(content: Mapping[str, Any], place: str, *, longest: int = 200) -> str:
    value = content.get(_name(place))
    if not isinstance(value, str) or len(value) > longest:
        raise ProtocolError(f"{place}: is missing, or no text of {longest} characters at most")
    return value


def _number(content: Mapping[str, Any], place: str) -> int | None:
    """Twilio writes numbers as texts."""
    value = content.get(_name(place))
    if value is None:
        return None
    text = str(value)
    if isinstance(value, (str, int)) and text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    raise ProtocolError(f"{place}: no number")


def _name(place: str) -> str:
    return place.rpartition(".")[2]


def media(stream_sid: str, samples: Samples) -> str:
    """Sound for the caller; played after what was sent before."""
    payload = base64.b64encode(mu_law_encoded(samples)).decode("ascii")
    return _json({"event": "media", "streamSid": stream_sid, "media": {"payload": payload}})


def mark(stream_sid: str, name: str) -> str:
    """Comes back when everything before it has been played."""
    return _json({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}})


def clear(stream_sid: str) -> str:
    """What was sent and is not yet played is not to be heard."""
    return _json({"event": "clear", "streamSid": stream_sid})


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"))
