"""Secrets come from the environment or from files, never from the settings: a settings file is
copied about, and what stands on a command line every process of the machine can read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from bot.errors import BotError
from bot.project import ROOT

RASA_TOKEN_VARIABLE = "PAYMENT_VOICEBOT_RASA_TOKEN"  # noqa: S105 - the variable's name, no token

_LONGEST_FILE = 16 * 1024


def read_secret(
    key: str,
    path: str,
    variable: str,
    environment: Mapping[str, str],
    error: type[BotError],
) -> SecretStr:
    """The secret in the file that the setting `key` names, or in the environment variable; empty
    where neither is there.

    path: the key's value; relative to the project. Raises `error`, which names the file or the
    variable and shows nothing of a secret.
    """
    given = environment.get(variable, "")
    if not path:
        return SecretStr(given)
    if given:
        raise error(
            f"{key} names a file, and the environment variable {variable} is set as well: "
            "keep one of the two"
        )
    try:
        with (ROOT / Path(path).expanduser()).open("rb") as file:
            text = file.read(_LONGEST_FILE).decode("utf-8-sig").strip("\r\n")
    except OSError as why:
        raise error(f"{key} = {path!r}: cannot be read ({why.strerror})") from None
    except UnicodeDecodeError:
        raise error(f"{key} = {path!r}: not UTF-8 text") from None
    if not text:
        raise error(f"{key} = {path!r}: the file is empty; the secret is its only line")
    return SecretStr(text)
