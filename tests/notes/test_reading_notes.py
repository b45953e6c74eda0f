"""Pages of notes: both kinds in their order, for whoever asks those that they see, each through an index."""

import re
import sqlite3
from collections.abc import Iterator
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cast
from acting import actor_of, rows
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HIDDEN, RAISED, SEEN_BY, STRANGERS, Person
from deterministic import deterministic
from keesa.accounts.actors import Actor
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import migrate
from keesa.db.opening import SQLITE_FILE
from keesa.errors import NotFound
from keesa.notes.reading import MOST_DUPLICATES, NotePosition, TicketNote, page_of_notes
from many_tickets import WatchedTx, steps_of
from postgres_server import PostgresServer
from undone import undone

AT: Final = 1_741_000_000_000
TABLES: Final = ("ticket_notes", "internal_notes")


def put(tx: Tx, table: str, note_id: int, number: int, when: int, *, withdrawn: bool = False) -> None:
    tx.run(
        f"INSERT INTO {table} (id, ticket_id, author_id, body, created_at, withdrawn_at)"
        " VALUES (:id, :number, :author, :body, :at, :withdrawn)",
        id=note_id,
        number=number,
        author=ENGINEER.id,
        body="" if withdrawn else f"note {note_id}",
        at=when,
        withdrawn=when if withdrawn else None,
    )


def merge(tx: Tx) -> None:
    tx.run("UPDATE tickets SET duplicate_of_id = :main WHERE id = :id", main=ASSIGNED, id=STRANGERS)


def all_pages(tx: Tx, actor: Actor, limit: int, *, newest_first: bool) -> Iterator[TicketNote]:
    after = None
    while True:
        page = page_of_notes(tx, actor, ASSIGNED, limit, after, newest_first=newest_first)
        assert len(page.notes) == limit or page.next_after is None
        yield from page.notes
        after = page.next_after
        if after is None:
            return


ROWS = st.tuples(
    st.sampled_from(TABLES), st.sampled_from([ASSIGNED, STRANGERS, RAISED]), st.integers(0, 4), st.booleans()
)


@deterministic(40)
@given(
    made=st.lists(ROWS, max_size=15),
    person=st.sampled_from([ADMIN, ENGINEER, CUSTOMER]),
    limit=st.integers(1, 6),
    newest_first=st.booleans(),
    merged=st.booleans(),
)
def test_pages_show_each_note_once_in_its_place(
    shared_database: Database,
    made: list[tuple[str, int, int, bool]],
    person: Person,
    limit: int,
    newest_first: bool,  # noqa: FBT001
    merged: bool,  # noqa: FBT001
) -> None:
    """Of the ticket and its duplicates, by their times; customers get neither internal nor withdrawn ones."""
    with undone(shared_database) as tx:
        if merged:
            merge(tx)
        for number, (table, ticket, minute, withdrawn) in enumerate(made):
            note_id = 1000 + number + (2**52 if table == "internal_notes" else 0)
            put(tx, table, note_id, ticket, AT + minute, withdrawn=withdrawn)
        actor = actor_of(tx, person)
        found = list(all_pages(tx, actor, limit, newest_first=newest_first))
        tickets = {ASSIGNED, STRANGERS} if merged else {ASSIGNED}
        wanted = [
            row | {"internal": table == "internal_notes"}
            for table in TABLES
            for row in rows(tx, f"SELECT id, ticket_id, created_at, withdrawn_at, body FROM {table}")
            if row["ticket_id"] in tickets
            and (person is not CUSTOMER or (table == "ticket_notes" and row["withdrawn_at"] is None))
        ]
        wanted.sort(key=lambda row: (row["created_at"], row["id"]), reverse=newest_first)
        assert [(note.id, note.ticket_id, note.body, note.internal) for note in found] == [
            (row["id"], _told(person, row["ticket_id"]), row["body"], row["internal"]) for row in wanted
        ]


def _told(person: Person, number: int) -> int | None:
    """The number, where the person sees that ticket."""
    return number if number in SEEN_BY[person] else None


