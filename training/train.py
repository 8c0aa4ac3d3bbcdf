"""Train the network on cached features (training.features).

    uv run --group train python -m training.train [--start models/numbers] [--epochs N]

Writes models/numbers/data/network.pt after every epoch, with everything needed to go on where it
was stopped. What is kept is the running mean of the weights, which hears better than any moment
of them. Prints the errors on the validation voices and people.
"""

from __future__ import annotations

import argparse
import copy
import math
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bot.hearing.embedded.whisper import WIDTH
from training import clips, features
from training.ctc import feasible, frames
from training.features import Example
from training.network import NumberNetwork, start_from
from training.scoring import Score, greedy
from training.vocabulary import COLUMNS, WORDS

_STATES_IN_BATCH = 6_000
_SPARE_STATES = 10
"""What may be cut off an example's end to make a batch of one length: a fifth of a second of the
silence put behind every utterance. Nothing is padded, for the product pads nothing, and a network
that reads backwards as well hears the difference."""
_MEAN_OVER = 300
"""Steps the running mean of the weights looks back, about."""
_SAY_EVERY_SECONDS = 30
_LEARNING_RATE = 2e-3
_WARM_LEARNING_RATE = 7e-4


def batched(examples: Sequence[Example], random: np.random.Generator | None) -> list[list[Example]]:
    """Of nearly one length each, in random order; without a generator in order of length."""
    order = random.permutation(len(examples)).tolist() if random else range(len(examples))
    order = sorted(order, key=lambda index: len(examples[index].states))
    batches: list[list[Example]] = [[]]
    for index in order:
        length = len(examples[index].states)
        full = (len(batches[-1]) + 1) * length > _STATES_IN_BATCH
        if batches[-1] and (full or length > len(batches[-1][0].states) + _SPARE_STATES):
            batches.append([])
        batches[-1].append(examples[index])
    if random:
        batches = [batches[index] for index in random.permutation(len(batches))]
    return batches


def disturbed(random: np.random.Generator, states: NDArray[np.float32]) -> NDArray[np.float32]:
    """Noise; a tenth of a second lost at most; a band of the states lost (Park et al. 2019)."""
    noise = random.standard_normal(states.shape, dtype=np.float32)
    states = states + noise * (0.1 * float(states.std()))
    if random.random() < 0.4:
        width = int(random.integers(1, 6))
        start = int(random.integers(0, max(1, len(states) - width)))
        states[start : start + width] = states.mean(axis=0)
    if random.random() < 0.5:
        width = int(random.integers(5, WIDTH // 6))
        start = int(random.integers(0, WIDTH - width))
        states[:, start : start + width] = 0
    return states


@dataclass(frozen=True, slots=True)
class Tensors:
    """A batch for the CTC loss. counts: of the words of each."""

    states: Tensor
    frames: Tensor
    words: Tensor
    counts: Tensor


def collate(examples: Sequence[Example], random: np.random.Generator | None) -> Tensors:
    """Of examples that one batch holds; cut to the shortest of them."""
    shortest = min(len(example.states) for example in examples)
    states = [example.states[:shortest].astype(np.float32) for example in examples]
    if random:
        states = [disturbed(random, one) for one in states]
    return Tensors(
        torch.from_numpy(np.stack(states)),
        torch.full((len(examples),), frames(shortest)),
        torch.tensor([COLUMNS[word] for example in examples for word in example.words]),
        torch.tensor([len(example.words) for example in examples]),
    )


class Training:
    """network, its running mean, and how far it got."""

    def __init__(self, steps: int, learning_rate: float) -> None:
        self.network = NumberNetwork()
        self.mean = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), learning_rate, weight_decay=1e-2
        )
        self._rate = learning_rate
        self._steps = steps
        self.step = 0
        self.epoch = 0
        self._loss = nn.CTCLoss(zero_infinity=True)

    def learn(self, batch: Tensors) -> float:
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate * self._schedule()
        heard = self.network(batch.states).transpose(0, 1)
        loss = self._loss(heard, batch.words, batch.frames, batch.counts)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._average()
        return float(loss.item())

    def _schedule(self) -> float:
        """Up in the first tenth of all steps, then down as a cosine."""
        rise = max(1, self._steps // 10)
        if self.step < rise:
            return (self.step + 1) / rise
        left = (self.step - rise) / max(1, self._steps - rise)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, left))) + 1e-3

    def _average(self) -> None:
        keep = min(1 - 1 / _MEAN_OVER, self.step / (self.step + 10))
        with torch.no_grad():
            pairs = zip(self.mean.parameters(), self.network.parameters(), strict=True)
            for mean, now in pairs:
                mean.mul_(keep).add_(now, alpha=1 - keep)

    def start_from(self, folder: Path) -> None:
        start_from(self.network, folder)
        self.mean.load_state_dict(self.network.state_dict())

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "epoch": self.epoch,
        }

    def restore(self, state: dict[str, Any], steps_each: int | None = None) -> None:
        """steps_each: of an epoch, where there are more examples than when it was stopped."""
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.epoch = state["step"], state["epoch"]
        if steps_each is not None:
            self.step = self.epoch * steps_each


