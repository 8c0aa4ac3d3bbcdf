"""The engine for Vosk models (Apache-2.0, Kaldi inside), restricted to what the question expects.

A model is a folder; its description: models/README.md. Vosk scores alternatives with
log-likelihoods of its own scale; the confidence here is their softmax, so it tells how far one
alternative is ahead of the others and is not calibrated beyond that.
"""

from __future__ import annotations

import importlib
import itertools
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soxr

from bot.audio import SAMPLE_RATE, AudioChunk
from bot.cards import SecretDigits
from bot.errors import ModelError
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.digit_words import spell
from bot.hearing.number_answers import rules_for
from bot.hearing.vosk_grammar import UNKNOWN, grammar

NAME = "vosk"

_ALTERNATIVES = 5
_LAYOUTS: tuple[tuple[str, ...], ...] = (
    ("am/final.mdl", "conf/mfcc.conf", "graph/phones/word_boundary.int"),
    ("final.mdl", "mfcc.conf", "word_boundary.int"),
)
"""Files without which Vosk cannot load a model, in its present and its former layout."""
_GRAPHS = (("HCLG.fst",), ("HCLr.fst", "Gr.fst"))
_RATE = re.compile(r"^\s*--sample-frequency=(\d+)", re.MULTILINE)
_DEFAULT_RATE = 16_000


class VoskModule(Protocol):
    """What is used of the package `vosk`."""

    def SetLogLevel(self, level: int) -> object: ...  # noqa: N802 - Vosk's names
    def Model(self, model_path: str) -> Any: ...  # noqa: N802
    def KaldiRecognizer(self, *args: Any) -> Any: ...  # noqa: N802


@dataclass(frozen=True, slots=True)
class _Heard:
    """One alternative of one stretch. start, end: seconds since the utterance began, or None."""

    text: str
    score: float
    start: float | None = None
    end: float | None = None


