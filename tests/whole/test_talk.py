"""The command `talk --text` as a person or a script uses it: a process, without Rasa."""

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from card_search import leaks_in, leaks_in_file

ROOT = Path(__file__).parents[2]
CARD = "4000056655665556"
LINES = [
    "/wiat",
    "eighty seven fifty",
    f"{CARD}#",
    "oh three twenty eight",
    "/say nine eight seven",
    "nine oh two one oh",
    "yes",
]

EDITING = b"\x1b[?2004h"
"""What a line editor sends a terminal when it begins to wait for a line."""
PATIENCE_SECONDS = 120


def command(out: Path) -> list[str]:
    return [
        sys.executable, str(ROOT / "run_bot.py"), "talk", "--text", "--no-rasa",
        "--out", str(out), "--setting", "log_level=debug",
    ]  # fmt: skip


def test_a_script_of_lines_pays_and_leaves_nothing_of_what_was_typed(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        command(tmp_path), input="\n".join(LINES), capture_output=True, text=True, cwd=ROOT,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Bot     Welcome to the payment line." in done.stdout
    assert "did you mean /wait?" in done.stdout
    assert "→ 87.50: numbers, 100 % sure" in done.stdout
    assert "→ affirm: grammar, 99 % sure" in done.stdout
    assert "Paid" in done.stdout
    assert "> " not in done.stdout, "prompt characters are for a person"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"call.wav", "call.html", "result.json", "bot.log"} <= {path.name for path in files}
    assert leaks_in(done.stdout + done.stderr, [CARD], ["987"]) == []
    assert [leak for path in files for leak in leaks_in_file(path, [CARD], ["987"])] == []


@pytest.mark.parametrize(("typed", "status"), [(b"\x03", 128 + signal.SIGINT), (b"\x04", 13)])
def test_at_a_terminal_ctrl_c_ends_the_program_and_ctrl_d_the_call(
    tmp_path: Path, typed: bytes, status: int
) -> None:
    terminal, inside = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    with subprocess.Popen(  # noqa: S603 - our own command
        command(tmp_path), stdin=inside, stdout=inside, stderr=inside, env=environment, cwd=ROOT,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(inside)
        shown = _until(terminal, EDITING)
        os.write(terminal, typed)
        shown += _until(terminal, None)
        assert process.wait() == status, shown.decode()
    os.close(terminal)
    assert b"You are the caller." in shown
    assert b"How much would you like to pay?" in shown
    if status != 13:
        assert b"everything that was started has been stopped" in shown
    assert not list(tmp_path.rglob("*history*"))


def _until(terminal: int, text: bytes | None) -> bytes:
    """What is shown up to this text; None: to the end."""
    shown = b""
    while text is None or text not in shown:
        ready, _, _ = select.select([terminal], [], [], PATIENCE_SECONDS)
        assert ready, shown.decode()
        try:
            block = os.read(terminal, 4096)
        except OSError:  # how Linux tells that nobody holds the other end any more
            break
        if not block:
            break
        shown += block
    return shown
