"""Where decoding and joining of prompts is computed: a bounded pool, fair to all calls.

Fair, because a call waits for each thing it asked for before it asks for the next (one utterance
being decoded, one prompt being joined): of each call two jobs wait at most, and jobs are done in
the order in which they came. A call that is a minute behind holds up another's answer by one job.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from bot.cores import DECODES_AT_ONCE

_T = TypeVar("_T")


class DecodingPool(ThreadPoolExecutor):
    """waited: told of each job how many seconds it waited for a thread. queued: told how many wait,
    whenever that changes."""

    def __init__(self, workers: int = DECODES_AT_ONCE) -> None:
        super().__init__(workers, thread_name_prefix="decode")
        self._lock = threading.Lock()
        self._waiting = 0
        self.waited: Callable[[float], object] = lambda _: None
        self.queued: Callable[[int], object] = lambda _: None

    @property
    def waiting(self) -> int:
        """Jobs that no thread has begun."""
        return self._waiting

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        began = time.monotonic()

        def job() -> _T:
            self._count(-1)
            self.waited(time.monotonic() - began)
            return fn(*args, **kwargs)

        self._count(1)
        try:
            return super().submit(job)
        except BaseException:
            self._count(-1)
            raise

    def _count(self, more: int) -> None:
        with self._lock:
            self._waiting += more
            self.queued(self._waiting)
