"""Text-to-speech in a process of its own: it speaks, and when it cannot it says why, in time."""

from __future__ import annotations

import sys

import pytest

from bot.audio import SAMPLE_RATE
from bot.errors import CatalogueError
from bot.speaking.levels import TARGET_DBFS, active_level_dbfs
from bot.speaking.synthesis import Synthesiser


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_text_becomes_speech_of_about_its_length() -> None:
    short = Synthesiser().say("Swiss francs")
    long = Synthesiser().say("This sentence has no recording, so it is read by a machine.")
    assert 0.4 < len(short) / SAMPLE_RATE < 2
    assert 2 < len(long) / SAMPLE_RATE < 8
    for sound in (short, long):
        assert abs(active_level_dbfs(sound) - TARGET_DBFS) < 3


def test_a_worker_that_hangs_is_ended() -> None:
    hanging = Synthesiser(timeout_seconds=0.2, worker=python("import time; time.sleep(600)"))
    with pytest.raises(CatalogueError, match=r"no sound within 0\.2 seconds"):
        hanging.say("hello")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise SystemExit('no espeak here')", "no espeak here"),
        ("raise SystemExit(3)", "exit status 3"),
        ("pass", "it gave no sound"),
        ("print('RIFF')", "it gave no sound"),
        (
            "import wave, sys; f = wave.open(sys.stdout.buffer, 'wb'); f.setparams("
            "(1, 2, 8000, 0, 'NONE', '')); f.writeframes(bytes(800)); f.close()",
            "it gave silence",
        ),
    ],
)
def test_a_worker_that_fails_is_told_with_its_reason(code: str, reason: str) -> None:
    with pytest.raises(CatalogueError, match=f"text-to-speech failed: .*{reason}") as caught:
        Synthesiser(worker=python(code)).say("top secret")
    assert "secret" not in str(caught.value)


def test_a_worker_that_is_not_there_is_told() -> None:
    with pytest.raises(CatalogueError, match="it cannot be started"):
        Synthesiser(worker=("/no/such/program",)).say("hello")
