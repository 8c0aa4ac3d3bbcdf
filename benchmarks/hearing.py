"""How well are digit strings heard? The embedded engine beside free Whisper, on the same sound.

    python -m benchmarks.hearing [--clips DIR] [--strings 60] [--seed 3]

DIR holds real people's single digits as WORD_SPEAKER_N.wav (the Free Spoken Digit Dataset), 8 kHz;
strings are spliced from one speaker's words each, with gaps, through a simulated telephone.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.spoken_strings import SpokenString, spoken_strings
from benchmarks.telephone import read_clips
from bot.audio import AudioChunk
from bot.expectations import Hypothesis
from bot.hearing.embedded import EmbeddedEngine, resampled
from bot.hearing.number_text import plain, written_digits

ROOT = Path(__file__).parents[1]
CLIPS = ROOT.parent / "shared" / "data" / "human-digits"
NOISE_DB = (10.0, 30.0)
MISREAD = 0.2
THRESHOLDS = (0.3, 0.5, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Trial:
    """One string: what each system made of it. confidence: of the best, 0 where it does not fit."""

    said: SpokenString
    best: str
    as_heard: str
    whisper: str
    confidence: float
    cpu_ms: float
    whisper_cpu_ms: float


def try_string(engine: EmbeddedEngine, said: SpokenString) -> Trial:
    recogniser = engine.recogniser()
    recogniser.begin(said.expectation)
    recogniser.accept(AudioChunk(said.samples, 0))
    began = time.process_time()
    heard = recogniser.finish()
    took = time.process_time() - began
    began = time.process_time()
    free = engine.whisper.text(resampled(said.samples), 5)
    whisper_took = time.process_time() - began
    best = next((h for h in heard if h.digits), None)
    return Trial(
        said,
        _digits(best),
        _digits(next((h for h in heard if h.digits and h.as_heard), None)),
        written_digits(plain(free[0].text)) if free else "",
        best.confidence if best is not None and best.fits else 0.0,
        took * 1000,
        whisper_took * 1000,
    )


def _digits(hypothesis: Hypothesis | None) -> str:
    return hypothesis.digits.reveal() if hypothesis and hypothesis.digits else ""


def edits(heard: Sequence[object], said: Sequence[object]) -> int:
    """Digits or words to insert, delete or change (Levenshtein)."""
    row = list(range(len(said) + 1))
    for count, one in enumerate(heard, start=1):
        previous, row[0] = row[0], count
        for index, other in enumerate(said, start=1):
            previous, row[index] = (
                row[index],
                min(row[index] + 1, row[index - 1] + 1, previous + (one != other)),
            )
    return row[-1]


def report(what: str, trials: Sequence[Trial]) -> str:
    """Of one sort: errors where the caller's digits fit the question; acceptance over all."""
    misread = [trial for trial in trials if not trial.said.valid]
    trials = [trial for trial in trials if trial.said.valid]
    digits = sum(len(trial.said.given) for trial in trials)

    def line(name: str, heard: Sequence[str], cpu: Sequence[float] | None) -> str:
        wrong = sum(edits(h, t.said.given) for h, t in zip(heard, trials, strict=True))
        exact = sum(h == t.said.given for h, t in zip(heard, trials, strict=True))
        times = (
            "" if cpu is None else f"{np.percentile(cpu, 50):.0f} / {np.percentile(cpu, 95):.0f}"
        )
        return (
            f"| {what} ({len(trials)}) | {name} | {100 * wrong / digits:.1f} | "
            f"{100 * exact / len(trials):.0f} | {times} |"
        )

    def acceptance(threshold: float) -> str:
        accepted = [trial for trial in trials if trial.confidence >= threshold]
        false = sum(trial.best != trial.said.given for trial in accepted)
        taken = sum(trial.confidence >= threshold for trial in misread)
        return (
            f"| | accepted at {threshold}: {len(accepted)} of {len(trials)}, of these wrong "
            f"{false}; of {len(misread)} misread by the caller {taken} | | | |"
        )

    return "\n".join(
        [
            line("best answer", [t.best for t in trials], [t.cpu_ms for t in trials]),
            line("as heard, no rules", [t.as_heard for t in trials], None),
            line("free Whisper", [t.whisper for t in trials], [t.whisper_cpu_ms for t in trials]),
            *map(acceptance, THRESHOLDS),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--strings", type=int, default=60, help="of each sort")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    if not options.clips.is_dir():
        sys.exit(f"{options.clips} is not there; --clips names a folder of spoken digits")
    engine = EmbeddedEngine(ROOT / "models" / "numbers")
    counts = dict.fromkeys(("zip", "security", "card"), options.strings)
    random = np.random.default_rng(options.seed)
    trials: dict[str, list[Trial]] = {what: [] for what in counts}
    for said in spoken_strings(random, read_clips(options.clips), counts, NOISE_DB, MISREAD):
        trials[said.what].append(try_string(engine, said))
    sys.stdout.write("| what | system | digit errors % | right % | CPU ms, median / 95 % |\n")
    sys.stdout.write("|---|---|---|---|---|\n")
    for what, done in trials.items():
        sys.stdout.write(report(what, done) + "\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"\nPeak memory of the process: {peak} MiB\n")


if __name__ == "__main__":
    main()
