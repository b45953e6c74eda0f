"""Searching tickets by their texts, with the filters of rows."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from keesa.accounts.permissions import TICKETS_READ
from keesa.api.calls import Call
from keesa.api.cursor_pages import DEFAULT_LIMIT, After, Next, next_link
from keesa.api.list_queries import Order
from keesa.api.v2024.tickets import rows
from keesa.api.v2024.tickets.row_queries import TicketFilters, wanted_of
from keesa.clock import Clock
from keesa.db import Steps, Tx
from keesa.errors import Invalid
from keesa.search import finding
from keesa.search.finding import SearchPage, SearchSort, search
from keesa.search.language import MOST_CHARACTERS, Query, read_query
from keesa.search.marks import Part
from keesa.search.showing import FoundTicket, show
from keesa.tickets.row_filters import RowsWanted
from keesa.web.cursors import cursor_of, position_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes
from keesa.words.filling import whole_soon

ROUTES = Routes()

LARGEST_LIMIT: Final = 50
UNORDERED: Final = "goes with the other sorts: the best are those whose title, number or names have all of it"


class SearchQuery(TicketFilters, frozen=True, kw_only=True):
    q: Annotated[
        str,
        Meta(
            description='Words, beginnings of words with a * behind them, phrases in "quotation marks"; what has a -'
            " before it must not be there",
            examples=["signal 7912345", '"channel 4" -router'],
            extra_json_schema={"maxLength": MOST_CHARACTERS},
        ),
    ]
    sort: Annotated[
        SearchSort,
        Meta(title="SearchSort", description="What they are sorted by", extra_json_schema={"type": "string"}),
    ] = "best"
    order: Order | None = None
    limit: Annotated[int, Meta(ge=1, description="Tickets a page; above 50 is taken as 50")] = DEFAULT_LIMIT
    after: After | None = None

    @property
    def page_size(self) -> int:
        return min(self.limit, LARGEST_LIMIT)


class Excerpt(Struct, rename={"part": "in"}):
    part: Annotated[
        Part,
        Meta(title="PartOfTicket", description="Where it was found", extra_json_schema={"type": "string"}),
    ]
    note_id: Annotated[int | None, Meta(description="The note's id; null elsewhere")]
    text: Annotated[
        list[str],
        Meta(description="What stands around it, in parts: every second one was found, from the second on"),
    ]


class FoundRow(rows.TicketRow, array_like=True):
    """A row as in `/tickets/rows`, and behind it what of the ticket was found."""

    found: Annotated[list[Excerpt], Meta(description="At most three excerpts")]


class Found(Struct):
    columns: Annotated[tuple[str, ...], Meta(description="What the values of a row are, in their order")]
    rows: Annotated[list[FoundRow], Meta(description="The tickets of this page, an array each")]
    next: Next
    count: Annotated[
        int | None, Meta(description="How many tickets there are, as far as was counted; null behind the first page")
    ]
    count_is_exact: Annotated[bool, Meta(description="Whether there are no more than `count`")]
    complete: Annotated[bool, Meta(description="Whether every ticket can be found: not while the index is filled")]


class FoundAnswer(Struct):
    data: Found


COLUMNS: Final = FoundRow.__struct_fields__
_EXAMPLE: Final = {
    "columns": COLUMNS,
    "rows": [(*rows.EXAMPLE, [{"in": "title", "note_id": None, "text": ["No ", "signal", " on channel 4"]}])],
    "next": None,
    "count": 1,
    "count_is_exact": True,
    "complete": True,
}


@ROUTES.add(
    "GET",
    "/tickets/search",
    summary="Search the tickets that you see by their texts, with any filters together",
    kept=True,
    permission=TICKETS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": _EXAMPLE},
)
def index(tx: Tx, call: Call[SearchQuery, None]) -> Steps[Reply[FoundAnswer]]:
    """Looked at are title, number, reference, contact, description and notes, and the names of the customer and of the
    equipment. A ticket is found where all words are; it counts from the moment of the write on.

    `sort` is `best` (the default): those first whose title, number, reference, contact or names have all of it, the
    newest first; or `raised`, `changed`, or `priority`, which `order` turns round. Sorted are the newest thousand that
    fit, then the thousand behind them, and so on. A page looks at some thousands of hits at most: it may hold fewer
    rows than `limit`, or none, and yet have a `next`. `count` stops at a thousand, and says so.
    """
    query, epoch, clock = call.query, call.caller.epoch, call.services.clock
    asked, wanted = _read(tx, call, clock)
    after = None if query.after is None else position_of(query.after, finding.After, epoch)
    page = SearchPage(query.page_size, query.sort, query.order != "asc", after)
    whole = whole_soon(tx)
    found = yield from search(tx, call.actor, asked, wanted, page)
    tickets = yield from show(tx, call.actor, asked, found.places)
    cursor = None if found.next_after is None else cursor_of(found.next_after, epoch)
    link = next_link(call, "/tickets/search", cursor)
    data = Found(
        COLUMNS,
        [_shown(each, clock) for each in tickets],
        cursor,
        found.count,
        found.count_is_exact,
        whole(),
    )
    return Reply(FoundAnswer(data), link, etag=call.etag_of_content("search", data, link))


def _read(tx: Tx, call: Call[SearchQuery, None], clock: Clock) -> tuple[Query, RowsWanted]:
    """Raises `Invalid` with every fault."""
    query, faults, asked = call.query, dict[str, Any](), None
    try:
        asked = read_query(query.q)
    except Invalid as error:
        faults = {**error.faults}
    if query.order == "asc" and query.sort == "best":
        faults["order"] = [UNORDERED]
    wanted = wanted_of(tx, call.actor, query, clock, faults)
    assert asked is not None  # noqa: S101 - else there was a fault
    return asked, wanted


def _shown(found: FoundTicket, clock: Clock) -> FoundRow:
    row = rows.shown(found.row, clock)
    values = {name: getattr(row, name) for name in rows.COLUMNS}
    return FoundRow(**values, found=[Excerpt(each.part, each.note_id, each.text) for each in found.marks])
