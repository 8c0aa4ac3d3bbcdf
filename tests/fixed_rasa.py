"""A Rasa that says what a test tells it to, and keeps what it was asked."""

from __future__ import annotations

from bot.errors import NluUnavailable
from bot.understanding.rasa_client import Parsed


class FixedRasa:
    """Gives one answer to everything; without an answer it is away."""

    def __init__(self, answer: Parsed | None = None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def parse(self, text: str) -> Parsed:
        self.asked.append(text)
        if self.answer is None:
            raise NluUnavailable("away")
        return self.answer
