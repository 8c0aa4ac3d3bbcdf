"""The program as people use it: in this process where that is enough, else in one of its own."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from own_logging import logging_as_before

from bot.cli import main

ROOT = Path(__file__).parents[2]

NO_RASA = ("--setting", "understanding.rasa_url=http://127.0.0.1:9")
"""Nothing answers there, and nothing of Rasa's is started."""

PAYS = ("eighty seven fifty", "4242424242424242#", "0429", "123", "90210#", "1")
"""Lines of a caller who types and pays."""

_PATIENCE_SECONDS = 300
"""Never used up; a program that hangs must not hang the tests."""


@dataclass(frozen=True, slots=True)
class Ended:
    status: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """Standard error without the terminal's line breaks."""
        return " ".join(self.err.split())


def run_here(*arguments: str, folder: Path) -> Ended:
    """Run in this process, `folder` being the current one."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with (
        patch.object(sys, "argv", ["run_bot.py", *arguments]),
        patch.dict(os.environ, {"COLUMNS": "1000"}),
        logging_as_before(),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
    return Ended(status, out.getvalue(), err.getvalue())


def start(
    *arguments: str,
    root: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> subprocess.Popen[str]:
    """Start it as a process. environment: instead of this one's. before: called in the child."""
    given = os.environ if environment is None else environment
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, str(root / "run_bot.py"), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**given, "PYTHONUNBUFFERED": "1", "COLUMNS": "1000"},
        preexec_fn=before,  # noqa: PLW1509
    )


def run(
    *arguments: str,
    typed: Sequence[str] = (),
    root: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Ended:
    """Run it as a process to its end. typed: lines for its standard input."""
    with start(*arguments, root=root, environment=environment, before=before) as process:
        out, err = process.communicate("".join(f"{line}\n" for line in typed), _PATIENCE_SECONDS)
        return Ended(process.returncode, out, err)


def house(folder: Path, *own: str) -> Path:
    """A project folder that borrows everything from the real one, save what is its `own`: copies
    to be broken."""
    folder.mkdir()
    shutil.copy(ROOT / "run_bot.py", folder)
    for name in ("bot", "audio", "models", "nlu_data", "tests", "payment.toml"):
        if name not in own:
            (folder / name).symlink_to(ROOT / name)
    return folder


def left_running(mark: str) -> list[str]:
    """Command lines of processes that mention `mark`, a folder of the test."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if mark in line:
                found.append(line)
    return found


def half_written(folder: Path) -> list[Path]:
    """What a run that was stopped must not leave."""
    return [*folder.rglob("*.part"), *folder.rglob("*.tmp")]
