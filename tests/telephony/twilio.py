"""A Twilio that streams a call, from its documents: "Media Streams - WebSocket Messages".

Shares no parser with the bot, so that a misunderstanding cannot hide on both sides; mu-law is
libsndfile's.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import soundfile

from bot.audio import SAMPLE_RATE, Samples
from telephony.connections import Connection
from telephony.network import Network, Weather
from telephony.person import Person
from telephony.phone_system import PhoneSystem

STREAM = "MZsimulated"


class Twilio(PhoneSystem):
    """Buffers what the server sends and plays it in order, as the documents say."""

    def __init__(
        self,
        connection: Connection,
        person: Person,
        parameters: Mapping[str, str],
        weather: Weather | None = None,
    ) -> None:
        super().__init__(connection, person, weather)
        self._parameters = dict(parameters)
        self._sequence = 0
        self._chunk = 0
        self._marks: list[tuple[int, str]] = []
        self._received_samples = 0
        self._played_samples = 0
        self.other_messages: list[Any] = []

    def _message(self, event: str, **content: Any) -> str:
        self._sequence += 1
        return json.dumps(
            {"event": event, "sequenceNumber": str(self._sequence), "streamSid": STREAM, **content}
        )

    def _begin(self, network: Network) -> None:
        network.carry(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        start = {
            "streamSid": STREAM,
            "accountSid": "ACsimulated",
            "callSid": "CAsimulated",
            "tracks": ["inbound"],
            "customParameters": self._parameters,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }
        network.carry(self._message("start", start=start))

    def _sound(self, network: Network, samples: Samples) -> None:
        self._chunk += 1
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str(self._chunk * 20),
            "payload": base64.b64encode(mu_law(samples)).decode(),
        }
        message = self._message("media", media=media)
        if not network.loses_sound():
            network.carry(message)

    def _key(self, network: Network, key: str) -> None:
        network.carry(self._message("dtmf", dtmf={"track": "inbound_track", "digit": key}))

    def _hang_up(self) -> str:
        return self._message("stop", stop={"accountSid": "ACsimulated", "callSid": "CAsimulated"})

    def _received(self, message: str | bytes, network_reply: list[str | bytes]) -> None:
        content = json.loads(message)
        assert content["streamSid"] == STREAM
        match content["event"]:
            case "media":
                samples = linear(base64.b64decode(content["media"]["payload"]))
                self._to_play.append(samples)
                self._received_samples += len(samples)
            case "mark":
                self._marks.append((self._received_samples, content["mark"]["name"]))
            case "clear":
                self.clears += 1
                self._to_play.clear()
                self._played_samples = self._received_samples
                network_reply += self._played()
            case other:
                raise AssertionError(f"Twilio knows no message {other!r}")

    def _next_to_play(self) -> Samples:
        before = sum(len(piece) for piece in self._to_play)
        samples = super()._next_to_play()
        self._played_samples += before - sum(len(piece) for piece in self._to_play)
        return samples

    def _played(self) -> list[str | bytes]:
        told: list[str | bytes] = []
        while self._marks and self._marks[0][0] <= self._played_samples:
            told.append(self._message("mark", mark={"name": self._marks.pop(0)[1]}))
        return told


def mu_law(samples: Samples) -> bytes:
    raw = io.BytesIO()
    soundfile.write(raw, samples, SAMPLE_RATE, format="RAW", subtype="ULAW")
    return raw.getvalue()


def linear(code: bytes) -> Samples:
    if not code:
        return np.zeros(0, dtype=np.int16)
    samples, _ = soundfile.read(
        io.BytesIO(code), dtype="int16", samplerate=SAMPLE_RATE, channels=1, format="RAW",
        subtype="ULAW",
    )  # fmt: skip
    return np.asarray(samples, dtype=np.int16)
