"""Recorded callers: one file of entries, the same sound every time, as a telephone carries it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import CatalogueError
from bot.speaking.build import VOICE
from bot.speaking.callers import Turn, load_turns, main, on_the_line, render_callers
from bot.speaking.kokoro import RATE, RESERVED_VOICES, Sound
from bot.speaking.levels import active_level_dbfs

SHIPPED = Path(__file__).parents[2] / "audio" / "callers"

CALLERS = """\
version: 1
callers:
  ann:
    voice: af_bella
    turns:
      "yes": ["Yes."]
      card: ["four two,", 0.8, "one."]
      cough: [{cough: true}]
"""


class FakeRenderer:
    """Half a second of a chord for every text."""

    def render(self, stretches: Sequence[str], voice: str, speed: float = 1.0) -> list[Sound]:
        time = np.arange(RATE // 2) / RATE
        chord = sum(np.sin(2 * np.pi * f * time) for f in (100, 500, 1500, 3900))
        return [np.asarray(0.1 * chord, dtype=np.float32) for _ in stretches]


def callers_in(folder: Path, text: str = CALLERS) -> Path:
    (folder / "callers.yml").write_text(text, "utf-8")
    return folder


def rendered(folder: Path) -> list[str]:
    files: list[str] = []
    render_callers(folder, FakeRenderer, files.append)
    return files


def test_each_turn_becomes_a_telephone_recording(tmp_path: Path) -> None:
    assert rendered(callers_in(tmp_path)) == ["ann/yes.wav", "ann/card.wav", "ann/cough.wav"]
    for name in ("yes", "card", "cough"):
        about = soundfile.info(tmp_path / "ann" / f"{name}.wav")
        assert (about.samplerate, about.channels, about.subtype) == (SAMPLE_RATE, 1, "ULAW")


def test_a_pause_is_as_long_as_written(tmp_path: Path) -> None:
    rendered(callers_in(tmp_path))
    one = soundfile.info(tmp_path / "ann" / "yes.wav").frames
    two = soundfile.info(tmp_path / "ann" / "card.wav").frames
    words = one - 0.8 * SAMPLE_RATE  # the quiet before and after: 0.3 s and 0.5 s
    assert two - one == pytest.approx(words + 0.8 * SAMPLE_RATE, abs=1)


def test_a_second_run_renders_nothing_and_a_changed_entry_only_that(tmp_path: Path) -> None:
    rendered(callers_in(tmp_path))
    assert rendered(tmp_path) == []
    assert rendered(callers_in(tmp_path, CALLERS.replace("0.8", "0.9"))) == ["ann/card.wav"]
    (tmp_path / "ann" / "yes.wav").unlink()
    assert rendered(tmp_path) == ["ann/yes.wav"]


def test_the_same_entry_gives_the_same_sound(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        folder.mkdir()
        rendered(callers_in(folder))
    for file in sorted(first.rglob("*.wav")):
        assert file.read_bytes() == (second / file.relative_to(first)).read_bytes()


def test_a_turn_that_is_gone_is_removed(tmp_path: Path) -> None:
    rendered(callers_in(tmp_path))
    rendered(callers_in(tmp_path, CALLERS.replace("      cough: [{cough: true}]\n", "")))
    assert not (tmp_path / "ann" / "cough.wav").exists()
    assert (tmp_path / "ann" / "yes.wav").exists()


def test_the_line_carries_the_telephone_band_at_the_level_asked_for() -> None:
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    parts = {f: 0.1 * np.sin(2 * np.pi * f * time) for f in (100, 1000, 3800)}
    sound = np.sum(list(parts.values()), axis=0)
    out = on_the_line(sound, -22, 40, np.random.default_rng(1))
    assert active_level_dbfs(out) == pytest.approx(-22, abs=0.3)
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(out.astype(float))) + 1)
    at = {f: spectrum[f * 4] for f in parts}
    assert at[1000] - at[100] > 15
    assert at[1000] - at[3800] > 30


def test_the_lines_noise_lies_as_far_below_the_speech_as_asked_for() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    speech = np.concatenate([0.2 * np.sin(2 * np.pi * 1000 * time), np.zeros(SAMPLE_RATE)])
    out = on_the_line(speech, -20, 25, np.random.default_rng(1)).astype(float) / 32768
    quiet = out[SAMPLE_RATE + 1000 :]
    assert 10 * np.log10(np.mean(quiet**2)) == pytest.approx(-45, abs=1)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("version: 1", "version: 2"), "version = 2"),
        (("0.8", "-1"), r"callers\.ann\.turns\.card\.1"),
        (("voice: af_bella", "voice: 5"), r"callers\.ann\.voice = 5"),
        (("cough: true", "sneeze: true"), r"callers\.ann\.turns\.cough\.0"),
        (("cough: true", "noise: dog"), r"callers\.ann\.turns\.cough\.0"),
        (("version: 1", "version: ["), "not a YAML file"),
    ],
)
def test_a_fault_in_the_file_is_named(
    tmp_path: Path, change: tuple[str, str], problem: str
) -> None:
    callers_in(tmp_path, CALLERS.replace(*change))
    with pytest.raises(CatalogueError, match=problem):
        load_turns(tmp_path / "callers.yml")


def test_the_script_says_what_is_wrong_and_fails(tmp_path: Path) -> None:
    said: list[str] = []
    assert main(tmp_path, FakeRenderer, said.append) == 1
    assert "callers.yml: cannot be read" in said[0]
    callers_in(tmp_path)
    assert main(tmp_path, FakeRenderer, said.append) == 0
    assert said[-1] == "3 rendered"


def test_what_sounds_in_the_callers_room_is_rendered_and_differs(tmp_path: Path) -> None:
    text = CALLERS.replace(
        "[{cough: true}]", "[{cough: true}, 0.5, {noise: door}, {noise: rustle}]"
    )
    rendered(callers_in(tmp_path, text))
    sound, _ = soundfile.read(tmp_path / "ann" / "cough.wav")
    start = round((0.3 + 0.67 + 0.5) * SAMPLE_RATE)  # quiet, cough, pause
    door, rustle = sound[start:][:800], sound[start + SAMPLE_RATE // 2 :][:4000]
    assert low_share(door) > 0.8
    assert low_share(rustle) < 0.2
    assert np.abs(door).max() > 2 * np.abs(rustle).max()


def low_share(sound: Samples) -> float:
    """How much of a sound's power lies below 700 Hz."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    return float(power[: round(700 * len(sound) / SAMPLE_RATE)].sum() / power.sum())


def test_no_shipped_caller_has_the_bots_voice_or_one_kept_for_acceptance() -> None:
    voices = {turn.voice for turn in load_turns(SHIPPED / "callers.yml")}
    assert len(voices) >= 6
    assert {voice[1] for voice in voices} == {"f", "m"}
    assert not voices & {VOICE, *RESERVED_VOICES}


def test_no_recording_lies_there_that_no_entry_describes() -> None:
    described = {turn.file for turn in load_turns(SHIPPED / "callers.yml")}
    assert {f"{p.parent.name}/{p.name}" for p in SHIPPED.glob("*/*.wav")} == described


@pytest.mark.parametrize("turn", load_turns(SHIPPED / "callers.yml"), ids=lambda turn: turn.file)
def test_every_shipped_turn_is_recorded(turn: Turn) -> None:
    sound, rate = soundfile.read(SHIPPED / turn.file, dtype="int16")
    assert rate == SAMPLE_RATE
    assert -32 < active_level_dbfs(sound) < -15
