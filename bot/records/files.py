"""Files of a call that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from bot.errors import StoreError


def write_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text to a file beside `path`, then rename it: no reader sees half a file.

    The folder is made where it is missing. Raises StoreError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); check that its folder may be written"
        ) from None
