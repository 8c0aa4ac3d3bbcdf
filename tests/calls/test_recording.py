from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import CHUNK_SAMPLES
from bot.calls.recording import BOT, CALLER, DELAY, Recording
from bot.errors import AudioError

CHUNK = np.full(CHUNK_SAMPLES, 1_000, dtype=np.int16)


def record(recording: Recording, chunks: int) -> None:
    for _ in range(chunks):
        recording.add(CHUNK, CHUNK * 2)


def read(path: Path) -> np.ndarray:
    samples, _ = soundfile.read(path, dtype="int16")
    return np.asarray(samples)


def test_both_channels_are_kept_side_by_side(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav")
    record(recording, 300)
    recording.close()
    sound = read(tmp_path / "call.wav")
    assert sound.shape == (300 * CHUNK_SAMPLES, 2)
    assert set(sound[:, CALLER]) == {1_000}
    assert set(sound[:, BOT]) == {2_000}


def test_a_stretch_can_still_be_silenced_for_as_long_as_the_delay_line_is(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav")
    record(recording, 400)
    start = recording._received - DELAY + CHUNK_SAMPLES
    recording.silence(CALLER, start, start + 1_000, "card digits were said")
    record(recording, 400)
    recording.close()
    sound = read(tmp_path / "call.wav")
    assert not sound[start : start + 1_000, CALLER].any()
    assert sound[start - 1, CALLER]
    assert sound[start + 1_000, CALLER]
    assert sound[:, BOT].all()


def test_silencing_what_is_written_already_is_a_defect_and_says_so(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav")
    record(recording, 400)
    with pytest.raises(ValueError, match="is written already"):
        recording.silence(CALLER, 0, 100, "too late")
    recording.discard()


def test_what_is_held_is_not_written_before_it_is_judged(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav")
    record(recording, 10)
    recording.hold("caller", 800)
    record(recording, 1_000)
    recording.silence(CALLER, 800, 10_000, "card digits were said")
    recording.release("caller")
    recording.close()
    assert not read(tmp_path / "call.wav")[800:10_000, CALLER].any()


def test_what_is_never_judged_is_silent(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav")
    record(recording, 10)
    recording.hold("caller", 800)
    record(recording, 500)
    recording.close()
    sound = read(tmp_path / "call.wav")
    assert not sound[800:, CALLER].any()
    assert sound[:800, CALLER].all()


def test_an_open_card_field_is_silent_until_it_closes(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav")
    record(recording, 10)
    field = recording.silence(CALLER, 1_600, None, "a card field is open")
    record(recording, 700)
    field.end = 113_600
    record(recording, 10)
    recording.close()
    sound = read(tmp_path / "call.wav")
    assert not sound[1_600:113_600, CALLER].any()
    assert sound[113_600:, CALLER].all()
    assert [(s.start, s.end) for s in recording.silenced] == [(1_600, 113_600)]


def test_there_is_no_half_written_recording_at_its_place(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav")
    record(recording, 300)
    assert not (tmp_path / "call.wav").exists()
    recording.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AudioError, match=r"call\.wav: the recording cannot be written"):
        Recording(tmp_path / "file" / "call.wav")


@given(
    chunks=st.lists(st.integers(min_value=1, max_value=400), min_size=1, max_size=60),
    stretches=st.lists(
        st.tuples(st.integers(0, 20_000), st.integers(1, 4_000), st.sampled_from([CALLER, BOT])),
        max_size=8,
    ),
)
def test_exactly_what_was_silenced_is_silent(
    tmp_path_factory: pytest.TempPathFactory,
    chunks: list[int],
    stretches: list[tuple[int, int, int]],
) -> None:
    path = tmp_path_factory.mktemp("recording") / "call.wav"
    recording = Recording(path)
    for start, length, channel in stretches:
        recording.silence(channel, start, start + length, "asked for")
    for size in chunks:
        sound = np.full(size, 7, dtype=np.int16)
        recording.add(sound, sound)
    recording.close()
    expected = np.full((sum(chunks), 2), 7)
    for start, length, channel in stretches:
        expected[start : start + length, channel] = 0
    assert (read(path) == expected).all()
