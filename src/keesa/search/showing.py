"""The tickets of a page of a search: the row of each, and what it was found by."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from keesa.accounts.actors import Actor
from keesa.db import Steps, Tx
from keesa.search.language import Query
from keesa.search.marks import Mark, Texts
from keesa.tickets.row_views import TicketRow, row_of, shown_to
from keesa.words.places import ticket_at


class FoundTicket(NamedTuple):
    row: TicketRow
    marks: Sequence[Mark]


def show(tx: Tx, actor: Actor, query: Query, places: Sequence[int]) -> Steps[list[FoundTicket]]:
    """Those that were found there, in their order. A read sees one state of all: what was found to fit still does."""
    if not places:
        return []
    texts = Texts(tx, actor, places)
    numbers = [*map(ticket_at, places)]
    found = tx.each(
        f"SELECT {shown_to(actor)} FROM tickets WHERE tickets.id IN $json_ids",
        ids=msgspec.json.encode(numbers).decode(),
    )
    rows = {row.id: row for row in (row_of(values, actor) for values in found)}
    marks = yield from texts.marks(query)
    return [FoundTicket(rows[number], of_ticket) for number, of_ticket in zip(numbers, marks, strict=True)]
