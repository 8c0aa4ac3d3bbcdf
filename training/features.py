"""The encoder's states for every utterance, computed once and kept in half precision.

    uv run --group train python -m training.features [PART ...]

Reads models/numbers/data/clips (training.render) and Speech Commands, writes a file for each batch
of utterances into models/numbers/data/PART/. A file is whole or not there, so that it may be
stopped and gone on with. The encoder, its padding and its resampling are the product's own.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.hearing.embedded.engine import resampled
from bot.hearing.embedded.whisper import TEXT_PADDING_SECONDS, WIDTH, Whisper
from bot.hearing.numbers.head import PADDING_SECONDS
from training import clips, people, voices
from training.shares import JOBS, Share, share_out
from training.utterances import PLANS, Batch, batches
from training.voices import Part

_PADDINGS = (PADDING_SECONDS, TEXT_PADDING_SECONDS)
"""Seconds of silence behind the utterances, in turn: the product encodes with either."""


@dataclass(frozen=True, slots=True)
class Example:
    """states: (T, WIDTH), 50 a second. words: what is to be heard. source: its sort."""

    states: NDArray[np.float16] = field(repr=False)
    words: tuple[str, ...]
    source: str


def encode(whisper: Whisper, batch: Batch, path: Path) -> int:
    """Into one file; the number of its utterances."""
    states, words, sources = [], [], []
    for utterance, padding in zip(batch.make(), cycle(_PADDINGS), strict=False):
        encoded = whisper.encode(resampled(utterance.samples), padding)
        states.append(encoded.states.astype(np.float16))
        words.append(" ".join(utterance.words))
        sources.append(utterance.source)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(
            file,
            states=np.concatenate(states or [np.zeros((0, WIDTH), np.float16)]),
            lengths=np.array([len(one) for one in states], dtype=np.int64),
            words=np.array(words, dtype=str),
            sources=np.array(sources, dtype=str),
        )
    unfinished.replace(path)
    return len(states)


def read(folder: Path) -> Iterator[Example]:
    """Every example of a folder, its files by name."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as table:
            states, lengths = table["states"], table["lengths"]
            words, sources = table["words"].tolist(), table["sources"].tolist()
        ends = np.cumsum(lengths)
        for start, end, said, source in zip(ends - lengths, ends, words, sources, strict=True):
            yield Example(states[start:end], tuple(said.split()), source)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help="default: all")
    parser.add_argument("--data", type=Path, default=clips.DATA)
    parser.add_argument("--people", type=Path, default=people.FOLDER, help="Speech Commands")
    parser.add_argument("--only", nargs="+", default=[""], help="batches whose names begin so")
    parser.add_argument("--jobs", type=int, default=JOBS, help="processes; default: one a core")
    options = parser.parse_args()
    if not options.people.is_dir():
        sys.stdout.write(f"{options.people} is not there; no people, only rendered voices\n")
    share_out(partial(encode_share, options), options.jobs)


def encode_share(options: argparse.Namespace, share: Share) -> None:
    whisper = Whisper()
    for part in options.parts or voices.PARTS:
        encode_part(whisper, part, options.data, options.people, tuple(options.only), share)


def encode_part(
    whisper: Whisper,
    part: Part,
    data: Path,
    people_folder: Path,
    only: tuple[str, ...],
    share: Share,
) -> None:
    rendered = list(clips.read_all(data / "clips" / part))
    planned = batches(PLANS[part], rendered, people.read_people(people_folder, part))
    missing = [
        batch
        for batch in share.take(planned)
        if batch.name.startswith(only) and not (data / part / f"{batch.name}.npz").exists()
    ]
    began = time.monotonic()
    for number, batch in enumerate(missing, start=1):
        count = encode(whisper, batch, data / part / f"{batch.name}.npz")
        left = (time.monotonic() - began) / number * (len(missing) - number)
        sys.stdout.write(f"{part} {batch.name}: {count}, {left / 60:.1f} min left\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
