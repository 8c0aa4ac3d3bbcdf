"""Text-to-speech for what has no recording: pyttsx3 with the espeak-ng of `espeakng-loader`.

Each text is rendered by a process of its own (`synthesis_worker`): pyttsx3 may hang, and espeak
can be set up only once a process. The text goes in through standard input and the sound comes
back through standard output.
"""

from __future__ import annotations

import io
import subprocess
import sys
import wave

import numpy as np
import soxr

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import CatalogueError
from bot.speaking.levels import levelled, trimmed

SECONDS_FOR_ONE_TEXT = 10.0
_ATTEMPTS = 2
_SILENT = 10
"""Peak below which espeak has said nothing."""


class Synthesiser:
    """Speech in one language. timeout_seconds: for one text, after which its process is ended."""

    def __init__(
        self,
        language: str = "en",
        timeout_seconds: float = SECONDS_FOR_ONE_TEXT,
        worker: tuple[str, ...] = (sys.executable, "-m", "bot.speaking.synthesis_worker"),
    ) -> None:
        self._language = language
        self._timeout = timeout_seconds
        self._worker = worker

    def say(self, text: str) -> Samples:
        """The text as trimmed and levelled sound. Raises CatalogueError, without the text."""
        reason = ""
        for _ in range(_ATTEMPTS):
            try:
                return self._say(text)
            except CatalogueError as error:
                reason = str(error)
        raise CatalogueError(f"text-to-speech failed: {reason}")

    def _say(self, text: str) -> Samples:
        try:
            done = subprocess.run(  # noqa: S603 - our own worker
                [*self._worker, self._language],
                input=text.encode(),
                capture_output=True,
                timeout=self._timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CatalogueError(f"no sound within {self._timeout:g} seconds") from None
        except OSError as error:
            raise CatalogueError(f"it cannot be started ({error.strerror})") from None
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise CatalogueError(lines[-1] if lines else f"exit status {done.returncode}")
        return levelled(trimmed(_samples_of(done.stdout)))


def _samples_of(data: bytes) -> Samples:
    try:
        with wave.open(io.BytesIO(data)) as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    except (wave.Error, EOFError) as error:
        raise CatalogueError(f"it gave no sound ({error})") from None
    if len(samples) == 0 or np.abs(samples.astype(np.int32)).max() < _SILENT:
        raise CatalogueError("it gave silence")
    narrow = soxr.resample(samples.astype(np.float32), rate, SAMPLE_RATE, quality="HQ")
    return np.asarray(np.clip(np.round(narrow), -32768, 32767), dtype=np.int16)
