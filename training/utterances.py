"""Utterances for training and for judging: who says what, over which line, with exact labels."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from random import Random

import numpy as np
from numpy.typing import NDArray

from training import texts
from training.channel import Line, coloured, draw_line, telephone
from training.clips import RATE, Clip, Sound, trimmed
from training.people import Word
from training.splicing import splice
from training.vocabulary import DIGITS, FILLER, Stretch, stretches, words_of
from training.voices import Part

LONGEST_SECONDS = 14.0
"""Longer ones would make training batches of mostly silence."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """samples: 8 kHz. words: what is to be heard, fillers that meet being one. source: its sort."""

    samples: NDArray[np.int16] = field(repr=False)
    words: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How many utterances of each sort. natural: lines for each rendered clip, by engine.

    spliced_voices, spliced_people: batches of BATCH. people: lines for each recorded word.
    """

    natural: dict[str, int]
    spliced_voices: int
    spliced_people: int
    people: int


BATCH = 200
PLANS: dict[Part, Plan] = {
    "train": Plan({"kokoro": 5, "piper": 2, "flite": 1, "festival": 1, "espeak": 1}, 14, 16, 2),
    "validation": Plan({"kokoro": 4}, 2, 2, 1),
    "test": Plan({"kokoro": 4}, 4, 2, 1),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Some utterances, the same whenever they are made of the same clips. name: unique."""

    name: str
    make: Callable[[], Iterator[Utterance]] = field(repr=False)


def batches(
    plan: Plan, clips: Sequence[tuple[str, Clip, Sound]], people: Sequence[Word]
) -> list[Batch]:
    """All of the plan, its sorts in turn, so that the first of them are a fair sample.

    clips: with their names. A batch's name tells what it was made of: where clips are added,
    only batches of new ones are new, and the spliced ones.
    """
    speech = [sound for _, _, sound in clips]
    sorts: list[list[Batch]] = [[], [], []]
    for engine, lines in plan.natural.items():
        own = [item for item in clips if item[1].engine == engine]
        for start in range(0, len(own), 50):
            chunk = own[start : start + 50]
            name = f"natural-{engine}-{start // 50:03d}-{_mark(name for name, _, _ in chunk)}"
            sorts[0].append(Batch(name, partial(_natural, name, speech, chunk, lines)))
    mark = _mark(name for name, _, _ in clips)
    bank = _Bank(clips)
    for number in range(plan.spliced_voices if clips else 0):
        name = f"voices-{number:03d}-{mark}"
        sorts[1].append(Batch(name, partial(_spliced_voices, name, speech, bank)))
    for number in range(plan.spliced_people if people else 0):
        name = f"people-{number:03d}"
        sorts[2].append(Batch(name, partial(_spliced_people, name, speech, people)))
    for number in range(plan.people if people else 0):
        name = f"words-{number:03d}"
        sorts[2].insert(0, Batch(name, partial(_single_words, name, speech, people)))
    return [batch for turn in zip_longest(*sorts) for batch in turn if batch is not None]


def _mark(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:8]


def _natural(
    name: str, speech: Sequence[Sound], clips: Sequence[tuple[str, Clip, Sound]], lines: int
) -> Iterator[Utterance]:
    caller = _Calls(name, speech)
    for _, clip, sound in clips:
        for _ in range(lines):
            if RATE // 5 < len(sound) < LONGEST_SECONDS * RATE:
                yield caller.call(sound, words_of(clip.stretches), f"rendered {clip.engine}")


def _single_words(
    name: str, speech: Sequence[Sound], people: Sequence[Word]
) -> Iterator[Utterance]:
    """One recorded word each, and between them calls in which nothing is said."""
    caller = _Calls(name, speech)
    for index, word in enumerate(people):
        yield caller.call(word.sound, (word.word,), "people word")
        if index % 10 == 0:
            yield caller.call(_no_speech(caller.random), (), "nothing")


class _Calls:
    """Puts sound on a line of its own, sometimes with babble of the others behind it."""

    def __init__(self, name: str, speech: Sequence[Sound]) -> None:
        """name: of the batch; every batch has its own chances, the same in every run."""
        self.random = np.random.default_rng(list(name.encode()))
        self._speech = speech

    def call(self, sound: Sound, words: tuple[str, ...], source: str) -> Utterance:
        line: Line = draw_line(self.random)
        babble = self._babble() if line.babble and self._speech else None
        return Utterance(telephone(self.random, sound, line, babble), words, source)

    def _babble(self) -> Sound:
        """Four voices at once: none can be understood."""
        chosen = self.random.choice(len(self._speech), size=4)
        voices = [np.resize(_loud(self._speech[index]), 6 * RATE) for index in chosen]
        return np.asarray(np.sum(voices, axis=0), dtype=np.float32)


def _loud(sound: Sound) -> Sound:
    return np.asarray(sound / (np.abs(sound).max(initial=0.0) + 1e-6), dtype=np.float32)


class _Bank:
    """Stretches cut out of rendered phrases, by voice and by what they say."""

    def __init__(self, clips: Sequence[tuple[str, Clip, Sound]]) -> None:
        self._voices: dict[str, dict[tuple[str, ...], list[Sound]]] = {}
        self._anybody: dict[tuple[str, ...], list[Sound]] = defaultdict(list)
        for _, clip, sound in clips:
            for stretch, piece in clip.pieces(sound):
                word = trimmed(piece, margin=RATE // 100)
                if len(word) > RATE // 20:
                    own = self._voices.setdefault(clip.voice, defaultdict(list))
                    own[stretch.words].append(word)
                    self._anybody[stretch.words].append(word)

    def say(self, random: Random, parts: Sequence[Stretch]) -> list[Sound] | None:
        """By one voice, what it never said by others; None when nobody said it or too many
        would have to speak."""
        if not self._voices:
            return None
        own = self._voices[random.choice(sorted(self._voices))]
        pieces = [own.get(part.words) or self._anybody.get(part.words) for part in parts]
        by_others = sum(part.words not in own for part in parts)
        if by_others > len(parts) / 3 and random.random() < 0.7:
            return None
        found = [random.choice(choices) for choices in pieces if choices]
        return found if len(found) == len(parts) else None


def _spliced_voices(name: str, speech: Sequence[Sound], bank: _Bank) -> Iterator[Utterance]:
    """New phrases out of the stretches of rendered ones, most of them in one voice."""
    caller = _Calls(name, speech)
    random = Random(name)  # the same in every run
    made = tried = 0
    while made < BATCH and tried < 100 * BATCH:
        tried += 1
        parts = stretches(texts.phrase(random))
        pieces = bank.say(random, parts)
        if pieces is not None:
            made += 1
            sound = splice(caller.random, pieces, _groups(parts))
            yield caller.call(sound, words_of(parts), "spliced voice")


def _groups(parts: Sequence[Stretch]) -> list[int]:
    """Sizes of the groups a text has by its commas."""
    sizes = [0]
    for part in parts:
        sizes[-1] += 1
        if part.text.endswith(","):
            sizes.append(0)
    return [size for size in sizes if size]


def _spliced_people(
    name: str, speech: Sequence[Sound], people: Sequence[Word]
) -> Iterator[Utterance]:
    """Digit strings of people, sometimes with other words around; one person where they said
    enough digits, else several."""
    caller = _Calls(name, speech)
    random = caller.random
    words = [(word, trimmed(word.sound)) for word in people]
    by_person: dict[str, list[tuple[Word, Sound]]] = defaultdict(list)
    for word, sound in words:
        if word.word in DIGITS:
            by_person[word.speaker].append((word, sound))
    everybody = [pair for pairs in by_person.values() for pair in pairs]
    of_many = [pairs for pairs in by_person.values() if len(pairs) >= 5]
    others = [pair for pair in words if pair[0].word not in DIGITS]
    if not everybody:
        return
    for _ in range(BATCH):
        alone = of_many and random.random() < 0.6
        voice = of_many[int(random.integers(len(of_many)))] if alone else everybody
        shape = _SHAPES[random.integers(len(_SHAPES))]
        digits = _drawn(random, voice, sum(shape))
        chosen, groups = digits, list(shape)
        if others and random.random() < 0.25:
            other = others[random.integers(len(others))]
            first = random.random() < 0.7
            chosen = [other, *digits] if first else [*digits, other]
            groups = [1, *groups] if first else [*groups, 1]
        heard: list[str] = []
        for word, _ in chosen:
            if word.word != FILLER or heard[-1:] != [FILLER]:
                heard.append(word.word)
        sound = splice(random, [sound for _, sound in chosen], groups)
        yield caller.call(sound, tuple(heard), "spliced people")


_SHAPES = (
    (3,), (3,), (4,), (4,), (5,), (5,), (4, 4), (4, 4), (3, 3), (2, 2), (2, 3), (6,), (4, 4, 4),
    (3, 3, 4), (5, 4), (4, 6, 5), (4, 4, 4, 4), (8,), (1,), (2,),
)  # fmt: skip


def _drawn(
    random: np.random.Generator, voice: Sequence[tuple[Word, Sound]], count: int
) -> list[tuple[Word, Sound]]:
    """Words at random; every fifth the one before it again, for those get lost."""
    chosen: list[tuple[Word, Sound]] = []
    for _ in range(count):
        again = bool(chosen) and random.random() < 0.2
        same = [pair for pair in voice if again and pair[0].word == chosen[-1][0].word]
        choices = same or voice
        chosen.append(choices[int(random.integers(len(choices)))])
    return chosen


def _no_speech(random: np.random.Generator) -> Sound:
    """Silence, noise, tones (keys, music, a ring), a cough or knock: nothing of it is a word."""
    samples = int(random.uniform(0.4, 4) * RATE)
    time = np.arange(samples) / RATE
    sort = random.integers(4)
    if sort == 0:
        sound = np.zeros(samples)
    elif sort == 1:
        tones = random.uniform(200, 1700, size=int(random.integers(1, 4)))
        sound = np.sum([np.sin(2 * np.pi * tone * time) for tone in tones], axis=0)
        sound = sound * (
            np.sin(2 * np.pi * random.uniform(0.3, 4) * time) > random.uniform(-1, 0.5)
        )
    else:
        sound = coloured(random, samples, float(random.uniform(0, 2))) * 0.05
        for _ in range(int(random.integers(1, 4))):
            at, decay = random.uniform(0, samples / RATE), random.uniform(0.01, 0.15)
            burst = np.where(time >= at, np.exp(-(time - at).clip(0) / decay), 0.0)
            sound = sound + burst * coloured(random, samples, float(random.uniform(0, 1.5)))
    return np.asarray(0.1 * sound, dtype=np.float32)
