"""The prompts that come with the bot: all recorded, all alike."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.audio import SAMPLE_RATE
from bot.cards import Brand, CardNumber, Expiry, SecretDigits
from bot.money import Money
from bot.prompts import Count, Digits, Prompt, PromptValue, Reference
from bot.speaking.catalogue import Catalogue, Slot, load_catalogue
from bot.speaking.kokoro import RESERVED_VOICES
from bot.speaking.levels import TARGET_DBFS, active_level_dbfs
from bot.speaking.recordings import Recordings, check, read_wav
from bot.speaking.speaker import RECORDING, Speaker
from bot.speaking.voice import Voice

FOLDER = Path(__file__).parents[2] / "audio" / "prompts" / "en"
MOST_BYTES = 8_000_000


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(FOLDER)


@pytest.fixture(scope="module")
def speaker(catalogue: Catalogue) -> Speaker:
    """Without text-to-speech: loading it proves that nothing needs it."""
    return Speaker(catalogue, Voice(catalogue, None))


def test_catalogue_and_recordings_fit(catalogue: Catalogue) -> None:
    """When it fails: `run_bot.py prompts check` tells, `run_bot.py prompts build` mends."""
    found = check(catalogue)
    assert [piece.id for piece in found.missing] == []
    assert found.unused == ()
    assert found.out_of_step == ()


def test_recordings_are_telephone_recordings_and_not_too_large() -> None:
    recordings = Recordings(FOLDER)
    size = 0
    for piece_id in recordings.found():
        about = soundfile.info(recordings.path(piece_id))
        assert (about.samplerate, about.channels, about.subtype) == (SAMPLE_RATE, 1, "ULAW")
        size += recordings.path(piece_id).stat().st_size
    assert 0 < size < MOST_BYTES


def test_all_recordings_are_equally_loud() -> None:
    recordings = Recordings(FOLDER)
    levels = {i: active_level_dbfs(read_wav(recordings.path(i))) for i in recordings.found()}
    apart = {i: level for i, level in levels.items() if abs(level - TARGET_DBFS) > 2}
    assert levels
    assert apart == {}


def test_no_recording_is_clipped_or_begins_with_a_click() -> None:
    recordings = Recordings(FOLDER)
    for piece_id in recordings.found():
        sound = read_wav(recordings.path(piece_id)).astype(int)
        assert np.count_nonzero(np.abs(sound) > 32_000) <= 2, piece_id
        assert len(sound) > SAMPLE_RATE // 20, piece_id


def test_no_recording_is_of_a_voice_kept_for_acceptance() -> None:
    voices = {entry.voice for entry in Recordings(FOLDER).entries.values()}
    assert voices
    assert not voices & RESERVED_VOICES


_VALUES: dict[str, PromptValue] = {
    "amount": Money(8750),
    "brand": Brand.VISA,
    "card_number": CardNumber("4111111111111111"),
    "count": Count(4),
    "expiry": Expiry(4, 2029),
    "last_four": Digits("1111"),
    "postal_code": SecretDigits("90210"),
    "reference": Reference("7K3M92"),
}


def test_every_variant_of_every_prompt_is_spoken_from_recordings(
    catalogue: Catalogue, speaker: Speaker
) -> None:
    for prompt_id, variants in catalogue.prompts.items():
        for attempt, variant in enumerate(variants, start=1):
            names = [part.name for part in variant.parts if isinstance(part, Slot)]
            values = {name: _VALUES[name] for name in names}
            spoken = speaker.speak(Prompt(prompt_id, values, attempt))
            assert spoken.source == RECORDING
            assert "{" not in spoken.text
            assert len(spoken.samples) > SAMPLE_RATE // 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 1_000_000))
def test_every_amount_up_to_ten_thousand_dollars_is_spoken_from_recordings(
    speaker: Speaker, cents: int
) -> None:
    spoken = speaker.speak(Prompt("confirm.slow_amount", {"amount": Money(cents)}))
    assert spoken.source == RECORDING
    for before, after in pairwise(spoken.pieces):
        assert before.end <= after.start
