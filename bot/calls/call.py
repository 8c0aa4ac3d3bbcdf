"""One call: wires the rooms together and carries out what the dialog decides.

    caller's leg -> ear -> recogniser -> understanding -> dialog -> speaker -> playback -> leg
                     |                                      |
                     +-- keys ------------------------------+-> payments -> (answer) -> dialog

Three tasks in one group (law 5): `_receive` moves the leg chunk by chunk and with it the clock,
`_recognise` decodes utterances in order, `_decide` feeds the dialog one event at a time. What was
recognised takes effect when everything that happened before it is decided, however long either
takes. From a recording the clock stands still while any of them has work (`Quiet`), so a run gives
the same result every time. Live lines, whose pace will take the place of that wait, are still to
come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import structlog

from bot.audio import AudioChunk, Samples, ms_to_samples
from bot.calls.callers import Caller, Gone, Sound, Typed
from bot.calls.clock import CallClock, Quiet, Scheduled
from bot.calls.leg import Leg
from bot.calls.recording import Recording
from bot.calls.silences import Silences
from bot.calls.telling import Telling, gives_card_digits
from bot.cards import Expiry
from bot.charges import ChargeOutcome, ChargeRequest
from bot.dialog import commands as do
from bot.dialog import events as happened
from bot.dialog.dialog import Dialog
from bot.errors import CatalogueError
from bot.expectations import Expectation, Hypothesis, Kind, Reading
from bot.hearing.events import EarEvent, KeyHeard, SpeechBegan, SpeechPaused, SpeechSound, TurnEnded
from bot.hearing.turns import completeness
from bot.money import Money
from bot.outcomes import Destination, PaymentResult, ResultName
from bot.records.trace import Trace
from bot.settings import Settings
from bot.speaking.playback import PlaybackEvent, Played, PromptEnded, PromptStarted
from bot.speaking.speaker import Speaker

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")

_JOBS = 3_000
"""Bound of the recogniser's queue: a minute of sound. Past it sound is dropped, and said to be."""

_SLOW_GAPS = 2.5
"""How much longer the gaps between pieces are for a caller who asked to go slower."""

_CALLERS_TURN = {happened.TimerName.NO_INPUT, happened.TimerName.INTER_DIGIT}
"""While one of these runs, the bot waits for the caller to say or key something."""


class Understands(Protocol):
    async def understand(
        self,
        hypotheses: Sequence[Hypothesis],
        expectation: Expectation,
        *,
        currency: str,
        this_year: int,
    ) -> tuple[Reading, ...]: ...


class Charges(Protocol):
    async def charge(self, request: ChargeRequest) -> ChargeOutcome: ...


@dataclass(frozen=True, slots=True)
class Rooms:
    """What a call uses of the process it runs in. Shared by all calls."""

    settings: Settings
    understanding: Callable[[Callable[[str], None]], Understands]
    """Makes a call's understanding; told what to do when something it needs is away."""
    speaker: Speaker
    payments: Charges
    executor: Executor
    """Bounded; decoding runs here."""


@dataclass(frozen=True, slots=True)
class AskedCharge:
    """A charge that was asked of the gateway: what of it may be kept."""

    attempt_id: str
    amount: Money
    expiry: Expiry
    last_four: str


@dataclass(slots=True)
class CallEnd:
    """How a call ended.

    late_charge: an answer of the gateway that came too late for the dialog to hear of it.
    """

    result: PaymentResult
    asked: list[AskedCharge] = field(default_factory=list)
    duration: int = 0
    """Samples."""
    handed_over_to: Destination | None = None
    late_charge: ChargeOutcome | None = None
    degraded: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Begin:
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class _Typed:
    text: str
    expectation: Expectation
    at: int


_Job = _Begin | SpeechSound | SpeechPaused | TurnEnded | _Typed
_QUESTION_NOT_ASKED_YET = Expectation(Kind.OPEN)


