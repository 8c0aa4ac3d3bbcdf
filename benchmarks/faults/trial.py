"""One trial: the lives of the plan one after the other, and what came of them."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import shutil
import sqlite3
import sys
import threading
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchmarks.faults.broken import Breakage
from benchmarks.faults.kinds import Kind, gateway_at
from benchmarks.faults.plan import LATE, NEXT_DAY, Life, Trial
from benchmarks.faults.till import NOBODY, Event, live
from benchmarks.faults.wire import Wire, wired
from bot.database import open_database
from bot.paying.intents import Intent
from bot.paying.journal import Journal
from bot.paying.simulator.ledger import Entry

_HANGS_SECONDS = 300.0
"""A life takes a fraction of a second, on a machine that is not busy."""


_STARTING_OR_JOINING = threading.Lock()
"""Starting one process looks after the others too, and may take the status a join waits for."""


@dataclass(slots=True)
class Happened:
    """events: what processes told and how they ended, in order. books: the bank's own.

    unsettled: what `payments open` lists in the end. sent: charge requests the bot sent, by key.
    """

    trial: Trial
    events: list[Event] = field(default_factory=list)
    books: list[Entry] = field(default_factory=list)
    intents: dict[str, Intent] = field(default_factory=dict)
    unsettled: set[str] = field(default_factory=set)
    sent: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    """What went wrong with the harness: a life that hung or failed, a fault without effect."""


class Laboratory:
    """Runs trials, several at once if need be.

    Each life is forked from a process that has imported everything, where the system can fork.
    """

    def __init__(self, folder: Path) -> None:
        """folder: for databases, an empty one."""
        method = "forkserver" if sys.platform != "win32" else "spawn"
        self._folder = folder
        self._processes = multiprocessing.get_context(method)
        self._processes.set_forkserver_preload(["benchmarks.faults.warm"])
        self._empty = folder / "empty.db"
        open_database(f"sqlite:///{self._empty}").dispose()

    async def run(
        self, trial: Trial, *, kind: Kind = Kind.REST, breakage: Breakage | None = None
    ) -> Happened:
        database = self._folder / f"trial-{trial.seed}.db"
        shutil.copy(self._empty, database)
        happened = Happened(trial)
        wire = Wire(trial.orders)
        async with wired(wire) as url:
            for at, lives in sorted(trial.lives.items()):
                if at >= LATE:
                    await wire.deliver_what_is_late()
                if at > 0 and not any(life.charges for life in lives) and _is_over(database):
                    continue  # a process that starts now would find nothing to do
                world = (seconds(at, kind), url, database, kind, breakage)
                await asyncio.gather(*(self._live(life, world, happened) for life in lives))
        happened.books = wire.books()
        happened.sent = dict(wire.sent)
        happened.broken += wire.without_effect
        await wire.aclose()
        _read_journal(database, happened)
        for file in self._folder.glob(f"{database.name}*"):
            file.unlink()
        return happened

    async def _live(self, life: Life, world: tuple[Any, ...], happened: Happened) -> None:
        """world: what `till.live` wants to know of it."""
        receiver, sender = self._processes.Pipe(duplex=False)
        process = self._processes.Process(  # type: ignore[attr-defined]
            target=live, args=(life, *world, sender)
        )
        with _STARTING_OR_JOINING:
            process.start()
        sender.close()
        await asyncio.to_thread(_listen, receiver, process, happened)


def seconds(at: float, kind: Kind) -> float:
    """Plans are made for a bank that carries nothing out after 600 s. Others take longer."""
    if not LATE <= at < NEXT_DAY:
        return at
    return at - 600 + gateway_at(kind, NOBODY).semantics.carried_out_within_seconds


def _listen(receiver: Any, process: BaseProcess, happened: Happened) -> None:
    """Everything it says until it is gone."""
    while True:
        if not receiver.poll(_HANGS_SECONDS):
            happened.broken.append("a process hung")
            process.kill()
            break
        try:
            happened.events.append(receiver.recv())
        except EOFError:
            break
    with _STARTING_OR_JOINING:
        process.join()  # from now on its number belongs to nobody: its leases are seen to be over
    receiver.close()
    if process.exitcode not in (0, -9):
        happened.broken.append(f"a process ended with {process.exitcode}")


def _is_over(database: Path) -> bool:
    """Whether a process that starts now finds nothing to do."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM charge_intents WHERE state IN ('intent', 'sent', 'unknown')"
            " OR NOT heard"
        )
        return bool(rows.fetchone() == (0,))


def _read_journal(database: Path, happened: Happened) -> None:
    engine = open_database(f"sqlite:///{database}")
    journal = Journal(engine, ("bank",))
    for order in happened.trial.orders:
        if (intent := journal.find(order.key)) is not None:
            happened.intents[order.key] = intent
    happened.unsettled = {intent.attempt_id for intent in journal.unsettled()}
    engine.dispose()
