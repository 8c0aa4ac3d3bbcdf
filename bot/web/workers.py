"""Several processes behind one port: started, watched, given connections, ended in good order.

The parent takes no calls. It accepts every connection and hands it to the worker with the fewest
calls, so that none is told "busy" while another worker has room. A worker that dies takes its own
calls along and no others; the parent says so and starts it again. One that hangs (its signs of life
stay away) is given nothing more, and after a while is ended. What either has been given and not
taken goes to the others. What all must know of each other
(calls under way, prepared calls, metrics) travels by a control channel of JSON lines, the database
(`calls/live/shared_book.py`) and files of counters.

    to a worker     its orders, once; then {"others": {"calls": …, "most": …, "room": …},
                    "ended": {"died": …, "hung": …}}, {"drain": true}, {"end": true}
    from a worker   {"alive": true} every `BEAT_SECONDS`; {"ready": most calls; 0 when it drains},
                    {"calls": …}, {"tell": …}, at its end {"hung_up": …}, and {"failed": …} when it
                    could not go on

It is told to drain over that channel and not by a signal: under systemd it may have got that one
already.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import structlog

from bot.calls.live.calls import Others
from bot.errors import BotError
from bot.processes import Child
from bot.web.hand_over import HandedOver, hand_over, hand_over_channel, taken_back
from bot.web.one_worker import DOUBTED_AFTER, STARTING_TIMES, Worker
from bot.web.worker import BEAT_SECONDS

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 60.0
_NO_DESCRIPTORS_SECONDS: Final = 1.0
_TIDIES_UP_SECONDS: Final = 30.0

StartsWorker = Callable[[int, int, Sequence[int]], Child]
"""By its number, the descriptor of its control channel, and those of its `HandedOver` channels, in
the order of the listeners. All descriptors are to be passed on to the child."""


class Workers:
    """`start`, `watch` until the end comes, `drain`; and always `end`."""

    def __init__(
        self,
        start: StartsWorker,
        listeners: Sequence[socket.socket],
        orders: Callable[[int], str],
        tell: Callable[[str], None],
        *,
        on_death: Callable[[int], None] = lambda _: None,
        hung_seconds: float,
        beat_seconds: float = BEAT_SECONDS,
        first_pause_seconds: float = _FIRST_PAUSE_SECONDS,
    ) -> None:
        """listeners: on which connections come. orders: of a worker, by its number, as JSON.
        tell: for the person at the keyboard. on_death: told the process number of each worker that
        has ended. hung_seconds: without a sign of life, until a worker is ended."""
        self._start = start
        self._listeners = listeners
        self._orders = orders
        self._tell = tell
        self._on_death = on_death
        self._beat_seconds = beat_seconds
        self._hung_after = round(hung_seconds / BEAT_SECONDS)
        self._first_pause = first_pause_seconds
        self._workers: dict[int, Worker] = {}
        self._ready = asyncio.Event()
        """Set while a worker is there that answers."""
        self._keepers: list[asyncio.Task[None]] = []
        self._chores: list[asyncio.Task[None]] = []
        """Who count the beats and give connections."""
        self._returned: asyncio.Queue[tuple[int, socket.socket]] = asyncio.Queue()
        """Connections that a worker has not taken, by listener; no more than channels hold."""
        self._ended = {"died": 0, "hung": 0}
        self._told: set[str] = set()
        self._draining = asyncio.Event()
        self._hung_up = 0
        self._given = 0

    @property
    def calls(self) -> int:
        return sum(worker.calls for worker in self._workers.values())

    async def start(self, count: int) -> None:
        """Returns when all of them answer, and connections are handed out. Raises BotError when
        one does not come so far."""
        loop = asyncio.get_running_loop()
        for chore in (self._count_beats(), self._give_again()):
            self._chores.append(asyncio.create_task(chore))
        answering = [loop.create_future() for _ in range(count)]
        for number, answers in enumerate(answering, start=1):
            self._keepers.append(asyncio.create_task(self._keep_running(number, answers)))
        await asyncio.gather(*answering)
        for index, listener in enumerate(self._listeners):
            self._chores.append(asyncio.create_task(self._accept(index, listener)))

    async def watch(self) -> None:
        """For ever; raises what must not happen."""
        done, _ = await asyncio.wait(
            [*self._keepers, *self._chores], return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()

    async def drain(self) -> int:
        """No more calls; those under way may end in the workers' own time. Returns how many had to
        be hung up, when all workers have ended."""
        self._draining.set()
        for worker in self._workers.values():
            if worker.answered:
                worker.say(drain=True)
                continue
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(worker.child.pid, signal.SIGTERM)  # it has no calls, and need not be ready
        await asyncio.gather(*self._keepers)
        return self._hung_up

    async def end(self) -> None:
        """All of them, at once."""
        tasks = [*self._keepers, *self._chores]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while not self._returned.empty():
            self._returned.get_nowait()[1].close()

    def beat(self) -> None:
        """The time of one beat has gone by. It is counted, not measured: while this process too
        stood still (swapped out, on a machine that was suspended), no worker misses one."""
        for worker in self._workers.values():
            worker.missed += 1
            if worker.answered and worker.missed == DOUBTED_AFTER:
                _log.warning("worker_silent", worker=worker.number, calls=worker.calls)
                self._spread()
                self._take_back(worker)
            patience = self._hung_after * (1 if worker.answered else STARTING_TIMES)
            if worker.missed >= patience and worker.listening is not None:
                _log.error("worker_hangs", worker=worker.number, calls=worker.calls)
                worker.listening.reschedule(asyncio.get_running_loop().time())
                worker.listening = None

    async def _count_beats(self) -> None:
        while True:
            await asyncio.sleep(self._beat_seconds)
            self.beat()

    async def _keep_running(self, number: int, answers: asyncio.Future[None]) -> None:
        """A worker and its successors, until it is told to end. Where the first of them ends before
        it answers, so does this, and `answers` says why."""
        loop = asyncio.get_running_loop()
        pause = self._first_pause
        while not self._draining.is_set():
            began = loop.time()
            try:
                how = await self._live_and_die(number, answers)
            except (BotError, OSError) as error:  # no memory, or no descriptors, for a process
                if not answers.done():
                    answers.set_exception(BotError(f"worker {number}: {error}"))
                    return
                how = f"cannot be started ({error})"
            if not answers.done():
                answers.set_exception(BotError(f"worker {number} {how}"))
                return
            if self._draining.is_set():
                return
            if loop.time() - began > _LONGEST_PAUSE_SECONDS:
                pause = self._first_pause
            _log.error("worker_died", worker=number, how=how, restart_in_seconds=pause)
            self._tell(f"worker {number} {how}; it is started again in {pause:g} s")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._draining.wait()
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _accept(self, index: int, listener: socket.socket) -> None:
        """Connections of one listener, for ever."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError as error:  # no descriptors left, or gone before it was accepted
                _log.warning("connection_not_accepted", why=error.strerror)
                await asyncio.sleep(_NO_DESCRIPTORS_SECONDS)
                continue
            with connection:
                await self._ready.wait()
                self._give(index, connection)

    async def _give_again(self) -> None:
        """What workers did not take, for ever."""
        while True:
            index, connection = await self._returned.get()
            with connection:
                await self._ready.wait()
                self._give(index, connection)

    def _take_back(self, worker: Worker) -> None:
        for index, theirs in enumerate(worker.their_ends):
            for connection in taken_back(theirs):
                self._returned.put_nowait((index, connection))

    async def _live_and_die(self, number: int, answers: asyncio.Future[None]) -> str:
        """One process from its start to its end: how it ended. Raises BotError and OSError where it
        does not begin."""
        worker = await self._started(number)
        pid = worker.child.pid
        try:
            worker.writer.write(self._orders(number).encode() + b"\n")
            async with asyncio.timeout(None) as worker.listening:
                async for line in worker.reader:
                    self._heard(worker, json.loads(line), answers)
            worker.listening = None
            # Its last word was said; a signal now would fall into its own tidying up.
            await asyncio.to_thread(worker.child.wait, _TIDIES_UP_SECONDS)
        except TimeoutError:
            worker.hung = True
        except (ConnectionError, ValueError) as error:
            _log.error("worker_misspoke", worker=number, why=type(error).__name__)
        finally:
            del self._workers[number]
            self._count_end(worker)
            self._spread()
            if worker.child.is_running:
                worker.say(end=True)
            worker.writer.close()
            self._take_back(worker)
            for channel in (*worker.channels, *worker.their_ends):
                channel.close()
            await worker.child.ended()
            self._on_death(pid)
        return f"{worker.how_it_ended} ({worker.failed or f'its log: {worker.child.log}'})"

    async def _started(self, number: int) -> Worker:
        """One of `_workers` from the moment at which its process is there."""
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            control, their_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            ours.enter_context(control)
            theirs.enter_context(their_control)
            channels, their_ends = [], []
            for _ in self._listeners:
                channel, their_channel = hand_over_channel()
                channels.append(ours.enter_context(channel))
                their_end = HandedOver(fileno=their_channel.detach())
                their_ends.append(ours.enter_context(their_end))
            descriptors = [end.fileno() for end in their_ends]
            reader, writer = await asyncio.open_connection(sock=control)
            ours.callback(writer.close)
            child = self._start(number, their_control.fileno(), descriptors)
            # Not in a thread: the kernel ends a child with the thread that started it.
            child.start()
            # No waiting between these two: whoever drains or ends meanwhile must find it.
            worker = self._workers[number] = Worker(
                number, child, reader, writer, channels, their_ends
            )
            ours.pop_all()
        return worker

    def _count_end(self, worker: Worker) -> None:
        if worker.drained:
            return
        if self._draining.is_set():
            self._hung_up += worker.calls
        elif worker.answered:
            self._ended["hung" if worker.hung else "died"] += 1

    def _heard(
        self, worker: Worker, said: Mapping[str, Any], answers: asyncio.Future[None]
    ) -> None:
        was_doubted, worker.missed = worker.is_doubted, 0
        if was_doubted and worker.answered:
            _log.info("worker_heard_again", worker=worker.number)
            self._spread()
        match said:
            case {"alive": True}:
                return
            case {"ready": int(most)}:
                if not worker.answered:
                    _log.info("worker_ready", worker=worker.number, process=worker.child.pid)
                worker.answered = True
                worker.most = most
                if not answers.done():
                    answers.set_result(None)
            case {"calls": int(calls)}:
                worker.count(calls)
            case {"tell": str(text)}:
                if text not in self._told:  # of what concerns all of them each one tells
                    self._told.add(text)
                    self._tell(text)
                return
            case {"hung_up": int(calls)}:
                self._hung_up += calls
                worker.drained = True
            case {"failed": str(text)}:
                worker.failed = text
                return
        self._spread()

    def _spread(self) -> None:
        """Tell each worker of the others."""
        answering = self._answering
        if answering:
            self._ready.set()
        else:
            self._ready.clear()
        for worker in answering:
            others = [other.others for other in answering if other is not worker]
            total = Others(
                sum(other.calls for other in others),
                sum(other.most for other in others),
                sum(other.room for other in others),
            )
            worker.say(others=asdict(total), ended=self._ended)

    @property
    def _answering(self) -> list[Worker]:
        return [worker for worker in self._workers.values() if worker.takes_connections]

    def _give(self, index: int, connection: socket.socket) -> None:
        """To who has the fewest calls; among equals to who has waited longest."""
        now = asyncio.get_running_loop().time()
        for worker in sorted(self._answering, key=lambda one: one.wanted(now)):
            if hand_over(worker.channels[index], connection):
                self._given += 1
                worker.given = self._given
                worker.lately.append(now)
                return
        _log.error("connection_not_given")
