"""From a URL or a folder to an open database."""

import sqlite3
from pathlib import Path

from keesa.db.engine import Database
from keesa.db.postgres import PostgresDatabase
from keesa.db.sqlite import SqliteDatabase
from keesa.errors import Refused

SQLITE_FILE = "keesa.db"


def open_database(data: Path, url: str | None) -> Database:
    """The PostgreSQL that `url` names, else the SQLite file in the folder `data`, which is made if missing.

    Raises `Refused` where it cannot be opened.
    """
    if url:
        return PostgresDatabase(url)
    path = data / SQLITE_FILE
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return SqliteDatabase(path)
    except (OSError, sqlite3.DatabaseError) as error:
        raise Refused(f"Cannot open {path}: {error}") from error
