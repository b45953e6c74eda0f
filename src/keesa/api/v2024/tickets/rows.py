"""Tickets as short rows, for lists that people filter, sort and look through."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from keesa.accounts.permissions import TICKETS_READ
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next, next_link
from keesa.api.v2024.fields import Time
from keesa.api.v2024.tickets.row_queries import RowsQuery, wanted_of
from keesa.api.vocabulary import StatusName
from keesa.clock import Clock
from keesa.db import Steps, Tx
from keesa.tickets import row_views
from keesa.tickets.rows import RowSort, RowsPage, list_rows
from keesa.web.cursors import cursor_of, position_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

LARGEST_ROW: Final = 400
"""Bytes of JSON."""
_CUT: Final = "…"
_KEYS: Final[Mapping[RowSort, Any]] = {
    "raised": tuple[int, int],
    "changed": tuple[int, int],
    "priority": tuple[int, int, int],
    "held_until": tuple[str, int],
}
_UPWARDS: Final = frozenset({"priority", "held_until"})
"""In these orders lists begin with the smallest, unless the other end is asked for."""


class TicketRow(Struct, array_like=True):
    """An array: what the values are, `columns` tells beside the rows. With its title cut it has at most 400 bytes."""

    id: Annotated[int, Meta(description="The ticket's id: its number as an integer")]
    title: Annotated[str, Meta(description="The title, with … at its end where it was cut")]
    status: StatusName
    priority: Annotated[int, Meta(description="1 is the most urgent, 5 the least")]
    ticket_type: Annotated[str | None, Meta(description="The key of its ticket type")]
    category: Annotated[str | None, Meta(description="The key of its category")]
    customer_id: Annotated[int, Meta(description="The customer's id")]
    product_id: Annotated[int, Meta(description="The product's id")]
    raised_at: Time
    raised_by_id: Annotated[int, Meta(description="The id of the user who raised it")]
    assigned_to_id: Annotated[int | None, Meta(description="The id of the user whom it is assigned to")]
    updated_at: Time
    held_until: Annotated[str | None, Meta(description="The day until which it is held")]
    answered: Annotated[
        bool | None, Meta(description="Whether an answer of the customer's waits; null for a customer's user")
    ]
    notes_count: Annotated[int, Meta(description="Of the notes that you may read")]
    last_note_at: Time | None
    last_note_by_id: Annotated[int | None, Meta(description="The id of the last note's author")]


EXAMPLE: Final = (
    *(202412, "No signal on channel 4", "in_progress", 2, "customer_support", "fault", 12, 3),
    *("2024-06-28T10:15:30.000+05:00", 7, 3, "2024-06-28T12:00:00.000+05:00", None, False, 2),
    *("2024-06-28T12:00:00.000+05:00", 3),
)
COLUMNS: Final = TicketRow.__struct_fields__


def shown(row: row_views.TicketRow, clock: Clock) -> TicketRow:
    """With as much of the title as fits."""
    made = TicketRow(
        id=row.id,
        title="",
        status=row.status,
        priority=row.priority,
        ticket_type=row.ticket_type,
        category=row.category,
        customer_id=row.customer_id,
        product_id=row.product_id,
        raised_at=clock.iso(row.raised_at),
        raised_by_id=row.raised_by_id,
        assigned_to_id=row.assigned_to_id,
        updated_at=clock.iso(row.updated_at),
        held_until=row.held_until,
        answered=row.answered,
        notes_count=row.notes_count,
        last_note_at=None if row.last_note_at is None else clock.iso(row.last_note_at),
        last_note_by_id=row.last_note_by_id,
    )
    made.title = _cut(row.title, LARGEST_ROW - len(msgspec.json.encode(made)))
    return made


def _cut(text: str, left: int) -> str:
    """As much of it as JSON can say in so many bytes."""
    if _size(text) <= left:
        return text
    left -= _size(_CUT)
    end = 0
    for character in text:
        left -= _size(character)
        if left < 0:
            break
        end += 1
    return text[:end].rstrip() + _CUT if end else ""


def _size(text: str) -> int:
    """Bytes within the quotation marks."""
    return len(msgspec.json.encode(text)) - 2


class Rows(Struct):
    columns: Annotated[tuple[str, ...], Meta(description="What the values of a row are, in their order")]
    rows: Annotated[list[TicketRow], Meta(description="The tickets of this page, an array each")]
    next: Next


class RowsAnswer(Struct):
    data: Rows


@ROUTES.add(
    "GET",
    "/tickets/rows",
    summary="List the tickets that you see as short rows, by any filters together and in an order of your choice",
    kept=True,
    permission=TICKETS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"columns": COLUMNS, "rows": [EXAMPLE], "next": "WzE3MTk1NTE3MzAwMDAsMjAyNDEyXQ"}},
)
def index(tx: Tx, call: Call[RowsQuery, None]) -> Steps[Reply[RowsAnswer]]:
    """A row has no texts but the title, which is cut, and ids in place of names: it takes at most 400 bytes.

    All filters must fit. One that takes several values may be repeated, or name them with commas between (at most 20):
    any of them will do. `sort` is `raised` (the default) or `changed`, both the newest first, `priority`, the most
    urgent first, or `held_until`, the soonest first and only what is held until some day; `order` turns each round.

    However many tickets there are, a page looks at a thousand at most. So it may hold fewer rows than `limit`, or none,
    and yet have a `next`: the search goes on there. A customer's user who sees more than 250 tickets sorts them
    by `changed` or `held_until` only with filters that leave fewer (422).
    """
    query, epoch, clock = call.query, call.caller.epoch, call.services.clock
    wanted = wanted_of(tx, call.actor, query, clock)
    after = None if query.after is None else position_of(query.after, _KEYS[query.sort], epoch)
    descending = query.order == "desc" if query.order else query.sort not in _UPWARDS
    found = yield from list_rows(tx, call.actor, wanted, RowsPage(query.page_size, query.sort, descending, after))
    cursor = None if found.next_after is None else cursor_of(found.next_after, epoch)
    link = next_link(call, "/tickets/rows", cursor)
    etag = call.etag_of_content("rows", found.rows, cursor, link)
    answer = RowsAnswer(Rows(COLUMNS, [shown(row, clock) for row in found.rows], cursor))
    return Reply(answer, link, etag=etag)
