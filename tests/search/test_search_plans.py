"""However many tickets there are, a search looks at as few rows: whatever it asks for is led by an index."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest

from furnished_tickets import FILTERS
from keesa.accounts.actors import Actor
from keesa.db import Database, Tx
from keesa.db.engine import Row
from keesa.db.sqlite_tx import DIALECT, SqliteTx
from keesa.db.steps import run_to_the_end
from keesa.search import finding
from keesa.search.finding import SORTS, SearchPage, SearchSort, search
from keesa.search.language import read_query
from keesa.search.showing import show
from keesa.tickets.row_filters import RowsWanted
from keesa.words import index, pending, statements
from keesa.words.forms import form_of
from keesa.words.places import MOST_ROWS
from many_tickets import ACTORS
from postgres_server import PostgresServer
from row_plans import ASKING, Watched, many_times_as_many, opened, plan_of, sqlite_connection
from searched_tickets import lay_texts

QUERIES: Final = ("signal", "rou*", '"cable tower"', "signal tower -battery", "harbour cable", "1234")
WANTED: Final[dict[str, RowsWanted]] = {"nothing": RowsWanted(), **dict(list(FILTERS.items())[:6])}

WALKED: Final = r"Seq Scan on public\.(tickets|ticket_words)\b"
"""As a verbose plan says it; notes are asked for by their ids alone."""


class WatchedSearch(Watched):
    """A search asks in more ways than a list."""

    def __init__(self, tx: Tx) -> None:
        super().__init__(tx)
        self.writes_alone = tx.writes_alone

    def all(self, sql: str, /, **params: object) -> Sequence[Row]:
        self.statements[sql] = params
        return self._tx.all(sql, **params)

    def value(self, sql: str, /, **params: object) -> Any:  # noqa: ANN401 - as a transaction has it
        self.statements[sql] = params
        return self._tx.value(sql, **params)

    def run(self, sql: str, /, **params: object) -> None:
        """Settings of the transaction, which no plan is of."""
        self._tx.run(sql, **params)


def ask(tx: Tx, actor: Actor, query: str, wanted: RowsWanted, sort: SearchSort) -> None:
    """A page, and the excerpts of what it shows."""
    asked = read_query(query)
    found = run_to_the_end(search(tx, actor, asked, wanted, SearchPage(5, sort)))
    run_to_the_end(show(tx, actor, asked, found.places))


def asked_of(tx: Tx) -> dict[str, dict[str, object]]:
    """All that any page asks, each once, with its last values: among few tickets, and along the index."""
    watched = WatchedSearch(tx)
    for few in (finding.FEW, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(finding, "FEW", few)
            for number, query in enumerate(QUERIES):
                for place, (name, wanted) in enumerate(WANTED.items()):
                    who = ASKING[(number + place) % len(ASKING)]
                    if who != "customer" or name == "nothing":
                        ask(watched, ACTORS[who], query, wanted, SORTS[number % len(SORTS)])  # type: ignore[arg-type]  # all that a search asks for
    return watched.statements


def written(tx: Tx) -> dict[str, dict[str, object]]:
    """What a write and the folding ask of rows of words."""
    form, of_ticket = form_of(tx), dict(index.rows_range(2025002))
    made = statements.statements_of(form)
    head = {"head": "word"}
    return {
        made.set_head: of_ticket | head,
        made.hide: of_ticket | head,
        made.take_out: {"ids": "[1]"},
        made.fold: {"ids": "[1]"},
        f"SELECT place FROM pending_words ORDER BY place LIMIT {pending.ROWS}": {},
        f"SELECT place FROM ({statements.current(form, statements.OF_TICKET)}) rows": of_ticket,
    }


def test_sqlite_scans_neither_tickets_nor_their_words(tmp_path: Any) -> None:  # noqa: ANN401 - pytest's
    """FTS5's table is walked by what it finds; what is pending, which is little, by its places."""
    with sqlite_connection(tmp_path) as connection:
        tx = SqliteTx(connection)
        lay_texts(tx)
        asked = asked_of(tx)
        assert len(asked) > 20
        for sql, params in (asked | written(tx)).items():
            plan = _sqlite_plan(connection, sql, params)
            scanned = [line for line in plan if re.match(r"SCAN (tickets|ticket_\w+|own|more|internal_notes)\b", line)]
            assert [line for line in scanned if "VIRTUAL TABLE INDEX" not in line] == [], (sql, plan)


def _sqlite_plan(connection: sqlite3.Connection, sql: str, params: dict[str, object]) -> list[str]:
    return [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {DIALECT.words(sql)}", params)]


@pytest.fixture
def on_postgres(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    postgres.create_database("search_plans")
    database = opened(tmp_path_factory.mktemp("plans"), postgres.url("search_plans"))
    database.write(lay_texts)
    yield database
    database.close()
    postgres.drop_database("search_plans")


def test_postgresql_scans_neither_tickets_nor_their_words(on_postgres: Database) -> None:
    """Among enough rows that an index is worth its while, whatever the values are."""
    asked = on_postgres.read(lambda tx: asked_of(tx) | written(tx))
    with many_times_as_many(on_postgres) as tx:
        _multiply_words(tx)
        for sql, params in asked.items():
            plan = plan_of(tx, sql, params)
            assert [line for line in plan if re.search(WALKED, line)] == [], (sql, plan)


def _multiply_words(tx: Tx) -> None:
    columns = "vector, pieces, words, most"
    for times in range(6):
        tx.run(
            f"INSERT INTO ticket_words (place, {columns})"
            f" SELECT place + {2**40 * MOST_ROWS * 2**times}, {columns} FROM ticket_words"
        )
    tx.run("ANALYZE ticket_words")
