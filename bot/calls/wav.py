"""A caller's recording: one channel of a WAV, as it is. Two people are never mixed into one."""

from __future__ import annotations

from pathlib import Path

from bot.audio import Samples
from bot.errors import AudioError
from bot.settings import HearingSettings
from bot.wav import Block, ToMono, decode_wav

LONGEST_MINUTES = HearingSettings().longest_recording_minutes
"""Where nothing else is set."""

CHANNELS = {"left": 0, "right": 1}


def read_wav(
    path: Path, channel: str | None = None, *, longest_minutes: float = LONGEST_MINUTES
) -> Samples:
    """Samples of one channel at SAMPLE_RATE; see `decode_wav` for what is understood.

    channel: "left", "right" or None, which only a mono file takes.
    Raises AudioError naming the file and what is wrong with it.
    """
    if channel is not None and channel not in CHANNELS:
        raise AudioError(f"channel {channel!r}: choose left or right")

    def choose(channels: int) -> ToMono:
        column = _column(path, channels, channel)

        def one(block: Block) -> Block:
            return block[:, column]

        return one

    return decode_wav(path, choose, longest_minutes=longest_minutes)


def _column(path: Path, channels: int, channel: str | None) -> int:
    if channels == 1:
        if channel is not None:
            raise AudioError(f"{path}: has one channel only; leave --channel {channel} out")
        return 0
    if channel is None:
        raise AudioError(
            f"{path}: has two channels; say which one is the caller: --channel left or right"
        )
    return CHANNELS[channel]
