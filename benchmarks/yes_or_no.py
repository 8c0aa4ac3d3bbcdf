"""Is a "yes" or "no" heard, where it confirms one value and where it pays?

    python -m benchmarks.yes_or_no [--data DIR] [--peers-hear 4]

Single words of people on whom nothing was trained (the test part of Speech Commands), each over
seven lines, at the yes-or-no question and at the open one after everything was read back. Other
words show what is taken for a yes. Counted as understood is what the bot acts on without
Rasa: words of one meaning, as sure as payment.toml asks. The peers know no questions.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from rich.progress import track

from benchmarks.telephone import LINES, Sound, over
from bot.audio import Samples
from bot.calls.laboratory.bench import contestants, proportion
from bot.console import problems
from bot.expectations import Expectation, Intent, Kind
from bot.hearing.laboratory import hear_file
from bot.hearing.recogniser import Engine
from bot.project import ROOT
from bot.settings import HearingSettings, PaymentSettings
from bot.understanding.grammar import clear_words, is_agreement
from training.people import FOLDER
from training.voices import part_of_speaker

YES_OR_NO: Final = ("yes", "no")
QUESTIONS: Final = {Kind.YES_NO: "is that right?", Kind.OPEN: "after everything was read back"}
SEED: Final = 5


def understood(engine: Engine, samples: Samples, kind: Kind) -> str:
    """ "yes", "no", or "" for anything else and for what is not sure enough."""
    heard = hear_file(engine, samples, Expectation(kind))
    if not heard or heard[0].confidence < PaymentSettings().confidence_needed(kind):
        return ""
    text = heard[0].said.reveal()
    if is_agreement(text):
        return "yes"
    meant = clear_words(text)
    return "no" if meant is not None and meant.intent is Intent.DENY else ""


def spoken_words(data: Path) -> list[tuple[str, Sound]]:
    """Each with what was said, of the people of the test part."""
    paths = sorted(data.glob("[a-z]*/*.wav"))
    tested = [path for path in paths if part_of_speaker(path.name.split("_", 1)[0]) == "test"]
    return [(path.parent.name, soundfile.read(path, dtype="float64")[0]) for path in tested]


Found = defaultdict[tuple[str, Kind, str], Counter[str]]
"""By engine, question and word said: what was understood."""


def listen(engines: Sequence[Engine], data: Path, peers_hear: int) -> Found:
    """peers_hear: the peers are asked about every so many recordings."""
    random = np.random.default_rng(SEED)
    found: Found = defaultdict(Counter)
    words = spoken_words(data)
    for number, (word, sound) in enumerate(track(words, "words", console=problems)):
        for line in LINES:
            samples = over(random, sound, line)
            for kind in QUESTIONS:
                found[engines[0].name, kind, word][understood(engines[0], samples, kind)] += 1
            for peer in engines[1:] if number % peers_hear == 0 else ():
                found[peer.name, Kind.OPEN, word][understood(peer, samples, Kind.OPEN)] += 1
    return found


def table(found: Found) -> Iterator[str]:
    yield "| said | at | engine | understood % | taken for the other |"
    yield "|---|---|---|---|---|"
    for (engine, kind, word), counts in found.items():
        if word in YES_OR_NO:
            (other,) = set(YES_OR_NO) - {word}
            share = proportion(counts[word], counts.total())
            yield (
                f'| "{word}" ({counts.total()}) | {QUESTIONS[kind]} | {engine} | {share} | '
                f"{counts[other]} |"
            )
    yield "\n| any of the other words | at | engine | taken for yes | taken for no |"
    yield "|---|---|---|---|---|"
    others: defaultdict[tuple[str, Kind], Counter[str]] = defaultdict(Counter)
    for (engine, kind, word), counts in found.items():
        if word not in {*YES_OR_NO, "right"}:
            others[engine, kind] += counts
            others[engine, kind]["all"] += counts.total()
    for (engine, kind), counts in others.items():
        taken = f"{counts['yes']} | {counts['no']}"
        yield f"| ({counts['all']}) | {QUESTIONS[kind]} | {engine} | {taken} |"


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", type=Path, default=FOLDER)
    options.add_argument("--peers-hear", type=int, default=4, help="one recording in so many")
    given = options.parse_args()
    if not given.data.is_dir():
        problems.print(f"{given.data} is not there; --data names a folder of Speech Commands")
        sys.exit(2)
    engines = contestants(HearingSettings(), ROOT)
    sys.stdout.write("\n".join(table(listen(engines, given.data, given.peers_hear))) + "\n")


if __name__ == "__main__":
    main()
