"""Finding out what became of a charge whose answer was lost.

A "not found" settles a charge that was sent only when the gateway's `Semantics` say that the
request cannot be carried out any more, so never within a call. An intent that never became
"sent" was never sent: there "not found" only confirms what the journal knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

import structlog

from bot.card_text import kept_reference
from bot.charges import ChargeOutcome, ChargeStatus
from bot.errors import StoreError
from bot.gateway_settings import GatewaySettings
from bot.money import Money
from bot.paying.gateway import (
    LONGEST_PAUSE_SECONDS,
    Gateway,
    GatewayAnswer,
    KeyState,
    OutcomeUnknown,
)
from bot.paying.intents import OPEN_STATES, Intent, State
from bot.paying.journal import Journal
from bot.paying.pace import Pace
from bot.processes import is_gone, new_owner

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LEASE_MARGIN_SECONDS = 10.0

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Settled:
    """A charge whose fate became known, or was given up, when no call waited for it.

    given_up: it is too old to be asked about any longer; `outcome` stays UNKNOWN, a person must
    look at the gateway's own records.
    """

    call_id: str
    amount: Money
    outcome: ChargeOutcome
    given_up: bool = False

    @property
    def is_open(self) -> bool:
        """It is still looked up."""
        return self.outcome.status is ChargeStatus.UNKNOWN and not self.given_up


class Settler:
    """Looks charges up and writes down what that proves. Sends nothing, ever."""

    def __init__(
        self, journal: Journal, gateway: Gateway, settings: GatewaySettings, pace: Pace
    ) -> None:
        self._journal = journal
        self._gateway = gateway
        self._pace = pace
        self._one_pass = asyncio.Lock()
        self._in_call_seconds = settings.look_up_for_ms / 1000
        self._settle_for = timedelta(hours=settings.settle_for_hours)
        self.owner = new_owner()
        """This process's name on leases and charges."""
        exchange_ms = settings.connect_timeout_ms + settings.answer_timeout_ms
        self.longest_charge_seconds = (
            gateway.semantics.exchanges_per_charge * exchange_ms + settings.look_up_for_ms
        ) / 1000 + _LEASE_MARGIN_SECONDS

    @property
    def _can_look_up(self) -> bool:
        return self._gateway.semantics.can_look_up

    def lease_until(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.longest_charge_seconds)

    async def look_up_in_call(
        self, attempt_id: str, amount: Money, declared_ms: int
    ) -> ChargeOutcome:
        """Ask, with growing pauses, for as long as a caller can be kept waiting; else UNKNOWN.

        declared_ms: what was declared for this charge so far; goes into the outcome.
        """
        started = self._pace.elapsed()
        pauses_ms = 0
        waited = 0.0
        for pause in _pauses():
            outcome = await self._look_up(
                attempt_id, amount, within_seconds=self._in_call_seconds - waited
            )
            if outcome is not None:
                total_ms = declared_ms + pauses_ms + outcome.declared_delay_ms
                return replace(outcome, declared_delay_ms=total_ms)
            waited = self._pace.elapsed() - started + pauses_ms / 1000
            if waited + pause >= self._in_call_seconds or not self._can_look_up:
                break
            pauses_ms += await self._pace.wait(pause)
            waited = self._pace.elapsed() - started + pauses_ms / 1000
        try:
            await in_thread(self._journal.mark_unknown, attempt_id, now=self._pace.now())
        except StoreError as error:
            _log.critical(
                "journal_failed", attempt_id=attempt_id, why=str(error), note="settled later"
            )
        return ChargeOutcome(
            ChargeStatus.UNKNOWN, attempt_id, declared_delay_ms=declared_ms + pauses_ms
        )

    async def settle_open(self, patience_seconds: float) -> list[Settled]:
        """See `PaymentService.settle_open`."""
        settled: list[Settled] = []
        waited = 0.0
        for pause in _pauses():
            settled += await self.settle_pass(due_only=False)
            waited += pause
            if waited > patience_seconds or not await self._is_any_waiting():
                break
            await self._pace.wait(pause)
        return settled

    async def settle_pass(self, *, due_only: bool) -> list[Settled]:
        """One look-up for each open charge that nobody holds; due_only: whose pause is over.

        Passes of one process wait for one another: who wants a charge settled now must not be told
        "not yet" only because the background asks about it at the same moment.
        """
        async with self._one_pass:
            return await self._settle_pass(due_only=due_only)

    async def _settle_pass(self, *, due_only: bool) -> list[Settled]:
        settled: list[Settled] = []
        try:
            gone = {owner for owner in await in_thread(self._journal.owners) if is_gone(owner)}
            for owner in gone:
                await in_thread(self._journal.release_all_of, owner)
            for candidate in await in_thread(
                self._journal.waiting, now=self._pace.now(), due_only=due_only
            ):
                now = self._pace.now()
                intent = await in_thread(
                    self._journal.lease,
                    candidate.attempt_id,
                    owner=self.owner,
                    now=now,
                    until=self.lease_until(now),
                )
                if intent is not None and (done := await self._settle(intent)) is not None:
                    settled.append(done)
            settled += await self._close_left_behind()
            settled += await self._unheard(gone, but=settled)
        except StoreError as error:
            _log.error("settling_failed", why=str(error))
        return settled

    async def _close_left_behind(self) -> list[Settled]:
        """Charges of a gateway that nobody asks any more: the settings name another one now."""
        now = self._pace.now()
        left_behind = await in_thread(
            self._journal.left_behind, before=now - self._settle_for, now=now
        )
        closed = [await self._close_unasked(intent) for intent in left_behind]
        return [one for one in closed if one is not None]

    async def _close_unasked(self, intent: Intent) -> Settled | None:
        if intent.state is not State.INTENT:
            return await self._give_up(intent)
        nothing_taken = ChargeOutcome(ChargeStatus.UNAVAILABLE, intent.attempt_id)
        if not await in_thread(
            self._journal.settle,
            intent.attempt_id,
            nothing_taken,
            now=self._pace.now(),
            states=(State.INTENT,),
            process=self.owner,
        ):
            return None
        return Settled(intent.call_id, intent.amount, nothing_taken)

    async def _unheard(self, gone: set[str], *, but: list[Settled]) -> list[Settled]:
        """What came to an outcome in a process that died before anybody heard of it."""
        before = self._pace.now() - self._settle_for
        told = {one.outcome.attempt_id for one in but}
        return [
            Settled(intent.call_id, intent.amount, intent.outcome(), intent.state is State.GIVEN_UP)
            for intent in await in_thread(self._journal.unheard, by=gone, before=before)
            if intent.attempt_id not in told
            and await in_thread(self._journal.take_over_telling, intent, process=self.owner)
        ]

    async def record(self, outcome: ChargeOutcome, *, first_hand: bool = False) -> ChargeOutcome:
        """Write a clear outcome down. It stays the truth where the journal cannot take it.

        first_hand: the gateway's answer to the charge itself; it also overrules what look-ups
        concluded from silence.
        """
        overruled = (State.GIVEN_UP, State.UNAVAILABLE) if first_hand else (State.GIVEN_UP,)
        states = (*OPEN_STATES, *overruled)
        log = _log.bind(attempt_id=outcome.attempt_id, status=outcome.status.value)
        try:
            now = self._pace.now()
            if not await in_thread(
                self._journal.settle,
                outcome.attempt_id,
                outcome,
                now=now,
                states=states,
                process=self.owner,
            ):
                known = await in_thread(self._journal.find, outcome.attempt_id)
                if known is None or known.outcome().status is not outcome.status:
                    log.critical("journal_contradicts", journal=known and known.state.value)
        except StoreError as error:
            log.critical("journal_failed", why=str(error), note="settled again by look-up")
        except Exception as error:  # noqa: BLE001 - no bug may swallow what the gateway said
            log.critical("journal_failed", why=type(error).__name__)
        return outcome

    async def _settle(self, intent: Intent) -> Settled | None:
        outcome = await self._look_up(intent.attempt_id, intent.amount, release=True)
        log = _log.bind(call_id=intent.call_id, attempt_id=intent.attempt_id)
        if outcome is not None:
            log.info("charge_settled", status=outcome.status.value, reference=outcome.reference)
            return Settled(intent.call_id, intent.amount, outcome)
        # Where nothing can be asked, time tells nothing either: a person is told at once.
        if self._can_look_up and self._pace.now() - intent.created_at < self._settle_for:
            return None
        return await self._give_up(intent)

    async def _give_up(self, intent: Intent) -> Settled | None:
        if not await in_thread(
            self._journal.give_up, intent.attempt_id, now=self._pace.now(), process=self.owner
        ):
            return None
        _log.critical(
            "charge_given_up",
            call_id=intent.call_id,
            attempt_id=intent.attempt_id,
            amount=str(intent.amount),
            currency=intent.amount.currency,
            last_four=intent.last_four,
            note="no look-up settled it; a person must check the gateway's records",
        )
        return Settled(intent.call_id, intent.amount, intent.outcome(), given_up=True)

    async def _look_up(
        self,
        attempt_id: str,
        amount: Money,
        *,
        within_seconds: float | None = None,
        release: bool = False,
    ) -> ChargeOutcome | None:
        """One look-up, and what it decides, written down; None when it decides nothing.

        release: afterwards the charge is free for the next look-up, after a pause.
        """
        found = await self._ask(attempt_id, amount, within_seconds)
        if isinstance(found, GatewayAnswer):
            found = replace(found, reference=kept_reference(found.reference))
            return await self.record(replace(outcome_of(attempt_id, found), settled_by_lookup=True))
        try:
            return await self._weigh(attempt_id, found, release=release)
        except StoreError as error:
            _log.error("journal_failed", attempt_id=attempt_id, why=str(error))
            return None

    async def _ask(
        self, attempt_id: str, amount: Money, within_seconds: float | None
    ) -> GatewayAnswer | KeyState | None:
        """None: the gateway gives no clear answer, or has no look-up."""
        if not self._can_look_up:
            return None
        log = _log.bind(attempt_id=attempt_id)
        try:
            async with self._pace.within(within_seconds):
                return await self._gateway.look_up(attempt_id, amount)
        except TimeoutError:
            log.warning("look_up_failed", why="no answer in time")
        except OutcomeUnknown as error:
            log.warning("look_up_failed", why=str(error))
        except Exception as error:  # noqa: BLE001 - one adapter's bug must not end the settling
            log.error("look_up_failed", why=type(error).__name__)
        return None

    async def _weigh(
        self, attempt_id: str, found: KeyState | None, *, release: bool
    ) -> ChargeOutcome | None:
        """What "not found", "in flight" or no answer mean for this charge. Raises StoreError."""
        intent = await in_thread(self._journal.find, attempt_id)
        if intent is None:
            return None
        if not intent.is_open:  # another process settled it meanwhile
            return intent.outcome()
        now = self._pace.now()
        nothing_taken = ChargeOutcome(ChargeStatus.UNAVAILABLE, attempt_id, settled_by_lookup=True)
        late = intent.late_not_founds
        if intent.state is State.INTENT:
            if self._was_never_sent(intent, found, now) and await in_thread(
                self._journal.settle,
                attempt_id,
                nothing_taken,
                now=now,
                states=(State.INTENT,),
                process=self.owner,
            ):
                return nothing_taken
        elif found is KeyState.IN_FLIGHT:
            late = 0
        elif found is KeyState.NOT_FOUND and intent.sent_at is not None:
            semantics = self._gateway.semantics
            age_seconds = (now - intent.sent_at).total_seconds()
            late += semantics.is_late(age_seconds)
            if semantics.not_found_is_final(age_seconds, late):
                return await self.record(nothing_taken)
        await in_thread(
            self._journal.note_look_up,
            attempt_id,
            late_not_founds=late,
            again_after=now + _pause_after(intent.look_ups) if release else None,
            now=now,
        )
        return None

    def _was_never_sent(self, intent: Intent, found: KeyState | None, now: datetime) -> bool:
        """Whether to close an intent that is not marked as sent.

        The journal alone proves it, since "sent" is on disk before the request goes out. The
        look-up guards against a disk that lost it; where there is none, or none for long, the
        journal's word counts.
        """
        return (
            found is KeyState.NOT_FOUND
            or not self._can_look_up
            or (found is None and now - intent.created_at >= self._settle_for)
        )

    async def _is_any_waiting(self) -> bool:
        try:
            return bool(
                await in_thread(self._journal.waiting, now=self._pace.now(), due_only=False)
            )
        except StoreError:
            return False


async def in_thread(function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Journal work syncs the disk: never on the event loop, where other calls' sound flows."""
    return await asyncio.to_thread(function, *args, **kwargs)


def outcome_of(attempt_id: str, answer: GatewayAnswer) -> ChargeOutcome:
    return ChargeOutcome(
        answer.status,
        attempt_id,
        reference=answer.reference,
        decline_reason=answer.decline_reason,
        declared_delay_ms=answer.declared_delay_ms,
    )


def _pauses() -> Iterator[float]:
    """Seconds between look-ups: 0.5, 1, 2, 4 … 900, without end."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _pause_after(look_ups: int) -> timedelta:
    """How long an open charge rests after its n-th look-up in vain."""
    seconds = _FIRST_PAUSE_SECONDS * 2 ** min(look_ups, 20)
    return timedelta(seconds=min(seconds, LONGEST_PAUSE_SECONDS))
