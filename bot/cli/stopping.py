"""Ended from outside: Ctrl-C, SIGTERM, a closed terminal, or nobody reading the output any more.

Each ends in one line and an exit status of its own, after everything that was started has been
stopped. While an event loop runs, a signal cancels the work, so that it cleans up behind itself; a
second one also cuts off what the clean-up waits for (a charge, which is then settled at the next
start), a third kills.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

_T = TypeVar("_T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WORDS = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "told to end",
    signal.SIGHUP: "the terminal was closed",
}
_FROM_SIGNAL = 128
"""What shells add to the number of a signal for the status of what it ended."""

OUTPUT_CLOSED = _FROM_SIGNAL + signal.SIGPIPE


class Stopped(BaseException):
    """Not an error: no handler of errors may take it for one."""

    def __init__(self, sign: signal.Signals) -> None:
        super().__init__(sign.name)
        self.sign = sign

    @property
    def status(self) -> int:
        return _FROM_SIGNAL + self.sign

    @property
    def line(self) -> str:
        return f"{_WORDS[self.sign]}; everything that was started has been stopped"


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Signals that end the program raise `Stopped`. Those that are ignored (nohup) stay so."""
    before = {sign: signal.getsignal(sign) for sign in _SIGNALS}
    for sign, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(sign, _stop)
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(signal.Signals(number))


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end in an event loop of its own. Raises Stopped, once all is cleaned up."""
    before = {sign: signal.getsignal(sign) for sign in _SIGNALS}
    stop = _Stop()
    try:
        return asyncio.run(stop.around(work))
    except asyncio.CancelledError:
        if stop.sign is None:
            raise
        raise Stopped(stop.sign) from None
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


class _Stop:
    """What signals do while the event loop runs."""

    def __init__(self) -> None:
        self.sign: signal.Signals | None = None

    async def around(self, work: Coroutine[Any, Any, _T]) -> _T:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        for sign in _SIGNALS:
            if signal.getsignal(sign) is not signal.SIG_IGN:
                self._loop.add_signal_handler(sign, self._signalled, sign)
        return await work

    def _signalled(self, sign: signal.Signals) -> None:
        if self.sign is None:
            self.sign = sign
            assert self._task is not None  # noqa: S101 - `around` runs in it
            self._task.cancel()
            return
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        for again in _SIGNALS:
            self._loop.remove_signal_handler(again)
            signal.signal(again, signal.SIG_DFL)
