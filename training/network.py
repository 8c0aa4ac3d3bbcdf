"""The network: a convolution that halves the rate, two bidirectional GRU layers, one linear one.

Trained with CTC (Graves et al. 2006) on the states of a frozen encoder.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from bot.hearing.embedded.whisper import WIDTH
from training.vocabulary import COLUMNS, FILLER, WORDS

_CHANNELS = 192
_HIDDEN = 128
_LAYERS = 2


class NumberNetwork(nn.Module):
    """Encoder states (B, T, WIDTH), 50 a second -> log-probabilities (B, (T + 1) // 2, words)."""

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.halve = nn.Conv1d(WIDTH, _CHANNELS, 5, stride=2, padding=2)
        self.recur = nn.GRU(
            _CHANNELS, _HIDDEN, _LAYERS, batch_first=True, bidirectional=True, dropout=dropout
        )
        self.words = nn.Linear(2 * _HIDDEN, len(WORDS))
        self.drop = nn.Dropout(dropout)

    def forward(self, states: Tensor) -> Tensor:
        x = self.drop(self.norm(states))
        x = nn.functional.gelu(self.halve(x.transpose(1, 2))).transpose(1, 2)
        x, _ = self.recur(self.drop(x))
        return self.words(self.drop(x)).log_softmax(-1)


def start_from(network: NumberNetwork, folder: Path) -> None:
    """Take over the weights of an exported network of this shape, column by column of its words.

    folder: its numbers.onnx and vocabulary.json. A word it did not know starts as its filler, which
    is what it took that word for.
    """
    graph = onnx.load(folder / "numbers.onnx").graph
    known = json.loads((folder / "vocabulary.json").read_text("utf-8"))["words"]
    arrays = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    inputs: dict[str, list[list[Any]]] = defaultdict(list)
    for node in graph.node:
        inputs[node.op_type].append([arrays.get(name) for name in node.input])
    (_, scale, shift), (_, kernel, bias) = inputs["LayerNormalization"][0], inputs["Conv"][0]
    taken = {"norm.weight": scale, "norm.bias": shift, "halve.weight": kernel, "halve.bias": bias}
    for layer, (_, weights, recurrent, biases, *_) in enumerate(inputs["GRU"]):
        for direction, suffix in enumerate(("", "_reverse")):
            name = f"l{layer}{suffix}"
            taken[f"recur.weight_ih_{name}"] = _reordered(weights[direction])
            taken[f"recur.weight_hh_{name}"] = _reordered(recurrent[direction])
            of_input, of_state = np.split(biases[direction], 2)
            taken[f"recur.bias_ih_{name}"] = _reordered(of_input)
            taken[f"recur.bias_hh_{name}"] = _reordered(of_state)
    (_, matrix), linear_bias = inputs["MatMul"][-1], _vector(inputs["Add"][-1])
    columns = [known.index(word if word in known else FILLER) for word in COLUMNS]
    taken["words.weight"] = matrix.T[columns]
    taken["words.bias"] = linear_bias[columns] - np.array([2.0 * (w not in known) for w in COLUMNS])
    network.load_state_dict(
        {name: torch.tensor(np.asarray(array, np.float32)) for name, array in taken.items()}
    )


def _reordered(gates: NDArray[np.float32]) -> NDArray[np.float32]:
    """ONNX has update, reset, new; torch reset, update, new."""
    update, reset, new = np.split(gates, 3)
    return np.concatenate([reset, update, new])


def _vector(inputs: list[NDArray[np.float32] | None]) -> NDArray[np.float32]:
    (vector,) = [array for array in inputs if array is not None]
    return vector
