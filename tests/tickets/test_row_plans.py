"""However many tickets there are, a page of rows looks at as few: by each filter in each order, alone and in pairs."""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import combinations_with_replacement
from typing import Any, Final

import pytest

import cast
from furnished_tickets import FILTERS, furnish, joined
from keesa.accounts.actors import Actor
from keesa.db import Tx, open_database, postgres_statements
from keesa.db.engine import Row
from keesa.db.migrate import migrate
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite_tx import DIALECT, SqliteTx
from keesa.db.steps import run_to_the_end
from keesa.errors import Invalid
from keesa.tickets import rows
from keesa.tickets.row_filters import RowsWanted
from keesa.tickets.rows import SORTS, RowSort, RowsPage, list_rows
from many_tickets import ACTORS, grow, steps_of
from postgres_server import PostgresServer
from undone import undone

PAIRS: Final = [
    (f"{one} and {other}", joined(FILTERS[one], FILTERS[other]))
    for one, other in combinations_with_replacement(FILTERS, 2)
]
ASKING: Final = ("admin", "staff with a type", "customer")
IN_ORDER: Final = ("tickets_held", "tickets_answered", "ticket_events_by_time")
"""Indexes that are walked from one end, as far as the window goes."""
LATER: Final = 7
"""Milliseconds by which the changes of one copy of the tickets are after those of another."""
DEAR: Final = 10_000
"""Cost of a page that is not read in turn, by which PostgreSQL hashes all that it may."""
SCANNED: Final = r"Seq Scan on public\.(tickets|ticket_\w+|internal_notes)"
"""As a verbose plan says it."""
TEMPORARY: Final = "TEMP B-TREE FOR ORDER BY"


class Watched:
    """In the place of a transaction: keeps each statement that it asks."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.merges_lazily = tx.merges_lazily
        self.statements: dict[str, dict[str, object]] = {}

    def each(self, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        self.statements[sql] = params
        return self._tx.each(sql, **params)

    def soon(self, sql: str, /, **params: object) -> Callable[[], Sequence[Row]]:
        self.statements[sql] = params
        return self._tx.soon(sql, **params)


@pytest.fixture(autouse=True, scope="module")
def few() -> Iterator[None]:
    """Windows that are smaller than the tests' desks, as those of the server are than large ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "FEW", 9)
        patch.setattr(rows, "LOOKED_AT", 23)
        patch.setattr(rows, "CHANGED", 5)
        yield


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("row_plans")
    database = open_database(folder, None)
    migrate(database)
    cast.fill(database)
    database.write(furnish)
    database.close()
    opened = sqlite3.connect(folder / SQLITE_FILE, isolation_level=None)
    opened.row_factory = sqlite3.Row
    yield opened
    opened.close()


def ask(tx: Tx, actor: Actor, wanted: RowsWanted, sort: RowSort) -> None:
    """The first two pages; a customer's user may be refused."""
    page = RowsPage(5, sort, sort in ("raised", "changed"))
    try:
        found = run_to_the_end(list_rows(tx, actor, wanted, page))
        if found.next_after is not None:
            run_to_the_end(list_rows(tx, actor, wanted, RowsPage(5, sort, page.descending, found.next_after)))
    except Invalid:
        assert actor.user_type == "customer"


def questions() -> Iterator[tuple[str, RowSort, str, RowsWanted]]:
    """Each pair in each order, of one of those who ask; each filter alone of all of them."""
    for number, (name, wanted) in enumerate(PAIRS):
        one, _, other = name.partition(" and ")
        for who in ASKING if one == other else [ASKING[number % len(ASKING)]]:
            for sort in SORTS:
                yield who, sort, name, wanted


def statements(tx: Tx) -> dict[str, dict[str, object]]:
    """All that any page asks, each once, with its last values."""
    watched = Watched(tx)
    for who, sort, _, wanted in questions():
        ask(watched, ACTORS[who], wanted, sort)  # type: ignore[arg-type]  # all that a list asks for
    return watched.statements


def test_sqlite_scans_no_table_and_sorts_no_more_than_it_looks_at(connection: sqlite3.Connection) -> None:
    """What leads to tickets is an index, in its order; only rows of tickets that were looked at are sorted."""
    asked = statements(SqliteTx(connection))
    assert len(asked) > 200
    for sql, params in asked.items():
        steps = connection.execute(f"EXPLAIN QUERY PLAN {DIALECT.words(sql)}", params).fetchall()
        plan = [row["detail"] for row in steps]
        scans = [line for line in plan if re.match(r"SCAN (tickets|ticket_\w+|merged|note|internal)\b", line)]
        assert all(any(f"INDEX {index}" in line for index in IN_ORDER) for line in scans), (sql, plan)
        if "$json_ids" in sql:
            of_tickets = [line for line in plan if re.match(r"\w+ tickets\b", line)]
            assert all("(id=?)" in line for line in of_tickets), (sql, plan)
        else:
            sorted_of = {row["parent"] for row in steps if TEMPORARY in row["detail"]}
            looked_at = {0} if f"LIMIT {rows.FEW})" in sql or f"LIMIT {rows.LOOKED_AT})" in sql else set()
            assert sorted_of <= looked_at, (sql, plan)  # the bounded rows of the statement within


