"""From a URL or a folder to an open database."""

from pathlib import Path

from keesa.db.engine import Database
from keesa.db.postgres import PostgresDatabase
from keesa.db.sqlite import SqliteDatabase

SQLITE_FILE = "keesa.db"


def open_database(data: Path, url: str | None) -> Database:
    """The PostgreSQL that `url` names, else the SQLite file in the folder `data`, which is made if missing."""
    if url:
        return PostgresDatabase(url)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SqliteDatabase(data / SQLITE_FILE)
