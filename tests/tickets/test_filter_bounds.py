"""How many searches a list may need, what is announced as long, and what is kept of statements."""

from collections.abc import Sequence
from typing import Final

import pytest

from cast import HARBOUR
from keesa.accounts.actors import Actor
from keesa.accounts.filters import MOST_VALUES, Equals, Filter, IsNull, Range, one_of
from keesa.db import Pace
from keesa.tickets import selecting
from keesa.tickets.branches import MANY, MOST
from keesa.tickets.pages import Page, Position
from keesa.tickets.selecting import select
from keesa.tickets.statuses import STATUSES, Status
from many_tickets import ACTORS, FIRST, Recording, someone

TIMES: Final = Range("raised_at", 5, 12)
MANY_CUSTOMERS: Final = one_of("customer_id", range(1, MOST_VALUES + 1))


def statement(actor: Actor, *wanted: Filter, statuses: Sequence[Status] | None = None) -> tuple[str, list[Pace]]:
    """The statement that a list runs, and the paces that it tells before."""
    tx = Recording()
    steps = select(tx, actor, wanted, [(statuses, Page())])  # type: ignore[arg-type]  # all that a list asks for
    paces = list(steps)
    return tx.statements[0][0], paces


def test_a_large_membership_is_searched_for_value_by_value() -> None:
    """As many as it may have, where nothing else leads to its tickets; that many searches are announced as long."""
    sql, paces = statement(ACTORS["admin"], (MANY_CUSTOMERS,))
    assert sql.count("tickets.customer_id = ") == MOST_VALUES * len(STATUSES) <= MOST
    assert paces == [Pace.LONG]


def test_a_large_membership_does_not_multiply_what_leads_already() -> None:
    """The staff's own tickets are few: the customers are looked at row by row, so that the branches stay few."""
    sql, paces = statement(ACTORS["staff"], (MANY_CUSTOMERS,))
    assert sql.count("tickets.customer_id IN (") == sql.count("SELECT raised_at") == 2 * len(STATUSES) <= MANY
    assert paces == [Pace.LONG]


def test_two_memberships_do_not_multiply_each_other() -> None:
    """Where the product would be too many, one of them leads."""
    two = one_of("ticket_type", map(str, range(50))), one_of("category", map(str, range(50)))
    sql, _ = statement(ACTORS["admin"], two)
    assert sql.count("tickets.category IN (") == sql.count("SELECT raised_at") == 50 * len(STATUSES)


def test_too_many_searches_are_refused() -> None:
    """However they come about: several memberships, each as large as it may be."""
    wanted = [(MANY_CUSTOMERS, Equals("priority", priority)) for priority in (1, 2)]
    with pytest.raises(ValueError, match=r"^These values would need 800 searches, more than 500$"):
        statement(ACTORS["admin"], *wanted)


@pytest.mark.parametrize(
    ("filter_", "statuses", "long"),
    [
        ((Equals("customer_id", HARBOUR), Equals("category", "fault")), None, False),
        ((TIMES,), None, False),
        ((IsNull("assigned_to_id"), TIMES), None, False),
        ((Equals("priority", 1),), None, True),
        ((IsNull("closed_on"),), None, True),
        ((Range("closed_on", "2026-01-01", None),), ("closed",), True),
        ((Equals("category", "fault"),), ("open",), True),
        ((Equals("id", FIRST), Equals("priority", 1)), ("open",), False),
    ],
)
def test_a_look_at_row_after_row_is_announced(filter_: Filter, statuses: Sequence[Status] | None, long: bool) -> None:  # noqa: FBT001
    """What may pass many tickets by is a long step; what lists have always asked for is none."""
    assert statement(ACTORS["admin"], filter_, statuses=statuses)[1] == ([Pace.LONG] if long else [])


def test_filters_of_one_shape_share_a_statement() -> None:
    """Whatever their values, and whoever asks: neither a range nor a position makes an entry of its own."""
    selecting._statement.cache_clear()  # noqa: SLF001 - nothing else shows what is kept
    for number in range(1, 50):
        page = Page(limit=number, after=Position(number, number))
        wanted = (
            (Equals("customer_id", number), Range("raised_at", number, number + 7), one_of("priority", [number, -1])),
        )
        list(select(Recording(), someone("staff", number), wanted, [(None, page)]))  # type: ignore[arg-type]  # as above
    assert selecting._statement.cache_info().currsize == 1  # noqa: SLF001 - as above


def test_ranges_and_memberships_are_not_kept_by_their_values() -> None:
    """Only who asks for which equal values is: those come again."""
    before = selecting._prepared.cache_info().currsize  # noqa: SLF001 - as above
    for number in range(50):
        statement(ACTORS["admin"], (Range("raised_at", number, None),))
        statement(ACTORS["admin"], (one_of("customer_id", [number, number + 1]),))
    assert selecting._prepared.cache_info().currsize == before  # noqa: SLF001 - as above
