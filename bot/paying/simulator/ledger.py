"""The simulated gateway's books: what was taken, kept apart from everything the bot knows.

Holds no card number: brand, last four, and a fingerprint of the request under a secret that dies
with the process.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.paying.references import reference_for

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    brand TEXT NOT NULL,
    last_four TEXT NOT NULL,
    reference TEXT,
    decline_reason TEXT,
    fingerprint TEXT NOT NULL,
    fingerprint_key TEXT NOT NULL,
    requests INTEGER NOT NULL DEFAULT 1,
    look_ups_refused INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT ''
)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One decided charge.

    fingerprint: of the request's body; comparable only under the same fingerprint_key, the name
    of the secret it was made with.
    requests: how often the charge was sent. look_ups_refused: how many look-ups are refused yet.
    note: what the request asked to be kept beside it.
    """

    key: str
    status: str
    amount: int
    currency: str
    brand: str
    last_four: str
    reference: str | None
    decline_reason: str | None
    fingerprint: str
    fingerprint_key: str
    requests: int = 1
    look_ups_refused: int = 0
    note: str = ""

    def public(self) -> dict[str, Any]:
        """As the ledger may be shown."""
        shown = asdict(self)
        del shown["fingerprint"], shown["fingerprint_key"]
        return shown


class Ledger:
    """path None: in memory. One thread at a time."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            ":memory:" if path is None else path, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(_SCHEMA)
        if "note" not in self._columns():  # books of an older simulator
            self._connection.execute("ALTER TABLE entries ADD note TEXT NOT NULL DEFAULT ''")
        self._counted_from = 0

    def _columns(self) -> set[str]:
        return {row["name"] for row in self._connection.execute("PRAGMA table_info(entries)")}

    def close(self) -> None:
        self._connection.close()

    def book(
        self,
        *,
        key: str,
        amount: int,
        currency: str,
        brand: str,
        last_four: str,
        decline_reason: str | None,
        fingerprint: str,
        fingerprint_key: str,
        look_ups_refused: int,
        note: str = "",
    ) -> Entry:
        """Decide a charge for good. Raises sqlite3.IntegrityError for a key already booked."""
        approved = decline_reason is None
        number = self._last_number() + 1 - self._counted_from
        self._connection.execute(
            "INSERT INTO entries (key, status, amount, currency, brand, last_four, reference,"
            " decline_reason, fingerprint, fingerprint_key, look_ups_refused, note)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                "approved" if approved else "declined",
                amount,
                currency,
                brand,
                last_four,
                reference_for(number) if approved else None,
                decline_reason,
                fingerprint,
                fingerprint_key,
                look_ups_refused,
                note,
            ),
        )
        entry = self.find(key)
        assert entry is not None  # noqa: S101 - written two lines above
        return entry

    def count_anew(self) -> None:
        """The next entry gets the first reference again, so that a scenario sounds the same
        whatever ran before it. References are then no longer unique in these books."""
        self._counted_from = self._last_number()

    def _last_number(self) -> int:
        row = self._connection.execute("SELECT coalesce(max(number), 0) FROM entries").fetchone()
        return int(row[0])

    def find(self, key: str) -> Entry | None:
        row = self._connection.execute("SELECT * FROM entries WHERE key = ?", (key,)).fetchone()
        return None if row is None else _entry(row)

    def entries(self) -> list[Entry]:
        rows = self._connection.execute("SELECT * FROM entries ORDER BY number")
        return [_entry(row) for row in rows]

    def note_request(self, key: str) -> None:
        """The same charge was sent once more."""
        self._connection.execute("UPDATE entries SET requests = requests + 1 WHERE key = ?", (key,))

    def note_refused_look_up(self, key: str) -> None:
        self._connection.execute(
            "UPDATE entries SET look_ups_refused = look_ups_refused - 1 WHERE key = ?", (key,)
        )


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(**{name: row[name] for name in Entry.__slots__})
