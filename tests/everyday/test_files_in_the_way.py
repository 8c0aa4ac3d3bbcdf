"""Files that are not what they should be: one line that names them, status 2, nothing begun."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import NO_RASA, ROOT, run_here

from bot.out_folder import sole_user_of

AMOUNT = ROOT / "audio" / "callers" / "pay" / "amount.wav"
SCENARIO = "name: a\nrasa: away\ncaller: {turns: [{keys: '*'}]}\nexpect: {result: caller-cancelled}"


def refused(*arguments: str, folder: Path) -> str:
    """What is told; and nothing but that happens."""
    ended = run_here(*arguments, folder=folder)
    assert ended.status == 2, ended
    assert "Traceback" not in ended.err
    assert ended.told
    return ended.told


# --- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"version = 9\n", "payment.toml: version = 9, this bot reads version 1; it was written "
         "for a newer bot: update the bot"),
        (b"version = 0\n", "payment.toml: version = 0, this bot reads version 1; write version"),
        (b"# caf\xe9\n", "payment.toml: not UTF-8 text (byte 5); save it as UTF-8"),
        (b"[payment]\nmax_decline = 2\n", "payment.toml: payment.max_decline: no such key; did "
         "you mean payment.max_declines?"),
        (b"[payment\n", "payment.toml: not a TOML file"),
    ],
)  # fmt: skip
def test_a_settings_file_that_does_not_fit_is_told_before_anything_starts(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "payment.toml").write_bytes(content)
    assert told in refused("call", str(AMOUNT), folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["payment.toml"]


def test_a_folder_in_the_place_of_the_settings_is_told(tmp_path: Path) -> None:
    (tmp_path / "payment.toml").mkdir()
    assert "payment.toml: cannot be read (Is a directory)" in refused(
        "call", str(AMOUNT), folder=tmp_path
    )


# --- a caller's recording ---------------------------------------------------------------------


def no_samples(path: Path) -> None:
    soundfile.write(path, np.zeros(0, np.int16), 8_000)


def cut_off(path: Path) -> None:
    path.write_bytes(AMOUNT.read_bytes()[:-1_000])


def no_wav(path: Path) -> None:
    path.write_bytes(b"ID3 this is something else")


def three_hours(path: Path) -> None:
    """Silence of two gigabytes that takes no room on the disk."""
    size = 3 * 3600 * 48_000 * 4
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt ")
        file.write(struct.pack("<IHHIIHH", 16, 1, 2, 48_000, 192_000, 4, 16))
        file.write(b"data" + struct.pack("<I", size))
        file.truncate(44 + size)


def two_channels(path: Path) -> None:
    soundfile.write(path, np.zeros((80, 2), np.int16), 8_000)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (no_samples, "odd.wav: empty, no samples in it"),
        (cut_off, "odd.wav: truncated"),
        (no_wav, "odd.wav: not a WAV file"),
        (three_hours, "odd.wav: 180.0 minutes long; at most 120 are taken"),
        (two_channels, "odd.wav: has two channels; say which one is the caller: --channel"),
    ],
)
def test_a_recording_that_cannot_be_played_is_told(
    tmp_path: Path, made: Callable[[Path], None], told: str
) -> None:
    made(tmp_path / "odd.wav")
    assert told in refused("call", "odd.wav", folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["odd.wav"]


def test_while_a_recording_is_read_it_is_said_what_is_done(tmp_path: Path) -> None:
    ended = run_here("call", str(AMOUNT), "--today", "tomorrow", folder=tmp_path)
    assert "the caller's recording" in ended.out


def test_how_long_a_recording_may_be_is_a_setting(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.zeros(8_000 * 61, np.int16), 8_000)
    setting = "hearing.longest_recording_minutes=1"
    assert "long.wav: 1.0 minutes long; at most 1 are taken" in refused(
        "call", "long.wav", "--setting", setting, folder=tmp_path
    )


# --- prompts and scenarios --------------------------------------------------------------------


def test_a_catalogue_with_a_typo_is_told(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts" / "en"
    prompts.mkdir(parents=True)
    shipped = (ROOT / "audio" / "prompts" / "en" / "catalogue.yml").read_text()
    (prompts / "catalogue.yml").write_text(shipped.replace("{amount}", "{amuont}", 1))
    told = refused(
        "test", scenario(tmp_path), *NO_RASA, "--setting", f"speaking.prompts={prompts.parent}",
        folder=tmp_path,
    )  # fmt: skip
    assert "catalogue.yml: " in told
    assert "has an unknown placeholder {amuont}" in told


def test_a_prompt_whose_recording_is_missing_is_told_where_nothing_can_speak_it(
    tmp_path: Path,
) -> None:
    prompts = tmp_path / "prompts"
    shutil.copytree(ROOT / "audio" / "prompts", prompts)
    (prompts / "en" / "phrases" / "welcome.1.1.wav").unlink()
    told = refused(
        "test", scenario(tmp_path), *NO_RASA, "--setting", f"speaking.prompts={prompts}",
        "--setting", "speaking.text_to_speech=false", folder=tmp_path,
    )  # fmt: skip
    assert "phrases/welcome.1.1: has no recording, and speaking.text_to_speech is off" in told


def test_a_scenario_that_waits_for_a_prompt_there_is_not_is_told_before_anything_starts(
    tmp_path: Path,
) -> None:
    path = tmp_path / "typo.yml"
    path.write_text(SCENARIO.replace("{keys", "{after: amuont.ask, keys"))
    told = refused("test", str(path), *NO_RASA, folder=tmp_path)
    assert f"{path}: caller.turns.0.after: amuont.ask: no such prompt" in told
    assert "did you mean amount.ask?" in told
    assert not (tmp_path / "out").exists()


# --- where it writes --------------------------------------------------------------------------


def scenario(folder: Path) -> str:
    path = folder / "some.yml"
    path.write_text(SCENARIO)
    return str(path)


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[Path]:
    """A folder nobody may write, root neither."""
    folder = tmp_path / "mine"
    folder.mkdir()
    if os.getuid() != 0:
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        return
    mount = shutil.which("mount")
    command = [mount or "false", "-t", "tmpfs", "-o", "ro", "none", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:  # noqa: S603
        pytest.skip("root may write everywhere, and cannot mount a read-only folder here")
    yield folder
    subprocess.run([shutil.which("umount") or "", str(folder)], check=True)  # noqa: S603


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path, unwritable: Path) -> None:
    told = refused(
        "test", scenario(tmp_path), *NO_RASA, "--out", str(unwritable / "out"), folder=tmp_path
    )
    assert "the log cannot be written" in told
    assert "name another folder: --out" in told


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    told = refused("test", scenario(tmp_path), *NO_RASA, "--out", "out", folder=tmp_path)
    assert "out/logs/bot.log: the log cannot be written (Not a directory)" in told
    assert (tmp_path / "out").read_text() == "in the way"


def test_a_second_run_into_the_same_folder_is_refused_by_the_process_that_has_it(
    tmp_path: Path,
) -> None:
    with sole_user_of(tmp_path / "out"):
        told = refused("test", scenario(tmp_path), *NO_RASA, "--out", "out", folder=tmp_path)
    assert f"out: in use by process {os.getpid()}; wait for its end, or name another" in told


def test_a_database_that_is_none_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "payments.db").write_text("precious, but no database" * 100)
    told = refused("test", scenario(tmp_path), *NO_RASA, "--out", "out", folder=tmp_path)
    assert "out/payments.db: is not an SQLite database; move it away" in told
    assert (tmp_path / "out" / "payments.db").read_text() == "precious, but no database" * 100
