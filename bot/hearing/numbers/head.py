"""The number recogniser: a small network on Whisper's encoder that knows spoken numbers.

Trained with CTC (Graves et al. 2006): for each frame it gives the log-probability of every word
of its vocabulary and of the blank. What it is and what it was trained on: models/numbers/.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot import onnx
from bot.errors import ModelError
from bot.hearing.embedded.whisper import WIDTH
from bot.hearing.model_files import check_files, read_sums

PADDING_SECONDS = 0.5
"""Silence after the utterance the head was trained with."""
FRAMES_PER_SECOND = 25
"""Frames of log-probabilities a second."""

_REMEDY = "get models/numbers again from the project's repository (git restore models/numbers)"

LogProbabilities = NDArray[np.float32]
"""Natural logarithms, shape (U, words); each row sums to one. Column 0 is the blank."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the columns of LogProbabilities mean.

    words: by column; words[0] is the blank.
    filler: the word that stands for speech which is none of the others.
    """

    words: tuple[str, ...]
    filler: str

    @classmethod
    def read(cls, path: Path) -> Vocabulary:
        try:
            table = json.loads(path.read_text("utf-8"))
            words, blank, filler = tuple(table["words"]), table["blank"], table["filler"]
        except (OSError, ValueError, KeyError, TypeError):
            raise ModelError(f"{path} is not a vocabulary; {_REMEDY}") from None
        if not words or words[0] != blank or filler not in words or len(set(words)) != len(words):
            raise ModelError(f"{path}: the blank comes first, each word once; {_REMEDY}")
        return cls(words, filler)

    def column(self, word: str) -> int:
        return self.words.index(word)


class NumberHead:
    """The loaded network. Read-only, safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """folder: numbers.onnx, vocabulary.json and their SHA256SUMS. Raises ModelError."""
        sums = read_sums(folder / "SHA256SUMS", _REMEDY)
        for needed in ("numbers.onnx", "vocabulary.json"):
            if needed not in sums:
                raise ModelError(f"{folder / 'SHA256SUMS'} does not list {needed}; {_REMEDY}")
        check_files(folder, sums, _REMEDY)
        self.vocabulary = Vocabulary.read(folder / "vocabulary.json")
        self._session = _session(folder / "numbers.onnx")
        words = self._session.get_outputs()[0].shape[-1]
        if words != len(self.vocabulary.words):
            raise ModelError(
                f"{folder}: the network knows {words} words, "
                f"vocabulary.json {len(self.vocabulary.words)}; {_REMEDY}"
            )

    def __call__(self, states: NDArray[np.float32]) -> LogProbabilities:
        """Encoder states, shape (T, 384), 50 a second -> log-probabilities, 25 a second."""
        (answer,) = self._session.run(["logp"], {"feats": states[None]})
        return np.asarray(answer, dtype=np.float32).reshape(-1, len(self.vocabulary.words))


def _session(path: Path) -> Any:
    """Raises ModelError for what is no network, or one of another shape."""
    try:
        session = onnx.session(path)
    except Exception as error:  # noqa: BLE001 - onnxruntime has one of its own for each damage
        raise ModelError(f"{path} is no network ({type(error).__name__}); {_REMEDY}") from None
    taken = [(put.name, len(put.shape), put.shape[-1]) for put in session.get_inputs()]
    given = [(put.name, len(put.shape)) for put in session.get_outputs()]
    if taken != [("feats", 3, WIDTH)] or given != [("logp", 3)]:
        raise ModelError(
            f"{path}: a network of another shape; feats [1, T, {WIDTH}] in and logp [1, U, words] "
            f"out are needed; {_REMEDY}"
        )
    return session
