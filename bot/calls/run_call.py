"""Runs one call and keeps what may be kept of it: recording, page, result, records."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import structlog

from bot.audio import ms_to_samples, samples_to_ms
from bot.calls.call import Call, CallEnd
from bot.calls.callers import Caller
from bot.calls.late_charges import LateCharges
from bot.calls.leg import Leg, Listener
from bot.calls.recording import Recording
from bot.calls.rooms import Rooms
from bot.calls.scenarios.scenario import Parameters
from bot.charges import ChargeOutcome, ChargeStatus
from bot.dialog.events import CallStarted
from bot.errors import BotError, SettingsError, StoreError
from bot.hearing.ear import PRE_ROLL_MS, Ear
from bot.hearing.recogniser import Engine
from bot.money import Money
from bot.outcomes import ResultName
from bot.paying.service import PaymentService
from bot.paying.settling import Settled
from bot.records.report import write_call_page
from bot.records.result import CallResult, Durations, Settlement, write_result
from bot.records.store import Store
from bot.records.trace import Entry, Trace
from bot.settings import Settings
from bot.speaking.playback import Playback

_log = structlog.get_logger(__name__)

_LONGEST_IDENTIFIER = 200

_NO_RECORDS = "the records could not be written"

_SETTLE_PATIENCE_SECONDS = 60.0
_SETTLE_TRIES = 10
_SETTLE_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Files:
    """Where a call's files lie."""

    folder: Path

    @property
    def recording(self) -> Path:
        return self.folder / "call.wav"

    @property
    def page(self) -> Path:
        return self.folder / "call.html"

    @property
    def result(self) -> Path:
        return self.folder / "result.json"

    def clear(self) -> None:
        """Take away those of the call before: they must not pass for this one's, should it not get
        so far. Raises StoreError."""
        for path in (self.recording, self.page, self.result):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"{path}: cannot be replaced ({error.strerror})") from None


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """not_kept: what could not be written, each in words for the person at the keyboard."""

    end: CallEnd
    entries: list[Entry]
    result: CallResult
    files: Files
    not_kept: tuple[str, ...] = ()


