"""Rasa's environment and model, with scripts in place of uv, Python and Rasa."""

import importlib.util
import os
import sys
import threading
from pathlib import Path

import pytest

from bot.errors import NluError
from bot.settings import UnderstandingSettings
from bot.understanding import rasa_environment, rasa_python
from bot.understanding.rasa_environment import PROJECT, model_fingerprint, prepare
from bot.understanding.rasa_python import UV_DOWNLOADS, clean_environment, find_python, find_uv

UV = """#!/bin/sh
echo "uv $*" >> {log}
echo "VIRTUAL_ENV=$VIRTUAL_ENV" >> {log}
{before}
mkdir -p {project}/.venv/bin
rm -f {project}/.venv/bin/python
cp {rasa} {project}/.venv/bin/python
"""

RASA = """#!/bin/sh
echo "rasa $*" >> {log}
while [ "$1" != --out ]; do shift; done
{before}
echo model > "$2/nlu.tar.gz"
"""


class Machine:
    """A Rasa project, and commands that only write down that they were called."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "nlu"
        self.log = folder / "log"
        self.log.touch()
        self.uv = folder / "uv"
        self.rasa = folder / "rasa"
        (self.project / "data").mkdir(parents=True)
        for name in ("pyproject.toml", "config.yml", "domain.yml", "data/nlu.yml"):
            (self.project / name).write_text(name)
        self.uv_does()
        self.rasa_does()

    def uv_does(self, before: str = "") -> None:
        self._script(self.uv, UV, before)

    def rasa_does(self, before: str = "") -> None:
        self._script(self.rasa, RASA, before)
        python = self.project / ".venv" / "bin" / "python"
        if python.exists():
            self._script(python, RASA, before)

    def _script(self, path: Path, text: str, before: str) -> None:
        path.write_text(
            text.format(log=self.log, project=self.project, rasa=self.rasa, before=before)
        )
        path.chmod(0o755)

    def calls(self, command: str) -> int:
        return sum(line.startswith(f"{command} ") for line in self.log.read_text().splitlines())

    def prepare(self, told: list[str] | None = None, again: bool = False) -> Path:
        tell = (told if told is not None else []).append
        return prepare(UnderstandingSettings(), tell, project=self.project, train_again=again).model


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setattr(rasa_environment, "find_uv", lambda: [str(machine.uv)])
    monkeypatch.setattr(rasa_environment, "find_python", lambda _setting: "/some/python3.10")
    return machine


def test_a_second_preparation_does_nothing_twice(machine: Machine) -> None:
    first = machine.prepare()
    assert first.read_text() == "model\n"
    assert machine.prepare() == first
    assert (machine.calls("uv"), machine.calls("rasa")) == (1, 1)


def test_the_python_found_is_named_to_uv(machine: Machine) -> None:
    machine.prepare()
    assert "--python /some/python3.10" in machine.log.read_text()


def test_an_environment_of_our_own_does_not_mislead_uv(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/ours")
    machine.prepare()
    assert "VIRTUAL_ENV=\n" in machine.log.read_text()
    assert "VIRTUAL_ENV" not in clean_environment()


@pytest.mark.parametrize("changed", ["config.yml", "domain.yml", "data/nlu.yml", "data/more.yml"])
def test_changed_examples_are_trained_and_the_old_model_goes(
    machine: Machine, changed: str
) -> None:
    old = machine.prepare()
    (machine.project / changed).write_text("changed")
    new = machine.prepare()
    assert new != old
    assert not old.exists()
    assert (machine.calls("uv"), machine.calls("rasa")) == (1, 2)


def test_changed_requirements_make_the_environment_anew(machine: Machine) -> None:
    machine.prepare()
    (machine.project / "pyproject.toml").write_text("changed")
    machine.prepare()
    assert machine.calls("uv") == 2


def test_training_again_can_be_asked_for(machine: Machine) -> None:
    machine.prepare()
    machine.prepare(again=True)
    assert machine.calls("rasa") == 2


def test_in_a_folder_it_may_not_write_to_what_is_ready_is_used_and_nothing_is_made(
    machine: Machine,
) -> None:
    """A service of a user of its own, installed by another."""
    model = machine.prepare()
    lock = machine.project / ".prepare.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # opening it for writing fails for root, too
    assert machine.prepare() == model
    with pytest.raises(NluError, match="cannot be written"):
        machine.prepare(again=True)
    (machine.project / "config.yml").write_text("changed")
    with pytest.raises(NluError, match="cannot be written"):
        machine.prepare()
    assert (machine.calls("uv"), machine.calls("rasa")) == (1, 1)


def test_a_half_made_environment_is_not_taken_for_whole(machine: Machine) -> None:
    bin_folder = machine.project / ".venv" / "bin"
    machine.uv_does(f"mkdir -p {bin_folder}; touch {bin_folder}/python; echo no network; exit 2")
    with pytest.raises(NluError, match="no network"):
        machine.prepare()
    machine.uv_does()
    machine.prepare()
    assert machine.calls("uv") == 2


def test_an_environment_whose_renewal_failed_is_not_taken_for_whole(machine: Machine) -> None:
    machine.prepare()
    before = (machine.project / "pyproject.toml").read_text()
    (machine.project / "pyproject.toml").write_text("changed")
    machine.uv_does("exit 2")
    with pytest.raises(NluError, match="package index"):
        machine.prepare()
    (machine.project / "pyproject.toml").write_text(before)
    machine.uv_does()
    machine.prepare()
    assert machine.calls("uv") == 3


def test_a_training_that_fails_leaves_no_model_and_says_why(machine: Machine) -> None:
    machine.rasa_does('echo half > "$2/nlu.tar.gz"; echo your YAML is odd; exit 1')
    with pytest.raises(NluError, match="your YAML is odd") as error:
        machine.prepare()
    assert "nlu train" in str(error.value)
    assert list((machine.project / "models").iterdir()) == []
    machine.rasa_does()
    assert machine.prepare().exists()


def test_a_rasa_that_writes_no_model_is_an_error(machine: Machine) -> None:
    machine.rasa_does("exit 0")
    with pytest.raises(NluError, match="wrote no model"):
        machine.prepare()


def test_what_a_killed_training_left_is_cleared_away(machine: Machine) -> None:
    left = machine.project / "models" / "training-killed"
    left.mkdir(parents=True)
    machine.prepare()
    assert not left.exists()


def test_two_at_once_prepare_once(machine: Machine) -> None:
    models: list[Path] = []
    threads = [threading.Thread(target=lambda: models.append(machine.prepare())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert models[0] == models[1]
    assert (machine.calls("uv"), machine.calls("rasa")) == (1, 1)


def test_progress_is_told_line_by_line(machine: Machine) -> None:
    machine.uv_does("echo Downloading something large")
    machine.rasa_does("echo a warning; echo \"INFO - Starting to train component 'a.b.Counter'.\"")
    told: list[str] = []
    machine.prepare(told)
    assert "Downloading something large" in told
    assert "training: Counter" in told
    assert "a warning" not in told


def test_without_a_python_the_advice_is_to_get_one(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rasa_environment, "find_python", lambda _setting: UV_DOWNLOADS)
    machine.uv_does("exit 2")
    with pytest.raises(NluError, match=r"understanding\.python310"):
        machine.prepare()


# --- finding -----------------------------------------------------------------------------------


def executable(path: Path, answer: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(0o755)
    return path


def test_a_python_named_by_setting_must_be_a_cpython_310(tmp_path: Path) -> None:
    right = executable(tmp_path / "right", "echo cpython 3 10")
    assert find_python(str(right)) == str(right)
    for wrong in (str(executable(tmp_path / "pypy", "echo pypy 3 10")), sys.executable, "/none"):
        with pytest.raises(NluError, match=r"understanding\.python310"):
            find_python(wrong)


def test_a_python310_on_the_path_that_does_not_answer_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pyenv puts one there that only names the versions that have the command."""
    executable(tmp_path / "bin" / "python3.10", "echo command not found; exit 127")
    real = executable(tmp_path / "pyenv" / "versions" / "3.10.99" / "bin" / "python",
                      "echo cpython 3 10")  # fmt: skip
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(rasa_python, "find_uv", lambda: ["/bin/false"])
    assert find_python() == str(real)


def test_with_no_python_at_all_uv_is_to_fetch_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(rasa_python, "find_uv", lambda: ["/bin/false"])
    assert find_python() == UV_DOWNLOADS


def test_a_missing_uv_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(NluError, match="pip install uv"):
        find_uv()


def test_the_number_reading_is_part_of_what_a_model_is_made_from(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    source = tmp_path / "bot" / "understanding" / "numbers.py"
    source.parent.mkdir(parents=True)
    source.write_text("one way")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rasa_environment, "ROOT", tmp_path)
        first = model_fingerprint(machine.project)
        source.write_text("another way")
        assert model_fingerprint(machine.project) != first


def test_how_a_server_starts_is_no_part_of_what_a_model_is_made_from(tmp_path: Path) -> None:
    project = Machine(tmp_path).project
    components = project / "components"
    components.mkdir(exist_ok=True)
    first = model_fingerprint(project)
    (components / "serve.py").write_text("another way")
    assert model_fingerprint(project) == first
    (components / "tokenizer.py").write_text("another way")
    assert model_fingerprint(project) != first


def test_the_real_project_has_all_that_a_model_is_made_from() -> None:
    assert len(model_fingerprint(PROJECT)) == 16