def test_a_page_does_no_more_among_more_tickets(connection: sqlite3.Connection) -> None:
    """Eight times as many, with as many more changes: no page does more than the dearest one did among few."""

    def works() -> dict[tuple[str, RowSort, str], int]:
        return {
            (who, sort, name): steps_of(connection, partial(ask, actor=ACTORS[who], wanted=wanted, sort=sort))
            for who, sort, name, wanted in questions()
        }

    before = works()
    connection.execute("BEGIN")
    try:
        tx = SqliteTx(connection)
        grow(tx)
        for column in ("changed_at", "public_changed_at"):
            tx.run(f"UPDATE tickets SET {column} = {column} + {LATER} * (id / 10000000)")
        tx.run("UPDATE tickets SET duplicate_of_id = duplicate_of_id + id / 10000000 * 10000000")
        for table in ("ticket_events", "ticket_tags", "ticket_watchers", "ticket_mentions"):
            _grow_with_them(tx, table)
        after = works()
    finally:
        connection.execute("ROLLBACK")
    for who in ASKING:
        for sort in SORTS:
            dearest = max(work for (person, order, _), work in before.items() if (person, order) == (who, sort))
            assert {
                name: work
                for (person, order, name), work in after.items()
                if (person, order) == (who, sort) and work > dearest * 1.3
            } == {}, (who, sort, dearest)


def _grow_with_them(tx: Tx, table: str) -> None:
    """What hangs on the tickets that `grow` has made; events a little later each time, as tickets say."""
    columns = [row["name"] for row in tx.all(f"PRAGMA table_info({table})") if row["name"] not in ("id", "ticket_id")]
    for times in range(3):
        moved = ", ".join(f"at + {LATER * 2**times}" if column == "at" else column for column in columns)
        tx.run(
            f"INSERT INTO {table} (ticket_id, {', '.join(columns)})"
            f" SELECT ticket_id + {10_000_000 * 2**times}, {moved} FROM {table}"
        )


def test_postgresql_scans_no_table(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Among enough tickets that an index is worth its while, whatever the values are; and where it is not, no statement
    can read all that has a tag, or a watcher, to see whether one ticket has.
    """
    postgres.create_database("row_plans")
    database = open_database(tmp_path_factory.mktemp("row_plans"), postgres.url("row_plans"))
    migrate(database)
    cast.fill(database)
    database.write(furnish)
    with undone(database) as tx:
        asked = statements(tx)
        _multiply(tx)
        for table in ("ticket_notes", "internal_notes"):
            tx.run(
                f"INSERT INTO {table} (ticket_id, author_id, body, created_at) SELECT id, 1, '', raised_at FROM tickets"
            )
            tx.run(f"ANALYZE {table}")
        tx.run("SET LOCAL plan_cache_mode = force_generic_plan")
        for sql, params in asked.items():
            plan = _plan_of(tx, sql, params)
            scanned = [line for line in plan if re.search(SCANNED, line)]
            assert scanned == [], (sql, plan)
        tx.run(f"SET LOCAL random_page_cost = {DEAR}")
        for sql, params in asked.items():
            plan = _plan_of(tx, sql, params)
            assert [line for line in plan if "hashed SubPlan" in line] == [], (sql, plan)
    database.close()
    postgres.drop_database("row_plans")


def _multiply(tx: Tx) -> None:
    tx.run("SET LOCAL session_replication_role = replica")
    for table in ("tickets", "ticket_events", "ticket_tags", "ticket_watchers", "ticket_mentions"):
        key = "id" if table == "tickets" else "ticket_id"
        columns = [
            row["name"]
            for row in tx.all(
                "SELECT column_name AS name FROM information_schema.columns WHERE table_name = :table", table=table
            )
            if row["name"] not in ("id", key)
        ]
        for times in range(6):
            moved = ", ".join(f"raised_at + {times}" if name == "raised_at" else name for name in columns)
            tx.run(
                f"INSERT INTO {table} ({key}, {', '.join(columns)})"
                f" SELECT {key} + {10_000_000 * 2**times}, {moved} FROM {table}"
            )
        tx.run(f"ANALYZE {table}")


def _plan_of(tx: Tx, sql: str, params: dict[str, object]) -> list[str]:
    """As the server has it planned whatever its values are."""
    text = postgres_statements.DIALECT.words(sql)
    names = [name for name in params if re.search(rf":{name}\b", text)]
    kinds = []
    for number, name in enumerate(names):
        text = re.sub(rf":{name}\b", f"${number + 1}", text)
        kinds.append("bigint" if isinstance(params[name], int) else "text")
    types = f" ({', '.join(kinds)})" if kinds else ""
    tx.run(f"PREPARE listing{types} AS {text}")
    try:
        given = f" ({', '.join(['NULL'] * len(names))})" if names else ""
        return [row["QUERY PLAN"] for row in tx.all(f"EXPLAIN (COSTS OFF, VERBOSE) EXECUTE listing{given}")]
    finally:
        tx.run("DEALLOCATE listing")