class Call:
    """Run once with `run()`. Not to be used again."""

    def __init__(
        self,
        rooms: Rooms,
        leg: Leg,
        caller: Caller,
        started: happened.CallStarted,
        *,
        trace: Trace,
        recording: Recording | None = None,
    ) -> None:
        self._rooms = rooms
        self._leg = leg
        self._caller = caller
        self._started = started
        self._clock = CallClock()
        self._telling = Telling(trace, self._clock)
        self._silences = Silences(
            recording,
            self._clock,
            leg.pre_roll,
            lambda: self._degraded("the recording could not be written"),
        )
        self._understanding = rooms.understanding(self._degraded)
        self._quiet = Quiet()
        self._undecided = Quiet()
        self._dialog = Dialog(rooms.settings.payment)
        # Unbounded, and small: every chunk puts in a few events at most, and the line waits for
        # `Quiet` before it gives the next.
        self._inbox: asyncio.Queue[happened.Event] = asyncio.Queue()
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue(_JOBS)
        self._timers: dict[happened.TimerName, Scheduled] = {}
        self._expectation = _QUESTION_NOT_ASKED_YET
        self._charges: set[asyncio.Task[None]] = set()
        self._end = CallEnd(PaymentResult(ResultName.INTERNAL_ERROR, "the call never ended"))
        self._answered: ChargeOutcome | None = None
        self._dialog_over = False
        self._gone = False

    @property
    def end(self) -> CallEnd:
        """How it ended; of a call that was interrupted, what can be said of it."""
        return self._end

    async def run(self) -> CallEnd:
        """Until the dialog is over and has said what it had to say, or the caller is gone."""
        self._post(self._started)
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                workers = [
                    group.create_task(self._recognise()),
                    group.create_task(self._decide()),
                ]
                await self._receive()
                for task in (*workers, *self._charges):
                    task.cancel()  # a charge itself goes on in the payment service
        except ExceptionGroup as group_error:
            self._fail(group_error)
        except BaseException:
            self._interrupt()
            raise
        self._end.duration = self._clock.now
        self._cut_off()
        self._telling.ended(self._end.result)
        self._telling.silenced(self._silences.finish())
        return self._end

    def _cut_off(self) -> None:
        """What was being said when the call ended was heard as far as that."""
        for note in self._leg.playback.stop():
            if isinstance(note, PromptEnded):
                self._telling.prompt_ended(note)

    # --- receive: the leg and the clock ------------------------------------------------------

    async def _receive(self) -> None:
        while True:
            await asyncio.sleep(0)
            await self._quiet.wait()
            if self._gone or (self._dialog_over and not self._leg.playback.speaking):
                return
            match await self._caller.receive(self._waits_for_caller):
                case Sound(samples):
                    spoken = self._step(samples)
                    if self._leg.listener is not None:
                        await self._leg.listener(samples, spoken)
                case Typed() if self._must_be_heard_out:
                    self._drop_speech()
                case Typed(text):
                    self._telling.turn_ended(self._clock.now)
                    self._post(happened.SpeechStarted(self._clock.now))
                    self._give(_Typed(text, self._expectation, self._clock.now))
                case Gone():
                    self._hear_all(self._leg.ear.flush())
                    await self._quiet.wait()
                    self._gone = True
                    self._post(happened.HungUp(self._leg.name, self._clock.now))

    @property
    def _waits_for_caller(self) -> bool:
        """Everything is said, and a timer counts how long the caller takes."""
        return not self._leg.playback.speaking and not _CALLERS_TURN.isdisjoint(self._timers)

    @property
    def _must_be_heard_out(self) -> bool:
        """What is being said may not be interrupted by speech."""
        return self._leg.playback.speaking and not self._leg.playback.interruptible

    def _step(self, samples: Samples) -> Samples:
        """One chunk in, one chunk out."""
        start = self._clock.now
        self._clock.advance(start + len(samples))
        self._hear_all(self._leg.ear.feed(AudioChunk(samples, start)))
        if not self._leg.ear.tone_sounding:
            self._silences.key_over()
        if not self._leg.ear.ignoring:
            self._silences.dropped_speech_over()
        spoken, notes = self._leg.playback.next_chunk(len(samples))
        for note in notes:
            self._note(note)
        self._silences.add(samples, spoken)
        return spoken

    def _note(self, note: PlaybackEvent) -> None:
        match note:
            case PromptStarted():
                self._telling.prompt_started(note)
                if note.sensitive:
                    self._silences.read_back_began(note.at)
                self._caller.prompt_started(note.prompt_id)
            case PromptEnded():
                self._telling.prompt_ended(note)
                self._silences.prompt_over(note.at)
                self._caller.prompt_ended(note.prompt_id)
            case Played():
                self._post(
                    happened.PromptPlayed(note.say_id, note.completed, note.heard, self._clock.now)
                )

    # --- what the ear reports ----------------------------------------------------------------

    def _hear_all(self, events: Sequence[EarEvent]) -> None:
        for event in events:
            self._hear(event)
            if self._leg.ear.ignoring:
                break  # dropped: what the ear reported with it is of the same utterance

    def _hear(self, event: EarEvent) -> None:
        match event:
            case KeyHeard(key, start, _):
                self._silences.key_heard(start)
                self._telling.key(key, start)
                self._post(happened.KeyPressed(key, self._clock.now))
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

    # --- recognise ---------------------------------------------------------------------------

    def _give(self, job: _Job) -> None:
        try:
            self._jobs.put_nowait(job)
        except asyncio.QueueFull:
            self._telling.dropped("sound", "the recogniser is a minute behind")
            return
        self._quiet.begin()

    async def _recognise(self) -> None:
        expectation = self._expectation
        while True:
            job = await self._jobs.get()
            match job:
                case _Begin():
                    expectation = job.expectation
                    await self._compute(self._leg.recogniser.begin, expectation)
                case SpeechSound(chunk):
                    await self._compute(self._leg.recogniser.accept, chunk)
                case SpeechPaused():
                    so_far = await self._compute(self._leg.recogniser.preliminary)
                    await self._undecided.wait()
                    threshold = self._rooms.settings.payment.confidence_needed(expectation.kind)
                    verdict = completeness(so_far, expectation, threshold)
                    self._hear_all(self._leg.ear.judge(verdict))
                case TurnEnded(start, end):
                    heard = await self._compute(self._leg.recogniser.finish)
                    await self._understand(heard, expectation, start, end)
                case _Typed(text, expected, at):
                    typed = Hypothesis(text.lower(), 1.0, start=at, end=at, engine="typed")
                    await self._understand((typed,), expected, at, at)
            self._quiet.end()

    async def _compute(self, function: Callable[..., _T], *arguments: object) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._rooms.executor, function, *arguments)

    async def _understand(
        self, heard: tuple[Hypothesis, ...], expectation: Expectation, start: int, end: int
    ) -> None:
        readings: tuple[Reading, ...] = ()
        if heard:
            readings = await self._understanding.understand(
                heard,
                expectation,
                currency=self._rooms.settings.payment.currency,
                this_year=self._started.today.year,
            )
        await self._undecided.wait()
        if end > start:
            open_field = expectation.sensitive or self._expectation.sensitive
            self._silences.speech_judged(start, sensitive=open_field or gives_card_digits(readings))
        self._telling.heard(heard, readings, start, end)
        self._post(happened.Heard(readings, expectation, self._clock.now))

    def _degraded(self, what: str) -> None:
        if what not in self._end.degraded:
            self._end.degraded.append(what)
            self._telling.degraded(what)

    # --- decide ------------------------------------------------------------------------------

    def _post(self, event: happened.Event) -> None:
        self._inbox.put_nowait(event)
        self._quiet.begin()
        self._undecided.begin()

    async def _decide(self) -> None:
        while True:
            event = await self._inbox.get()
            for command in self._dialog.handle(event):
                await self._carry_out(command)
            self._undecided.end()
            self._quiet.end()

    async def _carry_out(self, command: do.Command) -> None:
        match command:
            case do.Say():
                await self._say(command)
            case do.StopSaying():
                for note in self._leg.playback.stop():
                    self._note(note)
            case do.PauseSaying():
                self._leg.playback.pause()
            case do.ResumeSaying():
                self._leg.playback.resume()
            case do.Listen(expectation):
                self._listen(expectation)
            case do.SetTimer(name, ms):
                self._set_timer(name, ms)
            case do.Charge(request):
                self._charge(request)
            case do.HandOver(to, _):
                self._end.handed_over_to = to
            case do.Notify():
                self._telling.step(command)
            case do.LookUp(name):
                self._post(happened.Looked(name, found=False, at=self._clock.now))
            case do.End(result):
                self._end.result = result
                self._dialog_over = True

    async def _say(self, say: do.Say) -> None:
        loop = asyncio.get_running_loop()
        gap_scale = _SLOW_GAPS if say.slow else 1.0
        try:
            spoken = [
                await loop.run_in_executor(
                    self._rooms.executor, self._rooms.speaker.speak, prompt, gap_scale
                )
                for prompt in say.prompts
            ]
        except CatalogueError as error:
            _log.error("prompt_not_said", why=str(error))
            self._degraded("a prompt could not be said")
            self._post(happened.PromptPlayed(say.say_id, completed=False, at=self._clock.now))
            return
        self._leg.playback.say(say.say_id, spoken, say.interruptible)

    def _listen(self, expectation: Expectation) -> None:
        self._expectation = expectation
        self._leg.ear.expect(expectation)
        self._silences.question(expectation)

    def _set_timer(self, name: happened.TimerName, ms: int | None) -> None:
        if (running := self._timers.pop(name, None)) is not None:
            running.cancel()
        if ms is not None:
            self._timers[name] = self._clock.schedule(
                ms_to_samples(ms), lambda: self._timer_fired(name)
            )

    def _timer_fired(self, name: happened.TimerName) -> None:
        del self._timers[name]
        self._post(happened.TimerFired(name, self._clock.now))

    def _charge(self, request: ChargeRequest) -> None:
        self._quiet.begin()
        self._answered = None
        self._telling.charge_sent(request)
        self._end.asked.append(
            AskedCharge(request.attempt_id, request.amount, request.expiry, request.card.last_four)
        )
        task = self._group.create_task(self._charge_and_answer(request))
        self._charges.add(task)
        task.add_done_callback(self._charges.discard)

    async def _charge_and_answer(self, request: ChargeRequest) -> None:
        """Its own task, so that the dialog hears keys and hang-ups while the gateway thinks."""
        outcome = await self._rooms.payments.charge(request)
        self._end.late_charge = outcome
        self._clock.schedule(
            ms_to_samples(outcome.declared_delay_ms), lambda: self._answer(outcome)
        )
        self._quiet.end()

    def _answer(self, outcome: ChargeOutcome) -> None:
        self._answered, self._end.late_charge = outcome, None
        self._telling.charge_answered(outcome)
        self._post(happened.ChargeAnswered(outcome, self._clock.now))

    def _fail(self, group: BaseExceptionGroup[BaseException]) -> None:
        """A defect of ours: the call ends with its own result, and the log says where, not what:
        the values in a traceback may be a card's."""
        for error in group.exceptions:
            frame = error.__traceback__
            while frame is not None and frame.tb_next is not None:
                frame = frame.tb_next
            where = f"{frame.tb_frame.f_code.co_qualname}:{frame.tb_lineno}" if frame else "?"
            _log.error("call failed", error=type(error).__name__, where=where)
        self._end.result = PaymentResult(
            ResultName.INTERNAL_ERROR, f"{type(group.exceptions[0]).__name__}; see the log"
        )
        self._keep_answer()

    def _interrupt(self) -> None:
        """The bot is told to end. What a dialog that was over had decided stays."""
        self._end.duration = self._clock.now
        if self._dialog_over:
            return
        asked = self._end.asked[-1] if self._end.asked else None
        self._end.result = PaymentResult(
            ResultName.INTERNAL_ERROR,
            "interrupted: the bot ended while the call went on",
            amount=asked.amount if asked else None,
            last_four=asked.last_four if asked else None,
        )
        self._keep_answer()

    def _keep_answer(self) -> None:
        """What the gateway said to the last charge stands, whatever became of the call."""
        self._end.late_charge = self._end.late_charge or self._answered
