"""How well do number heads hear voices and people kept apart? Several heads on the same input.

    uv run --group train python -m benchmarks.heads [FOLDER ...] [--part test] [--human DIR]

FOLDER: a head's numbers.onnx, vocabulary.json and SHA256SUMS; default: models/numbers. Without
--human: the cached features of that part (training.features), rendered and human apart. With it:
digit strings spliced from DIR's recordings WORD_SPEAKER_N.wav, as benchmarks.hearing makes them;
nobody in DIR may have been trained on. Intervals are of 95 % confidence (Wilson).

Nothing here asks Whisper's decoder or makes a confidence of it: see benchmarks.hearing.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.spoken_strings import SpokenString, spoken_strings
from benchmarks.telephone import read_clips
from bot.calls.laboratory.bench import proportion
from bot.hearing.embedded.engine import padding_seconds, resampled
from bot.hearing.embedded.whisper import States, Whisper
from bot.hearing.numbers.digit_answers import digit_answers
from bot.hearing.numbers.head import NumberHead
from bot.hearing.numbers.word_search import search_words
from training import clips, features, voices
from training.scoring import Score, greedy, in_words_of
from training.vocabulary import DIGITS, FILLER, WORDS

NOISE_DB = (5.0, 30.0)


@dataclass(slots=True)
class Results:
    """as_heard: the likeliest words. best: strings of the product's search under the rule."""

    as_heard: Score = field(default_factory=Score)
    best: Score = field(default_factory=Score)


def judge_features(heads: Sequence[NumberHead], folder: Path) -> Iterator[tuple[str, list[Score]]]:
    """By source: a score for each head, in the words that all of them and the labels know."""
    common = set(WORDS).intersection(*(head.vocabulary.words for head in heads))
    scores: dict[str, list[Score]] = defaultdict(lambda: [Score() for _ in heads])
    for example in features.read(folder):
        said = in_words_of(example.words, common)
        for head, score in zip(heads, scores[example.source], strict=True):
            found = greedy(head(example.states.astype(np.float32)), head.vocabulary.words)
            score.add(in_words_of(found, common), said)
    yield from sorted(scores.items())


def judge_people(
    heads: Sequence[NumberHead], strings: Sequence[SpokenString]
) -> Iterator[tuple[str, list[Results]]]:
    """By sort of string: results for each head."""
    whisper = Whisper()
    results: dict[str, list[Results]] = defaultdict(lambda: [Results() for _ in heads])
    for said in strings:
        states = whisper.encode(
            resampled(said.samples), padding_seconds(said.expectation.kind)
        ).states
        for head, result in zip(heads, results[said.what], strict=True):
            _judge(head, states, said, result)
    yield from results.items()


def _judge(head: NumberHead, states: States, said: SpokenString, result: Results) -> None:
    frames = head(states)
    words = tuple(DIGITS[int(digit)] for digit in said.given)
    result.as_heard.add(greedy(frames, head.vocabulary.words), words)
    heard = search_words(frames, head.vocabulary)
    answers = digit_answers(frames, head.vocabulary, heard, said.expectation)
    best = answers[0].digits if answers else ""
    result.best.add([DIGITS[int(digit)] for digit in best] or [FILLER], words)


def row(what: str, name: str, score: Score) -> str:
    strings = " | "
    if score.strings:
        digits = _share(score.exact_strings, score.strings)
        strings = f"{100 * score.digit_error_rate:.2f} | {digits}"
    words = f"{100 * score.word_error_rate:.2f} | {_share(score.exact, score.utterances)}"
    return f"| {what} | {name} | {words} | {strings} |"


def _share(right: int, of: int) -> str:
    share = proportion(right, of)
    return f"{right}/{of} ({share.low:.1f}-{share.high:.1f} %)"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="*", help="default: models/numbers")
    parser.add_argument("--part", choices=voices.PARTS, default="test")
    parser.add_argument("--data", type=Path, default=clips.DATA)
    parser.add_argument("--human", type=Path, help="folder of recordings of single digits")
    parser.add_argument("--strings", type=int, default=200, help="of each sort, with --human")
    parser.add_argument("--seed", type=int, default=17)
    options = parser.parse_args()
    folders = options.folders or [clips.NUMBERS]
    heads = [NumberHead(folder) for folder in folders]
    names = [str(folder) for folder in folders]
    sys.stdout.write(
        "| what | head | word errors % | all words right | digit errors % | strings |\n"
    )
    sys.stdout.write("|---|---|---|---|---|---|\n")
    if options.human is None:
        for source, scores in judge_features(heads, options.data / options.part):
            for name, score in zip(names, scores, strict=True):
                sys.stdout.write(row(source, name, score) + "\n")
        return
    if not options.human.is_dir():
        sys.exit(f"{options.human} is not there; --human names a folder of spoken digits")
    counts = dict.fromkeys(("zip", "security", "card"), options.strings)
    random = np.random.default_rng(options.seed)
    strings = list(spoken_strings(random, read_clips(options.human), counts, NOISE_DB))
    for what, results in judge_people(heads, strings):
        for name, result in zip(names, results, strict=True):
            sys.stdout.write(row(f"people, {what}, as heard", name, result.as_heard) + "\n")
            sys.stdout.write(row(f"people, {what}, under the rule", name, result.best) + "\n")


if __name__ == "__main__":
    main()
