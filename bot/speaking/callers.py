"""Recorded callers: what people say to the bot, rendered as a telephone would carry it.

A build tool. `audio/callers/callers.yml` has one entry for each turn; each becomes
`<caller>/<turn>.wav`: Kokoro's voice, telephone band, line noise, G.711 mu-law. The same entry
gives the same file every time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import soundfile
import yaml
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic import Field as Limits
from pydantic.dataclasses import dataclass as validated

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import CatalogueError
from bot.speaking.build import Renderer
from bot.speaking.kokoro import to_telephone
from bot.speaking.levels import active_level_dbfs, trimmed

_STRICT = ConfigDict(extra="forbid")
_MANIFEST = "rendered.json"
_LEAD_SECONDS = 0.3
_TRAIL_SECONDS = 0.5

Sound = NDArray[np.float64]
"""Mono at SAMPLE_RATE, full scale 1."""


@validated(frozen=True, config=_STRICT)
class Cough:
    """A noise that is not speech."""

    cough: Literal[True]


@validated(frozen=True, config=_STRICT)
class Noise:
    """Something in the caller's room. door: it falls shut. rustle: paper."""

    noise: Literal["door", "rustle"]


Item = str | Annotated[float, Limits(gt=0, le=10)] | Cough | Noise
"""Words, or a pause in seconds, or a sound that is not speech."""


@validated(frozen=True, config=_STRICT)
class CallerSettings:
    """voice: of Kokoro. speed: 1 is the voice's own. level_dbfs: loudness of the speech.
    snr_db: how far the line's noise lies below it."""

    voice: str
    turns: dict[str, tuple[Item, ...]]
    speed: Annotated[float, Limits(ge=0.5, le=2)] = 1.0
    level_dbfs: Annotated[float, Limits(ge=-40, le=-10)] = -22.0
    snr_db: Annotated[float, Limits(ge=0, le=60)] = 25.0