@pytest.mark.parametrize(
    ("person", "number"), [(CUSTOMER, HIDDEN), (ENGINEER, HIDDEN), (ADMIN, 2025999), (ADMIN, None)]
)
def test_the_notes_of_a_ticket_out_of_sight_are_not_found(tx: Tx, person: Person, number: int | None) -> None:
    """Whoever asks."""
    with pytest.raises(NotFound, match=r"^Ticket not found$"):
        page_of_notes(tx, actor_of(tx, person), number, 5)


def test_a_page_begins_behind_its_position(tx: Tx) -> None:
    """Whether that note is still there or not."""
    admin = actor_of(tx, ADMIN)
    first, second = page_of_notes(tx, admin, ASSIGNED, 5).notes
    page = page_of_notes(tx, admin, ASSIGNED, 5, NotePosition(first.created_at, first.id))
    assert [note.id for note in page.notes] == [second.id]
    page = page_of_notes(tx, admin, ASSIGNED, 5, NotePosition(second.created_at - 1, 99), newest_first=True)
    assert [note.id for note in page.notes] == [first.id]


# Through an index


def fill(tx: Tx, count: int) -> None:
    """So many notes of each kind on ASSIGNED, on its duplicate and on another ticket; a third of them withdrawn."""
    dice = Random(5)  # noqa: S311 - dice, no secret
    merge(tx)
    for place in range(count):
        for number, ticket in enumerate((ASSIGNED, STRANGERS, RAISED)):
            for table in TABLES:
                note_id = 10_000 + place * 10 + number + (2**52 if table == "internal_notes" else 0)
                put(tx, table, note_id, ticket, AT + dice.randrange(1000), withdrawn=place % 3 == 0)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("notes")
    database = open_database(folder, None)
    migrate(database)
    cast.fill(database)
    database.write(lambda tx: fill(tx, 50))
    database.close()
    opened = sqlite3.connect(folder / SQLITE_FILE, isolation_level=None)
    opened.row_factory = sqlite3.Row
    yield opened
    opened.close()


class Watched(WatchedTx):
    """Keeps the statements whose rows are asked for all at once too."""

    def all(self, sql: str, /, **params: object) -> Any:  # noqa: ANN401 - as the class above has it
        if not sql.startswith("EXPLAIN"):
            self.statements.append((sql, params))
        return super().all(sql, **params)


def plan_of_the_page(tx: Watched, person: Person, *, newest_first: bool) -> list[str]:
    actor = actor_of(tx, person)
    tx.statements.clear()
    page_of_notes(tx, actor, ASSIGNED, 5, NotePosition(AT + 500, 0), newest_first=newest_first)
    return list(tx.plans())[-1]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(("person", "branches"), [(ADMIN, 4), (CUSTOMER, 2)])
def test_sqlite_merges_what_the_indexes_give(
    connection: sqlite3.Connection,
    person: Person,
    branches: int,
    newest_first: bool,  # noqa: FBT001
) -> None:
    """A branch for each ticket and kind, from where the page begins; nothing is sorted but the page itself."""
    plan = plan_of_the_page(Watched(connection), person, newest_first=newest_first)
    sign = "<" if newest_first else ">"
    walks = [line for line in plan if re.search(r"(ticket|internal)_notes\b", line)]
    expected = re.compile(rf"SEARCH (\w+) USING INDEX \1_by_ticket \(ticket_id=\? AND created_at{sign}\?\)")
    assert len(walks) == branches, plan
    assert all(expected.fullmatch(line) for line in walks), plan
    assert len([line for line in plan if "TEMP B-TREE" in line]) <= 1, plan


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_page_reads_no_more_among_more_notes(connection: sqlite3.Connection, newest_first: bool) -> None:  # noqa: FBT001
    """Ten times as many, wherever the page begins."""

    def work(after: NotePosition | None) -> int:
        def ask(tx: Tx) -> None:
            page_of_notes(tx, admin, ASSIGNED, 5, after, newest_first=newest_first)

        return steps_of(connection, ask)

    admin = actor_of(WatchedTx(connection), ADMIN)
    positions = (None, NotePosition(AT + 500, 0))
    few = [work(after) for after in positions]
    connection.execute("BEGIN")
    try:
        for table in TABLES:
            connection.execute(
                f"INSERT INTO {table} (id, ticket_id, author_id, body, created_at)"
                f" SELECT {table}.id + more.value * 1000000, ticket_id, author_id, body, created_at"
                f" FROM {table}, json_each('[1,2,3,4,5,6,7,8,9]') more"
            )
        many = [work(after) for after in positions]
    finally:
        connection.execute("ROLLBACK")
    assert [(before, after) for before, after in zip(few, many, strict=True) if after > before * 1.3 + 50] == []


