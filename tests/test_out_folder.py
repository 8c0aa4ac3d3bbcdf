import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import BotError
from bot.out_folder import sole_user_of

HOLDER = """
import sys
from pathlib import Path
from bot.out_folder import sole_user_of
with sole_user_of(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_made_and_can_be_used_again_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        with sole_user_of(tmp_path / "deep" / "out"):
            assert (tmp_path / "deep" / "out").is_dir()


def test_a_folder_in_use_is_refused_by_its_users_process_until_that_is_gone(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(  # noqa: S603 - our own few lines
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "mine\n"
        for _ in range(2):  # the first refusal must not wipe out whose it is
            with pytest.raises(BotError, match=f"in use by process {other.pid}; wait for its end"):
                sole_user_of(tmp_path).__enter__()
        other.kill()
        other.wait()
    with sole_user_of(tmp_path):
        assert (tmp_path / ".in-use").read_text() == f"{os.getpid()}\n"


def test_two_folders_are_used_at_once(tmp_path: Path) -> None:
    with sole_user_of(tmp_path / "one"), sole_user_of(tmp_path / "two"):
        pass


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(BotError, match="out: is a file; name a folder: --out"):
        sole_user_of(tmp_path / "out").__enter__()
    with pytest.raises(BotError, match=r"cannot be written \(Not a directory\)"):
        sole_user_of(tmp_path / "out" / "deeper").__enter__()
