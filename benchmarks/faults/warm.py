"""Imported once, by the process that all lives are forked from: everything a life would import."""

from __future__ import annotations

import asyncio
import contextlib

from benchmarks.faults import till
from benchmarks.faults.kinds import Kind, gateway_at
from bot.database import open_database
from bot.money import Money
from bot.paying.gateway import OutcomeUnknown


async def _touch(kind: Kind) -> None:
    gateway = gateway_at(kind, till.NOBODY)
    with contextlib.suppress(OutcomeUnknown):
        await gateway.look_up("nothing", Money(1))
    await gateway.aclose()


# Libraries that are imported when they are first used: a database's dialect, a connection's loop.
open_database("sqlite://").dispose()
for _kind in Kind:
    asyncio.run(_touch(_kind))
