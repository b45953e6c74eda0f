"""Each kind of term that has an index is searched for through it, and no more rows are read than the page needs."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

import pytest

import cast
from cast import ADMIN, ENGINEER, HARBOUR, SCHOOL, at
from keesa.accounts.filters import Equals, Filter, IsNull, Range, one_of
from keesa.db import Tx, open_database
from keesa.db.migrate import migrate
from keesa.db.steps import run_to_the_end
from keesa.tickets.pages import Page, Position
from keesa.tickets.selecting import select
from keesa.tickets.statuses import Status
from many_tickets import ACTORS, FIRST, MOMENTS, Recording, WatchedTx, file_of_many, fill, grow, steps_of
from postgres_server import PostgresServer
from undone import undone

TIMES: Final = Range("raised_at", at(MOMENTS[5]), at(MOMENTS[18]))
MIDDLE: Final = Position(at(MOMENTS[11]), FIRST + 150)
BOTH_BOUNDS: Final = "(raised_at,id)>(?,?) AND (raised_at,id)<(?,?)"

Asked = tuple[Filter, Sequence[Status] | None, Position | None]
OTHERS: Final = (
    "title, description, status, priority, ticket_type, category, customer_id, product_id, contact_name,"
    " contact_number, raised_by_id, assigned_to_id, closed_on"
)
BOTH_CUSTOMERS: Final = one_of("customer_id", [HARBOUR, SCHOOL])
TWO_TYPES: Final = one_of("ticket_type", ["eco_support", "remote_support"])
TWO_CATEGORIES: Final = one_of("category", ["fault", "survey"])
THREE: Final = one_of("id", [FIRST, FIRST + 1, FIRST + 2])
OF_HARBOUR: Final = Equals("customer_id", HARBOUR)
UNASSIGNED: Final = IsNull("assigned_to_id")
PLANS: Final[dict[str, tuple[Asked, str, int]]] = {
    "customer": (((OF_HARBOUR,), None, None), "tickets_by_customer (customer_id=? AND status=?)", 4),
    "customers": (
        ((BOTH_CUSTOMERS,), ("open", "on_hold"), None),
        "tickets_by_customer (customer_id=? AND status=?)",
        4,
    ),
    "raisers": (
        ((one_of("raised_by_id", [ADMIN.id, ENGINEER.id]),), ("open",), None),
        "tickets_by_raiser (raised_by_id=? AND status=?)",
        2,
    ),
    "types": (((TWO_TYPES,), None, None), "tickets_by_type (ticket_type=? AND status=?)", 8),
    "categories": (((TWO_CATEGORIES,), None, None), "tickets_by_category (category=?)", 2),
    "types and categories": (
        ((TWO_TYPES, TWO_CATEGORIES), None, None),
        "tickets_by_type_and_category (ticket_type=? AND category=?)",
        4,
    ),
    "numbers": (((THREE,), ("open",), None), "sqlite_autoindex_tickets_1 (id=?)", 3),
    "nobody's": (((UNASSIGNED,), ("open",), None), "tickets_by_assignee (assigned_to_id=? AND status=?)", 1),
    "of no type": (((IsNull("ticket_type"),), None, None), "tickets_by_type (ticket_type=? AND status=?)", 4),
    "of neither": (
        ((IsNull("ticket_type"), IsNull("category")), None, None),
        "tickets_by_type_and_category (ticket_type=? AND category=?)",
        1,
    ),
    "a status in a filter": (((Equals("status", "on_hold"),), None, None), "tickets_by_status (status=?)", 1),
    "a time": (((TIMES,), None, None), f"tickets_by_status (status=? AND {BOTH_BOUNDS})", 4),
    "a customer's time": (
        ((OF_HARBOUR, TIMES), ("closed",), None),
        f"tickets_by_customer (customer_id=? AND status=? AND {BOTH_BOUNDS})",
        1,
    ),
    "a category's time": (
        ((IsNull("category"), TIMES), None, None),
        f"tickets_by_category (category=? AND {BOTH_BOUNDS})",
        1,
    ),
    "after a position": (
        ((BOTH_CUSTOMERS,), None, MIDDLE),
        "tickets_by_customer (customer_id=? AND status=? AND (raised_at,id)$(?,?))",
        8,
    ),
    "a time after a position": (((TIMES,), None, MIDDLE), f"tickets_by_status (status=? AND {BOTH_BOUNDS})", 4),
    "a type and a range beside a customer": (
        (
            (OF_HARBOUR, Equals("ticket_type", "eco_support"), Range("priority", 1, 3)),
            ("open",),
            None,
        ),
        "tickets_by_customer (customer_id=? AND status=?)",
        1,
    ),
    "a type beside nobody's": (
        ((UNASSIGNED, Equals("ticket_type", "eco_support")), ("open",), None),
        "tickets_by_assignee (assigned_to_id=? AND status=?)",
        1,
    ),
    "statuses and a null beside a category": (
        ((Equals("category", "fault"), TIMES, IsNull("closed_on")), ("open", "on_hold"), None),
        f"tickets_by_category (category=? AND {BOTH_BOUNDS})",
        1,
    ),
}
"""What an admin asks for, the index that is walked as far as it is used, and how often."""


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    opened = file_of_many(tmp_path_factory.mktemp("plans"))
    yield opened
    opened.close()


def ask(tx: Tx, asked: Asked, page: Page) -> object:
    filter_, statuses, _ = asked
    return list(run_to_the_end(select(tx, ACTORS["admin"], (filter_,), [(statuses, page)])))


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("name", PLANS)
def test_sqlite_walks_the_index(connection: sqlite3.Connection, name: str, newest_first: bool) -> None:  # noqa: FBT001
    """Each branch, in the index's order, from where its range or its page begins."""
    asked, index, branches = PLANS[name]
    tx = WatchedTx(connection)
    ask(tx, asked, Page(1, 5, newest_first, asked[2]))
    [plan] = tx.plans()
    of_page = takewhile(lambda line: not line.startswith("CORRELATED"), plan)  # the revisions come after it
    walks = [line for line in of_page if re.match(r"\w+ tickets\b", line)]
    expected = index.replace("$", "<" if newest_first else ">")
    assert len(walks) == branches, plan
    assert all(
        re.fullmatch(rf"SEARCH tickets USING (COVERING )?INDEX {re.escape(expected)}", line) for line in walks
    ), plan
    assert not [line for line in plan if "TEMP B-TREE" in line], plan


