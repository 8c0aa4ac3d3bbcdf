"""What this process's memory leaves behind.

A crash must write no core dump: it would hold every card that is being charged. And what is freed
is overwritten, so that a card that was charged is not found in what nobody uses any more.
"""

from __future__ import annotations

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4
_M_PERTURB = -6
_FILLER = 0x55

_SMALL_SIZES = range(48, 513, 16)
"""Bytes of the blocks in which Python's allocator keeps what is small, those that hold no text or
bytes left out. Freed blocks keep what was in them until they are used again."""
_SWEPT_BYTES = 1 << 19
"""Of each size. Where fewer are free the rest is new memory, given back at once."""


def keep_private(*, core_dumps: bool) -> None:
    """For this process, from now on. core_dumps: allow them, for whoever looks for a fault.

    Elsewhere than on Linux with glibc only the limit on core dumps is set.
    """
    overwrite_what_is_freed()
    if not core_dumps:
        forbid_core_dumps()


def forbid_core_dumps() -> None:
    """The limit is for dumps into files, and for children too. Dumps that the system pipes into a
    program heed no limit, only the flag, which also keeps other processes of the same user from
    reading this one's memory (prctl(2), core(5))."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def overwrite_what_is_freed() -> None:
    """Has malloc fill what is given back to it: bodies of requests, sound, buffers of TLS.

    Not Python's own small objects, see below, unless Python was started with PYTHONMALLOC=malloc.
    glibc only: mallopt(3).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_PERTURB, _FILLER)


def overwrite_small_free_blocks() -> None:
    """Uses Python's free small blocks once, and gives them back: texts and bytes of up to some 470
    characters that nobody holds any more are gone. Takes about 10 ms; benchmarks/README.md shows
    what is left without it."""
    head = sys.getsizeof(b"")
    for size in _SMALL_SIZES:
        used = [bytes(size - head) for _ in range(_SWEPT_BYTES // size)]
        del used
