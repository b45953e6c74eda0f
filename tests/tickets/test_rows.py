"""Rows by any filters, in any order, page by page: what plain Python finds, each ticket once."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from furnished_tickets import FILTERS, Furnished, joined, plainly
from keesa.accounts.actors import Actor
from keesa.db import Database, Tx
from keesa.db.steps import run_to_the_end
from keesa.errors import Invalid
from keesa.tickets import rows
from keesa.tickets.row_filters import RowsWanted
from keesa.tickets.rows import SORTS, FoundRows, RowsPage, list_rows
from many_tickets import ACTORS, actors


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
@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_joins_with_each_other_one(full: Database, tickets: list[Furnished], name: str) -> None:
    """Alone in each order, and in pairs: the pages together have each ticket once, in order."""
    place = list(FILTERS).index(name)
    for number, (other, others) in enumerate(FILTERS.items()):
        if number < place:
            continue
        wanted = joined(FILTERS[name], others)
        actor = list(ACTORS.values())[number % 5]
        for sort in SORTS if other == name else [SORTS[(number + place) % 4]]:
            page = RowsPage((17, 60)[number % 2], sort, bool(number % 3))
            found = numbers(full, actor, wanted, page)
            assert found in (plainly(tickets, actor, wanted, sort, descending=page.descending), None), (other, sort)


@pytest.mark.usefixtures("looked_at")
@given(
    actor=actors(),
    names=st.lists(st.sampled_from(list(FILTERS)), max_size=4),
    page=st.builds(RowsPage, st.sampled_from((1, 7, 100)), st.sampled_from(SORTS), st.booleans()),
)
@deterministic(40)
def test_any_filters_find_what_plain_python_finds(
    full: Database, tickets: list[Furnished], actor: Actor, names: list[str], page: RowsPage
) -> None:
    """Of whom whatever, in whatever order."""
    wanted = RowsWanted()
    for name in names:
        wanted = joined(wanted, FILTERS[name])
    found = numbers(full, actor, wanted, page)
    assert found in (plainly(tickets, actor, wanted, page.sort, descending=page.descending), None)
