"""Files of recogniser models, checked before they are trusted.

A half-copied or exchanged model does not fail, it mishears; so every file is compared with a
SHA-256 that came another way than the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from bot.errors import ModelError


def check_files(folder: Path, sums: Mapping[str, str], remedy: str) -> None:
    """Compare files of `folder` with their SHA-256 sums (hexadecimal, by name).

    remedy: what the person at the keyboard should do, for the message. Raises ModelError.
    """
    for name, expected in sums.items():
        path = folder / name
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(f"{path} cannot be read ({error.strerror}); {remedy}") from None
        if found != expected:
            raise ModelError(
                f"{path} is not the file it should be "
                f"(SHA-256 {found[:12]}…, expected {expected[:12]}…); {remedy}"
            )


def read_sums(path: Path, remedy: str) -> dict[str, str]:
    """A SHA256SUMS file as `sha256sum` writes it: {name: sum}. Raises ModelError."""
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"{path} is missing or unreadable; {remedy}") from None
    sums = {}
    for line in lines:
        digest, _, name = line.partition(" ")
        name = name.strip().removeprefix("*")
        if len(digest) != hashlib.sha256().digest_size * 2 or not name:
            raise ModelError(f"{path} is malformed; {remedy}")
        sums[name] = digest.lower()
    if not sums:
        raise ModelError(f"{path} is empty; {remedy}")
    return sums
