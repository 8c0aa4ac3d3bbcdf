"""An event loop whose clock jumps: where nothing is left to do, it is at once the next moment.

Sockets work as ever (what is written to a pair can be read at once). Threads do not: who waits for
one has nothing to do in the loop's eyes, so decoding runs in `InlineExecutor`.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

_T = TypeVar("_T")


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if ready := super().select(0):
            return ready
        if timeout is None:
            raise RuntimeError("everything waits for something that never comes")
        self.passed += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return 1_000.0 + self._jumping.passed


class InlineExecutor(Executor):
    """Computes at once, in the loop's own thread."""

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        future: Future[_T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - handed on, as an executor does
            future.set_exception(error)
        return future


def virtually(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run it; an hour of waiting takes as long as what is computed in it."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)
