"""What the caller says and keys: from the ear's reports to what it means.

Sound goes into the ear chunk by chunk. Utterances are decoded in order, in the bounded executor,
and what was recognised takes effect when everything that happened before it is decided, however
long either takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from bot.audio import AudioChunk
from bot.calls.clock import CallClock, Quiet
from bot.calls.leg import Leg
from bot.calls.rooms import Rooms, Understands
from bot.calls.silences import Silences
from bot.calls.telling import Telling, Took, gives_card_digits
from bot.cards import SecretText
from bot.dialog import events as happened
from bot.expectations import Expectation, Hypothesis, Kind, Reading
from bot.hearing.events import EarEvent, KeyHeard, SpeechBegan, SpeechPaused, SpeechSound, TurnEnded
from bot.hearing.keys.presses import KeyPresses, KeyReport
from bot.hearing.turns import completeness
from bot.understanding.ends import is_whole

_T = TypeVar("_T")

_MOST_JOBS = 3_000
"""Bound of the recogniser's queue: a minute of sound. Past it sound is dropped, and said to be;
where an utterance begins and ends is not, so that each still gets its answer."""


@dataclass(frozen=True, slots=True)
class _Begin:
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class _Typed:
    said: SecretText
    expectation: Expectation
    at: int


@dataclass(frozen=True, slots=True)
class _LineBack:
    """cut: where the utterance began that the break cut off."""

    cut: int | None


_Job = _Begin | SpeechSound | SpeechPaused | TurnEnded | _Typed | _LineBack
_QUESTION_NOT_ASKED_YET = Expectation(Kind.OPEN)


class Listening:
    """Of one leg. quiet, undecided: count what is under way; see `Call`."""

    def __init__(
        self,
        rooms: Rooms,
        leg: Leg,
        clock: CallClock,
        this_year: int,
        *,
        quiet: Quiet,
        undecided: Quiet,
        telling: Telling,
        silences: Silences,
        post: Callable[[happened.Event], None],
        degraded: Callable[[str], None],
    ) -> None:
        self._rooms = rooms
        self._leg = leg
        self._clock = clock
        self._this_year = this_year
        self._understanding: Understands = rooms.understanding(degraded)
        self._quiet = quiet
        self._undecided = undecided
        self._telling = telling
        self._silences = silences
        self._post = post
        self._presses = KeyPresses()
        self._last_message = -1
        self._tone: KeyReport | None = None
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._expectation = _QUESTION_NOT_ASKED_YET

    def question(self, expectation: Expectation) -> None:
        """From now on the caller answers this."""
        self._expectation = expectation
        self._leg.ear.expect(expectation)
        self._silences.question(expectation)

    def feed(self, chunk: AudioChunk) -> None:
        """The next sound of the leg."""
        self._hear_all(self._leg.ear.feed(chunk))
        if not self._leg.ear.tone_sounding:
            self._tone = None
            self._silences.key_over()
        elif self._tone is not None:  # still held: a message of its release may yet come
            self._presses.report(replace(self._tone, end=chunk.end))
        if not self._leg.ear.ignoring:
            self._silences.dropped_speech_over()

    def flush(self) -> None:
        """The leg's sound is over."""
        self._hear_all(self._leg.ear.flush())

    def line_is_back(self) -> None:
        """Half an utterance is none: joined to what is said now, or judged alone, it could make a
        number that nobody meant. It is dropped, and the dialog told when all that was said before
        it is decided."""
        self._give(_LineBack(self._leg.ear.cut()))

    def typed(self, text: str) -> None:
        """Words given as text, in place of speech."""
        if self._must_be_heard_out:
            self._drop_speech()
            return
        self._telling.turn_ended(self._clock.now)
        self._post(happened.SpeechStarted(self._clock.now))
        self._give(_Typed(SecretText(text.lower()), self._expectation, self._clock.now))

    def key_message(self, way: str, key: str) -> None:
        """A press the line tells of beside its sound. Each message is one, also where a network
        held several back and they come at the same moment."""
        self._last_message = max(self._clock.now, self._last_message + 1)
        self._key(KeyReport(way, key, self._last_message, self._last_message))

    def _key(self, report: KeyReport) -> None:
        """One press is one digit, whichever way and however often it was reported."""
        if self._presses.report(report):
            self._telling.key(report.key, report.start)
            self._post(happened.KeyPressed(report.key, self._clock.now))

    @property
    def _must_be_heard_out(self) -> bool:
        """What is being said may not be interrupted by speech."""
        return self._leg.playback.speaking and not self._leg.playback.interruptible

    def _hear_all(self, events: Sequence[EarEvent]) -> None:
        for event in events:
            self._hear(event)
            if self._leg.ear.ignoring:
                break  # dropped: what the ear reported with it is of the same utterance

    def _hear(self, event: EarEvent) -> None:
        match event:
            case KeyHeard(key, start, end):
                self._silences.key_heard(start)
                self._tone = KeyReport("tone", key, start, end)
                self._key(self._tone)
            case SpeechBegan(start):
                if self._must_be_heard_out:
                    self._leg.ear.drop()
                    self._drop_speech()
                    self._silences.speech_dropped(start)
                    return
                self._silences.speech_began(start)
                self._post(happened.SpeechStarted(self._clock.now))
                self._give(_Begin(self._expectation))
            case TurnEnded(start, end):
                self._telling.speech(start, end)
                self._telling.turn_ended(end)
                self._give(event)
            case SpeechSound() | SpeechPaused():
                self._give(event)

    def _drop_speech(self) -> None:
        self._telling.dropped("speech", "this prompt may not be interrupted")

    def _give(self, job: _Job) -> None:
        if isinstance(job, SpeechSound) and self._jobs.qsize() >= _MOST_JOBS:
            self._telling.dropped("sound", "the recogniser is a minute behind")
            return
        self._jobs.put_nowait(job)
        self._quiet.begin()

    async def run(self) -> None:
        """Decode and understand, for as long as the call lasts."""
        expectation = self._expectation
        while True:
            job = await self._jobs.get()
            match job:
                case _Begin():
                    expectation = job.expectation
                    await self._compute(self._leg.recogniser.begin, expectation)
                case SpeechSound(chunk):
                    await self._compute(self._leg.recogniser.accept, chunk)
                case SpeechPaused(at) if self._leg.ear.still_pauses(at):
                    so_far = await self._compute(self._leg.recogniser.preliminary)
                    await self._undecided.wait()
                    threshold = self._rooms.settings.payment.confidence_needed(expectation.kind)
                    verdict = completeness(
                        so_far, expectation, threshold, partial(is_whole, expectation)
                    )
                    self._hear_all(self._leg.ear.judge(verdict, at))
                case SpeechPaused():
                    pass  # the caller has gone on: nobody needs to know any more
                case TurnEnded(start, end):
                    began = self._clock.now
                    heard = await self._compute(self._leg.recogniser.finish)
                    await self._understand(heard, expectation, start, end, began)
                case _Typed(said, expected, at):
                    typed = Hypothesis(said, 1.0, start=at, end=at, engine="typed")
                    await self._understand((typed,), expected, at, at, at)
                case _LineBack(cut):
                    await self._undecided.wait()
                    if cut is not None:
                        self._silences.speech_broke_off(cut)
                        self._telling.dropped("cut speech", "the connection broke in it")
                    self._post(happened.LineBack(self._clock.now))
            self._quiet.end()

    async def _compute(self, function: Callable[..., _T], *arguments: object) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._rooms.executor, function, *arguments)

    async def _understand(
        self,
        heard: tuple[Hypothesis, ...],
        expectation: Expectation,
        start: int,
        end: int,
        decoding_began: int,
    ) -> None:
        recognised = self._clock.now
        readings: tuple[Reading, ...] = ()
        if heard:
            readings = await self._understanding.understand(
                heard,
                expectation,
                currency=self._rooms.settings.payment.currency,
                this_year=self._this_year,
            )
        took = Took(
            end_of_turn=max(0, decoding_began - end),
            recognition=recognised - decoding_began,
            understanding=self._clock.now - recognised,
        )
        await self._undecided.wait()
        if end > start:
            open_field = expectation.sensitive or self._expectation.sensitive
            self._silences.speech_judged(start, sensitive=open_field or gives_card_digits(readings))
        self._telling.heard(heard, readings, start, end, took)
        self._post(happened.Heard(readings, expectation, self._clock.now))
