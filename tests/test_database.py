import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from bot.database import open_database
from bot.errors import StoreError


def test_a_new_database_has_every_table_and_opens_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/er/payments.db"
    for _ in range(2):
        engine = open_database(url)
        tables = set(inspect(engine).get_table_names())
        engine.dispose()
        assert {"charge_intents", "calls", "segments", "alembic_version"} <= tables


def test_a_commit_is_on_the_disk_before_it_returns(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/payments.db")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA secure_delete")).scalar() == 1
    engine.dispose()


@pytest.mark.parametrize("url", ["not a url", "", "nosuchdialect://x"])
def test_an_address_that_is_none_says_how_to_write_it(url: str) -> None:
    with pytest.raises(StoreError, match=r"records\.database"):
        open_database(url)


def test_a_place_that_cannot_be_written_says_what_to_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"check records\.database"):
        open_database(f"sqlite:///{tmp_path}/file/payments.db")


def a_database(folder: Path) -> Path:
    path = folder / "payments.db"
    open_database(f"sqlite:///{path}").dispose()
    return path


def change(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def of_a_newer_bot(folder: Path) -> None:
    change(a_database(folder), "UPDATE alembic_version SET version_num = '9999'")


def of_another_program(folder: Path) -> None:
    change(folder / "payments.db", "CREATE TABLE calls (anything)")


def a_text(folder: Path) -> None:
    (folder / "payments.db").write_text("this is not a database, but long enough to look at" * 40)


def a_half(folder: Path) -> None:
    path = a_database(folder)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def a_folder(folder: Path) -> None:
    (folder / "payments.db").mkdir()


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (of_a_newer_bot, "was written by a newer bot than this one; update the bot"),
        (of_another_program, "holds tables of another program; name another"),
        (a_text, "is not an SQLite database; move it away"),
        (a_half, "is damaged; put a copy back"),
        (a_folder, "cannot be opened (unable to open database file)"),
    ],
)
def test_a_file_that_is_no_database_of_ours_is_refused_in_one_line_and_left_as_it_is(
    tmp_path: Path, made: Callable[[Path], None], told: str
) -> None:
    made(tmp_path)
    path = tmp_path / "payments.db"
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreError) as raised:
        open_database(f"sqlite:///{path}")
    assert str(raised.value).startswith(f"{path}: {told}")
    assert "\n" not in str(raised.value)
    if made is of_another_program:  # its mode is changed, and nothing of what it holds
        with contextlib.closing(sqlite3.connect(path)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert tables == [("calls",)]
    else:
        assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_database_another_program_has_locked_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.database._BUSY_MS", 50)
    path = a_database(tmp_path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="another program has locked it; end that program"):
            open_database(f"sqlite:///{path}")
    open_database(f"sqlite:///{path}").dispose()


def test_a_driver_that_is_not_installed_is_named_and_the_password_is_not() -> None:
    with pytest.raises(StoreError, match="needs the Python package MySQLdb") as raised:
        open_database("mysql://user:hidden@127.0.0.1/payments")
    assert "hidden" not in str(raised.value)
