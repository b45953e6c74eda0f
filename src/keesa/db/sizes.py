"""How large a database is, what of it grows, and how long the disk lasts: near enough, and within a second or so at a
million tickets.

What counting would take too long for is estimated; each engine's own way is in `sqlite_sizes.py` and
`postgres_sizes.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keesa.db.engine import Database, Tx
from keesa.db.postgres_sizes import Server, measure_server, measure_tables
from keesa.db.sqlite import SqliteDatabase
from keesa.db.sqlite_sizes import File, estimate_tables, measure_file
from keesa.db.table_sizes import TableSize

_DAY: Final = 24 * 3600 * 1000
PERIOD_DAYS: Final = 30
"""What came in them tells how fast the database grows."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Of the last `PERIOD_DAYS`, and what is kept for a while only."""

    tickets: int
    notes: int
    """By their ids: near enough."""
    bytes: int
    """By what a ticket has taken so far, with all that belongs to it."""
    sessions: int
    """That are open now; of others Keesa clears away what has expired."""
    login_failures: int
    """Counters that are kept now, of which there is a bounded number."""


@dataclass(frozen=True, slots=True)
class Sizes:
    bytes: int
    """Of the data file, or of the whole database of PostgreSQL."""
    tables: Sequence[TableSize]
    """The largest first."""
    growth: Growth
    file: File | None
    """On SQLite."""
    server: Server | None
    """On PostgreSQL, whose disk cannot be seen from here."""

    @property
    def days_until_full(self) -> int | None:
        """Of the data file's disk, as the desk grows now; None where it does not, or where the disk is not known."""
        if self.file is None or not self.growth.bytes:
            return None
        return self.file.disk_free_bytes * PERIOD_DAYS // self.growth.bytes


def measure(database: Database, at: int) -> Sizes:
    """At that time, in milliseconds since 1970. It reads only."""
    if isinstance(database, SqliteDatabase):
        tables = database.read(estimate_tables)
        file = measure_file(database)
        growth = database.read(lambda tx: _growth(tx, tables, file.bytes - file.free_bytes, at))
        return Sizes(file.bytes, tables, growth, file, None)
    tables = database.read(measure_tables)
    server = database.read(measure_server)
    growth = database.read(lambda tx: _growth(tx, tables, sum(table.bytes or 0 for table in tables), at))
    return Sizes(server.bytes, tables, growth, None, server)


def _growth(tx: Tx, tables: Sequence[TableSize], used: int, at: int) -> Growth:
    since = at - PERIOD_DAYS * _DAY
    tickets = _tickets_since(tx, since)
    all_tickets = next((table.rows for table in tables if table.name == "tickets"), 0)
    return Growth(
        tickets=tickets,
        notes=_notes_since(tx, since),
        bytes=round(used * min(1.0, tickets / max(1, all_tickets))),
        sessions=tx.value("SELECT count(*) AS value FROM sessions WHERE expires_at > :at", at=at),
        login_failures=tx.value("SELECT count(*) AS value FROM login_failures"),
    )


def _tickets_since(tx: Tx, since: int) -> int:
    """Status by status, so that an index finds them, whichever planner is asked."""
    counted = "SELECT count(*) AS value FROM tickets WHERE status = :status AND raised_at >= :since"
    statuses = [row["key"] for row in tx.all("SELECT key FROM statuses")]
    return sum(tx.value(counted, status=status, since=since) for status in statuses)


def _notes_since(tx: Tx, since: int) -> int:
    """No index has their times. But their ids are in the order of time, so that a few looks find the first one."""
    newest = tx.value("SELECT coalesce(max(id), 0) AS value FROM ticket_notes")
    first, last = 1, newest + 1
    while first < last:
        middle = (first + last) // 2
        note = tx.one("SELECT created_at FROM ticket_notes WHERE id >= :id ORDER BY id LIMIT 1", id=middle)
        if note is None or note["created_at"] >= since:
            last = middle
        else:
            first = middle + 1
    return int(newest + 1 - first)
