"""Lists by filters of every kind: each page, by its number or after a position, is what plain Python finds."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import at
from deterministic import deterministic
from keesa.accounts.actors import Actor
from keesa.accounts.filters import Filter, Term
from keesa.accounts.permissions import visible_to
from keesa.db import Database, Tx
from keesa.db.steps import run_to_the_end
from keesa.tickets.numbers import LARGEST
from keesa.tickets.pages import Page, Position, TicketsPage
from keesa.tickets.selecting import EVERY, select, select_page
from keesa.tickets.statuses import STATUSES, Status
from many_tickets import ACTORS, FIRST, MOMENTS, actors, fill
from plain_filters import COLUMNS, EACH_TERM, filters, meets
from undone import undone

Row = dict[str, Any]
NEW: Final = 2028001
"""The first number of those that are added while a list is read."""

wanted_filters: Final = st.lists(filters, min_size=1, max_size=2).map(tuple)
statuses_of_lists: Final = st.one_of(st.none(), st.none(), st.lists(st.sampled_from(STATUSES), unique=True).map(tuple))
positions: Final = st.builds(
    Position,
    st.sampled_from([*map(at, MOMENTS[::5]), 0, LARGEST]),
    st.sampled_from([0, *range(FIRST, FIRST + 300, 40), LARGEST]),
)
pages: Final = st.builds(
    Page,
    number=st.sampled_from((1, 1, 1, 1, 1, 2, 3, 10**30)),
    limit=st.sampled_from((1, 3, 20, 500, None, None)),
    newest_first=st.booleans(),
    after=st.one_of(st.none(), positions),
)


@pytest.fixture(scope="module")
def full(shared_database: Database) -> Database:
    """The cast's database with many tickets."""
    shared_database.write(fill)
    return shared_database


@pytest.fixture(scope="module")
def rows(full: Database) -> list[Row]:
    return full.read(rows_of)


@pytest.fixture
def writing(full: Database) -> Iterator[Tx]:
    """A transaction that is undone after the test."""
    with undone(full) as tx:
        yield tx


def rows_of(tx: Tx) -> list[Row]:
    return [{name: row[name] for name in COLUMNS} for row in tx.all(f"SELECT {', '.join(COLUMNS)} FROM tickets")]


def position_of(row: Row) -> Position:
    return Position(row["raised_at"], row["id"])


def plainly(
    rows: list[Row], actor: Actor, wanted: tuple[Filter, ...], statuses: tuple[Status, ...] | None, page: Page
) -> list[Row]:
    """Every ticket that the actor sees and that is wanted, in the page's order, and the page cut out of them."""
    found = [
        row
        for row in rows
        if any(meets(row, filter_) for filter_ in visible_to(actor))
        and any(meets(row, filter_) for filter_ in wanted)
        and (statuses is None or row["status"] in statuses)
    ]
    found.sort(key=position_of, reverse=page.newest_first)
    if page.after:
        after = page.after
        found = [row for row in found if (position_of(row) < after if page.newest_first else position_of(row) > after)]
    limit = LARGEST if page.limit is None else page.limit
    return found[(page.number - 1) * limit :][:limit]


def keys_of(rows: list[Row]) -> list[tuple[int, int]]:
    return [(row["id"], row["revision"]) for row in rows]


@given(actor=actors(), wanted=wanted_filters, statuses=statuses_of_lists, page=pages)
@deterministic(250)
def test_a_page_is_what_plain_python_finds(
    full: Database,
    rows: list[Row],
    actor: Actor,
    wanted: tuple[Filter, ...],
    statuses: tuple[Status, ...] | None,
    page: Page,
) -> None:
    """For filters of every kind and any actor, with a number, a position, or both."""
    found = full.read(lambda tx: list(run_to_the_end(select(tx, actor, wanted, [(statuses, page)]))))
    assert found == keys_of(plainly(rows, actor, wanted, statuses, page))


@pytest.mark.parametrize("one", EACH_TERM, ids=lambda term: f"{type(term).__name__} {term.column}")
def test_two_terms_find_what_plain_python_finds(full: Database, rows: list[Row], one: Term) -> None:
    """A term of each kind on each column, with each other one; in a filter together, and in one each."""
    admin, page = ACTORS["admin"], Page(limit=None)
    for other in EACH_TERM:
        for wanted in (((one, other),), ((one,), (other,))):
            found = full.read(lambda tx, wanted=wanted: list(run_to_the_end(select(tx, admin, wanted, [(None, page)]))))  # type: ignore[misc]  # a default in a lambda
            assert found == keys_of(plainly(rows, admin, wanted, None, page)), wanted


