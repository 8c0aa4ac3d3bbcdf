"""An Asterisk whose dialplan runs AudioSocket(), from the protocol's document.

Shares no code with the bot's parser, so that a misunderstanding cannot hide on both sides. Like the
real one it plays what comes at the pace at which it comes: sound is not buffered for long.
"""

from __future__ import annotations

import struct
from uuid import UUID

import numpy as np

from bot.audio import Samples
from telephony.connections import Connection
from telephony.network import Network, Weather
from telephony.person import Person
from telephony.phone_system import PhoneSystem


class Asterisk(PhoneSystem):
    """hung_up: the server sent the frame that ends the call."""

    def __init__(
        self,
        connection: Connection,
        person: Person,
        uuid: UUID,
        weather: Weather | None = None,
    ) -> None:
        super().__init__(connection, person, weather)
        self._uuid = uuid
        self._bytes = b""
        self.hung_up = False

    def _begin(self, network: Network) -> None:
        network.carry(struct.pack(">BH", 1, 16) + self._uuid.bytes)

    def _sound(self, network: Network, samples: Samples) -> None:
        if not network.loses_sound():
            network.carry(
                struct.pack(">BH", 0x10, 2 * len(samples)) + samples.astype("<i2").tobytes()
            )

    def _key(self, network: Network, key: str) -> None:
        network.carry(struct.pack(">BHc", 3, 1, key.encode()))

    def _hang_up(self) -> bytes:
        return bytes(3)

    def _received(self, message: str | bytes, network_reply: list[str | bytes]) -> None:
        assert isinstance(message, bytes)
        self._bytes += message
        while len(self._bytes) >= 3:
            kind, length = struct.unpack(">BH", self._bytes[:3])
            if len(self._bytes) < 3 + length:
                return
            payload, self._bytes = self._bytes[3 : 3 + length], self._bytes[3 + length :]
            if kind == 0x10:
                self._to_play.append(np.frombuffer(payload, dtype="<i2").astype(np.int16))
            elif kind == 0:
                self.hung_up = True
            else:
                raise AssertionError(f"Asterisk takes no frame of kind {kind:#x}")
