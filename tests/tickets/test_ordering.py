"""The order of lists: by time raised, and by number where two were raised at the same moment."""

import pytest

from acting import actor_of
from cast import ADMIN, HARBOUR
from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.tickets.lists import list_by_category, list_by_type, list_groups, list_of_customer, list_own_unclosed
from keesa.tickets.numbers import LARGEST
from keesa.tickets.pages import Page
from kept_tickets import Shelved, shelve
from listing import tickets

SAME_MOMENT = [2026000 + number for number in (5, 2, 9, 1, 7, 3, 8, 4, 6)]
"""Numbers of tickets that were all raised at once; they are kept in this order."""
LATER, EARLIER = 2026010, 2026011

LISTS = {
    "by type": lambda tx, actor, page: tickets(tx, list_by_type(tx, actor, "remote_support", "open", page)),
    "by category": lambda tx, actor, page: tickets(tx, list_by_category(tx, actor, "survey", page)),
    "groups": lambda tx, actor, page: [
        ticket
        for ticket in tickets(tx, list_groups(tx, actor, page, (None, 1, 1)))
        if ticket.ticket_type == "remote_support"
    ],
}


@pytest.fixture
def admin(tx: Tx) -> Actor:
    """Who sees the nine of the same moment, one raised later and one earlier."""
    shelve(tx, [Shelved(number=number) for number in SAME_MOMENT])
    shelve(tx, [Shelved(number=LATER, raised="2025-06-01T09:01"), Shelved(number=EARLIER, raised="2025-06-01T08:59")])
    return actor_of(tx, ADMIN)


NEWEST_FIRST = [LATER, *sorted(SAME_MOMENT, reverse=True), EARLIER]


@pytest.mark.parametrize("name", LISTS)
def test_the_newest_comes_first_and_of_one_moment_the_highest_number(tx: Tx, admin: Actor, name: str) -> None:
    """The order in which they were kept makes no difference."""
    assert [ticket.id for ticket in LISTS[name](tx, admin, Page(limit=None))] == NEWEST_FIRST


@pytest.mark.parametrize("name", LISTS)
def test_the_other_way_round_is_the_same_list_turned(tx: Tx, admin: Actor, name: str) -> None:
    """Also among those of one moment."""
    oldest_first = LISTS[name](tx, admin, Page(limit=None, newest_first=False))
    assert [ticket.id for ticket in oldest_first] == NEWEST_FIRST[::-1]


@pytest.mark.parametrize("name", ["by type", "by category"])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 10, 11, 12])
def test_pages_show_each_ticket_once(tx: Tx, admin: Actor, name: str, limit: int) -> None:
    """A page may end between two of one moment; behind the last page there is nothing."""
    pages = [LISTS[name](tx, admin, Page(number, limit)) for number in range(1, 13)]
    assert [ticket.id for page in pages for ticket in page] == NEWEST_FIRST
    assert all(len(page) <= limit for page in pages)


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_group_of_two_statuses_is_one_list(tx: Tx, newest_first: bool) -> None:  # noqa: FBT001
    """Those of one moment are in the order of their numbers, whichever of the two each has, on every page."""
    shelve(
        tx,
        [
            Shelved(number=number, status="on_hold" if number % 2 else "in_progress", ticket_type="roc_support")
            for number in SAME_MOMENT
        ],
    )
    admin, shown = actor_of(tx, ADMIN), []
    for number in range(1, 5):
        found = tickets(tx, list_groups(tx, admin, Page(limit=3, newest_first=newest_first), (1, number, 1)))
        shown += [ticket.id for ticket in found if ticket.ticket_type == "roc_support"]
    assert shown == sorted(SAME_MOMENT, reverse=newest_first)


@pytest.mark.parametrize("number", [12, 10**6, LARGEST, 10**30])
def test_a_page_far_behind_the_end_is_empty(tx: Tx, admin: Actor, number: int) -> None:
    """However far: no engine is asked for more than it can count."""
    assert tickets(tx, list_by_category(tx, admin, "survey", Page(number, 500))) == []


def test_other_lists_are_in_the_same_order(tx: Tx, admin: Actor) -> None:
    """A customer's tickets, and one's own."""
    of_customer = tickets(tx, list_of_customer(tx, admin, HARBOUR, "open", Page(limit=11)))
    own = tickets(tx, list_own_unclosed(tx, admin, Page(limit=11)))
    assert [ticket.id for ticket in of_customer] == NEWEST_FIRST
    assert [ticket.id for ticket in own] == NEWEST_FIRST
