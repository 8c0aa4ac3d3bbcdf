"""The folder a run writes into, for one run at a time.

Two runs in one folder would write each other's recording, logs and gateway books. So the second is
refused at once, by the number of the process that has it; folders of their own keep two runs apart,
and what they share anyway (Rasa's environment and model) has a lock of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import BotError

_MARK = ".in-use"


@contextmanager
def sole_user_of(folder: Path) -> Iterator[None]:
    """The folder, made where it is missing, is this run's own while the context lasts.

    The kernel ends the claim of a process that dies; the mark stays, with that process's number.
    Raises BotError when the folder is in use or cannot be written.
    """
    mark = folder / _MARK
    lock = FileLock(mark, blocking=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        mark.write_text(f"{os.getpid()}\n", encoding="ascii")
    except FileExistsError:
        raise BotError(f"{folder}: is a file; name a folder: --out") from None
    except Timeout:
        user = mark.read_text(encoding="ascii").strip()
        raise BotError(
            f"{folder}: in use by process {user or 'of another run'}; "
            "wait for its end, or name another folder: --out"
        ) from None
    except OSError as error:
        lock.release()
        raise BotError(
            f"{folder}: cannot be written ({error.strerror}); name another: --out"
        ) from None
    try:
        yield
    finally:
        lock.release()
