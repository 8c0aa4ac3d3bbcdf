"""Rasa made ready: its own environment and a model trained on the data as they are now.

Both are made once and again only when what they are made from has changed. What is half made is
never taken for whole: the environment is marked when it is complete, a model gets its name when
it is trained. Several processes may prepare at once; one works, the others wait for it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import NluError
from bot.processes import die_with_parent
from bot.project import ROOT
from bot.settings import UnderstandingSettings
from bot.understanding.rasa_python import UV_DOWNLOADS, clean_environment, find_python, find_uv

PROJECT = ROOT / "nlu_data"

Tell = Callable[[str], None]
"""Told what is being done, a line at a time."""

_LOCK_SECONDS = 1800
_running: set[subprocess.Popen[str]] = set()

_SERVING_ONLY = "serve.py"
"""How a server starts; no part of what a model is made from."""

_MARK = ".complete"
_LINES_SHOWN = 12

_TRAINING = re.compile(r"Starting to train component '(?:.*\.)?(\w+)'")
"""The lines of a training worth telling; the rest are warnings of its libraries."""


@dataclass(frozen=True, slots=True)
class PreparedRasa:
    """python: of Rasa's environment. model: the trained model. project: the Rasa project."""

    python: Path
    model: Path
    project: Path
    trained_now: bool = False

    @property
    def environment(self) -> dict[str, str]:
        return rasa_environment(self.project)


def prepare(
    settings: UnderstandingSettings,
    tell: Tell = lambda _line: None,
    *,
    project: Path = PROJECT,
    train_again: bool = False,
) -> PreparedRasa:
    """Make the environment and the model where they are missing or out of date.

    train_again: train though nothing has changed. Blocks for minutes the first time.
    Raises NluError that says what to do.
    """
    try:
        with FileLock(project / ".prepare.lock", timeout=_LOCK_SECONDS):
            python = _prepare_environment(project, settings.python310, tell)
            model, trained = _prepare_model(project, python, tell, train_again)
    except Timeout:
        raise NluError(
            f"another process has been preparing Rasa for {_LOCK_SECONDS // 60} minutes; "
            f"end it, or delete {project / '.prepare.lock'}"
        ) from None
    except OSError as error:
        # A service may run from a folder that only its installer may write to.
        if not train_again and (ready := _ready(project)) is not None:
            return ready
        raise NluError(
            f"{error.filename or project}: cannot be written ({error.strerror}); Rasa's "
            "environment and model lie in this folder"
        ) from None
    return PreparedRasa(python, model, project, trained)


def _ready(project: Path) -> PreparedRasa | None:
    """None where something is missing or out of date. A model has its name once it is whole."""
    python, model = _python(project), _model(project)
    if _is_complete(project) and model.exists():
        return PreparedRasa(python, model, project)
    return None


def run_rasa(prepared: PreparedRasa, arguments: list[str], tell: Tell, failure: str) -> None:
    """One of Rasa's own commands, to its end. Raises NluError with its last lines."""
    command = [str(prepared.python), "-m", "rasa", *arguments]
    _run(command, prepared.project, prepared.environment, tell, failure, "look at the lines below")


def stop_preparing() -> None:
    """End what `prepare` has under way in another thread, which then raises NluError."""
    for process in list(_running):
        process.kill()


def rasa_environment(project: Path) -> dict[str, str]:
    """Environment variables for anything of Rasa: quiet, no telemetry, the bot's code in reach."""
    return {
        **clean_environment(),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONHASHSEED": "0",
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        # Rasa's cache does not see that the bot's number reading changed; the model's name does.
        "RASA_MAX_CACHE_SIZE": "0",
        "MPLCONFIGDIR": str(project / ".venv" / "matplotlib"),
    }


