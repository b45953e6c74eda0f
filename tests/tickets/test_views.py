"""What is read of a ticket: its own row, and those of its parts that are asked for."""

from functools import reduce
from itertools import combinations
from operator import or_

import pytest

import cast
from acting import actor_of
from keesa.db import Tx
from keesa.tickets.finding import find_ticket, view_tickets
from keesa.tickets.views import Parts

EACH = {Parts.NOTES: "notes", Parts.STATUSES: "statuses", Parts.ASSIGNMENTS: "assignments"}
ANY = [reduce(or_, some, Parts(0)) for size in range(4) for some in combinations(EACH, size)]


@pytest.mark.parametrize("parts", ANY)
def test_only_the_parts_asked_for_are_read(tx: Tx, parts: Parts) -> None:
    """Each by itself, in any combination; the ticket's own fields are the same in all of them."""
    found = find_ticket(tx, actor_of(tx, cast.ADMIN), cast.ASSIGNED)
    [view] = view_tickets(tx, [found], parts, internal=True)
    assert {part for part, name in EACH.items() if getattr(view, name)} == set(parts)
    [whole] = view_tickets(tx, [found], Parts.NOTES | Parts.STATUSES | Parts.ASSIGNMENTS, internal=True)
    for name in (name for part, name in EACH.items() if part in parts):
        assert getattr(view, name) == getattr(whole, name)
    assert (view.id, view.title, view.raised_at) == (whole.id, whole.title, whole.raised_at)
