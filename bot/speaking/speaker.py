"""From a prompt to sound: its pieces joined with natural pauses, and what each stretch says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bot.audio import Samples, ms_to_samples, silence
from bot.cards import Brand, CardNumber, SecretDigits, rules_of
from bot.errors import CatalogueError
from bot.money import Money
from bot.prompts import Count, Prompt, PromptValue
from bot.speaking.catalogue import Catalogue, Slot, Variant
from bot.speaking.levels import faded
from bot.speaking.pieces import Pause, Piece

RECORDING = "recording"
SYNTHESISED = "tts"

HIDDEN_ID = "values/hidden"
"""Stands for the pieces of a value that may not be kept: their ids would tell the digits."""


class PieceVoice(Protocol):
    def sound_of(self, piece: Piece) -> tuple[Samples, str]:
        """Trimmed and levelled sound of a piece, and its source: RECORDING or SYNTHESISED.

        Raises CatalogueError when it has neither.
        """


@dataclass(frozen=True, slots=True)
class PieceSpan:
    """Where in the prompt's samples one piece sounds: [start, end). source: who says it."""

    id: str
    start: int
    end: int
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A prompt as sound.

    text: what is said, for people to read; a card number masked.
    pieces: in order, the pauses between them in none. The samples end with the last piece.
    pause_after: samples of quiet before another prompt may follow.
    sensitive: it says card digits, so it may not be recorded.
    """

    prompt_id: str
    attempt: int
    text: str
    samples: Samples
    pieces: tuple[PieceSpan, ...]
    pause_after: int = 0
    sensitive: bool = False

    @property
    def source(self) -> str:
        """RECORDING, or SYNTHESISED when any piece of it is."""
        synthesised = any(piece.source == SYNTHESISED for piece in self.pieces)
        return SYNTHESISED if synthesised else RECORDING


class Speaker:
    """One language's prompts in one voice. Belongs to the process; holds nothing of a call."""

    def __init__(self, catalogue: Catalogue, voice: PieceVoice) -> None:
        self._catalogue = catalogue
        self.language = catalogue.language.name
        self.prompt_ids = frozenset(catalogue.prompts)
        self._voice = voice

    def speak(self, prompt: Prompt, gap_scale: float = 1.0) -> Spoken:
        """The prompt as sound. May take as long as speech synthesis does.

        gap_scale: above 1 leaves longer pauses, for a caller who asks to go slower.
        Raises CatalogueError for an unknown prompt, values that do not fit its text, and a piece
        that has no recording while speech synthesis is off or fails.
        """
        variant = self._catalogue.variant(prompt)
        stretches: list[Samples] = []
        spans: list[PieceSpan] = []
        position = 0
        pause = 0
        for piece, hidden in self._pieces(prompt, variant):
            sound, source = self._sound_of(prompt, piece)
            stretches += [silence(pause), faded(sound)]
            start = position + pause
            position = start + len(sound)
            spans.append(PieceSpan(HIDDEN_ID if hidden else piece.id, start, position, source))
            pause = ms_to_samples(piece.pause * gap_scale)
        return Spoken(
            prompt_id=prompt.id,
            attempt=prompt.attempt,
            text=self._shown(prompt, variant),
            samples=np.concatenate(stretches),
            pieces=tuple(spans),
            pause_after=ms_to_samples(max(pause_of_last(variant), Pause.PHRASE) * gap_scale),
            sensitive=any(_is_secret(value) for value in prompt.values.values()),
        )

    def _sound_of(self, prompt: Prompt, piece: Piece) -> tuple[Samples, str]:
        try:
            return self._voice.sound_of(piece)
        except CatalogueError as error:
            raise CatalogueError(f"{prompt.id}: {error}") from None

    def _pieces(self, prompt: Prompt, variant: Variant) -> list[tuple[Piece, bool]]:
        """The pieces in order, each with whether its id must stay hidden."""
        pieces: list[tuple[Piece, bool]] = []
        for part in variant.parts:
            if isinstance(part, Piece):
                pieces.append((part, False))
                continue
            value = prompt.values[part.name]
            try:
                said = self._catalogue.language.pieces_of(value, part.ending)
            except CatalogueError as error:
                raise CatalogueError(f"{prompt.id}: {{{part.name}}}: {error}") from None
            pieces += [(piece, _is_secret(value)) for piece in said]
        return pieces

    def _shown(self, prompt: Prompt, variant: Variant) -> str:
        locale = self._catalogue.language.locale
        text = variant.text
        for name, value in prompt.values.items():
            text = text.replace(f"{{{name}}}", shown(value, locale))
        return text


def _is_secret(value: PromptValue) -> bool:
    return isinstance(value, CardNumber | SecretDigits)


def pause_of_last(variant: Variant) -> int:
    """The pause, in ms, that the end of a text asks for."""
    last = variant.parts[-1]
    return last.ending.pause if isinstance(last, Slot) else last.pause


def shown(value: PromptValue, locale: str) -> str:
    """A value as people read it, masked where it must be."""
    if isinstance(value, Money):
        return value.spoken(locale)
    if isinstance(value, Brand):
        return rules_of(value).name
    if isinstance(value, Count):
        return str(value.value)
    if isinstance(value, CardNumber | SecretDigits):
        return value.masked
    return str(value) if not hasattr(value, "text") else value.text
