"""Rows by any filters, in any order, page by page: what plain Python finds, each ticket once."""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import ADMIN, ENGINEER, HARBOUR, SCHOOL, at
from deterministic import deterministic
from furnished_tickets import LATER, REFERENCES, Furnished, furnish, furnished, joined, plainly
from keesa.accounts.actors import Actor
from keesa.accounts.filters import IsNull, Range, one_of
from keesa.db import Database, Tx
from keesa.db.steps import run_to_the_end
from keesa.errors import Invalid
from keesa.tickets import rows
from keesa.tickets.row_filters import RowsWanted
from keesa.tickets.rows import SORTS, FoundRows, RowSort, RowsPage, list_rows
from many_tickets import ACTORS, MOMENTS, actors

FILTERS: Final[Mapping[str, RowsWanted]] = {
    "none": RowsWanted(),
    "status": RowsWanted(statuses=frozenset({"open", "on_hold"})),
    "ticket_type": RowsWanted(terms=(one_of("ticket_type", ["eco_support", "remote_support"]),)),
    "category": RowsWanted(terms=(one_of("category", ["fault"]),)),
    "product_id": RowsWanted(terms=(one_of("product_id", [1, 3]),)),
    "priority": RowsWanted(terms=(one_of("priority", [1, 4]),)),
    "customer_id": RowsWanted(terms=(one_of("customer_id", [SCHOOL]),)),
    "customers": RowsWanted(terms=(one_of("customer_id", [HARBOUR, SCHOOL]),)),
    "assigned_to_id": RowsWanted(terms=(one_of("assigned_to_id", [ENGINEER.id]),)),
    "unassigned": RowsWanted(terms=(IsNull("assigned_to_id"),)),
    "raised_by_id": RowsWanted(terms=(one_of("raised_by_id", [ADMIN.id, ENGINEER.id]),)),
    "eco_id": RowsWanted(eco_ids=frozenset({1, 2})),
    "reference": RowsWanted(reference=REFERENCES[0]),
    "tag": RowsWanted(tag_ids=frozenset({1, 3})),
    "watched": RowsWanted(watched=True),
    "mentioned": RowsWanted(mentioned=True),
    "answered": RowsWanted(answered=True),
    "held": RowsWanted(held_from="2026-02-02", held_to="2026-02-05"),
    "raised": RowsWanted(raised=Range("raised_at", at(MOMENTS[4]), at(MOMENTS[15]))),
    "updated_since": RowsWanted(updated_since=LATER + 20_000),
    "long_since": RowsWanted(updated_since=at(MOMENTS[9])),
}
"""One of each kind."""


@pytest.fixture(scope="module")
def full(shared_database: Database) -> Database:
    shared_database.write(furnish)
    return shared_database


@pytest.fixture(scope="module")
def tickets(full: Database) -> list[Furnished]:
    return full.read(furnished)


@pytest.fixture(params=["whole", "in windows"])
def looked_at(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """So few tickets are sorted whole; with a smaller bound they are looked through window after window."""
    if request.param == "in windows":
        monkeypatch.setattr(rows, "FEW", 9)
        monkeypatch.setattr(rows, "LOOKED_AT", 23)
        monkeypatch.setattr(rows, "CHANGED", 5)


def walk(tx: Tx, actor: Actor, wanted: RowsWanted, page: RowsPage) -> Iterator[FoundRows]:
    """Each page, to the end."""
    for _ in range(3000):
        found = run_to_the_end(list_rows(tx, actor, wanted, page))
        yield found
        if found.next_after is None:
            return
        assert found.next_after != page.after
        page = RowsPage(page.limit, page.sort, page.descending, found.next_after)
    raise AssertionError("no end")


def numbers(full: Database, actor: Actor, wanted: RowsWanted, page: RowsPage) -> list[int] | None:
    """Of all pages; None where the order is refused, which a customer's user alone is."""
    try:
        pages = full.read(lambda tx: list(walk(tx, actor, wanted, page)))
    except Invalid:
        if actor.user_type == "customer" and page.sort in ("changed", "held_until"):
            return None
        raise
    assert all(len(found.rows) <= page.limit for found in pages)
    return [row.id for found in pages for row in found.rows]


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_joins_with_each_other_one(
    full: Database, tickets: list[Furnished], name: str, sort: RowSort
) -> None:
    """In each order, alone and in pairs: the pages together have each ticket once, in order."""
    for number, (other, others) in enumerate(FILTERS.items()):
        if number < list(FILTERS).index(name):
            continue
        wanted = joined(FILTERS[name], others)
        actor = list(ACTORS.values())[number % 5]
        page = RowsPage((17, 60)[number % 2], sort, bool(number % 3))
        found = numbers(full, actor, wanted, page)
        assert found in (plainly(tickets, actor, wanted, sort, descending=page.descending), None), other


@pytest.mark.usefixtures("looked_at")
@given(
    actor=actors(),
    names=st.lists(st.sampled_from(list(FILTERS)), max_size=4),
    page=st.builds(RowsPage, st.sampled_from((1, 7, 100)), st.sampled_from(SORTS), st.booleans()),
)
@deterministic(100)
def test_any_filters_find_what_plain_python_finds(
    full: Database, tickets: list[Furnished], actor: Actor, names: list[str], page: RowsPage
) -> None:
    """Of whom whatever, in whatever order."""
    wanted = RowsWanted()
    for name in names:
        wanted = joined(wanted, FILTERS[name])
    found = numbers(full, actor, wanted, page)
    assert found in (plainly(tickets, actor, wanted, page.sort, descending=page.descending), None)
