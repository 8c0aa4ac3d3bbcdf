"""Recognition behind one interface: sound and an `Expectation` in, hypotheses out."""

from __future__ import annotations

from typing import Protocol

from bot.audio import AudioChunk
from bot.expectations import Expectation, Hypothesis


class Recogniser(Protocol):
    """Belongs to one call. Methods may compute; `calls/` runs them in a bounded executor, one at
    a time and in order."""

    def begin(self, expectation: Expectation) -> None:
        """Forget what came before; an utterance begins that should answer this."""

    def accept(self, chunk: AudioChunk) -> None:
        """Sound of the utterance, in order."""

    def preliminary(self) -> tuple[Hypothesis, ...]:
        """Best first: what was said so far; the utterance goes on. May be empty."""

    def finish(self) -> tuple[Hypothesis, ...]:
        """Best first: what was said; the utterance is over and its sound forgotten.

        Empty when nothing was recognised.
        """


class Engine(Protocol):
    """A recogniser's models: loaded once, read-only, shared by all calls."""

    name: str

    def recogniser(self) -> Recogniser: ...
