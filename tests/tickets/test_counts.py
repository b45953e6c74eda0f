"""Counts of tickets: what the list under the same filter has, exactly up to a bound, and never more than it has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import CUSTOMER, ENGINEER, HARBOUR
from deterministic import deterministic
from furnished_tickets import CHANGES, DAYS, FILTERS, LATER, Furnished, joined, plainly
from keesa.accounts.actors import Actor
from keesa.accounts.filters import Equals, IsNull
from keesa.db import Database, Tx
from keesa.db.steps import run_to_the_end
from keesa.tickets import counts, row_leads
from keesa.tickets.counts import Count, CountName, count_tickets, names_for
from keesa.tickets.row_filters import RowsWanted
from keesa.tickets.rows import RowsPage, list_rows
from keesa.tickets.statuses import ACTIVE, CLOSED, OPEN, Status
from many_tickets import ACTORS, actors, someone
from undone import undone

TODAY: Final = DAYS[1]
INDEXED: Final = {
    **dict.fromkeys(("none", "status", "raised"), ("admin", "staff", "staff with three types", "customer")),
    **dict.fromkeys(("customer_id", "customers", "ticket_type", "category", "assigned_to_id"), ("admin",)),
}
"""For whom an index leads to nothing but what is seen and wanted."""


@pytest.fixture(params=["all", "few"])
def told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts end behind all of the tickets, or sooner."""
    if request.param == "few":
        monkeypatch.setattr(counts, "MOST", 20)
        monkeypatch.setattr(counts, "LOOKED_AT", 21)


def lists(actor: Actor) -> Mapping[CountName, RowsWanted]:
    """What a list would have to want, as the documentation says it."""
    of_status: dict[CountName, Sequence[Status]] = {
        "open": OPEN,
        "active": ACTIVE,
        "closed": CLOSED,
        "in_progress": ("in_progress",),
        "on_hold": ("on_hold",),
    }
    mine = Equals("assigned_to_id", actor.id)
    return {
        "all": RowsWanted(),
        **{name: RowsWanted(statuses=frozenset(statuses)) for name, statuses in of_status.items()},
        "mine_open": RowsWanted(statuses=frozenset(OPEN), terms=(mine,)),
        "mine_active": RowsWanted(statuses=frozenset(ACTIVE), terms=(mine,)),
        "unassigned": RowsWanted(statuses=frozenset((*OPEN, *ACTIVE)), terms=(IsNull("assigned_to_id"),)),
        "held": RowsWanted(held_from="0001-01-01"),
        "due_today": RowsWanted(held_to=TODAY),
        "answered": RowsWanted(answered=True),
        "mentioned": RowsWanted(mentioned=True),
        "watched": RowsWanted(watched=True),
    }


def both(wanted: RowsWanted, more: RowsWanted) -> RowsWanted:
    """As two filters of one list, of which all must fit."""
    found = joined(wanted, more)
    if wanted.statuses is not None and more.statuses is not None:
        found = replace(found, statuses=wanted.statuses & more.statuses)
    if wanted.held_from is not None and more.held_from is not None:
        found = replace(found, held_from=max(wanted.held_from, more.held_from))
    if wanted.held_to is not None and more.held_to is not None:
        found = replace(found, held_to=min(wanted.held_to, more.held_to))
    return found


def counted(full: Database, actor: Actor, wanted: RowsWanted) -> dict[CountName, Count]:
    names = names_for(actor)
    return full.read(lambda tx: run_to_the_end(count_tickets(tx, actor, wanted, names, TODAY)))


def of_all_pages(tx: Tx, actor: Actor, wanted: RowsWanted) -> int:
    page: RowsPage | None = RowsPage(500)
    found = 0
    while page is not None:
        rows = run_to_the_end(list_rows(tx, actor, wanted, page))
        found += len(rows.rows)
        page = None if rows.next_after is None else RowsPage(500, after=rows.next_after)
    return found


def agree(count: Count, size: int) -> bool:
    """Whether the count may be told of so many."""
    if count.exact:
        return count.count == size <= counts.MOST
    return count.count <= min(size, counts.MOST)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_is_counted_as_it_is_listed(full: Database, name: str) -> None:
    """Of each who asks: a count is what all pages of the list have, or where it is not exact no more than that."""
    for actor in ACTORS.values():
        found = counted(full, actor, FILTERS[name])
        assert [*found] == [*names_for(actor)]
        for each, wanted in lists(actor).items():
            if each in found:
                size = full.read(partial(of_all_pages, actor=actor, wanted=both(FILTERS[name], wanted)))
                assert agree(found[each], size), (each, found[each], size)


