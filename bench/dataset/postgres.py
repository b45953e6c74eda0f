"""PostgreSQL's way to load, empty and copy a data set: one database of a server."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from bench.dataset.tables import COLUMNS, Row, Tell, Write
from keesa.errors import Refused

_INDEXES: Final = """
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND NOT EXISTS (
        SELECT FROM pg_constraint WHERE conindid = format('%I.%I', schemaname, indexname)::regclass
    ) ORDER BY indexname
"""
_THROW_OUT: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'
"""
_NUMBERS: Final = """
    INSERT INTO ticket_number_bases (prefix, base) SELECT %s, last_value - %s FROM ticket_numbers
    ON CONFLICT (prefix) DO UPDATE SET base = excluded.base
"""
"""In place of a counter's row: tickets draw from a sequence."""


@contextmanager
def loading(url: str, tell: Tell) -> Iterator[Write]:
    """A writer of rows by table. Indexes and triggers are away meanwhile, and so are foreign keys for a superuser."""
    with psycopg.connect(url) as connection:
        with suppress(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("SET session_replication_role = replica")
        kept = connection.execute(_INDEXES).fetchall()
        for name, _ in kept:
            connection.execute(SQL("DROP INDEX {}").format(Identifier(name)))
        yield partial(_insert, connection)
        connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for name, sql in kept:
            tell(name)
            connection.execute(sql)
    tell("vacuum")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE, FREEZE)")


def _insert(connection: psycopg.Connection[Any], table: str, rows: Sequence[Row]) -> None:
    if table == "ticket_counters":
        for prefix, last in rows:
            connection.execute(_NUMBERS, [prefix, last])
        return
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def make(url: str) -> None:
    """Where it is missing."""
    name = _name(url)
    with _beside(url) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))


def empty(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def copy(url: str, copied: str) -> None:
    """From one database to a new one of the same server. Whoever is connected to the first is thrown out.

    File by file, as the alternative leaves the whole set in the write-ahead log, for a checkpoint amid the measuring.
    """
    statement = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    with _beside(url) as connection:
        connection.execute(_THROW_OUT, [_name(url)])
        connection.execute(statement.format(Identifier(_name(copied)), Identifier(_name(url))))


def drop(url: str) -> None:
    """With whoever is connected to it; none is no error."""
    with _beside(url) as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(_name(url))))


def named(url: str, suffix: str) -> str:
    """The URL of the database beside this one with the longer name."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{quote(_name(url), safe='')}_{suffix}{query}"


def _name(url: str) -> str:
    if name := conninfo_to_dict(url).get("dbname"):
        return str(name)
    raise Refused("The URL of a data set has to name its database")


def _beside(url: str) -> psycopg.Connection[Any]:
    """To a database that is always there, for those statements that none runs on itself."""
    return psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True)
