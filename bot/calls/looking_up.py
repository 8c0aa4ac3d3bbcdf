"""What one call asks of a service about a card, and when it hears the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.calls.clock import CallClock, Quiet
from bot.calls.rooms import ChecksCards
from bot.cards import CardNumber
from bot.dialog.events import Looked


class CallLookUps:
    """Each in a task of its own, so that the dialog hears keys and hang-ups meanwhile."""

    def __init__(
        self,
        service: ChecksCards | None,
        clock: CallClock,
        quiet: Quiet,
        post: Callable[[Looked], None],
    ) -> None:
        self._service = service
        self._clock = clock
        self._quiet = quiet
        self._post = post
        self._under_way: set[asyncio.Task[None]] = set()

    def look_up(self, card: CardNumber, group: asyncio.TaskGroup) -> None:
        self._quiet.begin()
        task = group.create_task(self._look_up_and_answer(card))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def stop_waiting(self) -> None:
        """The call is over."""
        for task in self._under_way:
            task.cancel()

    async def _look_up_and_answer(self, card: CardNumber) -> None:
        try:
            standing = await self._service.standing_of(card) if self._service else None
        finally:
            card.wipe()
        self._post(Looked(standing, self._clock.now))
        self._quiet.end()
