"""The recordings of one language: WAV files, and the manifest of what each of them says.

`recordings.json` lies beside the catalogue: piece id -> text it was recorded from, voice, SHA-256
of the file. A WAV that is not in it was put there by a person and is taken to say what the
catalogue says; `build` enters it. One whose entry has another text than the catalogue is out of
step and is not used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import AudioError, CatalogueError
from bot.speaking.catalogue import Catalogue
from bot.speaking.levels import levelled, trimmed
from bot.speaking.pieces import PHRASES, VALUES, Piece
from bot.wav import Block, decode_wav

MANIFEST = "recordings.json"
_VERSION = 1
OWN_VOICE = "own recording"
"""The manifest's voice for a WAV that a person put there."""
_LONGEST_MINUTES = 5
"""Of one piece: it is held in memory for as long as the bot runs."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is known of one recording."""

    text: str
    voice: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Check:
    """How catalogue and recordings fit. missing: pieces without a recording. unused: recordings
    no piece needs. out_of_step: (piece id, why)."""

    missing: tuple[Piece, ...]
    unused: tuple[str, ...]
    out_of_step: tuple[tuple[str, str], ...]

    @property
    def fits(self) -> bool:
        return not (self.missing or self.unused or self.out_of_step)


class Recordings:
    """The recordings in the folder of one language. Raises CatalogueError for a bad manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries = _read_manifest(folder / MANIFEST)

    def path(self, piece_id: str) -> Path:
        return self.folder / f"{piece_id}.wav"

    def usable(self, piece: Piece) -> bool:
        """There is a recording, and as far as is known it says the piece's text."""
        entry = self.entries.get(piece.id)
        return self.path(piece.id).is_file() and (entry is None or entry.text == piece.text)

    def load(self, piece: Piece) -> Samples:
        """The recording at the telephone's rate, trimmed and levelled."""
        return levelled(trimmed(read_wav(self.path(piece.id))))

    def save(self, piece: Piece, samples: Samples, voice: str) -> None:
        """Write the WAV (G.711 mu-law, as the telephone line has it) and enter it."""
        path = self.path(piece.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, SAMPLE_RATE, format="WAV", subtype="ULAW")
        self.enter(piece, voice)

    def enter(self, piece: Piece, voice: str) -> None:
        """Note that the file as it is now says this text; kept by `write`."""
        self.entries[piece.id] = Recorded(piece.text, voice, sha256_of(self.path(piece.id)))

    def replaced(self, piece_id: str) -> bool:
        """There is a file, and it is not the one the manifest knows."""
        entry = self.entries.get(piece_id)
        path = self.path(piece_id)
        return path.is_file() and (entry is None or entry.sha256 != sha256_of(path))

    def remove(self, piece_id: str) -> None:
        self.path(piece_id).unlink(missing_ok=True)
        self.entries.pop(piece_id, None)

    def found(self) -> Iterator[str]:
        """Ids of all WAVs in the folders of pieces, sorted."""
        for kind in (PHRASES, VALUES):
            for path in sorted((self.folder / kind).rglob("*.wav")):
                yield path.relative_to(self.folder).with_suffix("").as_posix()

    def write(self) -> None:
        """Write the manifest, whole or not at all."""
        table = {piece_id: asdict(self.entries[piece_id]) for piece_id in sorted(self.entries)}
        text = json.dumps({"version": _VERSION, "recordings": table}, indent=1, ensure_ascii=False)
        path = self.folder / MANIFEST
        fresh = path.with_suffix(".new")
        fresh.write_text(text + "\n", "utf-8")
        fresh.replace(path)


def check(catalogue: Catalogue) -> Check:
    """What is missing, unused or out of step with its text. Raises CatalogueError."""
    recordings = Recordings(catalogue.folder)
    pieces = {piece.id: piece for piece in catalogue.pieces()}
    missing = [piece for piece in pieces.values() if not recordings.path(piece.id).is_file()]
    unused = {piece_id for piece_id in recordings.found() if piece_id not in pieces}
    unused |= {piece_id for piece_id in recordings.entries if piece_id not in pieces}
    out_of_step: list[tuple[str, str]] = []
    for piece in pieces.values():
        entry = recordings.entries.get(piece.id)
        if entry is None or not recordings.path(piece.id).is_file():
            continue
        if entry.text != piece.text:
            why = f"the recording says {entry.text!r}, the catalogue {piece.text!r}"
            out_of_step.append((piece.id, why))
        elif recordings.replaced(piece.id):
            out_of_step.append((piece.id, "the file is not the one that was entered"))
    return Check(tuple(missing), tuple(sorted(unused)), tuple(out_of_step))


def read_wav(path: Path) -> Samples:
    """A prompt's recording, its channels mixed. Raises CatalogueError naming the file."""
    try:
        sound = decode_wav(
            path, lambda _channels: _mixed, longest_minutes=_LONGEST_MINUTES, quality="VHQ"
        )
    except AudioError as error:
        raise CatalogueError(str(error)) from None
    if not np.any(sound):
        raise CatalogueError(f"{path}: there is no sound in it")
    return sound


def _mixed(block: Block) -> Block:
    return np.asarray(block.mean(axis=1), dtype=np.float32)


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_manifest(path: Path) -> dict[str, Recorded]:
    if not path.exists():
        return {}
    try:
        table = json.loads(path.read_text("utf-8"))
        if table["version"] != _VERSION:
            raise CatalogueError(f"{path}: version must be {_VERSION}, not {table['version']!r}")
        recordings: Mapping[str, Mapping[str, str]] = table["recordings"]
        return {
            piece_id: Recorded(entry["text"], entry["voice"], entry["sha256"])
            for piece_id, entry in recordings.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(
            f"{path}: not a manifest of recordings ({type(error).__name__}: {error}); "
            "restore it, or remove it and build again"
        ) from None