@validated(frozen=True, config=_STRICT)
class CallersFile:
    version: Literal[1]
    callers: dict[str, CallerSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One recording to make; all that decides how it sounds."""

    caller: str
    name: str
    items: tuple[Item, ...]
    voice: str
    speed: float
    level_dbfs: float
    snr_db: float

    @property
    def file(self) -> str:
        return f"{self.caller}/{self.name}.wav"

    def fingerprint(self) -> str:
        """Differs when anything that decides how it sounds does; seeds the noise."""
        described = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(described.encode()).hexdigest()


def load_turns(path: Path) -> list[Turn]:
    """All turns of `callers.yml`. Raises CatalogueError naming key and value."""
    try:
        read = TypeAdapter(CallersFile).validate_python(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror})") from None
    except yaml.YAMLError as error:
        raise CatalogueError(f"{path}: not a YAML file ({error})") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise CatalogueError(f"{path}: {key} = {first['input']!r}: {first['msg']}") from None
    return [
        Turn(caller, name, items, who.voice, who.speed, who.level_dbfs, who.snr_db)
        for caller, who in read.callers.items()
        for name, items in who.turns.items()
    ]


def render_callers(
    folder: Path, renderer: Callable[[], Renderer], progress: Callable[[str], object]
) -> int:
    """Render the turns whose entry changed or whose file is missing; returns how many.

    Files whose entry is gone are removed. Raises CatalogueError.
    """
    turns = load_turns(folder / "callers.yml")
    manifest = folder / _MANIFEST
    known: dict[str, str] = json.loads(manifest.read_text("utf-8")) if manifest.exists() else {}
    for file in set(known) - {turn.file for turn in turns}:
        (folder / file).unlink(missing_ok=True)
        del known[file]
    due = [
        t for t in turns if known.get(t.file) != t.fingerprint() or not (folder / t.file).exists()
    ]
    if not due:
        return 0
    voices = renderer()
    for turn in due:
        path = folder / turn.file
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, render_turn(turn, voices), SAMPLE_RATE, format="WAV", subtype="ULAW")
        known[turn.file] = turn.fingerprint()
        manifest.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")
        progress(turn.file)
    return len(due)


def render_turn(turn: Turn, renderer: Renderer) -> Samples:
    """One turn as it arrives at the bot: a moment of line noise, the words, a moment more."""
    noise = np.random.default_rng(int(turn.fingerprint()[:16], 16))
    stretches: list[Sound] = [_quiet(_LEAD_SECONDS)]
    for item in turn.items:
        if isinstance(item, str):
            [sound] = renderer.render([item], turn.voice, turn.speed)
            stretches.append(trimmed(to_telephone(sound)) / 32768)
        elif isinstance(item, Cough):
            stretches.append(_cough(noise))
        elif isinstance(item, Noise):
            stretches.append(_door(noise) if item.noise == "door" else _rustle(noise))
        else:
            stretches.append(_quiet(item))
    stretches.append(_quiet(_TRAIL_SECONDS))
    return on_the_line(np.concatenate(stretches), turn.level_dbfs, turn.snr_db, noise)


def on_the_line(
    sound: Sound, level_dbfs: float, snr_db: float, noise: np.random.Generator
) -> Samples:
    """Telephone band (300 to 3400 Hz), loudness, and the hiss and hum of a line."""
    banded = np.convolve(sound, _telephone_band(), mode="same")
    level = active_level_dbfs(_to_samples(banded))
    loud = banded * 10 ** ((level_dbfs - level) / 20) if np.isfinite(level) else banded
    time = np.arange(len(sound)) / SAMPLE_RATE
    hiss = noise.standard_normal(len(sound))
    hum = np.sin(2 * np.pi * 120 * time + noise.uniform(0, 2 * np.pi))
    line = np.convolve(hiss, _telephone_band(), mode="same") + 0.3 * hum
    line *= 10 ** ((level_dbfs - snr_db) / 20) / np.sqrt(np.mean(np.square(line)))
    return _to_samples(loud + line)


def _to_samples(sound: Sound) -> Samples:
    return np.asarray(np.clip(np.round(sound * 32767), -32768, 32767), dtype=np.int16)


def _quiet(seconds: float) -> Sound:
    return np.zeros(round(seconds * SAMPLE_RATE))


def _telephone_band(low: float = 300.0, high: float = 3400.0, taps: int = 129) -> Sound:
    """Windowed-sinc band pass, linear phase."""
    n = np.arange(taps) - (taps - 1) / 2
    passes = [2 * f / SAMPLE_RATE * np.sinc(2 * f / SAMPLE_RATE * n) for f in (high, low)]
    return np.asarray((passes[0] - passes[1]) * np.hamming(taps))


def _cough(noise: np.random.Generator) -> Sound:
    """Two bursts of breath noise, the second weaker, as loud as speech at its start."""
    bursts: list[Sound] = []
    for seconds, strength in ((0.25, 1.0), (0.12, 0.0), (0.3, 0.6)):
        time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        envelope = strength * np.minimum(time / 0.01, 1) * np.exp(-time / 0.08)
        bursts.append(0.3 * envelope * noise.standard_normal(len(time)))
    return np.concatenate(bursts)


def _door(noise: np.random.Generator) -> Sound:
    """A dull blow that rings on in the room: below 500 Hz, gone within half a second."""
    time = np.arange(round(0.5 * SAMPLE_RATE)) / SAMPLE_RATE
    blow = np.convolve(noise.standard_normal(len(time)), _telephone_band(0.0, 500.0), mode="same")
    return np.asarray(0.5 * np.exp(-time / 0.07) * blow / np.abs(blow).max())


def _rustle(noise: np.random.Generator) -> Sound:
    """Paper being leafed through: short crackles above 1 kHz, much weaker than speech."""
    seconds, crackles = 0.9, 14
    length = round(seconds * SAMPLE_RATE)
    time = np.arange(length) / SAMPLE_RATE
    envelope = np.zeros(length)
    for start in noise.uniform(0, seconds - 0.1, crackles):
        since = np.maximum(time - start, 0)
        envelope += (time >= start) * noise.uniform(0.3, 1) * np.exp(-since / 0.02)
    paper = np.convolve(noise.standard_normal(length), _telephone_band(1000.0), mode="same")
    return np.asarray(0.08 * envelope * paper / np.abs(paper).max())


def main(folder: Path, fetch: Callable[[], Renderer], out: Callable[[str], object]) -> int:
    """Render what is due in the folder and tell; the exit status."""
    try:
        made = render_callers(folder, fetch, out)
    except CatalogueError as error:
        out(str(error))
        return 1
    out(f"{made} rendered")
    return 0