@pytest.mark.usefixtures("told")
@given(actor=actors(), names=st.lists(st.sampled_from(list(FILTERS)), max_size=3))
@deterministic(60)
def test_any_filters_are_counted_as_plain_python_counts(
    full: Database, tickets: list[Furnished], actor: Actor, names: list[str]
) -> None:
    """Of whom whatever."""
    wanted = RowsWanted()
    for name in names:
        wanted = joined(wanted, FILTERS[name])
    found = counted(full, actor, wanted)
    for name, count in found.items():
        size = len(plainly(tickets, actor, both(wanted, lists(actor)[name]), "raised", descending=True))
        assert agree(count, size), (name, count, size)


@pytest.mark.parametrize("name", FILTERS)
def test_few_are_always_counted_exactly(full: Database, name: str) -> None:
    """Whatever is asked for, where all that there is may be looked at."""
    for actor in ACTORS.values():
        assert all(count.exact for count in counted(full, actor, FILTERS[name]).values())


@pytest.mark.parametrize("name", INDEXED)
def test_what_an_index_leads_to_is_exact_up_to_the_bound(
    full: Database, tickets: list[Furnished], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """At the bound itself too; one more is the bound, and not exact."""
    for who in INDEXED[name]:
        actor, wanted = ACTORS[who], FILTERS[name]
        statuses: Sequence[CountName] = ("all",) if name == "category" else ("all", "open", "active", "closed")
        for each in statuses:
            size = len(plainly(tickets, actor, both(wanted, lists(actor)[each]), "raised", descending=True))
            for most in {size - 1, size, size + 1} - {-1, 0}:
                monkeypatch.setattr(counts, "MOST", most)
                monkeypatch.setattr(counts, "LOOKED_AT", most + 1)
                count = counted(full, actor, wanted)[each]
                assert count == Count(min(size, most), exact=size <= most), (who, each)


def test_what_few_have_is_exact_among_many(full: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tag, a mention, a change, a day: the index that leads to the fewest is looked through."""
    monkeypatch.setattr(counts, "MOST", 100)
    monkeypatch.setattr(counts, "LOOKED_AT", 101)
    wanted = joined(FILTERS["product_id"], RowsWanted(tag_ids=frozenset({1}), watched=True))
    assert all(count.exact for count in counted(full, ACTORS["admin"], wanted).values())
    for name in ("updated_since", "held", "answered", "mentioned"):
        assert counted(full, ACTORS["admin"], joined(FILTERS["product_id"], FILTERS[name]))["all"].exact, name


def test_a_duplicates_change_counts_for_its_main_ticket(
    full: Database, tickets: list[Furnished], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which has no event of its own: where few events lead to what has changed, they lead to it too."""
    monkeypatch.setattr(row_leads, "DRIFT", 0)
    monkeypatch.setattr(counts, "MOST", 40)
    monkeypatch.setattr(counts, "LOOKED_AT", 41)
    for second in range(CHANGES // 2 - 10, CHANGES // 2):
        wanted = RowsWanted(updated_since=LATER + second * 1000)
        size = len(plainly(tickets, ACTORS["admin"], wanted, "raised", descending=True))
        assert counted(full, ACTORS["admin"], wanted)["all"] == Count(size, exact=True), second


def test_a_customers_counts_hang_on_nobody_elses_tickets(full: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even whether they are exact: that too many others have the reference is nothing to them."""
    monkeypatch.setattr(counts, "MOST", 20)
    monkeypatch.setattr(counts, "LOOKED_AT", 21)
    actor = someone("customer", CUSTOMER.id, customer_id=HARBOUR)
    wanted = [FILTERS[name] for name in ("reference", "eco_id", "held", "updated_since", "raised_by_id")]
    before = [counted(full, actor, each) for each in wanted]

    with undone(full) as tx:
        others = "(SELECT id FROM tickets WHERE customer_id <> :customer)"
        tx.run(f"DELETE FROM ticket_events WHERE ticket_id IN {others}", customer=HARBOUR)
        tx.run(
            f"UPDATE tickets SET reference = NULL, eco_id = NULL, held_until = NULL WHERE id IN {others}",
            customer=HARBOUR,
        )
        assert [run_to_the_end(count_tickets(tx, actor, each, names_for(actor), TODAY)) for each in wanted] == before


def test_nothing_is_counted_for_whom_no_ticket_is(full: Database) -> None:
    """A bot, and a member of staff with a filter that excludes all."""
    assert {*counted(full, ACTORS["bot"], RowsWanted()).values()} == {Count(0, exact=True)}
    none = RowsWanted(statuses=frozenset())
    assert {*counted(full, someone("staff", ENGINEER.id), none).values()} == {Count(0, exact=True)}
