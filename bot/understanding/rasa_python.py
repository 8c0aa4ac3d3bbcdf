"""A CPython 3.10 and a uv for Rasa's own environment (design law 3)."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.errors import NluError

_SECONDS = 30
_ASK = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
_ANSWER = "cpython 3 10"

UV_DOWNLOADS = "cpython-3.10"
"""What `uv --python` is told when no CPython 3.10 is found: it fetches one of its own."""

_MISLEADING = (
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PROJECT",
    "UV_PYTHON",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYENV_VERSION",
)


def clean_environment() -> dict[str, str]:
    """The environment without what belongs to the bot's own Python and would mislead another."""
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING}


def find_python(setting: str = "") -> str:
    """A CPython 3.10 that really answers, or UV_DOWNLOADS.

    setting: understanding.python310; when given, nothing else is tried.
    Raises NluError when the setting is not a CPython 3.10.
    """
    if setting:
        path = str(Path(setting).expanduser())
        if not _is_python310(path):
            raise NluError(
                f"understanding.python310 = {setting!r}: not a CPython 3.10 that runs; "
                "name its executable, or leave the setting empty and the bot looks for one"
            )
        return path
    return next((path for path in _candidates() if _is_python310(path)), UV_DOWNLOADS)


def _candidates() -> Iterator[str]:
    # The one on PATH may be a pyenv shim that only says which versions have the command.
    if on_path := shutil.which("python3.10"):
        yield on_path
    try:
        uv = find_uv()
    except NluError:
        uv = []
    if uv and (found := _answer([*uv, "python", "find", "--system", "--no-project", "3.10"])):
        yield found
    roots = [os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv")]
    for root in filter(None, roots):
        for version in sorted(Path(root, "versions").glob("3.10*"), reverse=True):
            yield str(version / "bin" / "python")


def find_uv() -> list[str]:
    """The command that runs uv. Raises NluError when there is none."""
    # UV is set by `uv run` for what it runs.
    for path in (os.environ.get("UV", ""), shutil.which("uv") or ""):
        if path and _answer([path, "--version"]).startswith("uv "):
            return [path]
    if importlib.util.find_spec("uv") is not None:
        command = [sys.executable, "-m", "uv"]
        if _answer([*command, "--version"]).startswith("uv "):
            return command
    raise NluError("uv is not found; it makes Rasa's environment: pip install uv")


def _is_python310(path: str) -> bool:
    return _answer([path, "-I", "-c", _ASK]) == _ANSWER


def _answer(command: list[str]) -> str:
    """What a command prints; empty when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - our own command lines only
            command,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=clean_environment(),
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
