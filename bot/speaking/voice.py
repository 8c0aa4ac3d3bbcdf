"""Where the sound of a piece comes from: its recording, else text-to-speech, and never silence."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from bot.audio import Samples
from bot.errors import CatalogueError
from bot.speaking.catalogue import Catalogue, load_catalogue
from bot.speaking.pieces import Piece
from bot.speaking.recordings import Recordings
from bot.speaking.speaker import RECORDING, SYNTHESISED, Speaker
from bot.speaking.synthesis import SECONDS_FOR_ONE_TEXT, Synthesiser

_MOST_NAMED = 10


class Synthesis(Protocol):
    def say(self, text: str) -> Samples:
        """Raises CatalogueError."""


class Voice:
    """All recordings of a catalogue, in memory, and speech synthesis for the rest.

    Shared by all calls. What was synthesised once is kept; so nothing secret may be a piece of
    its own (values are said digit by digit).
    """

    def __init__(self, catalogue: Catalogue, synthesis: Synthesis | None) -> None:
        """synthesis: None when it is off. Raises CatalogueError for a recording that cannot be
        read, and, with synthesis off or not working, for a phrase or atom without recording."""
        recordings = Recordings(catalogue.folder)
        self._synthesis = synthesis
        self._sounds: dict[str, tuple[Samples, str]] = {}
        without: list[Piece] = []
        for piece in catalogue.pieces():
            if recordings.usable(piece):
                self._sounds[piece.id] = (recordings.load(piece), RECORDING)
            else:
                without.append(piece)
        self.without_recording = tuple(piece.id for piece in without)
        if without:
            self._must_be_able_to_synthesise(without)

    def sound_of(self, piece: Piece) -> tuple[Samples, str]:
        """See `PieceVoice`."""
        known = self._sounds.get(piece.id)
        if known is not None:
            return known
        if self._synthesis is None:
            raise CatalogueError(
                f"{piece.id}: has no recording, and speaking.text_to_speech is off"
            )
        try:
            sound = self._synthesis.say(piece.text)
        except CatalogueError as error:
            raise CatalogueError(f"{piece.id}: has no recording, and {error}") from None
        self._sounds[piece.id] = (sound, SYNTHESISED)
        return sound, SYNTHESISED

    def _must_be_able_to_synthesise(self, without: list[Piece]) -> None:
        """Say one of them now: better refused at the start than silent in a call."""
        try:
            self.sound_of(without[0])
        except CatalogueError as error:
            _, _, reason = str(error).partition(": ")
            names = ", ".join(piece.id for piece in without[:_MOST_NAMED])
            more = f" and {len(without) - _MOST_NAMED} more" if len(without) > _MOST_NAMED else ""
            raise CatalogueError(
                f"{names}{more}: {reason}; render it with `run_bot.py prompts build`"
            ) from None


def load_speaker(
    prompts: Path,
    language: str = "en",
    text_to_speech: bool = True,
    synthesis_seconds: float = SECONDS_FOR_ONE_TEXT,
) -> Speaker:
    """The speaker for a language under `audio/prompts/`. Raises CatalogueError.

    synthesis_seconds: how long speech synthesis may really take for one text.
    """
    catalogue = load_catalogue(prompts / language)
    synthesis = Synthesiser(language, synthesis_seconds) if text_to_speech else None
    return Speaker(catalogue, Voice(catalogue, synthesis))