def judge(network: NumberNetwork, examples: Sequence[Example]) -> dict[str, Score]:
    """By source of the utterances; one at a time, as the product hears."""
    network.eval()
    scores: dict[str, Score] = defaultdict(Score)
    with torch.no_grad():
        for example in examples:
            states = torch.from_numpy(example.states.astype(np.float32))
            heard = greedy(network(states[None])[0].numpy(), WORDS)
            scores[example.source].add(heard, example.words)
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=clips.DATA)
    parser.add_argument("--start", type=Path, help="folder of an earlier network to go on from")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    examples = [
        e
        for e in features.read(options.data / "train")
        if feasible(e.words, len(e.states) - _SPARE_STATES)
    ]
    judged = list(features.read(options.data / "validation"))
    if not examples:
        sys.exit(f"nothing in {options.data / 'train'}; run training.render and training.features")
    steps = options.epochs * len(batched(examples, None))
    training = Training(steps, _WARM_LEARNING_RATE if options.start else _LEARNING_RATE)
    path = options.data / "network.pt"
    if path.exists():
        training.restore(torch.load(path, weights_only=True), steps // options.epochs)
    elif options.start:
        training.start_from(options.start)
    sys.stdout.write(f"{len(examples)} utterances, {steps} steps\n")
    if not training.epoch:
        report(training, judge(training.mean, judged), 0.0, 0.0)
    while training.epoch < options.epochs:
        began = time.monotonic()
        random = np.random.default_rng([options.seed, training.epoch])
        torch.manual_seed(1000 * options.seed + training.epoch)
        losses = learn_all(training, batched(examples, random), random)
        training.epoch += 1
        unfinished = path.with_suffix(".part")
        torch.save(training.state(), unfinished)
        unfinished.replace(path)
        minutes = (time.monotonic() - began) / 60
        report(training, judge(training.mean, judged), float(np.mean(losses)), minutes)


def learn_all(
    training: Training, batches: Sequence[Sequence[Example]], random: np.random.Generator
) -> list[float]:
    """Once through them; says twice a minute how far it is. The loss of each."""
    losses: list[float] = []
    began = said = time.monotonic()
    for number, batch in enumerate(batches, start=1):
        losses.append(training.learn(collate(batch, random)))
        now = time.monotonic()
        if now - said > _SAY_EVERY_SECONDS:
            said = now
            left = (now - began) / number * (len(batches) - number)
            sys.stdout.write(
                f"epoch {training.epoch + 1}: {number} of {len(batches)} steps, "
                f"loss {np.mean(losses[-50:]):.4f}, {left / 60:.1f} min left\n"
            )
            sys.stdout.flush()
    return losses


def report(training: Training, scores: dict[str, Score], loss: float, minutes: float) -> None:
    parts = [
        f"{source}: words {100 * score.word_error_rate:.2f} % wrong, "
        f"digits {100 * score.digit_error_rate:.2f} %, exact {score.exact}/{score.utterances}"
        for source, score in sorted(scores.items())
    ]
    lines = "\n  ".join(parts)
    sys.stdout.write(f"epoch {training.epoch}: loss {loss:.4f}, {minutes:.1f} min\n  {lines}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
