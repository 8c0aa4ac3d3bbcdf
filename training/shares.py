"""Work shared out among processes: the steps that take long are many small independent pieces.

Which piece falls to whom changes nothing in what is made: every piece has chances of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

_Piece = TypeVar("_Piece")

JOBS = os.cpu_count() or 1
"""Processes where nobody says how many."""


@dataclass(frozen=True, slots=True)
class Share:
    """Of one process: every `of`-th piece, from number `index` on."""

    index: int = 0
    of: int = 1

    def take(self, pieces: Sequence[_Piece]) -> Sequence[_Piece]:
        return pieces[self.index :: self.of]


def share_out(work: Callable[[Share], None], jobs: int) -> None:
    """Does the work in that many processes. Ends this one where any of them failed.

    work: a function another process can import (no lambda), or a `partial` of one.
    """
    if jobs < 1:
        raise ValueError(f"{jobs} processes do no work")
    if jobs == 1:
        work(Share())
        return
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=work, args=(Share(i, jobs),)) for i in range(jobs)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    failed = sum(process.exitcode != 0 for process in processes)
    if failed:
        sys.exit(f"{failed} of {jobs} processes failed; what they made is kept, start again")
