"""What a scrape asks the database: little, seldom, and not for long.

Each count ends at a bound and goes through an index, whatever the desk holds.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from keesa import maintenance
from keesa.backup import records
from keesa.backup.records import Record
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.db.migrate import schema_of
from keesa.db.postgres_sizes import Server, measure_server
from keesa.db.sqlite import SqliteDatabase
from keesa.db.sqlite_sizes import File, file_in
from keesa.feed.positions import held_back
from keesa.files.sweeping import Swept, last_swept
from keesa.jobs.kinds import Kinds
from keesa.jobs.reading import Counts, count
from keesa.words import pending
from keesa.words.filling import is_whole

INTERVAL: Final = 5.0
"""Seconds for which an answer stands, whoever asks."""
PATIENCE: Final = 3.0
"""Seconds that it may take; Prometheus gives up after ten."""
MOST: Final = 10_000
"""Rows that are counted of a kind."""
STATUSES: Final = ("open", "in_progress", "on_hold")
"""Tickets that are closed are too many to count."""

_log = structlog.get_logger("keesa.metrics")


@dataclass(frozen=True, slots=True)
class Facts:
    schema: int
    maintenance: bool
    sessions: int
    tickets: Mapping[str, int]
    jobs: Mapping[str, Counts]
    """By kind."""
    back_up: Record | None
    snapshot: Record | None
    swept: Swept | None
    search_is_whole: bool
    search_pending: int
    feed_held_back: float
    """Seconds."""
    file: File | None
    """On SQLite."""
    server: Server | None
    """On PostgreSQL."""


class Asking:
    """Asks once for all who want to know at the same time. Of one event loop."""

    def __init__(self, database: Database, kinds: Kinds) -> None:
        self._database = database
        self._kinds = kinds
        self._asked = -INTERVAL
        self._facts: Facts | None = None
        self._asking: asyncio.Task[None] | None = None

    async def facts(self) -> Facts | None:
        """None where the database does not tell, or not in time; the log says why."""
        if self._asking is None and time.monotonic() - self._asked >= INTERVAL:
            self._asking = asyncio.ensure_future(self._ask())
            self._asking.add_done_callback(self._forget)
        if self._asking is not None:
            await asyncio.shield(self._asking)
        return self._facts

    def _forget(self, _: object) -> None:
        self._asking = None

    async def _ask(self) -> None:
        self._facts = None
        try:
            async with asyncio.timeout(PATIENCE):
                self._facts = await self._database.aread(self._read)
        except TimeoutError:
            _log.warning("the database tells no facts in time")
        except Exception as error:  # noqa: BLE001 - whatever it is, what needs no database is told
            _log.warning("the database tells no facts", reason=str(error))
        self._asked = time.monotonic()

    def _read(self, tx: Tx) -> Facts:
        database = self._database
        file = file_in(tx, database) if isinstance(database, SqliteDatabase) else None
        return Facts(
            schema=schema_of(tx),
            maintenance=maintenance.is_on(tx),
            sessions=tx.value(SESSIONS, at=now(), most=MOST),
            tickets={status: tx.value(TICKETS, status=status, most=MOST) for status in STATUSES},
            jobs=count(tx, self._kinds, now()),
            back_up=records.last(tx),
            snapshot=records.last_snapshot(tx),
            swept=last_swept(tx),
            search_is_whole=is_whole(tx),
            search_pending=pending.count(tx, MOST),
            feed_held_back=held_back(tx, now()) / 1000,
            file=file,
            server=measure_server(tx) if file is None else None,
        )


SESSIONS: Final = """
    SELECT count(*) AS value FROM (SELECT 1 AS one FROM sessions WHERE expires_at > :at LIMIT :most) counted
"""
TICKETS: Final = """
    SELECT count(*) AS value FROM (SELECT 1 AS one FROM tickets WHERE status = :status LIMIT :most) counted
"""