SELECTIVE: Final = [name for name in PLANS if "beside" not in name]
"""Those whose indexes lead to nothing but what is wanted."""


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_page_reads_no_more_among_more_tickets(connection: sqlite3.Connection, newest_first: bool) -> None:  # noqa: FBT001
    """Eight times as many, wherever the page begins."""

    def work(name: str) -> int:
        asked = PLANS[name][0]
        return steps_of(connection, lambda tx: ask(tx, asked, Page(1, 5, newest_first, asked[2])))

    def works() -> dict[str, int]:
        return {name: work(name) for name in SELECTIVE}

    few = works()
    connection.execute("BEGIN")
    try:
        grow(WatchedTx(connection))
        many = works()
    finally:
        connection.execute("ROLLBACK")
    assert {name: (few[name], work) for name, work in many.items() if work > few[name] * 1.3 + 50} == {}


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_page_after_a_position_costs_what_the_first_one_does(
    connection: sqlite3.Connection,
    newest_first: bool,  # noqa: FBT001
) -> None:
    """However deep it lies in the list, and whichever is nearer: the position or the range's bound."""

    def work(*filter_: Range, after: Position | None = None) -> int:
        asked = (filter_, None, after)
        return steps_of(connection, lambda tx: ask(tx, asked, Page(1, 5, newest_first, after)))

    first = work()
    start, end = at(MOMENTS[0]), at(MOMENTS[-1])
    outside = Position(at(MOMENTS[-1]) + 1, 0) if newest_first else Position(0, 0)
    for deep in (
        work(after=MIDDLE),
        work(TIMES),
        work(TIMES, after=MIDDLE),
        work(TIMES, after=outside),
        work(Range("raised_at", start, end + 1), after=MIDDLE),
    ):
        assert deep < first * 1.3 + 50


