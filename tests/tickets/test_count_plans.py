"""However many tickets there are, a count looks at as few: under each filter, alone and in pairs."""

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
from keesa.tickets import counts
from keesa.tickets.counts import count_tickets, names_for
from keesa.tickets.row_filters import RowsWanted
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

LOOKED_AT: Final = 12


@pytest.fixture(autouse=True, scope="module")
def few() -> Iterator[None]:
    """Fewer than the tests' desks have, as those of the server are fewer than large ones have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counts, "MOST", LOOKED_AT - 1)
        patch.setattr(counts, "LOOKED_AT", LOOKED_AT)
        yield


def ask(tx: Tx, actor: Actor, wanted: RowsWanted) -> None:
    run_to_the_end(count_tickets(tx, actor, wanted, names_for(actor), "2026-02-03"))


def statements(tx: Tx) -> dict[str, dict[str, object]]:
    """All that any count asks, each once, with its last values."""
    watched = Watched(tx)
    for who, _, wanted in pairs_of_filters():
        ask(watched, ACTORS[who], wanted)  # type: ignore[arg-type]  # all that a count asks for
    return watched.statements


def test_sqlite_is_led_by_indexes_and_sorts_nothing(connection: sqlite3.Connection) -> None:
    """Entries are counted as they stand in an index, and tickets looked at by their ids, or where an entry leads."""
    asked = statements(SqliteTx(connection))
    assert len(asked) > 200
    for sql, params in asked.items():
        assert f"LIMIT {LOOKED_AT}" in sql or f"LIMIT {3 * LOOKED_AT}" in sql or f"LIMIT {2 * LOOKED_AT}" in sql
        plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {DIALECT.words(sql)}", params)]
        scans = [line for line in plan if re.match(r"SCAN (tickets|ticket_\w+)\b", line)]
        assert all(any(f"INDEX {index}" in line for index in IN_ORDER) for line in scans), (sql, plan)
        assert TEMPORARY not in plan, (sql, plan)


def test_all_counts_do_no_more_among_more_tickets(connection: sqlite3.Connection) -> None:
    """Eight times as many, with as many more changes: no answer takes more than the dearest one did among few."""

    def works() -> dict[tuple[str, str], int]:
        return {
            (who, name): steps_of(connection, partial(ask, actor=ACTORS[who], wanted=wanted))
            for who, name, wanted in pairs_of_filters()
        }

    before = works()
    with eight_times_as_many(connection):
        after = works()
    for who in ASKING:
        dearest = max(work for (person, _), work in before.items() if person == who)
        more = {name: work for (person, name), work in after.items() if person == who and work > dearest * 1.3}
        assert more == {}, (who, dearest)


def test_postgresql_scans_no_table(on_postgres: Database) -> None:
    """Among enough tickets that an index is worth its while, whatever the values are."""
    asked = on_postgres.read(statements)
    with many_times_as_many(on_postgres) as tx:
        for sql, params in asked.items():
            plan = plan_of(tx, sql, params)
            assert [line for line in plan if re.search(SCANNED, line)] == [], (sql, plan)
