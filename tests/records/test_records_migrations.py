from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

import bot.database
from bot.database import newest_schema, open_database
from bot.records.store import Store

ROOT = Path(bot.database.__file__).parent.parent


def make_schema_of(url: str, revision: str) -> None:
    """A database as an older version of the product left it."""
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(ROOT / "bot" / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_an_empty_database_gets_the_tables(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/new.db")
    assert {"calls", "segments"} <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_a_database_from_before_the_calls_gets_them_and_keeps_what_it_has(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    make_schema_of(url, "0001")
    before = create_engine(url)
    tables = set(inspect(before).get_table_names())
    assert "calls" not in tables
    with before.begin() as connection:
        connection.execute(text("CREATE TABLE notes (line TEXT)"))
        connection.execute(text("INSERT INTO notes VALUES ('kept')"))
    before.dispose()

    engine = open_database(url)
    assert tables | {"calls", "segments"} <= set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        assert connection.execute(text("SELECT line FROM notes")).scalar() == "kept"
    engine.dispose()


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/calls.db"
    schemas = []
    for _ in range(2):
        engine = open_database(url)
        with engine.connect() as connection:
            schemas.append(
                connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name")).all()
            )
        engine.dispose()
    assert schemas[0] == schemas[1]


CALLS = 6

WRITER = """
import sys
from datetime import UTC, datetime
from bot.database import open_database
from bot.outcomes import CallType, PaymentResult, ResultName
from bot.records.store import Store
from bot.records.trace import Entry, EntryKind

url, name, calls = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
store = Store(open_database(url))
for n in range(int(calls)):
    call_id = f"{name}-{n}"
    store.begin_call(call_id, datetime(2026, 11, 22, tzinfo=UTC), CallType.AUTOMATED)
    for at in range(3):
        store.add_segments(call_id, [Entry(at, EntryKind.PROMPT, "bot", f"{name} {at}")] * 2)
    store.finish_call(call_id, PaymentResult(ResultName.SUCCESS), n)
"""


@contextmanager
def started_writer(url: str, name: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", WRITER, url, name, str(CALLS)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as writer:
        try:
            yield writer
        finally:
            writer.kill()


@pytest.mark.parametrize("existing", [False, True], ids=["empty", "existing"])
def test_two_processes_share_one_file(tmp_path: Path, existing: bool) -> None:
    url = f"sqlite:///{tmp_path}/shared.db"
    if existing:
        open_database(url).dispose()
    with ExitStack() as ending:
        writers = [ending.enter_context(started_writer(url, name)) for name in ("left", "right")]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        for writer in writers:
            _, errors = writer.communicate(timeout=120)
            assert writer.returncode == 0, errors

    engine = open_database(url)
    store = Store(engine)
    calls = store.recent(100)
    assert {call.call_id for call in calls} == {
        f"{name}-{n}" for name in ("left", "right") for n in range(CALLS)
    }
    for call in calls:
        name = call.call_id.split("-")[0]
        assert call.payment is not None
        assert [entry.text for entry in store.segments(call.call_id)] == [
            f"{name} {at}" for at in range(3) for _ in range(2)
        ]
    engine.dispose()


def test_the_newest_schema_is_the_head_of_the_migrations() -> None:
    migrations = ScriptDirectory(str(ROOT / "bot" / "migrations"))
    assert migrations.get_heads() == [newest_schema()]


def test_a_database_that_is_up_to_date_is_opened_without_the_migration_library(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/calls.db"
    open_database(url).dispose()
    program = (
        "import sys; from bot.database import open_database; "
        f"open_database({url!r}).dispose(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)  # noqa: S603
