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


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "payments.db").write_text("this is not a database, but long enough to look at" * 40)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path}/payments.db")