def new_call_id() -> str:
    """Letters only: an id must never look like, or hide, digits of a card."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))


def call_started(
    call_id: str, parameters: Parameters, settings: Settings, today: date
) -> CallStarted:
    """Raises SettingsError for an amount that is none, and for an identifier that cannot be written
    down. It names the parameter and repeats no value: phone systems and others put it there."""

    def money(name: str, text: str | None) -> Money | None:
        if text is None:
            return None
        currency = settings.payment.currency
        try:
            return Money.parse(text, currency)
        except SettingsError:
            raise SettingsError(
                f"{name}: not an amount of {currency}; write it like 87.50, not negative"
            ) from None

    for name in ("customer_id", "merchant_id", "payment_reference"):
        identifier = getattr(parameters, name) or ""
        if len(identifier) > _LONGEST_IDENTIFIER or not identifier.isprintable():
            raise SettingsError(
                f"{name}: at most {_LONGEST_IDENTIFIER} characters, and all of them printable"
            )
    return CallStarted(
        call_id=call_id,
        today=today,
        call_type=parameters.call_type,
        customer_id=parameters.customer_id,
        amount=money("amount", parameters.amount),
        balance=money("balance", parameters.balance),
        minimum_due=money("minimum_due", parameters.minimum_due),
        merchant_id=parameters.merchant_id,
        payment_reference=parameters.payment_reference,
        language=parameters.language or settings.payment.language,
    )


class CallRunner:
    """Runs calls in one process, one `run` each; they share engine, payments and store."""

    def __init__(
        self, engine: Engine, payments: PaymentService, store: Store, late_charges: LateCharges
    ) -> None:
        self._engine = engine
        self._payments = payments
        self._store = store
        self._late_charges = late_charges

    async def run(
        self,
        rooms: Rooms,
        caller: Caller,
        parameters: Parameters,
        *,
        files: Files,
        today: date,
        watch: Callable[[Entry], None] | None = None,
        listener: Listener | None = None,
        call_id: str | None = None,
        live: bool = False,
    ) -> FinishedCall:
        """One whole call. Afterwards its files lie in their place and its record is written; a
        charge of unknown outcome has been looked up. Not so after a live call, whose line is not
        kept waiting: what the payment service found out by then is told, and `late_charges` hears
        what it comes to later.

        Raises BotError when recording or records cannot be begun: then there is no call. What
        cannot be written later is named in the result: a full disk must not hide what became of
        the payment. Ended from outside, it leaves no file, and a record that says so; a charge
        under way goes on, and `late_charges` hears what it comes to.
        """
        started_at = datetime.now(UTC)
        started = call_started(call_id or new_call_id(), parameters, rooms.settings, today)
        recording = Recording(files.recording)  # first: without its folder there is no call
        trace = Trace(watch)
        try:
            self._store.begin_call(
                started.call_id,
                started_at,
                started.call_type,
                started.customer_id,
                merchant_id=started.merchant_id,
                payment_reference=started.payment_reference,
                language=started.language,
            )
            files.clear()
            leg = Leg(
                "caller",
                Ear(rooms.settings.hearing),
                self._engine.recogniser(),
                Playback(),
                pre_roll=ms_to_samples(PRE_ROLL_MS),
                listener=listener,
            )
            call = Call(rooms, leg, caller, started, trace=trace, recording=recording, live=live)
        except BaseException:
            recording.discard()
            raise
        with self._late_charges.call_runs(started.call_id):
            try:
                end = await call.run()
            except BaseException:
                recording.discard()
                await self._keep_interrupted(started.call_id, call.end, trace.entries)
                raise
            return await self._keep(started, started_at, end, trace.entries, files, live=live)

    async def _keep_interrupted(self, call_id: str, end: CallEnd, entries: list[Entry]) -> None:
        """The record of a call that was cut off; it has no files."""
        not_kept: list[str] = []
        with _noting(not_kept):
            self._record(call_id, end, entries)
        if end.late_charge is not None:
            self._late_charges.unheard(Settled(call_id, end.asked[-1].amount, end.late_charge))
        if not not_kept:
            await self._payments.heard(end.answered)

    def _record(self, call_id: str, end: CallEnd, entries: list[Entry]) -> None:
        """Raises StoreError."""
        duration_ms = samples_to_ms(end.duration)
        self._store.finish_call(call_id, end.result, duration_ms, end.handed_over_to, end.degraded)
        self._store.add_segments(call_id, entries)

    async def _keep(
        self,
        started: CallStarted,
        started_at: datetime,
        end: CallEnd,
        entries: list[Entry],
        files: Files,
        *,
        live: bool,
    ) -> FinishedCall:
        """Write each thing whatever becomes of the others, the result before the trace."""
        call_id = started.call_id
        not_kept: list[str] = []
        with _noting(not_kept):
            self._record(call_id, end, entries)
        if not_kept:
            end.degraded.append(_NO_RECORDS)
        result = CallResult(
            call_id=call_id,
            started_at=started_at,
            payment=end.result,
            durations=Durations.of(entries, samples_to_ms(end.duration)),
            hand_over=end.handed_over_to,
            degradations=end.degraded,
            settled=await self._settlement(call_id, end, not_kept, look_up=not live),
        )
        if not not_kept:
            await self._payments.heard(end.answered)
        with _noting(not_kept):
            write_result(files.result, result)
        with _noting(not_kept):
            write_call_page(files.page, result, entries, files.recording)
        return FinishedCall(end, entries, result, files, tuple(dict.fromkeys(not_kept)))

    async def _settlement(
        self, call_id: str, end: CallEnd, not_kept: list[str], *, look_up: bool
    ) -> Settlement | None:
        """What became of a charge the caller could not be told the end of."""
        outcome: ChargeOutcome | None = end.late_charge
        how = "answer"
        if end.result.status is ResultName.OUTCOME_UNKNOWN or (
            outcome is not None and outcome.status is ChargeStatus.UNKNOWN
        ):
            attempt_id = end.asked[-1].attempt_id
            outcome = None
            with _noting(not_kept):
                if look_up:
                    outcome = await self._looked_up(attempt_id)
                else:
                    # Told there, or found here: what is settled in between is both.
                    self._late_charges.tells_no_more(call_id)
                    outcome = await self._known(attempt_id)
            how = "look-up"
        if outcome is None or outcome.status is ChargeStatus.UNKNOWN:
            return None
        with _noting(not_kept):
            self._store.settle(call_id, outcome, datetime.now(UTC), how)
        return Settlement(outcome.status, outcome.reference, how)

    async def _known(self, attempt_id: str) -> ChargeOutcome | None:
        """What it came to during the last words, by a look-up in the background."""
        intent = await self._payments.find(attempt_id)
        return None if intent is None else intent.outcome()

    async def _looked_up(self, attempt_id: str) -> ChargeOutcome | None:
        """The journal knows, whoever asked: another process may be settling it at this moment."""
        for _ in range(_SETTLE_TRIES):
            await self._payments.settle_open(_SETTLE_PATIENCE_SECONDS)
            intent = await self._payments.find(attempt_id)
            if intent is None:
                return None
            if not intent.is_open:
                return intent.outcome()
            if intent.lease_owner is None:
                return None  # asked in vain, and nobody else is asking
            await asyncio.sleep(_SETTLE_PAUSE_SECONDS)
        return None


@contextmanager
def _noting(not_kept: list[str]) -> Iterator[None]:
    """Go on after what cannot be written."""
    try:
        yield
    except BotError as error:
        not_kept.append(str(error))
        _log.error("not_kept", why=str(error))
