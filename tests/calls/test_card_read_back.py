"""A card that is read back in groups: said, never recorded, never written (R1 step 5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from one_call import Finished, paying_caller, run_call

from bot.audio import SAMPLE_RATE
from bot.records.trace import Entry, EntryKind
from bot.settings import PaymentSettings, Settings


async def read_back_in_groups(recording: Path) -> Finished:
    settings = Settings(payment=PaymentSettings(read_back="groups"))
    return await run_call(paying_caller(), settings=settings, recording=recording)


def loudest(recording: Path, prompt: Entry) -> int:
    """Of the bot's channel while that prompt was said."""
    sound, _ = soundfile.read(recording, dtype="int16")
    start, end = (ms * SAMPLE_RATE // 1000 for ms in (prompt.at, prompt.until or prompt.at))
    return int(np.abs(sound[start:end, 1].astype(int)).max())


async def test_the_bot_s_channel_is_silent_where_card_digits_are_read_back(tmp_path: Path) -> None:
    recording = tmp_path / "call.wav"
    finished = await read_back_in_groups(recording)
    prompts = {str(e.details["id"]): e for e in finished.of(EntryKind.PROMPT)}
    assert loudest(recording, prompts["confirm.card_digits"]) == 0
    for heard in ("confirm.read_back_brand", "confirm.expiry", "confirm.question"):
        assert loudest(recording, prompts[heard]) > 500, heard
    silenced = [e.details for e in finished.of(EntryKind.SILENCED)]
    assert any(d["leg"] == "bot" and "card digits" in str(d["why"]) for d in silenced)


async def test_a_card_that_was_read_out_is_wiped_when_the_call_is_over(tmp_path: Path) -> None:
    finished = await read_back_in_groups(tmp_path / "call.wav")
    assert finished.said().count("confirm.card_digits") == 1
    assert "4242424242424242" not in repr(finished.entries)
