"""Recognisers that only the bench hears with, to compare: free Whisper, pocketsphinx.

Neither is told of length or check sum, and neither's confidence is calibrated.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np

from bot.audio import AudioChunk, Samples
from bot.cards import SecretText
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.embedded.engine import resampled
from bot.hearing.embedded.whisper import TEXT_PADDING_SECONDS, Whisper
from bot.hearing.numbers.number_text import plain
from bot.hearing.recogniser import Engine
from bot.hearing.vosk_engine.grammar import ENGLISH


class _Gathered:
    """A recogniser that hears an utterance when it is over."""

    def __init__(self) -> None:
        self._expectation = Expectation(Kind.OPEN)
        self._pieces: list[Samples] = []

    def begin(self, expectation: Expectation) -> None:
        self._expectation = expectation
        self._pieces = []

    def accept(self, chunk: AudioChunk) -> None:
        self._pieces.append(chunk.samples)

    def preliminary(self) -> tuple[Hypothesis, ...]:
        return ()

    def finish(self) -> tuple[Hypothesis, ...]:
        pieces, self._pieces = self._pieces, []
        return self._hear(np.concatenate(pieces)) if pieces else ()

    def _hear(self, samples: Samples) -> tuple[Hypothesis, ...]:
        raise NotImplementedError


class FreeWhisper:
    """Whisper tiny.en, its decoder alone. Raises ModelError."""

    name = "free Whisper"

    def __init__(self) -> None:
        self._whisper = Whisper()

    def recogniser(self) -> _FreeWhisperRecogniser:
        return _FreeWhisperRecogniser(self._whisper)


class _FreeWhisperRecogniser(_Gathered):
    def __init__(self, whisper: Whisper) -> None:
        super().__init__()
        self._whisper = whisper

    def _hear(self, samples: Samples) -> tuple[Hypothesis, ...]:
        texts = self._whisper.text(
            self._whisper.encode(resampled(samples), TEXT_PADDING_SECONDS), 5
        )
        return tuple(
            Hypothesis(SecretText(plain(one.text)), one.token_probability, engine=FreeWhisper.name)
            for one in texts
        )


_BEAMS = {"beam": 1e-30, "wbeam": 1e-15, "maxhmmpf": 1500, "maxwpf": 10}
"""Narrower than the package's own: a grammar of seventy words in any order took a minute of
computing for a card number with those."""


class PocketSphinx:
    """CMU Sphinx with the English model its package carries, and the question's words as a
    grammar. Raises ImportError where the package is not installed."""

    name = "pocketsphinx"

    def __init__(self) -> None:
        self._module: Any = importlib.import_module("pocketsphinx")
        self._decoders: dict[Kind, Any] = {}

    def recogniser(self) -> _SphinxRecogniser:
        return _SphinxRecogniser(self)

    def decoder(self, kind: Kind) -> Any:
        if kind not in self._decoders:
            decoder = self._module.Decoder(samprate=16_000, loglevel="FATAL", **_BEAMS)
            words = [word for word in ENGLISH.words.get(kind, ()) if decoder.lookup_word(word)]
            if words:
                rule = f"#JSGF V1.0;\ngrammar q;\npublic <q> = ( {' | '.join(words)} )+ ;\n"
                decoder.add_jsgf_string("question", rule)
                decoder.activate_search("question")
            self._decoders[kind] = decoder
        return self._decoders[kind]


class _SphinxRecogniser(_Gathered):
    def __init__(self, engine: PocketSphinx) -> None:
        super().__init__()
        self._engine = engine

    def _hear(self, samples: Samples) -> tuple[Hypothesis, ...]:
        decoder = self._engine.decoder(self._expectation.kind)
        sound = np.clip(resampled(samples) * 32768, -32768, 32767).astype("<i2")
        decoder.start_utt()
        decoder.process_raw(sound.tobytes(), False, True)
        decoder.end_utt()
        best = decoder.hyp()
        if best is None or not best.hypstr:
            return ()
        return (Hypothesis(SecretText(best.hypstr), 0.5, engine=PocketSphinx.name),)


def peers() -> list[Engine]:
    """Those that are installed. Raises ModelError."""
    found: list[Engine] = [FreeWhisper()]
    if importlib.util.find_spec("pocketsphinx") is not None:
        found.append(PocketSphinx())
    return found