@given(
    actor=actors(),
    wanted=wanted_filters,
    many=st.lists(st.tuples(statuses_of_lists, positions), min_size=2, max_size=3),
    newest_first=st.booleans(),
)
@deterministic(100)
def test_each_group_goes_on_after_a_position_of_its_own(
    full: Database,
    rows: list[Row],
    actor: Actor,
    wanted: tuple[Filter, ...],
    many: list[tuple[tuple[Status, ...] | None, Position]],
    newest_first: bool,  # noqa: FBT001
) -> None:
    """Several groups in one statement, each with its own statuses."""
    groups = [(statuses, Page(limit=4, newest_first=newest_first, after=after)) for statuses, after in many]
    found = full.read(lambda tx: list(run_to_the_end(select(tx, actor, wanted, groups))))
    assert found == [key for group in groups for key in keys_of(plainly(rows, actor, wanted, *group))]


def add(tx: Tx, number: int, source: int) -> None:
    """A ticket raised after all others, otherwise like `source`."""
    names = (
        "title, description, status, priority, ticket_type, category, customer_id, product_id, contact_name,"
        " contact_number, raised_by_id, assigned_to_id, closed_on"
    )
    tx.run(
        f"INSERT INTO tickets (id, raised_at, {names})"
        f" SELECT :id, (SELECT max(raised_at) FROM tickets) + :later, {names} FROM tickets WHERE id = :source",
        id=number,
        later=number % 2,
        source=source,
    )


@given(
    actor=actors(),
    wanted=wanted_filters,
    statuses=statuses_of_lists,
    limit=st.sampled_from((1, 7, 40)),
    newest_first=st.booleans(),
    sources=st.lists(st.integers(FIRST, FIRST + 299), max_size=3),
)
@deterministic(120)
def test_every_ticket_is_met_once_though_others_are_added(
    writing: Tx,
    actor: Actor,
    wanted: tuple[Filter, ...],
    statuses: tuple[Status, ...] | None,
    limit: int,
    newest_first: bool,  # noqa: FBT001
    sources: list[int],
) -> None:
    """From position to position to the end: in order, full pages but the last, and no end before it. What is added at
    the newest end meanwhile comes last where the newest come last, and else not at all.
    """
    writing.run("DELETE FROM tickets WHERE id >= :new", new=NEW)  # of the example before
    expected = plainly(rows_of(writing), actor, wanted, statuses, Page(1, None, newest_first))
    walked: list[tuple[int, int]] = []
    page, number = Page(1, limit, newest_first), NEW
    while len(walked) <= len(expected) + 3:
        found = run_to_the_end(select_page(writing, actor, wanted, statuses, page))
        walked += found.tickets
        if found.next_after is None:
            break
        assert len(found.tickets) == limit
        page = Page(1, limit, newest_first, found.next_after)
        if sources:
            add(writing, number, sources.pop())
            number += 1
    if not newest_first:
        expected = plainly(rows_of(writing), actor, wanted, statuses, Page(1, None, newest_first))
    assert walked == keys_of(expected)


@given(actor=actors(), wanted=wanted_filters, statuses=statuses_of_lists, newest_first=st.booleans())
@deterministic(40)
def test_numbers_lead_to_the_same_end(
    full: Database,
    rows: list[Row],
    actor: Actor,
    wanted: tuple[Filter, ...],
    statuses: tuple[Status, ...] | None,
    newest_first: bool,  # noqa: FBT001
) -> None:
    """Page by page by number, and whether more follow is told there too."""

    def walk(tx: Tx) -> Iterator[TicketsPage]:
        for number in range(1, 100):
            page = run_to_the_end(select_page(tx, actor, wanted, statuses, Page(number, 17, newest_first)))
            yield page
            if page.next_after is None:
                return

    found = full.read(lambda tx: [ticket for page in walk(tx) for ticket in page.tickets])
    assert found == keys_of(plainly(rows, actor, wanted, statuses, Page(1, None, newest_first)))


def test_a_full_last_page_is_the_last(full: Database, rows: list[Row]) -> None:
    """Nobody is sent to an empty page."""
    every = plainly(rows, ACTORS["admin"], EVERY, None, Page(limit=None))
    for limit, goes_on in ((len(every), False), (len(every) - 1, True), (None, False)):
        page = Page(limit=limit)
        found = full.read(lambda tx, page=page: run_to_the_end(select_page(tx, ACTORS["admin"], EVERY, None, page)))  # type: ignore[misc]  # a default in a lambda
        assert found.next_after == (position_of(every[-2]) if goes_on else None)
        assert found.tickets == keys_of(every)[:limit]
