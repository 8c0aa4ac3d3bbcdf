"""One call: wires the rooms together and carries out what the dialog decides.

    caller's leg -> ear -> recogniser -> understanding -> dialog -> speaker -> playback -> leg
                     |                                      |
                     +-- keys ------------------------------+-> payments -> (answer) -> dialog

Three tasks in one group (law 5): `_receive` moves the leg chunk by chunk and with it the clock,
`Listening.run` decodes utterances in order, `_decide` feeds the dialog one event at a time. What
was recognised takes effect when everything that happened before it is decided, however long either
takes. From a recording the clock stands still while any of them has work (`Quiet`), so a run gives
the same result every time. A live line has its own pace, which nothing here holds up.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from bot.audio import AudioChunk, Samples, ms_to_samples
from bot.calls.callers import Back, Caller, Gone, Keyed, Sound, Typed
from bot.calls.charging import AskedCharge, CallCharges
from bot.calls.clock import CallClock, Quiet, Scheduled
from bot.calls.leg import Leg
from bot.calls.listening import Listening
from bot.calls.looking_up import CallLookUps
from bot.calls.recording import Recording
from bot.calls.rooms import Rooms
from bot.calls.silences import Silences
from bot.calls.telling import Telling
from bot.charges import ChargeOutcome
from bot.dialog import commands as do
from bot.dialog import events as happened
from bot.dialog.dialog import Dialog
from bot.errors import CatalogueError
from bot.outcomes import Destination, PaymentResult, ResultName
from bot.records.trace import Trace
from bot.speaking.playback import PlaybackEvent, Played, PromptEnded, PromptStarted

_log = structlog.get_logger(__name__)

_SLOW_GAPS = 2.5
"""How much longer the gaps between pieces are for a caller who asked to go slower."""

_CALLERS_TURN = {happened.TimerName.NO_INPUT, happened.TimerName.INTER_DIGIT}
"""While one of these runs, the bot waits for the caller to say or key something."""


@dataclass(slots=True)
class CallEnd:
    """How a call ended.

    answered: the attempts whose outcome reached the call. late_charge: one that came too late for
    the dialog to hear of it.
    """

    result: PaymentResult
    asked: list[AskedCharge] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    duration: int = 0
    """Samples."""
    handed_over_to: Destination | None = None
    late_charge: ChargeOutcome | None = None
    degraded: list[str] = field(default_factory=list)


class Call:
    """Run once with `run()`. Not to be used again.

    live: the leg has a pace of its own; else the clock stands still while something computes.
    """

    def __init__(
        self,
        rooms: Rooms,
        leg: Leg,
        caller: Caller,
        started: happened.CallStarted,
        *,
        trace: Trace,
        recording: Recording | None = None,
        live: bool = False,
    ) -> None:
        self._rooms = rooms
        self._live = live
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
        self._quiet = Quiet()
        self._undecided = Quiet()
        self._listening = Listening(
            rooms,
            leg,
            self._clock,
            started.today.year,
            quiet=self._quiet,
            undecided=self._undecided,
            telling=self._telling,
            silences=self._silences,
            post=self._post,
            degraded=self._degraded,
        )
        self._charges = CallCharges(
            rooms.payments, self._clock, self._quiet, self._telling, self._post
        )
        self._look_ups = CallLookUps(rooms.card_check, self._clock, self._quiet, self._post)
        self._dialog = Dialog(rooms.settings.payment)
        # Unbounded, and small: every chunk puts in a few events at most, and a line lets through no
        # more keys than fingers press.
        self._inbox: asyncio.Queue[happened.Event] = asyncio.Queue()
        self._timers: dict[happened.TimerName, Scheduled] = {}
        self._end = CallEnd(
            PaymentResult(ResultName.INTERNAL_ERROR, "the call never ended"),
            self._charges.asked,
            self._charges.answered,
        )
        self._dialog_over = False

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
                    group.create_task(self._listening.run()),
                    group.create_task(self._decide()),
                ]
                await self._receive()
                self._charges.stop_waiting()
                self._look_ups.stop_waiting()
                for task in workers:
                    task.cancel()
        except ExceptionGroup as group_error:
            self._fail(group_error)
        except BaseException:
            self._interrupt()
            raise
        self._end.duration = self._clock.now
        self._end.late_charge = self._charges.late
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
            if not self._live:
                await self._quiet.wait()
            if self._dialog_over and not self._leg.playback.speaking:
                return
            match await self._caller.receive(self._waits_for_caller):
                case Sound(samples):
                    spoken = await self._step(samples)
                    if self._leg.listener is not None:
                        await self._leg.listener(samples, spoken)
                case Keyed(way, key):
                    self._listening.key_message(way, key)
                case Typed(text):
                    self._listening.typed(text)
                case Back():
                    self._degraded("the connection was lost for a while")
                    self._listening.line_is_back()
                case Gone():
                    await self._hang_up()
                    return

    async def _hang_up(self) -> None:
        """A recorded caller's last words count. A live call ends at once: nobody is there to be
        told, and who leaves with a "yes" may not have meant to pay."""
        if not self._live:
            self._listening.flush()
            await self._quiet.wait()
        self._post(happened.HungUp(self._leg.name, self._clock.now))
        await self._undecided.wait()

    @property
    def _waits_for_caller(self) -> bool:
        """Everything is said, and a timer counts how long the caller takes."""
        return not self._leg.playback.speaking and not _CALLERS_TURN.isdisjoint(self._timers)

    async def _step(self, samples: Samples) -> Samples:
        """One chunk in, one chunk out. Between them the dialog decides what it can at once: who is
        interrupted falls silent in this chunk and not in the next."""
        start = self._clock.now
        self._clock.advance(start + len(samples))
        self._listening.feed(AudioChunk(samples, start))
        await asyncio.sleep(0)
        spoken, notes = self._leg.playback.next_chunk(len(samples))
        self._leg.ear.played(spoken)
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
                self._caller.prompt_started(note.prompt_id, note.text)
            case PromptEnded():
                self._telling.prompt_ended(note)
                self._silences.prompt_over(note.at)
                self._caller.prompt_ended(note.prompt_id)
            case Played():
                self._post(
                    happened.PromptPlayed(note.say_id, note.completed, note.heard, self._clock.now)
                )

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
                self._caller.interrupted()
            case do.PauseSaying():
                self._leg.playback.pause()
                self._caller.interrupted()
            case do.ResumeSaying():
                self._leg.playback.resume()
                self._telling.went_on()
            case do.Listen(expectation):
                self._listening.question(expectation)
            case do.SetTimer(name, ms):
                self._set_timer(name, ms)
            case do.Charge(request):
                self._charges.charge(request, self._group)
            case do.HandOver(to, _):
                self._end.handed_over_to = to
            case do.Notify():
                self._telling.step(command)
            case do.LookUp(card):
                self._look_ups.look_up(card, self._group)
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
        self._charges.keep_answer()

    def _interrupt(self) -> None:
        """The bot is told to end. What a dialog that was over had decided stays."""
        self._end.duration = self._clock.now
        if self._dialog_over:
            self._end.late_charge = self._charges.late
            return
        asked = self._end.asked[-1] if self._end.asked else None
        self._end.result = PaymentResult(
            ResultName.INTERNAL_ERROR,
            "interrupted: the bot ended while the call went on",
            amount=asked.amount if asked else None,
            last_four=asked.last_four if asked else None,
        )
        self._charges.keep_answer()
        self._end.late_charge = self._charges.late