# PostgreSQL

POSTGRES: Final[dict[str, tuple[Asked, list[str], int]]] = {
    "customer": (((OF_HARBOUR,), ("open",), None), ["tickets_by_customer", "customer_id ="], 1),
    "nobody's": (((UNASSIGNED,), ("open",), None), ["tickets_by_assignee", "assigned_to_id IS NULL"], 1),
    "of neither": (
        ((IsNull("ticket_type"), IsNull("category")), None, None),
        ["tickets_by_type_and_category", "ticket_type IS NULL", "category IS NULL"],
        1,
    ),
    "of no type": (((IsNull("ticket_type"),), None, None), ["tickets_by_type", "ticket_type IS NULL"], 4),
    "a time": (((TIMES,), ("closed",), None), ["tickets_by_status", "ROW(raised_at, id) >", "ROW(raised_at, id) <"], 1),
    "after a position": (
        ((OF_HARBOUR,), ("closed",), MIDDLE),
        ["tickets_by_customer", "customer_id =", "ROW(raised_at, id) $"],
        1,
    ),
    "customers": (
        ((BOTH_CUSTOMERS,), ("open", "closed"), MIDDLE),
        ["tickets_by_customer", "customer_id =", "ROW(raised_at, id) $"],
        4,
    ),
}
"""What is asked for, what stands in the condition on the index of each branch, and how many there are."""


@pytest.fixture(scope="module")
def large(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tx]:
    """Enough tickets on PostgreSQL that an index is worth its while."""
    postgres.create_database("filter_plans")
    database = open_database(tmp_path_factory.mktemp("plans"), postgres.url("filter_plans"))
    migrate(database)
    cast.fill(database)
    database.write(fill)
    with undone(database) as tx:
        for times in range(6):
            tx.run(
                f"INSERT INTO tickets (id, raised_at, {OTHERS})"
                f" SELECT id + {10_000_000 * 2**times}, raised_at + {times}, {OTHERS} FROM tickets"
            )
        tx.run("ANALYZE tickets")
        yield tx
    database.close()
    postgres.drop_database("filter_plans")


def plan_of(tx: Tx, asked: Asked, page: Page) -> list[str]:
    """How PostgreSQL runs the statement whatever its values are, as the server has it planned."""
    recording = Recording(merges_lazily=False)
    ask(recording, asked, page)  # type: ignore[arg-type]  # all that a list asks for
    [(sql, params)] = recording.statements
    names = [name for name in params if f":{name}" in sql]
    for number, name in enumerate(names):
        sql = re.sub(rf":{name}\b", f"${number + 1}", sql)
    tx.run(f"PREPARE listing AS {sql}")
    try:
        given = ", ".join(["NULL"] * len(names))
        return [row["QUERY PLAN"] for row in tx.all(f"EXPLAIN (COSTS OFF) EXECUTE listing ({given})")]
    finally:
        tx.run("DEALLOCATE listing")


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("name", POSTGRES)
def test_postgresql_walks_the_index(large: Tx, name: str, newest_first: bool) -> None:  # noqa: FBT001
    """Each branch, in the index's order and from where it begins: nothing is sorted but what branches have found."""
    asked, said, branches = POSTGRES[name]
    plan = plan_of(large, asked, Page(1, 5, newest_first, asked[2]))
    walks = [number for number, line in enumerate(plan) if "using tickets_by" in line]
    assert len(walks) == branches, plan
    for number in walks:
        above, scan, condition = (line.strip().removeprefix("->  ") for line in plan[number - 1 : number + 2])
        assert above == "Limit", plan
        assert scan.startswith("Index "), plan
        for part in said:
            assert part.replace("$", "<" if newest_first else ">") in f"{scan} {condition}", plan
    assert not [line for line in plan if "Filter" in line], plan
