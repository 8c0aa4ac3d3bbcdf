"""The engine for Vosk models (Apache-2.0, Kaldi inside), restricted to what the question expects.

A call has one decoder, so that the model's adaptation to the speaker carries over from answer to
answer; the model is shared. Where the utterance ends is not Vosk's to say: it is told so by
`finish`, and its own signal of an endpoint is passed over (measured: decoding goes on as if
nothing had been, and one lattice holds the whole utterance with its pauses).
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soxr

from bot.audio import SAMPLE_RATE, AudioChunk
from bot.cards import SecretDigits, SecretText
from bot.errors import ModelError
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.numbers.digit_answers import rules_for
from bot.hearing.vosk_engine.confidence import confidence
from bot.hearing.vosk_engine.folder import check_folder
from bot.hearing.vosk_engine.grammar import UNKNOWN, Vocabulary, vocabulary

NAME = "vosk"

_ALTERNATIVES = 10
_FREELY = "[]"
"""The grammar that takes a former one back."""
_SHARE_SO_FAR = 0.95
"""Taken for the share of what was said so far, which Vosk does not tell."""
_QUIET = -2
"""Of Vosk's log levels: its log repeats what it heard, and warns of words left out on purpose."""
_SETTLING_SECONDS = 0.5
"""Silence that brings out the last word: the network works in chunks and looks ahead (measured on
the Korean model: with 0.3 s it is heard, not always whole)."""


class VoskModule(Protocol):
    """What is used of the package `vosk`."""

    def SetLogLevel(self, level: int) -> object: ...  # noqa: N802 - Vosk's names
    def Model(self, model_path: str) -> Any: ...  # noqa: N802
    def KaldiRecognizer(self, *args: Any) -> Any: ...  # noqa: N802


@dataclass(frozen=True, slots=True)
class _Heard:
    """One alternative. May hold card data.

    words: without those that are not in the grammar; broken: one of those lies between them.
    share: of the likelihood of all alternatives. start, end: samples on the leg.
    """

    words: tuple[str, ...] = field(repr=False)
    share: float
    start: int
    end: int
    broken: bool

    @property
    def text(self) -> str:
        return " ".join(self.words)


class VoskEngine:
    """The loaded model, shared by all calls."""

    name = NAME

    def __init__(
        self,
        folder: Path,
        vosk: VoskModule | None = None,
        progress: Callable[[str], None] = lambda _: None,
        words: Vocabulary | None = None,
    ) -> None:
        """words: None for those of the model's language. Raises ModelError, naming what the
        folder lacks."""
        found = check_folder(folder)
        self.vosk = importlib.import_module("vosk") if vosk is None else vosk
        progress(f"loading the Vosk model {folder.name}")
        self.vosk.SetLogLevel(_QUIET)
        self.rate = found.rate
        self.words = vocabulary(found.language) if words is None else words
        try:
            self.model = self.vosk.Model(str(folder))
        except Exception:  # noqa: BLE001 - Vosk raises nothing narrower
            raise ModelError(
                f"{folder}: Vosk cannot load this model; unpack it again from its archive"
            ) from None
        words_of = self.words.words if found.takes_grammars else {}
        self._known_words = {kind: self._known(words_of.get(kind, ())) for kind in Kind}
        self._other = self._known(UNKNOWN)[:1]

    def recogniser(self) -> VoskRecogniser:
        return VoskRecogniser(self)

    def grammar(self, expectation: Expectation) -> str:
        """For Vosk: a JSON list; empty where anything may be said."""
        known = self._known_words[expectation.kind]
        if not known:
            return _FREELY
        more = self._known([word for words in expectation.words for word in words.split()])
        words = dict.fromkeys((*known, *more, *self._other))
        return json.dumps(list(words), ensure_ascii=False)  # Vosk reads no \u escapes

    def decoder(self, grammar: str) -> Any:
        """For one call, beginning with a question of this grammar."""
        arguments = [] if grammar == _FREELY else [grammar]
        decoder = self.vosk.KaldiRecognizer(self.model, float(self.rate), *arguments)
        decoder.SetMaxAlternatives(_ALTERNATIVES)
        decoder.SetWords(True)
        return decoder

    def _known(self, words: Sequence[str]) -> list[str]:
        """Without the words the model cannot know."""
        return [word for word in words if self.model.vosk_model_find_word(word) >= 0]


