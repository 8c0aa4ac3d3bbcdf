import contextlib
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import SAMPLE_RATE
from bot.calls.wav import read_wav
from bot.errors import AudioError
from bot.wav import to_telephone


def a_tone(rate: int, hz: float = 440.0, seconds: float = 0.5) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def loudest_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples.astype(float)))
    return float(spectrum.argmax() * SAMPLE_RATE / len(samples))


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW", "ALAW", "PCM_U8"])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_every_usual_coding_and_rate_is_heard_alike(
    tmp_path: Path, subtype: str, rate: int
) -> None:
    path = tmp_path / "caller.wav"
    soundfile.write(path, a_tone(rate), rate, subtype=subtype)
    samples = read_wav(path)
    assert samples.dtype == np.int16
    assert len(samples) == pytest.approx(SAMPLE_RATE / 2, abs=2)
    assert loudest_hz(samples) == pytest.approx(440, abs=3)
    assert np.abs(samples).max() == pytest.approx(0.3 * 32768, rel=0.05)


def test_of_a_stereo_file_the_named_channel_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "both.wav"
    left, right = a_tone(8_000, 440), a_tone(8_000, 1_000)
    soundfile.write(path, np.stack([left, right], axis=1), 8_000)
    assert loudest_hz(read_wav(path, "left")) == pytest.approx(440, abs=3)
    assert loudest_hz(read_wav(path, "right")) == pytest.approx(1_000, abs=3)
    with pytest.raises(AudioError, match="--channel left or right"):
        read_wav(path)


def test_a_channel_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mono.wav"
    soundfile.write(path, a_tone(8_000), 8_000)
    with pytest.raises(AudioError, match="one channel only"):
        read_wav(path, "right")
    with pytest.raises(AudioError, match="choose left or right"):
        read_wav(path, "middle")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav: cannot be read \(No such file"):
        read_wav(tmp_path / "gone.wav")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty, 0 bytes"),
        (b"RIFF", "not a WAV file"),
        (b"ID3\x03 this is something else entirely", "not a WAV file"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "truncated, there is no sound"),
    ],
)
def test_what_is_no_wav_file_is_refused_by_name(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "odd.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=f"odd.wav: {why}"):
        read_wav(path)


def test_a_file_without_samples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros(0, np.float32), 8_000)
    with pytest.raises(AudioError, match="empty, no samples"):
        read_wav(path)


@given(kept=st.integers(min_value=0, max_value=8_043))
def test_a_file_cut_off_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, kept: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "cut.wav"
    soundfile.write(path, a_tone(8_000), 8_000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(AudioError, match=r"cut\.wav: (truncated|not a WAV|empty)"):
        read_wav(path)


def test_a_streamed_file_that_never_learned_its_length_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "streamed.wav"
    soundfile.write(path, a_tone(8_000), 8_000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(content))
    assert len(read_wav(path)) >= SAMPLE_RATE // 2 - 4


def test_too_loud_sound_is_clipped_and_nan_is_silence() -> None:
    sound = np.array([2.0, -2.0, np.nan, 0.0], dtype=np.float32)
    assert to_telephone(sound, SAMPLE_RATE).tolist() == [32767, -32768, 0, 0]


def with_field(content: bytes, at: int, layout: str, value: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into(layout, changed, at, value)
    return bytes(changed)


RATE_AT, CHANNELS_AT = 24, 22
"""Offsets in a plain WAV header."""


def plain_wav(folder: Path) -> tuple[Path, bytes]:
    path = folder / "caller.wav"
    soundfile.write(path, a_tone(8_000), 8_000, subtype="PCM_16")
    return path, path.read_bytes()


@pytest.mark.parametrize("rate", [1, 3_999, 384_001, 2**31 - 1])
def test_a_rate_that_cannot_be_is_refused_before_anything_is_resampled(
    tmp_path: Path, rate: int
) -> None:
    path, content = plain_wav(tmp_path)
    path.write_bytes(with_field(content, RATE_AT, "<I", rate))
    with pytest.raises(AudioError, match=rf"its header says {rate} samples a second; 4000 to"):
        read_wav(path)


def test_a_recording_for_many_loudspeakers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cinema.wav"
    soundfile.write(path, np.zeros((80, 6)), 8_000)
    with pytest.raises(AudioError, match="has 6 channels; one or two are understood"):
        read_wav(path, "left")


def three_hours(path: Path, rate: int = 48_000) -> None:
    """Over two gigabytes of silence that take no room on the disk; WAV holds up to four."""
    frames = 3 * 3600 * rate
    bytes_ = frames * 4  # two channels of 16 bits
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + bytes_) + b"WAVEfmt ")
        file.write(struct.pack("<IHHIIHH", 16, 1, 2, rate, 4 * rate, 4, 16))
        file.write(b"data" + struct.pack("<I", bytes_))
        file.truncate(44 + bytes_)


def test_three_hours_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    three_hours(path)
    assert path.stat().st_size > 2_000_000_000
    tracemalloc.start()
    with pytest.raises(AudioError, match=r"long\.wav: 180.0 minutes long; at most 120 are taken"):
        read_wav(path, "left")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000


def test_how_long_a_recording_may_be_is_the_readers_to_say(tmp_path: Path) -> None:
    path = tmp_path / "caller.wav"
    soundfile.write(path, np.zeros(8_000 * 90, np.int16), 8_000)
    assert len(read_wav(path, longest_minutes=1.5)) == 720_000
    with pytest.raises(AudioError, match="at most 1 are taken"):
        read_wav(path, longest_minutes=1)


def test_a_long_recording_is_never_in_memory_as_it_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "studio.wav"
    soundfile.write(path, np.zeros((48_000 * 60, 2), np.float32), 48_000, subtype="FLOAT")
    tracemalloc.start()
    samples = read_wav(path, "left")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(samples) == 60 * SAMPLE_RATE
    assert most < path.stat().st_size / 4


def test_block_by_block_sounds_like_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "caller.wav"
    sound = np.random.default_rng(1).normal(0, 0.1, 200_000).astype(np.float32)
    soundfile.write(path, sound, 44_100, subtype="FLOAT")
    whole = soxr.resample(sound, 44_100, SAMPLE_RATE, quality="HQ") * 32768
    difference = read_wav(path)[: len(whole)] - whole[: len(read_wav(path))]
    assert np.abs(difference).max() <= 2


def test_a_recording_beyond_four_gigabytes_is_a_wav_too(tmp_path: Path) -> None:
    path = tmp_path / "big.wav"
    soundfile.write(path, a_tone(8_000), 8_000, format="RF64", subtype="PCM_16")
    assert path.read_bytes()[:4] == b"RF64"
    assert len(read_wav(path)) == SAMPLE_RATE // 2
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(AudioError, match="truncated, 7900 of 8000 bytes"):
        read_wav(path)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="a folder, not a WAV file"):
        read_wav(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match=r"pipe\.wav: not a file; save the sound as a WAV first"):
        read_wav(tmp_path / "pipe.wav")


@given(st.binary(max_size=60), st.integers(0, 43))
def test_a_header_of_nonsense_is_read_or_refused_and_never_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, nonsense: bytes, at: int
) -> None:
    path, content = plain_wav(tmp_path_factory.mktemp("odd"))
    path.write_bytes(content[:at] + nonsense + content[at + len(nonsense) :])
    with contextlib.suppress(AudioError):
        assert read_wav(path, "left" if nonsense[:1] > b"\x80" else None).dtype == np.int16