class VoskEngine:
    """The loaded model, shared by all calls."""

    name = NAME

    def __init__(
        self,
        folder: Path,
        vosk: VoskModule | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Raises ModelError, naming what the folder lacks."""
        config = check_folder(folder)
        self.vosk = importlib.import_module("vosk") if vosk is None else vosk
        progress(f"loading the Vosk model {folder.name}")
        self.vosk.SetLogLevel(-1)  # its log repeats what it heard
        rate = _RATE.search(config.read_text("utf-8", errors="replace"))
        self.rate = int(rate[1]) if rate else _DEFAULT_RATE
        try:
            self.model = self.vosk.Model(str(folder))
        except Exception:  # noqa: BLE001 - Vosk raises nothing narrower
            raise ModelError(
                f"{folder}: Vosk cannot load this model; unpack it again from its archive"
            ) from None
        self._grammars = {kind: self._known(grammar(kind)) for kind in Kind}

    def recogniser(self) -> VoskRecogniser:
        return VoskRecogniser(self)

    def kaldi(self, kind: Kind) -> Any:
        """A fresh decoder for one utterance."""
        words = self._grammars[kind]
        arguments = [json.dumps(words)] if words else []
        decoder = self.vosk.KaldiRecognizer(self.model, float(self.rate), *arguments)
        decoder.SetMaxAlternatives(_ALTERNATIVES)
        decoder.SetWords(True)
        return decoder

    def _known(self, words: Sequence[str]) -> list[str]:
        """Without the words the model cannot know; without a grammar when none is left."""
        known = [
            word for word in words if word == UNKNOWN or self.model.vosk_model_find_word(word) >= 0
        ]
        return [] if known == [UNKNOWN] else known


class VoskRecogniser:
    """Belongs to one call; a decoder per utterance."""

    def __init__(self, engine: VoskEngine) -> None:
        self._engine = engine
        self.begin(Expectation(Kind.OPEN))

    def begin(self, expectation: Expectation) -> None:
        self._expectation = expectation
        self._kaldi: Any = None
        self._resampler: soxr.ResampleStream | None = None
        self._stretches: list[list[_Heard]] = []
        self._start = 0
        self._end = 0

    def accept(self, chunk: AudioChunk) -> None:
        if self._kaldi is None:
            self._kaldi = self._engine.kaldi(self._expectation.kind)
            if self._engine.rate != SAMPLE_RATE:
                self._resampler = soxr.ResampleStream(
                    SAMPLE_RATE, self._engine.rate, 1, dtype="int16"
                )
            self._start = chunk.position
        self._end = chunk.end
        self._decode(chunk.samples, last=False)

    def preliminary(self) -> tuple[Hypothesis, ...]:
        if self._kaldi is None:
            return ()
        partial = str(json.loads(self._kaldi.PartialResult()).get("partial", ""))
        under_way = [[_Heard(partial, 0.0)]] if partial else []
        return self._hypotheses([*self._stretches, *under_way])

    def finish(self) -> tuple[Hypothesis, ...]:
        if self._kaldi is None:
            return ()
        self._decode(np.zeros(0, dtype=np.int16), last=True)
        self._keep(self._kaldi.FinalResult())
        hypotheses = self._hypotheses(self._stretches)
        self.begin(self._expectation)
        return hypotheses

    def _decode(self, samples: np.ndarray[Any, np.dtype[np.int16]], *, last: bool) -> None:
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        # True: Vosk itself saw an end of utterance; its result must be taken or is lost.
        if len(samples) and self._kaldi.AcceptWaveform(samples.astype("<i2").tobytes()):
            self._keep(self._kaldi.Result())

    def _keep(self, result: str) -> None:
        alternatives = _alternatives(json.loads(result))
        if alternatives:
            self._stretches.append(alternatives)

    def _hypotheses(self, stretches: list[list[_Heard]]) -> tuple[Hypothesis, ...]:
        """Best first: each way to read the stretches one after the other."""
        if not stretches:
            return ()
        ways = sorted(
            itertools.product(*(stretch[:_ALTERNATIVES] for stretch in stretches[-4:])),
            key=lambda way: -sum(heard.score for heard in way),
        )[:_ALTERNATIVES]
        before = [stretch[0] for stretch in stretches[:-4]]
        scores = [sum(heard.score for heard in way) for way in ways]
        total = sum(math.exp(score - scores[0]) for score in scores)
        found: dict[str, Hypothesis] = {}
        for way, score in zip(ways, scores, strict=True):
            whole = [*before, *way]
            text = " ".join(heard.text for heard in whole if heard.text)
            if text and text not in found:
                confidence = math.exp(score - scores[0]) / total
                found[text] = self._hypothesis(text, confidence, whole, first=not found)
        return tuple(found.values())

    def _hypothesis(
        self, text: str, confidence: float, whole: Sequence[_Heard], *, first: bool
    ) -> Hypothesis:
        digits = None
        if self._expectation.kind in {Kind.CARD, Kind.DIGITS}:
            digits = spell(word for word in text.split() if word != "no")
            digits = None if "no" in text.split() else digits
        return Hypothesis(
            text,
            confidence,
            digits=SecretDigits(digits) if digits else None,
            start=self._place(whole[0].start, self._start),
            end=self._place(whole[-1].end, self._end),
            fits=bool(digits) and self._fits(digits or ""),
            as_heard=first,
            engine=NAME,
        )

    def _fits(self, digits: str) -> bool:
        given = self._expectation.given_digits
        whole = (given.reveal() if given is not None else "") + digits
        rules = rules_for(self._expectation)
        return not rules or any(rule.accepts(whole) for rule in rules)

    def _place(self, seconds: float | None, default: int) -> int:
        if seconds is None:
            return default
        return min(self._end, self._start + round(seconds * SAMPLE_RATE))


def check_folder(folder: Path) -> Path:
    """The feature configuration of a complete model folder. Raises ModelError otherwise."""
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a folder; hearing.vosk_model names an unpacked model")
    layout = min(_LAYOUTS, key=lambda files: sum(not (folder / file).is_file() for file in files))
    missing = [file for file in layout if not (folder / file).is_file()]
    graph = folder / "graph" if layout is _LAYOUTS[0] else folder
    if not any(all((graph / file).is_file() for file in files) for files in _GRAPHS):
        missing.append(f"{graph.relative_to(folder) / 'HCLG.fst'} (or HCLr.fst and Gr.fst)")
    if missing:
        raise ModelError(
            f"{folder} is not a whole Vosk model, it lacks {', '.join(missing)}; "
            "unpack its archive again, the files directly in this folder"
        )
    return folder / layout[1]


def _alternatives(result: dict[str, Any]) -> list[_Heard]:
    """Of a final result, with or without alternatives; "[unk]" left out; empty when silent."""
    heard = []
    for entry in result.get("alternatives", [result]):
        text = " ".join(word for word in str(entry.get("text", "")).split() if word != UNKNOWN)
        words = entry.get("result") or [{}]
        heard.append(
            _Heard(
                text,
                float(entry.get("confidence", 0.0)),
                words[0].get("start"),
                words[-1].get("end"),
            )
        )
    return heard if any(one.text for one in heard) else []
