"""The simulated telephone, splicing, and what is made with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.channel import _CODECS, Line, draw_line, telephone
from training.clips import RATE, Clip, Sound, trimmed
from training.ctc import feasible
from training.people import Word
from training.splicing import splice
from training.utterances import Plan, batches
from training.vocabulary import DIGITS, FILLER, stretches, words_of

QUIET = Line(
    speed=1.0, lead=0.1, tail=0.2, room=None, tilt=0.0, band=None, snr_db=None, colour=0.0,
    hum=None, swell=0.0, babble=False, level_dbfs=-20.0, clip=None, loss=0.0, codec="PCM_16",
)  # fmt: skip


def tone(seconds: float = 0.5, level: float = 0.1) -> Sound:
    time = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(level * np.sin(2 * np.pi * 700 * time), dtype=np.float32)


@pytest.mark.parametrize("seed", range(40))
def test_any_line_keeps_length_and_level_within_limits(seed: int) -> None:
    random = np.random.default_rng(seed)
    line = draw_line(random)
    heard = telephone(random, tone(), line, babble=tone(2.0))
    expected = 0.5 * RATE / line.speed + (line.lead + line.tail) * RATE

    assert heard.dtype == np.int16
    assert abs(len(heard) - expected) <= 3
    assert 20 < np.abs(heard.astype(int)).max() <= 32768
    assert -36 <= line.level_dbfs <= -12


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), np.zeros(4000, np.float32)])
def test_no_sound_in_is_no_error(seed: int, sound: Sound) -> None:
    random = np.random.default_rng(seed)

    assert np.isfinite(telephone(random, sound, draw_line(random))).all()


@pytest.mark.parametrize("codec", sorted(set(_CODECS)))
def test_every_codec_gives_the_tone_back_in_its_place(codec: str) -> None:
    heard = telephone(np.random.default_rng(0), tone(), replace(QUIET, codec=codec))
    clean = telephone(np.random.default_rng(0), tone(), QUIET)
    likeness = np.corrcoef(heard[800:4800], clean[800:4800])[0, 1]

    assert len(heard) == len(clean)
    assert likeness > 0.95


def test_the_level_is_the_one_of_the_line() -> None:
    heard = telephone(np.random.default_rng(0), tone(), QUIET)[1200:4000].astype(float)

    assert 20 * np.log10(heard.std() / 32768) == pytest.approx(-20.0, abs=0.5)


def test_lost_packets_are_silence_or_the_one_before() -> None:
    line = replace(QUIET, loss=1.0)

    assert not telephone(np.random.default_rng(1), tone(), line)[: RATE // 50].any()


def test_noise_lies_as_far_below_the_speech_as_the_line_says() -> None:
    noisy = telephone(np.random.default_rng(0), tone(2.0), replace(QUIET, snr_db=20.0, lead=1.0))
    before, during = noisy[:7000].astype(float), noisy[9000:20000].astype(float)

    assert 20 * np.log10(during.std() / before.std()) == pytest.approx(20, abs=1)


def test_words_spliced_keep_their_order_and_pauses_stand_between_groups() -> None:
    pieces = [tone(0.3), tone(0.3), tone(0.3)]
    for seed in range(30):
        joined = splice(np.random.default_rng(seed), pieces, [2, 1])
        longest_silence = max(map(len, "".join("01"[bool(x)] for x in joined).split("1")))
        assert longest_silence >= 0.15 * RATE - 2
        assert np.isfinite(joined).all()


def test_splicing_nothing_or_nearly_nothing_is_no_error() -> None:
    random = np.random.default_rng(0)

    assert len(splice(random, [])) == 0
    assert np.isfinite(splice(random, [np.zeros(1, np.float32)] * 3)).all()


def test_a_word_is_cut_out_of_the_silence_around_it() -> None:
    around = np.zeros(RATE // 2, np.float32)

    assert abs(len(trimmed(np.concatenate([around, tone(0.3), around]))) - 0.3 * RATE) < 700
    assert len(trimmed(around)) == len(around)


def spoken(text: str, voice: str) -> tuple[str, Clip, Sound]:
    parts = stretches(text)
    cuts = tuple(index * RATE // 4 for index in range(len(parts)))
    name = f"kokoro-{abs(hash((text, voice))) % 10**5:05d}"
    return name, Clip("train", "kokoro", voice, 1.0, parts, cuts), tone(len(parts) / 4)


CLIPS = [
    spoken("zero one two three four five six seven eight nine oh", "af_sky"),
    spoken("it's yes", "am_adam"),
]
PEOPLE = [Word(word, "nobody", tone(0.4)) for word in (*DIGITS, "yes", FILLER)]
PLAN = Plan({"kokoro": 2}, 1, 1, 1)


def test_everything_planned_is_made_and_can_be_learnt_from() -> None:
    planned = batches(PLAN, CLIPS, PEOPLE)
    made = {batch.name.split("-")[0]: list(batch.make()) for batch in planned}

    assert set(made) == {"natural", "voices", "people", "words"}
    assert [u.words for u in made["natural"]] == [
        words_of(clip.stretches) for _, clip, _ in CLIPS for _ in range(2)
    ]
    assert len(made["people"]) == len(made["voices"]) == 200
    assert () in {utterance.words for utterance in made["words"]}
    for utterance in (utterance for batch in made.values() for utterance in batch):
        assert feasible(utterance.words, len(utterance.samples) // 160)


def test_a_batch_is_the_same_every_time() -> None:
    for once, again in zip(batches(PLAN, CLIPS, PEOPLE), batches(PLAN, CLIPS, PEOPLE), strict=True):
        one, other = next(once.make()), next(again.make())
        assert once.name == again.name
        assert one.words == other.words
        assert np.array_equal(one.samples, other.samples)


def test_new_clips_change_only_batches_that_have_them() -> None:
    more = [*CLIPS, spoken("five", "af_sky")]
    plan = replace(PLAN, natural={"kokoro": 1})
    before = {batch.name for batch in batches(plan, CLIPS * 25, PEOPLE)}
    after = {batch.name for batch in batches(plan, [*CLIPS * 25, more[-1]], PEOPLE)}

    assert {name for name in before if name.startswith(("natural", "people"))} <= after


def test_without_people_or_clips_there_is_nothing_of_them(tmp_path: Path) -> None:
    assert batches(PLAN, [], []) == []
    assert {b.name.split("-")[0] for b in batches(PLAN, CLIPS, [])} == {"natural", "voices"}
