"""Fit models/numbers/calibration.json to validation speech (`benchmarks.validation_speech`).

    python -m benchmarks.fit_confidence WORDS [--groups DIR] [--phrases DIR] [--clips DIR] [--write]

WORDS holds WORD_SPEAKER_N.wav of speakers the head was neither trained on nor is measured with
(`training.words validation`). Logistic regression; right means that the value is exactly what was
said. Lines that too little was collected for stay as they are. Printed with each line: at which
confidence how many answers are accepted, and how many of them wrong, out of those it was fitted to.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import rendered_groups, rendered_phrases
from benchmarks.spoken_phrases import SpokenPhrase
from benchmarks.spoken_strings import SpokenString
from benchmarks.telephone import read_clips
from benchmarks.validation_speech import digit_strings, phrases
from bot.expectations import Kind
from bot.hearing.embedded.engine import EmbeddedEngine, padding_seconds, resampled
from bot.hearing.embedded.utterance import Written, sentence_features
from bot.hearing.numbers.confidence import Line
from bot.hearing.numbers.digit_answers import digit_answers
from bot.hearing.numbers.grammars import grammar_for
from bot.hearing.numbers.head import LogProbabilities
from bot.hearing.numbers.number_text import agrees, merge, spoken_text
from bot.hearing.numbers.value_answers import is_clear, value_answers
from bot.hearing.numbers.word_search import HeardWords, search_words

NUMBERS = Path(__file__).parents[1] / "models" / "numbers"
FEWEST = 200
"""Rows: a line fitted to less would say more of them than of callers."""
CLIPS = NUMBERS / "data" / "clips" / "validation"
WRONG_COUNTS = {"card": 8.0, "digits": 4.0}
"""A wrong number taken for the right one is worse than a right one asked for again: as if wrong
ones were so many times as common. The least that lets none of validation's wrong ones reach the
confidence that payment.toml asks for, and some more for cards. Other answers the caller hears again
before they count."""
LEVELS = (0.3, 0.5, 0.8, 0.9, 0.95)

Row = tuple[tuple[float, ...], bool]


def collect_digits(engine: EmbeddedEngine, strings: Iterable[SpokenString]) -> dict[str, list[Row]]:
    """(features, right) by sort of answer."""
    rows: dict[str, list[Row]] = {"card": [], "digits": [], "as_heard": []}
    for item in strings:
        sound = resampled(item.samples)
        encoded = engine.whisper.encode(sound, padding_seconds(item.expectation.kind))
        frames = engine.head(encoded.states)
        heard = search_words(frames, engine.head.vocabulary)
        answers = digit_answers(frames, engine.head.vocabulary, heard, item.expectation)
        is_card = item.expectation.kind is Kind.CARD
        written = None if is_card else Written.of(engine.whisper.text(encoded)).digits
        for answer in answers:
            features = answer.features(written)
            right = answer.digits == item.given
            if answer.fits:
                name, used = ("card", features[:2]) if is_card else ("digits", features)
                rows[name].append((used, right))
            if answer.as_heard:
                rows["as_heard"].append((features[:1], right))
    return rows


def collect_values(engine: EmbeddedEngine, phrases: Iterable[SpokenPhrase]) -> dict[str, list[Row]]:
    """(features, right) of amounts, dates, yes and no; of word sequences that are none of them; of
    numbers in sentences."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for said in phrases:
        sound = resampled(said.samples)
        encoded = engine.whisper.encode(sound, padding_seconds(said.expectation.kind))
        frames = engine.head(encoded.states)
        heard = search_words(frames, engine.head.vocabulary)
        if not heard[0].words:
            continue
        written = Written.of(engine.whisper.text(encoded))
        _add_values(rows, engine, said, frames, heard, written)
        _add_sentence(rows, engine, said, heard, written)
    return rows


def _add_values(
    rows: dict[str, list[Row]],
    engine: EmbeddedEngine,
    said: SpokenPhrase,
    frames: LogProbabilities,
    heard: list[HeardWords],
    written: Written,
) -> None:
    """Whisper's word counts where the product would ask it."""
    filler = engine.head.vocabulary.filler
    grammar = grammar_for(said.expectation, filler)
    answers = value_answers(frames, engine.head.vocabulary, heard, said.expectation)
    asked = said.what != "yes_no" and not is_clear(answers)
    for answer in answers:
        agreed = agrees(answer.words, written.text, filler)
        features = answer.features((1.0 if agreed else -1.0) if asked else 0.0)
        if answer.values:
            right = grammar is not None and answer.values == grammar.read(said.words)
            rows[said.what].append((features, right))
        elif spoken_text(answer.words, filler):
            right = spoken_text(answer.words, filler) == spoken_text(said.words, filler)
            rows["words"].append(((features[0], features[2]), right))


