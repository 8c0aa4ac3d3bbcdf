"""Rendering the recordings that are missing or out of step. Run by hand, never in a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.errors import CatalogueError
from bot.speaking.carriers import Carrier, carriers_of
from bot.speaking.catalogue import Catalogue
from bot.speaking.kokoro import Sound, to_telephone
from bot.speaking.levels import levelled, trimmed
from bot.speaking.pieces import Piece
from bot.speaking.recordings import OWN_VOICE, Recordings

VOICE = "af_heart"
"""The bot's voice: the one of Kokoro's with the best marks for quality, American English."""


class Renderer(Protocol):
    def render(self, stretches: Sequence[str], voice: str, speed: float = 1.0) -> list[Sound]: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """done: pieces seen to, of `total` that needed it. text: what was rendered last."""

    done: int
    total: int
    text: str


def build(
    catalogue: Catalogue,
    renderer: Callable[[], Renderer],
    voice: str = VOICE,
    progress: Callable[[Progress], None] = lambda _: None,
) -> int:
    """Render what is missing or out of step; returns how many recordings were made.

    A recording a person has put there is never rendered over: it is entered in the manifest as
    it is. Recordings no piece needs any more are removed, but for a person's. `renderer` is
    called only when something is to be rendered. What is done stays done when it is interrupted.
    Raises CatalogueError.
    """
    recordings = Recordings(catalogue.folder)
    pieces = {piece.id: piece for piece in catalogue.pieces()}
    _adopt(recordings, pieces)
    _remove_unused(recordings, pieces)
    recordings.write()
    wanted = {p.id for p in pieces.values() if not recordings.usable(p)}
    if not wanted:
        return 0
    carriers = [c for c in carriers_of(catalogue) if wanted.intersection(c.piece_ids)]
    uncarried = wanted.difference(*(carrier.piece_ids for carrier in carriers))
    if uncarried:
        raise CatalogueError(f"{min(uncarried)}: no sentence to record it in")
    kokoro = renderer()
    done = 0
    for carrier in carriers:
        for piece_id, sound in _rendered(kokoro, carrier, voice):
            if piece_id in wanted:
                samples = levelled(trimmed(to_telephone(sound)))
                recordings.save(pieces[piece_id], samples, voice)
                done += 1
        recordings.write()
        progress(Progress(done, len(wanted), " ".join(text for text, _ in carrier.stretches)))
    return done


def _adopt(recordings: Recordings, pieces: dict[str, Piece]) -> None:
    for piece in pieces.values():
        if recordings.replaced(piece.id):
            recordings.enter(piece, OWN_VOICE)


def _remove_unused(recordings: Recordings, pieces: dict[str, Piece]) -> None:
    for piece_id in {*recordings.found(), *recordings.entries} - pieces.keys():
        if not recordings.replaced(piece_id):
            entry = recordings.entries.get(piece_id)
            if entry is None or entry.voice != OWN_VOICE:
                recordings.remove(piece_id)


def _rendered(kokoro: Renderer, carrier: Carrier, voice: str) -> list[tuple[str, Sound]]:
    sounds = kokoro.render([text for text, _ in carrier.stretches], voice, carrier.speed)
    return [
        (piece_id, sound)
        for (_, piece_id), sound in zip(carrier.stretches, sounds, strict=True)
        if piece_id is not None
    ]
