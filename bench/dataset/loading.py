"""From an empty database to a data set in it."""

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench.dataset import postgres, sqlite
from bench.dataset.kept import Kept, find_kept, fingerprint_of, keep
from bench.dataset.people import ROLES
from bench.dataset.rows import Found, draw_rows
from bench.dataset.tables import Tell, Write
from bench.dataset.world import World, read_world
from keesa.accounts.audit.recording import keesa_itself
from keesa.accounts.roles import create_role
from keesa.accounts.users import has_users
from keesa.clock import now
from keesa.db import Tx, open_database
from keesa.db.migrate import migrate
from keesa.db.opening import SQLITE_FILE
from keesa.directory.reference import products
from keesa.errors import Refused


def prepared(data: Path, database_url: str | None, tickets: int, seed: int = 1) -> World:
    """The data set in that folder or PostgreSQL database, loaded unless it is there already, and then as it
    was left: who writes works on a copy (`world_on`). A database that is missing is made; one that
    holds another data set is emptied, one that holds anything else is left alone (`Refused`).
    """
    if database_url:
        postgres.make(database_url)
    if (found := find_kept(data, database_url)) is not None:
        if found.world is not None and found.fingerprint == fingerprint_of(tickets, seed):
            return found.world
        _empty(data, database_url)
    return load(data, database_url, tickets, seed)


def load(data: Path, database_url: str | None, tickets: int, seed: int = 1) -> World:
    """Fill an empty database; `tickets` from some hundred to millions. Raises `Refused` where it is not empty."""
    database = open_database(data, database_url)
    try:
        migrate(database)
        found = database.write(_begin)
    finally:
        database.close()  # SQLite's file is loaded by one who is alone with it
    with _progress() as progress:
        task = progress.add_task("tickets", total=tickets)

        def tell(what: str) -> None:
            progress.update(task, description=what)

        with _loader(data, database_url, tell) as write:
            for rows in draw_rows(found, tickets, seed):
                for table, of_table in rows.items():
                    write(table, of_table)
                progress.advance(task, len(rows.get("tickets", ())))
        tell("world")
        database = open_database(data, database_url)
        try:
            world = database.read(partial(read_world, tickets=tickets))
            kept = Kept(fingerprint_of(tickets, seed), world)
            database.write(partial(keep, kept=kept))
        finally:
            database.close()
        tell("loaded")
    return world


def _progress() -> Progress:
    shown = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}"), TimeElapsedColumn()
    return Progress(*shown, console=Console(stderr=True))


def _loader(data: Path, database_url: str | None, tell: Tell) -> AbstractContextManager[Write]:
    return postgres.loading(database_url, tell) if database_url else sqlite.loading(data / SQLITE_FILE, tell)


def _begin(tx: Tx) -> Found:
    if has_users(tx) or tx.one("SELECT id FROM tickets LIMIT 1"):
        raise Refused("The database is not empty, and holds no data set of the benchmarks")
    keep(tx, Kept("", None))
    for role in ROLES:
        create_role(tx, keesa_itself(now()), role)
    roles = {row["name"]: row["id"] for row in tx.all("SELECT id, name FROM roles")}
    return Found(roles, list(products(tx)))


def _empty(data: Path, database_url: str | None) -> None:
    if database_url:
        postgres.empty(database_url)
    else:
        sqlite.empty(data / SQLITE_FILE)
