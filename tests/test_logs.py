import json
import logging
from pathlib import Path

import pytest
import structlog

from bot.errors import BotError
from bot.logs import configure_logs

pytestmark = pytest.mark.usefixtures("own_logging")


def test_our_own_and_the_libraries_lines_are_json_in_one_file(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "bot.log"
    configure_logs(log, "info")
    structlog.get_logger("bot").info("charged", call_id="abc")
    logging.getLogger("library").warning("something %s", "odd")
    logging.getLogger("library").debug("not at this level")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["charged", "something odd"]
    assert lines[0]["call_id"] == "abc"
    assert lines[1]["level"] == "warning"


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BotError, match=r"bot\.log: the log cannot be written"):
        configure_logs(tmp_path / "file" / "bot.log", "info")


def test_a_log_on_a_full_disk_says_so_once_and_shows_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "bot.log"
    log.symlink_to("/dev/full")
    configure_logs(log, "info")
    for _ in range(3):
        structlog.get_logger("bot").info("charged", call_id="abc")
    configure_logs(tmp_path / "other.log", "info")  # closes it, and what could not be written
    assert (
        capsys.readouterr().err == f"{log}: the log cannot be written (No space left on device)\n"
    )
