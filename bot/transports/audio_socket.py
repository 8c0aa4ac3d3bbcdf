"""Asterisk's AudioSocket, both directions, as the protocol's document has it: frames over TCP.

    kind (1 byte) · length of the payload (2 bytes, big endian) · payload

A connection begins with the call's UUID. Sound is 16-bit mono little endian; of its rates only
8 kHz is taken, which the dialplan application `AudioSocket()` always sends. Asterisk tells of keys
since 2025; before, only those that sound are heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import numpy as np

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import ProtocolError

KEYS: Final = "0123456789*#ABCD"

MOST_PAYLOAD: Final = 2 * SAMPLE_RATE
"""Bytes: a second of sound. Asterisk sends 20 ms a frame."""

_HANG_UP: Final = 0x00
_UUID: Final = 0x01
_KEY: Final = 0x03
_SOUND: Final = 0x10
_OTHER_RATES: Final = {
    0x11: 12_000, 0x12: 16_000, 0x13: 24_000, 0x14: 32_000,
    0x15: 44_100, 0x16: 48_000, 0x17: 96_000, 0x18: 192_000,
}  # fmt: skip
_ERROR: Final = 0xFF
_HEADER: Final = 3
_UUID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class CallUuid:
    """Which call this connection is; also its one-time token."""

    uuid: UUID = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """samples: shape (n,), int16, SAMPLE_RATE."""

    samples: Samples


@dataclass(frozen=True, slots=True)
class Key:
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is to end; its closing says the same."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Asterisk's error code; what it stands for is Asterisk's own business. None: none was sent."""

    code: int | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A kind that is not in the document; its payload is skipped."""

    kind: int


Frame = CallUuid | Sound | Key | HangUp | Fault | Unknown


class FrameReader:
    """The frames of one connection, from its bytes however they are cut.

    Raises ProtocolError for what the document does not allow; then nothing more can be read.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._begun = False

    def feed(self, received: bytes) -> list[Frame]:
        """The frames these bytes complete."""
        self._bytes += received
        frames: list[Frame] = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        if not self._bytes:
            return None
        kind = self._bytes[0]
        if not self._begun and kind != _UUID:
            raise ProtocolError(
                f"a connection begins with a call's UUID (kind 0x01), this one with 0x{kind:02x}"
            )
        if len(self._bytes) < _HEADER:
            return None
        length = int.from_bytes(self._bytes[1:_HEADER], "big")
        if length > MOST_PAYLOAD:
            raise ProtocolError(
                f"a frame of {length} bytes; at most {MOST_PAYLOAD}, a second of sound, are taken"
            )
        if len(self._bytes) < _HEADER + length:
            return None
        payload = bytes(self._bytes[_HEADER : _HEADER + length])
        del self._bytes[: _HEADER + length]
        frame = _parse(kind, payload)
        self._begun = True
        return frame


def _parse(kind: int, payload: bytes) -> Frame:
    match kind:
        case 0x00:
            return HangUp()
        case 0x01:
            if len(payload) != _UUID_BYTES:
                raise ProtocolError(f"a UUID has {_UUID_BYTES} bytes, not {len(payload)}")
            return CallUuid(UUID(bytes=payload))
        case 0x03:
            key = payload.decode("latin-1").upper()
            if len(key) != 1 or key not in KEYS:
                raise ProtocolError(f"a key is one of {KEYS}; these {len(payload)} bytes are none")
            return Key(key)
        case 0x10:
            if len(payload) % 2:
                raise ProtocolError(f"{len(payload)} bytes are no whole number of 16-bit samples")
            return Sound(np.frombuffer(payload, dtype="<i2").astype(np.int16))
        case 0xFF:
            return Fault(int.from_bytes(payload, "big") if payload else None)
        case _ if kind in _OTHER_RATES:
            raise ProtocolError(
                f"sound at {_OTHER_RATES[kind]} Hz; only slin at {SAMPLE_RATE} Hz is taken: use "
                "the application AudioSocket(), or the codec slin with the channel driver"
            )
        case _:
            return Unknown(kind)


def frame_bytes(frame: Frame) -> bytes:
    """As it is sent. Raises ValueError for sound that does not fit into a frame."""
    match frame:
        case HangUp():
            return _bytes(_HANG_UP, b"")
        case CallUuid(uuid):
            return _bytes(_UUID, uuid.bytes)
        case Key(key):
            return _bytes(_KEY, key.encode("ascii"))
        case Sound(samples):
            return _bytes(_SOUND, samples.astype("<i2", copy=False).tobytes())
        case Fault(code):
            return _bytes(_ERROR, b"" if code is None else bytes([code]))
        case Unknown(kind):
            return _bytes(kind, b"")


def _bytes(kind: int, payload: bytes) -> bytes:
    if len(payload) > MOST_PAYLOAD:
        raise ValueError(f"{len(payload)} bytes do not fit into a frame")
    return bytes([kind]) + len(payload).to_bytes(2, "big") + payload