def _prepare_environment(project: Path, python310: str, tell: Tell) -> Path:
    python = _python(project)
    if _is_complete(project):
        return python
    mark = _mark(project)
    mark.unlink(missing_ok=True)
    uv = find_uv()
    base = find_python(python310)
    tell("making Rasa's environment (once; about 2.5 GB)")
    sync = [*uv, "sync", "--project", str(project), "--python", base, "--no-progress"]
    advice = "look at the lines below; a package index must be reachable"
    if base == UV_DOWNLOADS:
        advice = (
            "no CPython 3.10 is on this machine and uv could not fetch one; install it, or name "
            "one in the setting understanding.python310"
        )
    _run(sync, project, clean_environment(), tell, "Rasa's environment cannot be made", advice)
    mark.write_text(_wanted(project), "ascii")
    return python


def _python(project: Path) -> Path:
    return project / ".venv" / "bin" / "python"


def _mark(project: Path) -> Path:
    return project / ".venv" / _MARK


def _wanted(project: Path) -> str:
    return _fingerprint(project, [project / "pyproject.toml"])


def _is_complete(project: Path) -> bool:
    mark = _mark(project)
    made = _python(project).exists() and mark.exists()
    return made and mark.read_text("ascii") == _wanted(project)


def _model(project: Path) -> Path:
    return project / "models" / f"nlu-{model_fingerprint(project)}.tar.gz"


def _prepare_model(project: Path, python: Path, tell: Tell, again: bool) -> tuple[Path, bool]:
    model = _model(project)
    models = model.parent
    if model.exists() and not again:
        return model, False
    models.mkdir(exist_ok=True)
    tell("training the model (once for every change of the examples)")
    with tempfile.TemporaryDirectory(dir=models, prefix="training-") as unfinished:
        train = [
            str(python), "-m", "rasa", "train", "nlu", "--config", "config.yml",
            "--domain", "domain.yml", "--nlu", "data", "--out", unfinished,
            "--fixed-model-name", "nlu",
        ]  # fmt: skip

        def tell_component(line: str) -> None:
            if component := _TRAINING.search(line):
                tell(f"training: {component[1]}")

        _run(
            train, project, rasa_environment(project), tell_component,
            "the model cannot be trained",
            "look at the lines below; `run_bot.py nlu train` tries again",
        )  # fmt: skip
        trained = Path(unfinished) / "nlu.tar.gz"
        if not trained.exists():
            raise NluError("the model cannot be trained: Rasa ended well and wrote no model")
        trained.replace(model)
    for old in models.glob("nlu-*.tar.gz"):
        if old != model:
            old.unlink(missing_ok=True)
    for left in models.glob("training-*"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    return model, True


def model_fingerprint(project: Path = PROJECT) -> str:
    """Over everything a model is made from, the bot's own number reading included."""
    sources = [
        project / "pyproject.toml",
        project / "config.yml",
        project / "domain.yml",
        *project.glob("data/**/*.yml"),
        *(part for part in project.glob("components/*.py") if part.name != _SERVING_ONLY),
        *(ROOT / "bot" / "understanding").glob("number*.py"),
    ]
    return _fingerprint(ROOT, sources)[:16]


def _fingerprint(base: Path, sources: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for source in sorted(sources):
        name = source.relative_to(base) if source.is_relative_to(base) else source.name
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()


def _run(
    command: list[str],
    cwd: Path,
    environment: dict[str, str],
    tell: Tell,
    failure: str,
    advice: str,
) -> None:
    """Run to the end, telling its lines. Raises NluError with the last of them."""
    last: deque[str] = deque(maxlen=_LINES_SHOWN)
    try:
        with subprocess.Popen(  # noqa: S603 - our own command lines only
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        ) as process:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            _running.add(process)
            try:
                for line in process.stdout:
                    if line := line.strip():
                        last.append(line)
                        tell(line)
            except BaseException:  # Ctrl-C as well: nothing may go on writing behind our back
                process.kill()
                raise
            finally:
                _running.discard(process)
    except OSError as error:
        raise NluError(f"{failure}: {command[0]} ({error.strerror}); {advice}") from None
    if process.returncode != 0:
        told = "\n  ".join(last)
        raise NluError(f"{failure} (exit status {process.returncode}); {advice}\n  {told}")
