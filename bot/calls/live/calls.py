"""The live calls of one process: how many at once, and how they end when the process is to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, NoReturn, Protocol

import structlog

from bot.calls.live.book import CallBook, OwnBook
from bot.calls.live.line import LiveLine
from bot.calls.live.metrics import CallMetrics
from bot.calls.live.not_taken import Busy, Draining, NotTakenError, UnderWay
from bot.calls.run_call import Files, FinishedCall, new_call_id
from bot.calls.scenarios.scenario import Parameters
from bot.errors import StoreError
from bot.live_settings import LiveSettings
from bot.outcomes import CallType
from bot.records.result import CallResult, result_document
from bot.records.trace import Entry

_log = structlog.get_logger(__name__)


class RunsCalls(Protocol):
    async def __call__(
        self,
        line: LiveLine,
        parameters: Parameters,
        files: Files,
        *,
        call_id: str,
        watch: Callable[[Entry], None],
    ) -> FinishedCall: ...


@dataclass(frozen=True, slots=True)
class Others:
    """The other processes behind the same port, all together. room: calls they would take now."""

    calls: int = 0
    most: int = 0
    room: int = 0


@dataclass(slots=True, eq=False)
class Place:
    """Room for one call. taken: whether its call has begun."""

    taken: bool = False


@dataclass(slots=True)
class LiveCall:
    """A call under way. transport: "browser", "twilio", …; entries: what has happened in it;
    result: None until it is over, and for ever where it was interrupted."""

    call_id: str
    call_type: CallType
    transport: str
    started_at: datetime
    line: LiveLine
    entries: list[Entry] = field(default_factory=list, repr=False)
    result: CallResult | None = None


TellsOfCall = Callable[[LiveCall], None]

_ASKS_AFTERWARDS_SECONDS: Final = 3.0
"""In which a telephone system that has got its line back asks for the result."""


class LiveCalls:
    """Takes calls while there is room; refuses politely instead of getting slow."""

    def __init__(
        self,
        run: RunsCalls,
        settings: LiveSettings,
        folder: Path,
        metrics: CallMetrics | None = None,
        book: CallBook | None = None,
        tell: TellsOfCall | None = None,
    ) -> None:
        """folder: where each call gets a folder of its own, named by its id. book: None for one of
        this process's own. tell: of each call that is over, if anything happened in it."""
        self.metrics = metrics or CallMetrics(settings.calls_at_once)
        self.book = book or OwnBook()
        self.others = Others()
        self.changed: Callable[[], object] = lambda: None
        """Called when a call has begun or ended."""
        self._run = run
        self._settings = settings
        self._folder = folder
        self._tell = tell
        self._under_way: dict[str, LiveCall] = {}
        self._places: set[Place] = set()
        self._asked_afterwards = False
        self._draining = False
        self._none_left = asyncio.Event()
        self._none_left.set()

    @property
    def under_way(self) -> Mapping[str, LiveCall]:
        """By call id."""
        return MappingProxyType(self._under_way)

    @property
    def most(self) -> int:
        return self._settings.calls_at_once

    @property
    def draining(self) -> bool:
        return self._draining

    def why_not(self) -> NotTakenError | None:
        """Why a call would not be taken now; None when it would."""
        if self._draining:
            return Draining("no more calls are taken: the server is about to end")
        about_to_begin = sum(not place.taken for place in self._places)
        if len(self._under_way) + about_to_begin >= self.most:
            return Busy(f"all {self.most} lines are busy; try again in a minute")
        return None

    def why_nowhere(self) -> NotTakenError | None:
        """Why no process behind this port would take a call now; None when one would."""
        why_not = self.why_not()
        if isinstance(why_not, Busy):
            if self.others.room:
                return None
            return Busy(f"all {self.most + self.others.most} lines are busy; try again in a minute")
        return why_not

    @contextmanager
    def place(self, *, asks_afterwards: bool = False) -> Iterator[Place]:
        """Room for one call: from before its token is used up until its line has been told the end,
        which `drain` waits for. asks_afterwards: its other end asks over HTTP what came of it.

        Raises NotTakenError at once where there is no room.
        """
        if (why_not := self.why_not()) is not None:
            self._refuse(why_not)
        place = Place()
        self._places.add(place)
        self._none_left.clear()
        try:
            yield place
        finally:
            self._places.discard(place)
            self._asked_afterwards |= self._draining and asks_afterwards and place.taken
            self._look_whether_any_is_left()

    async def take(
        self,
        line: LiveLine,
        parameters: Parameters,
        *,
        transport: str,
        call_id: str | None = None,
        watch: Callable[[Entry], None] | None = None,
        place: Place | None = None,
    ) -> FinishedCall:
        """One whole call on this line; at its end the line is told `Finished`. place: kept for it.

        Raises NotTakenError at once where there is no room, and BotError when the call cannot
        begin or the parameters are wrong.
        """
        call = LiveCall(
            call_id or new_call_id(), parameters.call_type, transport, datetime.now(UTC), line
        )
        with structlog.contextvars.bound_contextvars(call=call.call_id, transport=transport):
            return await self._take(call, parameters, watch, place or Place())

    async def _take(
        self,
        call: LiveCall,
        parameters: Parameters,
        watch: Callable[[Entry], None] | None,
        place: Place,
    ) -> FinishedCall:
        line = call.line

        def watching(entry: Entry) -> None:
            call.entries.append(entry)
            self.metrics.happened(entry)
            if watch is not None:
                watch(entry)

        with self._taken(call, place):
            files = Files(self._folder / call.call_id)
            longest = self._settings.longest_call_minutes * 60
            async with self._in_the_book(call):
                ending = asyncio.get_running_loop().call_later(longest, line.hang_up)
                try:
                    finished = await self._run(
                        line, parameters, files, call_id=call.call_id, watch=watching
                    )
                except asyncio.CancelledError:
                    _log.warning("call_cut_off")  # told to end at once
                    raise
                finally:
                    ending.cancel()
                    line.finish()
                call.result = finished.result
        _log.info(
            "call_ended",
            result=finished.end.result.status,
            silence_filled_ms=line.figures.silence_filled,
            sound_dropped_ms=line.figures.sound_dropped,
            keys_dropped=line.figures.keys_dropped,
        )
        return finished

    @asynccontextmanager
    async def _in_the_book(self, call: LiveCall) -> AsyncIterator[None]:
        """Raises UnderWay and StoreError when it cannot begin."""
        await self.book.began(call.call_id, call.transport, call.started_at)
        try:
            yield
        finally:
            try:
                result = result_document(call.result) if call.result else None
                await self.book.ended(call.call_id, result)
            except StoreError as error:  # the call's own files and records have it
                _log.error("result_not_in_the_book", why=str(error))

    @contextmanager
    def _taken(self, call: LiveCall, place: Place) -> Iterator[None]:
        place.taken = True  # from now on it counts as a call, or not at all
        if (why_not := self.why_not()) is not None:
            self._refuse(why_not)
        if call.call_id in self._under_way:
            self._refuse(UnderWay("this call is under way already"))
        _log.info("call_taken")
        self._under_way[call.call_id] = call
        self._none_left.clear()
        self.metrics.began(call.transport)
        self.changed()
        try:
            yield
        finally:
            result = call.result.payment.status if call.result else "never-begun"
            self.metrics.ended(call.transport, result, call.line.figures)
            del self._under_way[call.call_id]
            self.changed()
            self._look_whether_any_is_left()
            if self._tell is not None and call.entries:
                self._tell(call)

    def _refuse(self, why_not: NotTakenError) -> NoReturn:
        _log.info("call_not_taken", why=str(why_not))
        self.metrics.refused(type(why_not).__name__)
        raise why_not

    def _look_whether_any_is_left(self) -> None:
        if not self._under_way and not self._places:
            self._none_left.set()

    async def drain(self, seconds: float) -> int:
        """Take no more calls, and let those under way come to their end for so long, with their
        lines told. Then they are hung up. Returns how many had to be."""
        self._draining = True
        left: list[LiveCall] = []
        try:
            async with asyncio.timeout(seconds):
                await self._none_left.wait()
        except TimeoutError:
            left = list(self._under_way.values())
            for call in left:
                call.line.hang_up()
            await self._none_left.wait()
        if self._asked_afterwards:
            await asyncio.sleep(_ASKS_AFTERWARDS_SECONDS)
        return len(left)
