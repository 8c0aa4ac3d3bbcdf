"""How long after the end of its sound is a card number known? At one thread, as a call does it.

    OMP_NUM_THREADS=1 python -m benchmarks.answer_time [--clips DIR] [--strings 60] [--seed 5]

The ear listens, every pause asks for a preliminary answer, and a complete one ends the turn; what
is counted is the computing after the last word, in CPU time of this process. Card numbers spliced
from real people's digits (`benchmarks.spoken_strings`), over lines without noise worth naming.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.hearing import CLIPS
from benchmarks.spoken_strings import SpokenString, spoken_strings
from benchmarks.telephone import read_clips
from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, silence
from bot.expectations import Hypothesis
from bot.hearing.ear import Ear
from bot.hearing.embedded.engine import EmbeddedEngine
from bot.hearing.events import SpeechPaused, SpeechSound, TurnEnded
from bot.hearing.turns import Completeness, completeness
from bot.project import ROOT
from bot.settings import HearingSettings, PaymentSettings

NOISE_DB = (25.0, 40.0)
LIMIT_MS = 100
"""What the 95th percentile should keep to."""


def computing_ms(engine: EmbeddedEngine, said: SpokenString) -> tuple[float, bool, bool]:
    """Milliseconds of computing after the last pause began; whether that ended the turn; whether a
    wrong number did."""
    hiss = np.random.default_rng(1).standard_normal(3 * SAMPLE_RATE)
    quiet = silence(len(hiss)) + np.asarray(hiss * 10, dtype=np.int16)
    sound: Samples = np.concatenate([said.samples, quiet])
    ear, recogniser = Ear(HearingSettings()), engine.recogniser()
    ear.expect(said.expectation)
    recogniser.begin(said.expectation)
    needed = PaymentSettings().accept_card_confidence
    for position in range(0, len(sound), CHUNK_SAMPLES):
        for event in ear.feed(AudioChunk(sound[position : position + CHUNK_SAMPLES], position)):
            match event:
                case SpeechSound(chunk):
                    recogniser.accept(chunk)
                case SpeechPaused(at):
                    began = time.process_time()
                    so_far = recogniser.preliminary()
                    spent = time.process_time() - began
                    verdict = completeness(so_far, said.expectation, needed)
                    if verdict is Completeness.CERTAIN:
                        return spent * 1000, True, _wrong(so_far[0], said)
                    ear.judge(verdict, at)
                case TurnEnded():
                    began = time.process_time()
                    recogniser.finish()
                    return (time.process_time() - began) * 1000, False, False
    return 0.0, False, False


def _wrong(heard: Hypothesis, said: SpokenString) -> bool:
    return heard.digits is None or heard.digits.reveal() != said.given


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--strings", type=int, default=60)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    if not options.clips.is_dir():
        sys.exit(f"{options.clips} is not there; --clips names a folder of people's digits")
    engine = EmbeddedEngine(ROOT / "models" / "numbers")
    random = np.random.default_rng(options.seed)
    clips = read_clips(options.clips)
    strings = spoken_strings(random, clips, {"card": options.strings}, NOISE_DB)
    timed = [computing_ms(engine, said) for said in strings]
    wrong = sum(wrong for _, _, wrong in timed)
    for name, ended in (("ended the turn at once", True), ("waited for silence", False)):
        times = [ms for ms, at_once, _ in timed if at_once is ended]
        if times:
            median, most = np.percentile(times, [50, 95])
            sys.stdout.write(
                f"{name}: {len(times)} of {len(timed)}, CPU ms after the last word "
                f"{median:.0f} (median), {most:.0f} (p95; aim {LIMIT_MS})\n"
            )
    sys.stdout.write(f"ended by a wrong number: {wrong}\n")


if __name__ == "__main__":
    main()