class VoskRecogniser:
    """Belongs to one call. Sound of earlier utterances stays in the decoder, in memory, as
    features, until the call is over."""

    def __init__(self, engine: VoskEngine) -> None:
        self._engine = engine
        self._decoder: Any = None
        self._grammar = _FREELY
        self._fed = self._began = 0
        """Samples the decoder has been given since it was made; when the utterance began."""
        self._under_way = False
        self.begin(Expectation(Kind.OPEN))

    def begin(self, expectation: Expectation) -> None:
        if self._under_way:
            self._decoder.Reset()
        self._expectation = expectation
        self._under_way = False
        self._resampler: soxr.ResampleStream | None = None
        self._start = self._end = 0
        self._given = 0
        self._put_in: list[tuple[int, int]] = []
        """Silences of ours, as samples of the utterance, of which there were `_given` so far."""
        self._so_far: tuple[Hypothesis, ...] | None = None

    def accept(self, chunk: AudioChunk) -> None:
        if not self._under_way:
            self._open(chunk.position)
        self._end = chunk.end
        self._so_far = None
        self._decode(chunk.samples)

    def preliminary(self) -> tuple[Hypothesis, ...]:
        """To be asked while the caller pauses: a silence is put in, so that the last word counts.

        The likeliest words so far, without a confidence of Vosk's: alternatives are weighed only
        when the sound is over. So this can end a turn (a complete answer), and no more: what is
        decided on is the answer of `finish`.
        """
        if not self._under_way:
            return ()
        if self._so_far is None:
            self._settle(last=False)
            so_far = json.loads(self._decoder.PartialResult())
            entry = {"text": so_far.get("partial", "")}
            self._so_far = self._hypotheses([self._alternative(entry, _SHARE_SO_FAR)])
        return self._so_far

    def finish(self) -> tuple[Hypothesis, ...]:
        if not self._under_way:
            return ()
        self._settle(last=True)
        result = json.loads(self._decoder.FinalResult())
        hypotheses = self._hypotheses(self._heard(result.get("alternatives", [result])))
        self._under_way = False
        self.begin(self._expectation)
        return hypotheses

    def _settle(self, *, last: bool) -> None:
        silence = np.zeros(round(_SETTLING_SECONDS * SAMPLE_RATE), dtype=np.int16)
        self._put_in.append((self._given, self._given + len(silence)))
        self._decode(silence, last=last)

    def _open(self, position: int) -> None:
        grammar = self._engine.grammar(self._expectation)
        if self._decoder is None:
            self._decoder = self._engine.decoder(grammar)
        elif grammar != self._grammar:
            self._decoder.SetGrammar(grammar)
        self._grammar = grammar
        if self._engine.rate != SAMPLE_RATE:
            self._resampler = soxr.ResampleStream(SAMPLE_RATE, self._engine.rate, 1, dtype="int16")
        self._began = self._fed
        self._start = position
        self._under_way = True

    def _decode(self, samples: np.ndarray[Any, np.dtype[np.int16]], *, last: bool = False) -> None:
        self._given += len(samples)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        if len(samples):
            self._fed += len(samples)
            self._decoder.AcceptWaveform(samples.astype("<i2").tobytes())

    def _heard(self, alternatives: Sequence[dict[str, Any]]) -> list[_Heard]:
        """Best first; their order is not Vosk's promise."""
        ranked = sorted(alternatives, key=lambda one: -float(one.get("confidence", 0.0)))
        scores = [float(one.get("confidence", 0.0)) for one in ranked]
        total = sum(math.exp(score - scores[0]) for score in scores)
        return [
            self._alternative(one, math.exp(score - scores[0]) / total)
            for one, score in zip(ranked, scores, strict=True)
        ]

    def _alternative(self, entry: dict[str, Any], share: float) -> _Heard:
        words = str(entry.get("text", "")).split()
        known = [index for index, word in enumerate(words) if word not in UNKNOWN]
        broken = bool(known) and known[-1] - known[0] + 1 > len(known)
        timed = [one for one in entry.get("result", []) if one.get("word") not in UNKNOWN]
        return _Heard(
            tuple(words[index] for index in known),
            share,
            self._place(timed[0].get("start"), self._start) if timed else self._start,
            self._place(timed[-1].get("end"), self._end) if timed else self._end,
            broken,
        )

    def _hypotheses(self, heard: Sequence[_Heard]) -> tuple[Hypothesis, ...]:
        """Best first; the same words, heard at other times, are one."""
        best: dict[str, _Heard] = {}
        shares: dict[str, float] = {}
        for one in heard:
            best.setdefault(one.text, one)
            shares[one.text] = shares.get(one.text, 0.0) + one.share
        order = sorted((text for text in best if text), key=lambda text: -shares[text])
        if not order or shares.get("", 0.0) > shares[order[0]]:
            return ()
        return tuple(
            self._hypothesis(best[text], shares[text], first=text == order[0]) for text in order
        )

    def _hypothesis(self, heard: _Heard, share: float, *, first: bool) -> Hypothesis:
        digits = None
        if self._expectation.kind in {Kind.CARD, Kind.DIGITS}:
            digits = self._engine.words.spell(heard.words)
        fits = digits is not None and bool(digits) and self._fits(digits, heard)
        return Hypothesis(
            SecretText(heard.text),
            confidence(share, self._expectation.kind, fits),
            digits=SecretDigits(digits) if digits else None,
            start=heard.start,
            end=heard.end,
            fits=fits,
            as_heard=first,
            engine=NAME,
        )

    def _fits(self, digits: str, heard: _Heard) -> bool:
        """A word not understood between digits may have been a digit; only a check sum tells."""
        rules = rules_for(self._expectation)
        if self._expectation.kind is Kind.DIGITS and heard.broken:
            return False
        given = self._expectation.given_digits
        whole = (given.reveal() if given is not None else "") + digits
        return not rules or any(rule.accepts(whole) for rule in rules)

    def _place(self, seconds: float | None, default: int) -> int:
        """On the leg. seconds: since the decoder was made."""
        if seconds is None:
            return default
        at = seconds * SAMPLE_RATE - self._began * SAMPLE_RATE / self._engine.rate
        put_in = sum(min(at, end) - start for start, end in self._put_in if at > start)
        return min(self._end, max(self._start, self._start + round(at - put_in)))
