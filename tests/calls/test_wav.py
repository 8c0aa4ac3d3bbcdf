from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import SAMPLE_RATE
from bot.calls.wav import read_wav, to_telephone
from bot.errors import AudioError


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