def _add_sentence(
    rows: dict[str, list[Row]],
    engine: EmbeddedEngine,
    said: SpokenPhrase,
    heard: list[HeardWords],
    written: Written,
) -> None:
    filler = engine.head.vocabulary.filler
    merged = merge(written.text, [one.words for one in heard], filler)
    if filler not in heard[0].words or merged is None:
        return
    same = [one for one in heard if merge(written.text, [one.words], filler) == merged]
    features = sentence_features(sum(one.probability for one in same), written, merged)
    rows["sentence"].append((features, agrees(said.words, merged.text, filler)))


def fit(rows: list[Row], wrong_counts: float = 1.0) -> tuple[float, list[float]]:
    """Bias and weights. No weight is negative: what is likelier is never believed less; a feature
    that would need one says nothing the others do not."""
    count = len(rows[0][0])
    used = list(range(count))
    while True:
        bias, weights = _newton(rows, used, wrong_counts)
        if all(weight >= 0 for weight in weights):
            break
        used.pop(int(np.argmin(weights)))
    found = dict(zip(used, weights, strict=True))
    return bias, [found.get(feature, 0.0) for feature in range(count)]


def _newton(
    rows: list[Row], used: list[int], wrong_counts: float, ridge: float = 0.05
) -> tuple[float, list[float]]:
    """Logistic regression on some features. ridge: how strongly weights are held near 0."""
    features = np.array([[1.0, *(values[feature] for feature in used)] for values, _ in rows])
    right = np.array([float(is_right) for _, is_right in rows])
    counts = np.where(right == 1, 1.0, wrong_counts)
    penalty: NDArray[np.float64] = np.eye(features.shape[1]) * ridge
    weights = np.zeros(features.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (counts * (right - chance)) - penalty @ weights
        spread = counts * chance * (1 - chance)
        curvature = (features * spread[:, None]).T @ features + penalty
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return float(weights[0]), [float(weight) for weight in weights[1:]]


def accepted(rows: Sequence[Row], bias: float, weights: Sequence[float]) -> str:
    """At each level: accepted, of these wrong."""
    found = [(Line(bias, tuple(weights))(*features), right) for features, right in rows]
    told = (
        (level, [right for confidence, right in found if confidence >= level]) for level in LEVELS
    )
    return "; ".join(f"at {level}: {len(taken)}, {taken.count(False)}" for level, taken in told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("words", type=Path, nargs="?", help="without them no digits are fitted")
    parser.add_argument("--groups", type=Path, default=rendered_groups.FOLDER)
    parser.add_argument("--phrases", type=Path, default=rendered_phrases.FOLDER)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--strings", type=int, default=300, help="of each sort and source")
    parser.add_argument("--lines", type=int, default=4, help="for each whole phrase")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="drawn with each")
    parser.add_argument("--write", action="store_true", help="put the result into models/numbers")
    options = parser.parse_args()
    path = NUMBERS / "calibration.json"
    table = json.loads(path.read_text("utf-8"))
    engine = EmbeddedEngine(NUMBERS)
    words = read_clips(options.words) if options.words is not None else {}
    groups = rendered_groups.read_groups(options.groups, "validation")
    strings = [
        string
        for seed in options.seeds
        for string in digit_strings(seed, words, groups, options.strings)
    ]
    said = phrases(
        options.seeds[0], options.clips, options.phrases, options.strings // 2, options.lines
    )
    rows = collect_digits(engine, strings) | collect_values(engine, said)
    for name, found in rows.items():
        right = sum(is_right for _, is_right in found)
        if len(found) < FEWEST or not 0 < right < len(found):
            sys.stderr.write(f"{name}: {right} of {len(found)} right; left as it is\n")
            continue
        bias, weights = fit(found, WRONG_COUNTS.get(name, 1.0))
        table[name] = {"bias": round(bias, 3), "weights": [round(w, 3) for w in weights]}
        sys.stdout.write(f"{name}: {right} of {len(found)} right; {table[name]}\n")
        sys.stdout.write(f"  {accepted(found, bias, weights)}\n")
    if options.write:
        entries = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in table.items())
        path.write_text(f"{{\n{entries}\n}}\n", "utf-8")


if __name__ == "__main__":
    main()
