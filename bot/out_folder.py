"""The folder a run writes into, for one run at a time.

Two runs in one folder would write each other's recording, logs and gateway books. So the second is
refused at once, by the number of the process that has it; folders of their own keep two runs apart,
and what they share anyway (Rasa's environment and model) has a lock of its own.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import BotError

_MARK = ".in-use"


@contextmanager
def sole_user_of(folder: Path) -> Iterator[None]:
    """The folder, made where it is missing, is this run's own while the context lasts.

    The kernel ends the claim of a process that dies. The mark stays: one that is taken away could
    be taken by two. Raises BotError when the folder is in use or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark = (folder / _MARK).open("a+", encoding="ascii")
    except FileExistsError:
        raise BotError(f"{folder}: is a file; name a folder: --out") from None
    except OSError as error:
        raise BotError(
            f"{folder}: cannot be written ({error.strerror}); name another: --out"
        ) from None
    with mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise BotError(f"{folder}: cannot be locked ({error.strerror})") from None
            mark.seek(0)
            raise BotError(
                f"{folder}: in use by process {mark.read().strip() or 'of another run'}; "
                "wait for its end, or name another folder: --out"
            ) from None
        try:
            mark.truncate(0)
            mark.write(f"{os.getpid()}\n")
            mark.flush()
        except OSError as error:
            raise BotError(f"{folder}: cannot be written ({error.strerror})") from None
        yield
