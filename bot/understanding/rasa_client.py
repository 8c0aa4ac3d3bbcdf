"""Asks a Rasa server what a text means. The text has its numbers replaced; the client insists.

A server that fails is left alone for a while (a circuit breaker), so that calls lose time to a
dead Rasa only once in that while.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from bot.errors import NluUnavailable
from bot.expectations import Field, Intent

_LONGEST_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one answer may take, and how long Rasa is left alone after it failed. In seconds
    of the wall clock, so it is for those who wait by it: a caller on a line."""

    answer_seconds: float
    rest_seconds: float = 5.0


UNHURRIED = Patience(answer_seconds=120.0, rest_seconds=0.0)
"""For a recorded call, whose clock stands still meanwhile, and for measurements: how fast Rasa
happens to be must not change what comes out. Only one that hangs is given up."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What Rasa makes of a text. field: what is to be corrected. Confidences 0 to 1.

    ranking: intents by name, best first, for a person to see what was close.
    """

    intent: Intent
    confidence: float
    field: Field | None = None
    field_confidence: float = 0.0
    ranking: tuple[tuple[str, float], ...] = ()


class RasaClient:
    """One per process, shared by its calls. `aclose` at the end, or use as a context manager.

    clock: seconds, only ever compared.
    failures: how often Rasa was asked in vain, for the metric.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        patience: Patience,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.failures = 0
        self._client = httpx.AsyncClient(
            base_url=url,
            params={"token": token} if token else {},
            timeout=patience.answer_seconds,
            transport=transport,
            trust_env=False,
        )
        self._clock = clock
        self._rest_seconds = patience.rest_seconds
        self._rests_until: float | None = None

    async def parse(self, text: str) -> Parsed:
        """The meaning of a text whose numbers are replaced.

        Raises NluUnavailable when Rasa does not answer, in time and to the point; ValueError for
        a text with a digit in it: Rasa is never sent a number (design law 2).
        """
        if any(character.isdigit() for character in text):
            raise ValueError("a text for Rasa must have its numbers replaced")
        if self._rests_until is not None and self._clock() < self._rests_until:
            raise NluUnavailable("Rasa failed a moment ago and is left alone for now")
        try:
            parsed = await self._ask(text[:_LONGEST_TEXT])
        except NluUnavailable:
            self.failures += 1
            self._rests_until = self._clock() + self._rest_seconds
            raise
        self._rests_until = None
        return parsed

    async def _ask(self, text: str) -> Parsed:
        try:
            response = await self._client.post("/model/parse", json={"text": text})
        except httpx.TimeoutException:
            raise NluUnavailable("Rasa did not answer in time") from None
        except httpx.HTTPError as error:
            raise NluUnavailable(f"Rasa cannot be reached ({type(error).__name__})") from None
        if response.status_code != httpx.codes.OK:
            raise NluUnavailable(f"Rasa answered with status {response.status_code}")
        try:
            return _parsed(response.json())
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError):
            # The answer repeats the text; it is not shown.
            raise NluUnavailable("Rasa answered something else than an intent we know") from None

    async def aclose(self) -> None:
        await self._client.aclose()

    async def __aenter__(self) -> RasaClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _parsed(answer: Mapping[str, Any]) -> Parsed:
    intent = answer["intent"]
    fields = [entity for entity in answer["entities"] if entity["entity"] == "field"]
    best = max(fields, key=_entity_confidence, default=None)
    return Parsed(
        intent=Intent(intent["name"]),
        confidence=_probability(intent["confidence"]),
        field=Field(best["value"]) if best else None,
        field_confidence=_entity_confidence(best) if best else 0.0,
        ranking=tuple(
            (str(ranked["name"]), _probability(ranked["confidence"]))
            for ranked in answer.get("intent_ranking", ())
        ),
    )


def _entity_confidence(entity: Mapping[str, Any]) -> float:
    return _probability(entity.get("confidence", 1.0))


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("not a probability")
    return float(value)
