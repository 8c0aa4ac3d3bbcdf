"""Nobody is heard in two parts, and nobody kept for acceptance in any."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np
import pytest
import soundfile

from training import clips, people, voices
from training.clips import Clip
from training.render import choose_voice
from training.vocabulary import FILLER, stretches


@pytest.mark.parametrize(("one", "other"), list(combinations(voices.PARTS, 2)))
def test_no_voice_is_in_two_parts(one: voices.Part, other: voices.Part) -> None:
    assert not set(voices.KOKORO[one]) & set(voices.KOKORO[other])


def test_voices_kept_for_acceptance_are_in_no_part() -> None:
    everybody = {name for part in voices.PARTS for name in voices.KOKORO[part]}

    assert {"am_fenrir", "bf_lily", "af_aoede", "bm_fable"} == voices.ACCEPTANCE
    assert not everybody & voices.ACCEPTANCE


def test_the_callers_of_the_demo_are_never_trained_on() -> None:
    assert not set(voices.KOKORO["train"]) & voices.DEMO


@pytest.mark.parametrize("part", voices.PARTS)
def test_a_voice_drawn_or_blended_is_of_its_part(part: voices.Part) -> None:
    for seed in range(300):
        drawn = choose_voice("kokoro", part, Random(seed))
        names = drawn.name.split("+")
        assert set(names) <= set(voices.KOKORO[part])
        assert len(set(names)) == len(names)
        assert drawn.accent in {"en-us", "en-gb"}


def test_other_engines_speak_in_training_only() -> None:
    with pytest.raises(ValueError, match="training only"):
        choose_voice("espeak", "test", Random(0))


def test_a_recorded_person_belongs_to_one_part_whatever_they_say(tmp_path: Path) -> None:
    speakers = [f"{number:08x}" for number in range(60)]
    for speaker in speakers:
        for word in ("seven", "yes", "bird"):
            path = tmp_path / word / f"{speaker}_nohash_0.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, np.zeros(800), clips.RATE, subtype="PCM_16")

    read = {part: people.read_people(tmp_path, part) for part in voices.PARTS}

    assert sum(map(len, read.values())) == 3 * len(speakers)
    assert all(read.values())
    for one, other in combinations(voices.PARTS, 2):
        assert not {w.speaker for w in read[one]} & {w.speaker for w in read[other]}
    assert {word.word for word in read["train"]} == {"seven", "yes", FILLER}


def test_people_of_another_rate_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "one" / "0_nohash_0.wav"
    path.parent.mkdir()
    soundfile.write(path, np.zeros(800), 16000, subtype="PCM_16")

    part = voices.part_of_speaker("0")

    with pytest.raises(ValueError, match="16000 Hz instead of 8000"):
        people.read_people(tmp_path, part)


def test_a_clip_is_read_as_it_was_written_and_a_half_written_one_not_at_all(
    tmp_path: Path,
) -> None:
    parts = stretches("four one, two")
    clip = Clip("train", "kokoro", "af_sky", 1.1, parts, (0, 300, 500))
    sound = np.linspace(-0.5, 0.5, 800, dtype=np.float32)
    clips.write(tmp_path, "kokoro-00001", clip, sound)
    (tmp_path / "kokoro-00002.wav").write_bytes(b"RIFF")

    ((name, read, heard),) = clips.read_all(tmp_path)

    assert (name, read) == ("kokoro-00001", clip)
    assert np.abs(heard - sound).max() < 1e-4
    assert [len(piece) for _, piece in read.pieces(heard)] == [300, 200, 300]