def test_sqlite_takes_as_many_duplicates_as_there_may_be(connection: sqlite3.Connection) -> None:
    """It has a bound of its own on the parts of a statement."""
    connection.execute("BEGIN")
    try:
        names = [row["name"] for row in connection.execute("PRAGMA table_info(tickets)")]
        others = ", ".join(name for name in names if name not in ("id", "duplicate_of_id"))
        for number in range(MOST_DUPLICATES + 5):
            connection.execute(
                f"INSERT INTO tickets (id, duplicate_of_id, {others})"
                f" SELECT 3000000 + {number}, {ASSIGNED}, {others} FROM tickets WHERE id = {ASSIGNED}"
            )
        tx = WatchedTx(connection)
        assert len(page_of_notes(tx, actor_of(tx, ADMIN), ASSIGNED, 5).notes) == 5
    finally:
        connection.execute("ROLLBACK")


@pytest.fixture(scope="module")
def large(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tx]:
    """Enough notes on PostgreSQL that an index is worth its while."""
    postgres.create_database("note_plans")
    database = open_database(tmp_path_factory.mktemp("plans"), postgres.url("note_plans"))
    migrate(database)
    cast.fill(database)
    with undone(database) as tx:
        fill(tx, 20)
        for table in TABLES:
            tx.run(
                f"INSERT INTO {table} (id, ticket_id, author_id, body, created_at) SELECT id + more * 1000000,"
                f" ticket_id, author_id, body, created_at + more FROM {table}, generate_series(1, 60) more"
            )
            tx.run(f"ANALYZE {table}")
        yield tx
    database.close()
    postgres.drop_database("note_plans")


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(("person", "branches"), [(ADMIN, 4), (CUSTOMER, 2)])
def test_postgresql_walks_the_indexes(
    large: Tx,
    person: Person,
    branches: int,
    newest_first: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each branch from where the page begins, and no further than the page could need."""
    asked: list[str] = []
    actor = actor_of(large, person)

    def all_of(sql: str, /, **params: object) -> Any:  # noqa: ANN401 - as the method has it
        asked.append(sql)
        return real(sql, **params)

    real: Any = large.all
    monkeypatch.setattr(large, "all", all_of)
    page_of_notes(large, actor, ASSIGNED, 5, NotePosition(AT + 500, 0), newest_first=newest_first)
    monkeypatch.undo()
    sql = asked[-1]
    names = sorted(set(re.findall(r":(\w+)", sql)))
    for number, name in enumerate(names):
        sql = re.sub(rf":{name}\b", f"${number + 1}", sql)
    types = ", ".join("BIGINT" for _ in names)
    large.run(f"PREPARE page_of_notes ({types}) AS {sql}")
    try:
        given_values = ", ".join(str({"rows": 6, "after_at": AT, "after_id": 0}.get(name, ASSIGNED)) for name in names)
        plan = [row["QUERY PLAN"] for row in large.all(f"EXPLAIN (COSTS OFF) EXECUTE page_of_notes ({given_values})")]
    finally:
        large.run("DEALLOCATE page_of_notes")
    walks = [number for number, line in enumerate(plan) if re.search(r"using (ticket|internal)_notes_by_ticket", line)]
    assert len(walks) == branches, plan
    for number in walks:
        assert plan[number - 1].strip().removeprefix("->  ") == "Limit", plan
        assert "ROW(created_at, id) " + ("<" if newest_first else ">") in plan[number + 1], plan
