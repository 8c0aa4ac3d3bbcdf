"""Fit models/numbers/calibration.json to validation speech.

    python -m benchmarks.fit_confidence CLIPS [--phrases FOLDER] [--write]

CLIPS holds WORD_SPEAKER_N.wav of speakers the head was neither trained on nor is measured with;
FOLDER rendered phrases of such voices, for amounts, dates, yes and no
(`benchmarks.spoken_phrases`). Logistic regression; right means that the value is exactly what was
said. Lines that nothing was collected for stay as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.spoken_phrases import SpokenPhrase, spoken_phrases
from benchmarks.spoken_strings import spoken_strings
from benchmarks.telephone import read_clips
from bot.expectations import Kind
from bot.hearing.embedded import EmbeddedEngine, resampled
from bot.hearing.number_answers import digit_answers
from bot.hearing.number_grammars import grammar_for
from bot.hearing.number_head import PADDING_SECONDS, LogProbabilities
from bot.hearing.number_text import agrees, merge, plain, spoken_text, written_digits
from bot.hearing.utterance import Written, sentence_features
from bot.hearing.value_answers import is_clear, value_answers
from bot.hearing.word_search import HeardWords, search_words

NUMBERS = Path(__file__).parents[1] / "models" / "numbers"
NOISE_DB = (0.0, 25.0)
"""Harder than most lines: without mistakes there is nothing to fit."""
MISREAD = 0.25
"""Callers who leave a digit out or misread one, or say something else at all: then nothing that
fits is right."""
FEWEST = 100
"""Rows: a line fitted to less would say more of them than of callers."""
PHRASES = NUMBERS / "data" / "clips" / "validation"

Row = tuple[tuple[float, ...], bool]


def collect_digits(
    engine: EmbeddedEngine, clips: Path, strings: int, seed: int
) -> dict[str, list[Row]]:
    """(features, right) by sort of answer."""
    rows: dict[str, list[Row]] = {"card": [], "digits": [], "as_heard": []}
    counts = {"card": strings, "zip": strings, "security": strings}
    random = np.random.default_rng(seed)
    for item in spoken_strings(random, read_clips(clips), counts, NOISE_DB, MISREAD):
        sound = resampled(item.samples)
        frames = engine.head(engine.whisper.encode(sound, PADDING_SECONDS))
        heard = search_words(frames, engine.head.vocabulary)
        answers = digit_answers(frames, engine.head.vocabulary, heard, item.expectation)
        is_card = item.expectation.kind is Kind.CARD
        written = None if is_card else written_digits(plain(engine.whisper.text(sound)[0].text))
        for answer in answers:
            features = answer.features(written)
            right = answer.digits == item.given
            if answer.fits:
                name, used = ("card", features[:2]) if is_card else ("digits", features)
                rows[name].append((used, right))
            if answer.as_heard:
                rows["as_heard"].append((features[:1], right))
    return rows


def collect_values(
    engine: EmbeddedEngine, folder: Path, phrases: int, seed: int
) -> dict[str, list[Row]]:
    """(features, right) of amounts, dates, yes and no; of word sequences that are none of them; of
    numbers in sentences."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for said in spoken_phrases(seed, folder, phrases, NOISE_DB, MISREAD):
        sound = resampled(said.samples)
        frames = engine.head(engine.whisper.encode(sound, PADDING_SECONDS))
        heard = search_words(frames, engine.head.vocabulary)
        if not heard[0].words:
            continue
        written = Written.of(engine.whisper.text(sound))
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


def fit(rows: list[Row]) -> tuple[float, list[float]]:
    """Bias and weights. No weight is negative: what is likelier is never believed less; a feature
    that would need one says nothing the others do not."""
    count = len(rows[0][0])
    used = list(range(count))
    while True:
        bias, weights = _newton(rows, used)
        if all(weight >= 0 for weight in weights):
            break
        used.pop(int(np.argmin(weights)))
    found = dict(zip(used, weights, strict=True))
    return bias, [found.get(feature, 0.0) for feature in range(count)]


def _newton(rows: list[Row], used: list[int], ridge: float = 0.05) -> tuple[float, list[float]]:
    """Logistic regression on some features. ridge: how strongly weights are held near 0."""
    features = np.array([[1.0, *(values[feature] for feature in used)] for values, _ in rows])
    right = np.array([float(is_right) for _, is_right in rows])
    penalty: NDArray[np.float64] = np.eye(features.shape[1]) * ridge
    weights = np.zeros(features.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        gradient = features.T @ (right - chance) - penalty @ weights
        curvature = (features * (chance * (1 - chance))[:, None]).T @ features + penalty
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return float(weights[0]), [float(weight) for weight in weights[1:]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("clips", type=Path, nargs="?", help="without them no digits are fitted")
    parser.add_argument("--phrases", type=Path, default=PHRASES)
    parser.add_argument("--strings", type=int, default=150, help="of each sort")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the result into models/numbers")
    options = parser.parse_args()
    path = NUMBERS / "calibration.json"
    table = json.loads(path.read_text("utf-8"))
    engine = EmbeddedEngine(NUMBERS)
    rows: dict[str, list[Row]] = {}
    if options.clips is not None:
        rows |= collect_digits(engine, options.clips, options.strings, options.seed)
    if options.phrases.is_dir():
        rows |= collect_values(engine, options.phrases, options.strings, options.seed)
    if not rows:
        sys.exit(f"nothing to fit to: no CLIPS, and {options.phrases} is not there")
    for name, found in rows.items():
        right = sum(is_right for _, is_right in found)
        if len(found) < FEWEST or not 0 < right < len(found):
            sys.stderr.write(f"{name}: {right} of {len(found)} right; left as it is\n")
            continue
        bias, weights = fit(found)
        table[name] = {"bias": round(bias, 3), "weights": [round(w, 3) for w in weights]}
        sys.stdout.write(f"{name}: {right} of {len(found)} right; {table[name]}\n")
    if options.write:
        entries = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in table.items())
        path.write_text(f"{{\n{entries}\n}}\n", "utf-8")


if __name__ == "__main__":
    main()
