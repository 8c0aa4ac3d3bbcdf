"""The journal of charges (law 7): what was going to be sent, that it was sent, what came of it.

    intent --> sent --> approved | declined | unavailable
      |         |
      |         +--> unknown --> approved | declined | unavailable   by look-up, or by hand
      |                    +--> given_up --> the same                too old: a person is told,
      +--> unavailable     never sent                                and decides

Every step is one committed statement that names the states it may start from. So two processes
that work on one charge cannot contradict each other: the one that comes second changes nothing
and is told so. Leases only keep them from doing the same work twice.

An outcome is of no use while only the journal knows it. So each is marked as heard once the call's
record, or a person, has it; what a crash kept from being heard is told at the next start.

Kept of a card: brand and last four. No expiry, no code, no name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, insert, not_, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.charges import ChargeOutcome, ChargeRequest
from bot.errors import StoreError
from bot.paying.intents import (
    OPEN_STATES,
    STATE_OF,
    Intent,
    State,
    brand_in_request,
    charge_intents,
    intent_of,
)


class Journal:
    """The table `charge_intents`. Every method commits before it returns and raises StoreError.

    Methods block (SQLite syncs the disk); callers run them in a thread.
    """

    def __init__(self, engine: Engine, gateways: tuple[str, ...] = ("",)) -> None:
        """gateways: the names of the one whose charges these are, the present one first (see
        `names.names_of`). Another gateway knows nothing of them, and its "not found" would prove
        nothing, so only its own are waiting to be settled."""
        self._engine = engine
        self._gateways = gateways

    def is_ours(self, intent: Intent) -> bool:
        """Whether our gateway is the one to ask about it."""
        return intent.gateway in self._gateways

    def open(
        self, request: ChargeRequest, *, owner: str, now: datetime, lease_until: datetime
    ) -> Intent | None:
        """Write the intent, before anything is sent.

        Returns None when written, or the intent that has this attempt_id already.
        """
        with _explained():
            try:
                with self._engine.begin() as connection:
                    # The call that goes on to another charge has heard of those before.
                    connection.execute(
                        update(charge_intents)
                        .where(charge_intents.c.call_id == request.call_id, not_(_in(OPEN_STATES)))
                        .values(heard=True)
                    )
                    connection.execute(
                        insert(charge_intents).values(
                            attempt_id=request.attempt_id,
                            call_id=request.call_id,
                            amount_minor_units=request.amount.minor_units,
                            currency=request.amount.currency,
                            brand=brand_in_request(request),
                            last_four=request.card.last_four,
                            state=State.INTENT.value,
                            settled_by_lookup=False,
                            created_at=now,
                            updated_at=now,
                            look_ups=0,
                            late_not_founds=0,
                            lease_owner=owner,
                            lease_until=lease_until,
                            gateway=self._gateways[0],
                            process=owner,
                            heard=False,
                        )
                    )
            except IntegrityError:
                known = self.find(request.attempt_id)
                if known is None:
                    raise
                return known
        return None

    def mark_sent(self, attempt_id: str, *, owner: str, now: datetime) -> bool:
        """The request goes out next. False: it must not, the intent is no longer ours."""
        return self._step(
            attempt_id,
            (State.INTENT,),
            charge_intents.c.lease_owner == owner,
            state=State.SENT.value,
            sent_at=now,
            updated_at=now,
        )

    def mark_unknown(self, attempt_id: str, *, now: datetime) -> bool:
        """No answer that can be trusted; whoever settles may take over at once."""
        return self._step(
            attempt_id,
            (State.SENT,),
            state=State.UNKNOWN.value,
            updated_at=now,
            lease_owner=None,
            lease_until=None,
        )

    def settle(
        self,
        attempt_id: str,
        outcome: ChargeOutcome,
        *,
        now: datetime,
        states: tuple[State, ...] = OPEN_STATES,
        process: str | None = None,
    ) -> bool:
        """Write down a clear outcome (not UNKNOWN). False: the charge is in none of `states`.

        process: the one that tells of it from now on; None: the one it was before.
        """
        return self._step(
            attempt_id,
            states,
            **_told_by(process),
            state=STATE_OF[outcome.status].value,
            reference=outcome.reference,
            decline_reason=outcome.decline_reason and outcome.decline_reason.value,
            settled_by_lookup=outcome.settled_by_lookup,
            updated_at=now,
            lease_owner=None,
            lease_until=None,
            closed_by_hand_at=None,
            heard=False,
        )

    def close_by_hand(
        self, attempt_id: str, outcome: ChargeOutcome, *, now: datetime, although_open: bool = False
    ) -> bool:
        """A person has found out what became of a given-up charge, and says so.

        although_open: of one that is still looked up, too. Never while a process holds it. False:
        it is in no state for that, and nothing was changed.
        """
        return self._step(
            attempt_id,
            (State.GIVEN_UP, *OPEN_STATES) if although_open else (State.GIVEN_UP,),
            _unleased(now),
            state=STATE_OF[outcome.status].value,
            reference=outcome.reference,
            decline_reason=outcome.decline_reason and outcome.decline_reason.value,
            updated_at=now,
            closed_by_hand_at=now,
            lease_owner=None,
            lease_until=None,
            heard=True,
        )

    def note_look_up(
        self, attempt_id: str, *, late_not_founds: int, again_after: datetime | None, now: datetime
    ) -> bool:
        """A look-up settled nothing. again_after: releases the lease; the next may come then."""
        released = {} if again_after is None else {"lease_owner": None, "lease_until": None}
        return self._step(
            attempt_id,
            OPEN_STATES,
            look_ups=charge_intents.c.look_ups + 1,
            late_not_founds=late_not_founds,
            look_up_after=again_after,
            updated_at=now,
            **released,
        )

    def give_up(self, attempt_id: str, *, now: datetime, process: str | None = None) -> bool:
        """process: as for `settle`."""
        return self._step(
            attempt_id,
            (State.SENT, State.UNKNOWN),
            **_told_by(process),
            state=State.GIVEN_UP.value,
            updated_at=now,
            lease_owner=None,
            lease_until=None,
        )

    def mark_heard(self, attempt_id: str) -> bool:
        """The outcome, or that it was given up, is in the call's record or was told to a person.

        False: there is none yet.
        """
        return self._step(attempt_id, _DECIDED, heard=True)

    def find(self, attempt_id: str) -> Intent | None:
        with _explained(), self._engine.connect() as connection:
            row = connection.execute(
                select(charge_intents).where(charge_intents.c.attempt_id == attempt_id)
            ).first()
        return None if row is None else intent_of(row)

    def unsettled(self) -> list[Intent]:
        """Oldest first: every charge whose outcome is not known, given-up ones included."""
        return self._listed(_in((*OPEN_STATES, State.GIVEN_UP)))

    def waiting(self, *, now: datetime, due_only: bool) -> list[Intent]:
        """Oldest first: open charges that nobody holds. due_only: whose next look-up is due."""
        conditions = [
            _in(OPEN_STATES), _unleased(now), charge_intents.c.gateway.in_(self._gateways),
        ]  # fmt: skip
        if due_only:
            conditions.append(
                or_(charge_intents.c.look_up_after.is_(None), charge_intents.c.look_up_after <= now)
            )
        return self._listed(*conditions)

    def left_behind(self, *, before: datetime, now: datetime) -> list[Intent]:
        """Oldest first: open charges of other gateways that were made before then, and that nobody
        holds. Nobody with that gateway settles them any more."""
        return self._listed(
            _in(OPEN_STATES),
            _unleased(now),
            charge_intents.c.gateway.not_in(self._gateways),
            charge_intents.c.created_at < before,
        )

    def unheard(self, *, by: set[str], before: datetime) -> list[Intent]:
        """Oldest first: decided charges of which nobody heard, whose process is among `by`, or
        which were decided before then."""
        return self._listed(
            _in(_DECIDED),
            charge_intents.c.heard.is_(False),
            or_(charge_intents.c.process.in_(by), charge_intents.c.updated_at < before),
        )

    def take_over_telling(self, intent: Intent, *, process: str) -> bool:
        """The process that should have told of it is gone. False: another one was quicker."""
        return self._step(
            intent.attempt_id,
            _DECIDED,
            charge_intents.c.heard.is_(False),
            charge_intents.c.process.is_not_distinct_from(intent.process),
            process=process,
        )

    def lease(
        self, attempt_id: str, *, owner: str, now: datetime, until: datetime
    ) -> Intent | None:
        """Take an open charge over to settle it; None when another process was quicker."""
        taken = self._step(
            attempt_id, OPEN_STATES, _unleased(now), lease_owner=owner, lease_until=until
        )
        return self.find(attempt_id) if taken else None

    def owners(self) -> set[str]:
        """The processes something is still awaited of: who holds leases on open charges, lapsed
        ones included, and who made those that nobody heard of yet."""
        row = charge_intents.c
        holders = select(row.lease_owner).where(_in(OPEN_STATES))
        makers = select(row.process).where(_in(_DECIDED), row.heard.is_(False))
        with _explained(), self._engine.connect() as connection:
            rows = connection.execute(holders.union(makers))
            return {str(owner) for (owner,) in rows if owner is not None}

    def release_all_of(self, owner: str) -> None:
        """End the leases of a process that is gone."""
        with _explained(), self._engine.begin() as connection:
            connection.execute(
                update(charge_intents)
                .where(charge_intents.c.lease_owner == owner)
                .values(lease_owner=None, lease_until=None)
            )

    def _step(
        self,
        attempt_id: str,
        states: tuple[State, ...],
        *conditions: ColumnElement[bool],
        **values: Any,
    ) -> bool:
        statement = update(charge_intents).where(
            charge_intents.c.attempt_id == attempt_id, _in(states), *conditions
        )
        with _explained(), self._engine.begin() as connection:
            return connection.execute(statement.values(**values)).rowcount == 1

    def _listed(self, *conditions: ColumnElement[bool]) -> list[Intent]:
        statement = (
            select(charge_intents)
            .where(*conditions)
            .order_by(charge_intents.c.created_at, charge_intents.c.attempt_id)
        )
        with _explained(), self._engine.connect() as connection:
            return [intent_of(row) for row in connection.execute(statement)]


_DECIDED = tuple(state for state in State if state not in OPEN_STATES)


def _in(states: tuple[State, ...]) -> ColumnElement[bool]:
    return charge_intents.c.state.in_([state.value for state in states])


def _told_by(process: str | None) -> dict[str, str]:
    return {} if process is None else {"process": process}


def _unleased(now: datetime) -> ColumnElement[bool]:
    return or_(charge_intents.c.lease_until.is_(None), charge_intents.c.lease_until <= now)


@contextmanager
def _explained() -> Iterator[None]:
    """Database errors as StoreError; their text names the trouble, parameters are hidden."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(
            f"the payment journal cannot be read or written ({type(cause).__name__}: {cause})"
        ) from None
