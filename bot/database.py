"""The one database of a machine: opened once, brought to the newest schema by migrations.

SQLite by default, any SQLAlchemy URL by setting. `paying/` keeps its journal here and `records/`
its calls; each defines its own tables and its own migration steps under `bot/migrations/`.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bot.errors import StoreError

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 10_000
"""So long one process waits for the transaction of another."""


class _UnknownSchema(Exception):
    """The mark in the database is not one of our migrations."""


def database_url(named: str, out: Path) -> str:
    """The database the settings name (records.database); else payments.db beside a run's files."""
    return named or f"sqlite:///{out / 'payments.db'}"


def open_database(url: str) -> Engine:
    """Open, and create or migrate, the database at an SQLAlchemy URL.

    SQLite commits are durable (fsync) before they return: law 7 rests on it.
    Raises StoreError that says what to do.
    """
    try:
        parsed = make_url(url)
        engine = create_engine(parsed, hide_parameters=True)
    except (ArgumentError, ValueError):
        raise StoreError(
            "records.database: not a database URL; write it like sqlite:///out/payments.db"
        ) from None
    except ModuleNotFoundError as error:
        raise StoreError(
            f"records.database: {parsed.drivername} needs the Python package {error.name}, "
            "which is not installed"
        ) from None
    where = _where(parsed)
    try:
        if parsed.drivername.startswith("sqlite"):
            if parsed.database not in (None, "", ":memory:"):
                Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
            event.listen(engine, "connect", _make_sqlite_durable)
        with engine.begin() as connection:
            _migrate(connection)
    except OSError as error:
        raise StoreError(
            f"{where}: cannot be opened ({error.strerror}); check records.database and that its "
            "folder may be written"
        ) from None
    except _UnknownSchema:
        engine.dispose()
        raise StoreError(
            f"{where}: was written by a newer bot than this one; update the bot, or name another "
            "database (records.database)"
        ) from None
    except SQLAlchemyError as error:
        engine.dispose()
        raise StoreError(f"{where}: {_trouble(error)}") from None
    return engine


def _where(url: URL) -> str:
    """The database as one may show it."""
    if url.drivername.startswith("sqlite") and url.database:
        return url.database
    return url.render_as_string(hide_password=True)


_TROUBLES = (
    ("not a database", "is not an SQLite database; move it away, or name another"),
    (
        "malformed",
        "is damaged; put a copy back, or move it away (a person must then look up at the gateway "
        "what was still open)",
    ),
    ("locked", "another program has locked it; end that program and try again"),
    ("already exists", "holds tables of another program; name another"),
    ("readonly", "may not be written; check the rights of the file and its folder"),
    ("full", "cannot be written: the disk is full"),
)
"""What SQLite says, and what to say to a person. Others are shown as they come."""


def _trouble(error: SQLAlchemyError) -> str:
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    for sign, words in _TROUBLES:
        if sign in said:
            return f"{words} (records.database)"
    return f"cannot be opened ({said}); check records.database and that its folder may be written"


def _make_sqlite_durable(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (
        f"busy_timeout={_BUSY_MS}",  # first: changing the journal mode may have to wait as well
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
    if _schema_of(connection) != newest_schema():
        _upgrade(connection)


def newest_schema() -> str:
    """The revision of the last migration; their files are numbered by it."""
    return max(path.name for path in _MIGRATIONS.glob("versions/[0-9]*.py")).partition("_")[0]


def _schema_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if revision is None else str(revision)


def _upgrade(connection: Connection) -> None:
    # Imported here: a sixth of what the bot imports, and almost never is there anything to do.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise _UnknownSchema from None
