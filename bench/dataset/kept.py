"""What is written down in a database of the data set that it holds."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from bench.dataset.world import World
from keesa.db import Tx, open_database
from keesa.db.migrate import migrations
from keesa.db.opening import SQLITE_FILE

_NAME: Final = "benchmark"
"""Of the row in `settings`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Without a world: the loading has not come to its end."""

    fingerprint: str
    world: World | None


def fingerprint_of(tickets: int, seed: int) -> str:
    """Of all that the data set comes from: another one is another data set."""
    schema = [migration.sql for engine in ("sqlite", "postgres") for migration in migrations(engine)]
    package = [path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))]
    sources = [*package, *schema, f"{tickets} {seed}"]
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def keep(tx: Tx, kept: Kept) -> None:
    tx.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
        name=_NAME,
        value=msgspec.json.encode(kept).decode(),
    )
    for table in ("customers", "users"):
        tx.follow_given_ids(table)


def find_kept(data: Path, database_url: str | None) -> Kept | None:
    """None where nothing was loaded from here."""
    if database_url is None and not (data / SQLITE_FILE).exists():
        return None
    database = open_database(data, database_url)
    try:
        return database.read(_read_kept)
    finally:
        database.close()


def _read_kept(tx: Tx) -> Kept | None:
    if not tx.value("SELECT count(*) AS value FROM $tables WHERE $table_name = 'settings'"):
        return None
    row = tx.one("SELECT value FROM settings WHERE name = :name", name=_NAME)
    return None if row is None else msgspec.json.decode(row["value"], type=Kept)
