"""From a URL or a folder to an open database."""

import sqlite3
import sys
from pathlib import Path

from keesa.data_folder import is_there, require_own
from keesa.db.engine import Database
from keesa.db.postgres_limits import CONNECTIONS
from keesa.db.sqlite import SqliteDatabase
from keesa.errors import Refused

SQLITE_FILE = "keesa.db"
_FILES = (SQLITE_FILE, f"{SQLITE_FILE}-wal", f"{SQLITE_FILE}-shm", "keesa.lock")


def has_data_file(data: Path) -> bool:
    """Raises `Refused` where the folder is not this user's own, or cannot be looked into."""
    require_own(data, ())
    return is_there(data / SQLITE_FILE)


def open_database(data: Path, url: str | None, connections: int = CONNECTIONS) -> Database:
    """The PostgreSQL that `url` names, with so many connections at the most; else the SQLite file in the folder `data`,
    which is made if missing.

    Raises `Refused` where it cannot be opened, or is not this user's own.
    """
    if url:
        from keesa.db.postgres import PostgresDatabase  # noqa: PLC0415 - longer to load than all that SQLite needs

        return PostgresDatabase(url, connections)
    path = data / SQLITE_FILE
    require_own(data, _FILES)
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return SqliteDatabase(path)
    except (OSError, sqlite3.DatabaseError) as error:
        raise Refused(f"Cannot open {path}: {error}") from error


def driver_errors() -> tuple[type[Exception], ...]:
    """What comes of a schema that somebody has changed by hand, or of a fault of ours. A driver that nobody has loaded
    has raised none.
    """
    postgres = sys.modules.get("psycopg")
    return (sqlite3.Error, postgres.Error) if postgres else (sqlite3.Error,)
