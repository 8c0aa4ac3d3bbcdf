"""The one database of a machine: opened once, brought to the newest schema by migrations.

SQLite by default, any SQLAlchemy URL by setting. `paying/` keeps its journal here and `records/`
its calls; each defines its own tables and its own migration steps under `bot/migrations/`.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bot.errors import StoreError

_MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(url: str) -> Engine:
    """Open, and create or migrate, the database at an SQLAlchemy URL.

    SQLite commits are durable (fsync) before they return: law 7 rests on it.
    Raises StoreError that says what to do.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername.startswith("sqlite") and parsed.database not in (None, "", ":memory:"):
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, hide_parameters=True)
        if parsed.drivername.startswith("sqlite"):
            event.listen(engine, "connect", _make_sqlite_durable)
        with engine.begin() as connection:
            _migrate(connection)
    except ArgumentError:
        raise StoreError(
            "records.database: not a database URL; write it like sqlite:///out/payments.db"
        ) from None
    except (OSError, SQLAlchemyError) as error:
        raise StoreError(
            f"the database cannot be opened ({type(error).__name__}: {error}); "
            "check records.database and that its folder may be written"
        ) from None
    return engine


def _make_sqlite_durable(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (
        "busy_timeout=10000",  # first: changing the journal mode may have to wait as well
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # Schema changes open no transaction by themselves there, and two processes may start at
        # once on an empty file: one migrates, the other waits and then finds the work done.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
