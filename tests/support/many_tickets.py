"""Some hundreds of tickets of every kind, actors of every type, and transactions that tell what they are asked."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

import cast
from cast import ADMIN, BOT, CUSTOMER, ENGINEER, HARBOUR, LONE, SCHOOL, STRANGER
from keesa.accounts.actors import Actor, UserType
from keesa.db import Tx, open_database
from keesa.db.migrate import migrate
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite_tx import SqliteTx
from keesa.tickets.statuses import STATUSES
from kept_tickets import Shelved, shelve

TICKETS: Final = 300
FIRST: Final = 2027001
TYPES: Final = ("eco_support", "remote_support", "project_support", None)
CATEGORIES: Final = ("fault", "survey", None)
MOMENTS: Final = [f"2026-01-{day:02}T09:00" for day in range(1, 25)]
"""Fewer than tickets, so that many were raised at the same one."""
PEOPLE: Final = (ADMIN, ENGINEER, STRANGER, CUSTOMER)


def many(dice: Random) -> Iterator[Shelved]:
    """Tickets of every kind; only who has somebody to work on it is not open."""
    for number in range(TICKETS):
        status = dice.choice(STATUSES)
        yield Shelved(
            number=FIRST + number,
            status=status,
            raised=dice.choice(MOMENTS),
            ticket_type=dice.choice(TYPES),
            category=dice.choice(CATEGORIES),
            customer_id=dice.choice((HARBOUR, HARBOUR, SCHOOL)),
            raiser=dice.choice(PEOPLE),
            assignee=dice.choice((*PEOPLE[:3], *([None] if status == "open" else []))),
        )


def fill(tx: Tx) -> None:
    shelve(tx, many(Random(7)))  # noqa: S311 - dice, no secret
    tx.run("UPDATE tickets SET revision = 1 + id % 5")


def grow(tx: Tx) -> None:
    """Eight times as many tickets, of the same kinds, on SQLite."""
    names = [row["name"] for row in tx.all("PRAGMA table_info(tickets)") if row["name"] != "id"]
    for times in range(3):
        tx.run(
            f"INSERT INTO tickets (id, {', '.join(names)})"
            f" SELECT id + {10_000_000 * 2**times}, {', '.join(names)} FROM tickets"
        )


# Who asks


def someone(
    user_type: UserType, user_id: int, ticket_types: Sequence[str] = (), customer_id: int | None = None
) -> Actor:
    return Actor(user_id, "a@b", "A", "A", user_type, customer_id, (), {}, 0, tuple(ticket_types))


@st.composite
def actors(draw: st.DrawFn) -> Actor:
    """Of each type; staff with the types of none to all of the tickets."""
    user_type: UserType = draw(st.sampled_from(("admin", "staff", "staff", "staff", "customer", "bot")))
    ticket_types = draw(st.lists(st.sampled_from([key for key in TYPES if key]), unique=True))
    customer_id = draw(st.sampled_from((HARBOUR, SCHOOL, LONE))) if user_type == "customer" else None
    return someone(user_type, draw(st.sampled_from(PEOPLE)).id, ticket_types, customer_id)


ACTORS: Final = {
    "admin": someone("admin", ADMIN.id),
    "staff": someone("staff", ENGINEER.id),
    "staff with a type": someone("staff", ENGINEER.id, ["eco_support"]),
    "staff with three types": someone("staff", ENGINEER.id, ["eco_support", "project_support", "remote_support"]),
    "customer": someone("customer", CUSTOMER.id, customer_id=HARBOUR),
    "bot": someone("bot", BOT.id),
}


# How the engines are asked


class WatchedTx(SqliteTx):
    """A transaction that keeps the statements whose rows are asked for one by one: those of lists are."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.statements: list[tuple[str, dict[str, object]]] = []

    def each(self, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        self.statements.append((sql, params))
        return super().each(sql, **params)

    def plans(self) -> Iterator[list[str]]:
        """Of each statement, how it is run."""
        for sql, params in self.statements:
            yield [row["detail"] for row in self.all(f"EXPLAIN QUERY PLAN {sql}", **params)]


class Recording:
    """In the place of a transaction: keeps the statements, and finds nothing."""

    def __init__(self, *, merges_lazily: bool = True) -> None:
        self.merges_lazily = merges_lazily
        self.statements: list[tuple[str, dict[str, object]]] = []

    def each(self, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        self.statements.append((sql, params))
        return ()


def file_of_many(folder: Path) -> sqlite3.Connection:
    """To a file of SQLite's with the cast and many tickets."""
    database = open_database(folder, None)
    migrate(database)
    cast.fill(database)
    database.write(fill)
    database.close()
    opened = sqlite3.connect(folder / SQLITE_FILE, isolation_level=None)
    opened.row_factory = sqlite3.Row
    return opened


def steps_of(connection: sqlite3.Connection, work: Callable[[Tx], object]) -> int:
    """Steps of SQLite's machine that the work takes."""
    steps = count()
    connection.set_progress_handler(lambda: next(steps) < 0, 1)
    try:
        work(SqliteTx(connection))
    finally:
        connection.set_progress_handler(None, 0)
    return next(steps)
