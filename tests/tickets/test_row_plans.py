"""However many tickets there are, a page of rows looks at as few: by each filter in each order, alone and in pairs."""

import re
import sqlite3
from collections.abc import Iterator
from functools import partial
from typing import Final

import pytest

from keesa.accounts.actors import Actor
from keesa.db import Database, Tx
from keesa.db.sqlite_tx import DIALECT, SqliteTx
from keesa.db.steps import run_to_the_end
from keesa.errors import Invalid
from keesa.tickets import rows
from keesa.tickets.row_filters import RowsWanted
from keesa.tickets.rows import SORTS, RowSort, RowsPage, list_rows
from many_tickets import ACTORS, steps_of
from row_plans import (
    ASKING,
    IN_ORDER,
    SCANNED,
    TEMPORARY,
    Watched,
    eight_times_as_many,
    many_times_as_many,
    pairs_of_filters,
    plan_of,
)

DEAR: Final = 10_000
"""Cost of a page that is not read in turn, by which PostgreSQL hashes all that it may."""


@pytest.fixture(autouse=True, scope="module")
def few() -> Iterator[None]:
    """Windows that are smaller than the tests' desks, as those of the server are than large ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "FEW", 9)
        patch.setattr(rows, "LOOKED_AT", 23)
        patch.setattr(rows, "CHANGED", 5)
        yield


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
    """Each pair in each order."""
    for who, name, wanted in pairs_of_filters():
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
    with eight_times_as_many(connection):
        after = works()
    for who in ASKING:
        for sort in SORTS:
            dearest = max(work for (person, order, _), work in before.items() if (person, order) == (who, sort))
            assert {
                name: work
                for (person, order, name), work in after.items()
                if (person, order) == (who, sort) and work > dearest * 1.3
            } == {}, (who, sort, dearest)


def test_postgresql_scans_no_table(on_postgres: Database) -> None:
    """Among enough tickets that an index is worth its while, whatever the values are; and where it is not, no statement
    can read all that has a tag, or a watcher, to see whether one ticket has.
    """
    asked = on_postgres.read(statements)
    with many_times_as_many(on_postgres) as tx:
        for sql, params in asked.items():
            plan = plan_of(tx, sql, params)
            scanned = [line for line in plan if re.search(SCANNED, line)]
            assert scanned == [], (sql, plan)
        tx.run(f"SET LOCAL random_page_cost = {DEAR}")
        for sql, params in asked.items():
            plan = plan_of(tx, sql, params)
            assert [line for line in plan if "hashed SubPlan" in line] == [], (sql, plan)
