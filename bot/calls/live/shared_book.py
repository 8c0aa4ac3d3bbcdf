"""The book of live calls in the machine's database, for several processes behind one port: who
answers need not be who prepared the call, nor who has it.

What is kept is what the API was told and may tell: no card data, and of a token its hash.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    null,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.calls.live.book import (
    MOST_WAITING,
    TOKEN_SECONDS,
    CallState,
    PreparedCall,
    State,
    hashed,
    new_prepared_call,
)
from bot.calls.live.not_taken import TooManyWaiting, UnderWay
from bot.calls.scenarios.scenario import Parameters
from bot.errors import StoreError
from bot.processes import is_gone, new_owner
from bot.records.tables import UtcDateTime

_KEPT: Final = timedelta(days=1)
"""After that only the records know a call."""

_PARAMETERS: Final = TypeAdapter(Parameters)

live_calls = Table(
    "live_calls",
    MetaData(),
    Column("call_id", Text, primary_key=True),
    Column("token_hash", String(64), unique=True),
    Column("parameters", JSON(none_as_null=True)),
    Column("expires_at", UtcDateTime),
    Column("transport", Text),
    Column("started_at", UtcDateTime),
    Column("process", Text),
    Column("result", JSON(none_as_null=True)),
    Column("touched_at", UtcDateTime, nullable=False),
)
"""Waiting: parameters, and a token's hash, which stays. Under way: started_at and process. Over: a
result."""

_row = live_calls.c


class SharedBook:
    """A `CallBook` in a database that `bot.database.open_database` opened. Its work is done in
    threads: it waits for the disk, and other calls' sound does not."""

    def __init__(
        self,
        database: Engine,
        *,
        seconds: float = TOKEN_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._seconds = timedelta(seconds=seconds)
        self._now = now
        self.process = new_owner()
        """The name of this one."""

    async def prepare(self, parameters: Parameters, most: int = MOST_WAITING) -> PreparedCall:
        return await asyncio.to_thread(self._prepare, parameters, most)

    async def redeem(self, token: str) -> PreparedCall | None:
        return await asyncio.to_thread(self._redeem, token)

    async def was_opened_by(self, token: str, call_id: str) -> bool:
        return await asyncio.to_thread(self._was_opened_by, token, call_id)

    async def began(self, call_id: str, transport: str, started_at: datetime) -> None:
        await asyncio.to_thread(self._began, call_id, transport, started_at)

    async def ended(self, call_id: str, result: Mapping[str, Any] | None) -> None:
        await asyncio.to_thread(self._ended, call_id, result)

    async def state(self, call_id: str) -> CallState | None:
        return await asyncio.to_thread(self._state, call_id)

    def _prepare(self, parameters: Parameters, most: int) -> PreparedCall:
        now = self._now()
        call = new_prepared_call(parameters)
        with self._transaction() as connection:
            connection.execute(delete(live_calls).where(_row.touched_at < now - _KEPT))
            waiting = select(func.count()).where(
                _row.parameters.is_not(None), _row.expires_at > now
            )
            if (connection.scalar(waiting) or 0) >= most:
                raise TooManyWaiting
            connection.execute(
                insert(live_calls).values(
                    call_id=call.call_id,
                    token_hash=hashed(call.token),
                    parameters=_PARAMETERS.dump_python(parameters, mode="json"),
                    expires_at=now + self._seconds,
                    touched_at=now,
                )
            )
        return call

    def _redeem(self, token: str) -> PreparedCall | None:
        now = self._now()
        waits = (_row.parameters.is_not(None), _row.expires_at > now)
        ours = (_row.token_hash == hashed(token), *waits)
        with self._transaction() as connection:
            found = connection.execute(select(_row.call_id, _row.parameters).where(*ours)).first()
            if found is None:
                return None
            used = update(live_calls).where(*ours)
            used = used.values(parameters=null(), touched_at=now)
            # Two processes may have found it; one of them takes it.
            if connection.execute(used).rowcount != 1:
                return None
        return PreparedCall(found.call_id, _PARAMETERS.validate_python(found.parameters), token)

    def _was_opened_by(self, token: str, call_id: str) -> bool:
        opened = (_row.token_hash == hashed(token), _row.parameters.is_(None))
        with self._transaction() as connection:
            found = connection.execute(
                select(_row.call_id).where(_row.call_id == call_id, *opened)
            ).first()
        return found is not None

    def _began(self, call_id: str, transport: str, started_at: datetime) -> None:
        begun = {
            "transport": transport,
            "started_at": started_at,
            "process": self.process,
            "touched_at": self._now(),
        }
        with self._transaction() as connection:
            announced = update(live_calls).where(_row.call_id == call_id, _row.started_at.is_(None))
            if connection.execute(announced.values(begun)).rowcount == 1:
                return
            try:
                connection.execute(insert(live_calls).values(call_id=call_id, **begun))
            except IntegrityError:
                raise UnderWay("this call is under way already") from None

    def _ended(self, call_id: str, result: Mapping[str, Any] | None) -> None:
        with self._transaction() as connection:
            ours = (_row.call_id == call_id, _row.process == self.process)
            if result is None:
                connection.execute(delete(live_calls).where(*ours))
                return
            over = update(live_calls).where(*ours)
            connection.execute(over.values(result=dict(result), touched_at=self._now()))

    def _state(self, call_id: str) -> CallState | None:
        with self._transaction() as connection:
            row = connection.execute(select(live_calls).where(_row.call_id == call_id)).first()
        if row is None:
            return None
        if row.result is not None:
            return CallState(State.OVER, result=row.result)
        if row.started_at is not None:
            lost = is_gone(row.process)
            state = State.LOST if lost else State.UNDER_WAY
            return CallState(state, row.transport, row.started_at, process=row.process)
        # A token that was redeemed a moment ago, and whose call has not quite begun, waits too.
        return CallState(State.WAITING) if row.expires_at > self._now() else None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._database.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(
                f"the book of calls does not answer ({type(error).__name__})"
            ) from None
