"""What happens on the desk, told in the order of commits. Keesa's own addition to the 2024 document."""

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import asdict

from keesa.accounts.permissions import TICKETS_READ
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.feed_cursors import LENGTH
from keesa.api.list_queries import LARGEST_LIMIT, Limit
from keesa.api.v2024.tickets import history, rows
from keesa.api.v2024.tickets.history import ChangeOfTicket
from keesa.db import Steps, Tx
from keesa.feed.positions import last_position, require_order
from keesa.feed.reading import OTHER_STATE, FeedPage, read_feed
from keesa.tickets.row_filters import RowsWanted
from keesa.tickets.rows import RowsPage, list_rows
from keesa.web.replies import Reply
from keesa.web.routes import Routes
from keesa.web.waiting import Waiting

ROUTES = Routes()

DEFAULT_LIMIT: Final = 100
LONGEST_WAIT: Final = 30
_CURSOR: Final = "cCg1T2x4bTlFcVJ3ZlZkb0p6S3lOc0hZQ2JMdUFpUGE3ZWtXdFhnNHZVcjBTNmpNWm9hQ0dCRTJzaDlq"


class TicketChange(ChangeOfTicket):
    """A change as the history of its ticket tells it."""

    ticket_id: Annotated[int, Meta(description="The ticket's id")]


class FeedQuery(Struct, frozen=True, kw_only=True):
    after: Annotated[
        str,
        Meta(
            description="`next` of the answer before, or `cursor` of a first copy",
            extra_json_schema={"maxLength": LENGTH},
        ),
    ]
    limit: Limit = DEFAULT_LIMIT
    wait: Annotated[
        int, Meta(ge=0, description="Seconds to wait, where there is nothing to tell yet; above 30 is taken as 30")
    ] = 0

    @property
    def page_size(self) -> int:
        return min(self.limit, LARGEST_LIMIT)


class Feed(Struct):
    changes: Annotated[list[TicketChange], Meta(description="What happened, in the order in which it was committed")]
    columns: Annotated[tuple[str, ...], Meta(description="What the values of a row are, in their order")]
    rows: Annotated[
        list[rows.TicketRow],
        Meta(description="The tickets that this is about, an array each, as `/tickets/rows` shows them now"),
    ]
    gone: Annotated[list[int], Meta(description="The ids of tickets that have gone out of your sight")]
    next: Annotated[str, Meta(description="The `after` of what follows: of what happens from now on, if nothing does")]
    more: Annotated[bool, Meta(description="Whether something may follow already: ask again at once")]


class FeedAnswer(Struct):
    data: Feed


@ROUTES.add(
    "GET",
    "/changes",
    summary="Read what happened to the tickets that you see, in the order of commits",
    permission=TICKETS_READ,
    errors={410: OTHER_STATE},
    example={
        "data": {
            "changes": [{**history.EXAMPLE, "ticket_id": rows.EXAMPLE[0]}],
            "columns": rows.COLUMNS,
            "rows": [rows.EXAMPLE],
            "gone": [202411],
            "next": _CURSOR,
            "more": False,
        }
    },
)
def index(tx: Tx, call: Call[FeedQuery, None]) -> Steps[Reply[FeedAnswer]]:
    """Every change of a ticket in your sight, once and in one order: none is skipped, and none told before it is
    durable. `rows` has each of these tickets as it is now; one that came into your sight is there, whole. What left it
    is in `gone`. Who puts the rows into a copy, and takes out what is gone, has what `/tickets/rows` lists.

    With `wait` the answer comes as soon as there is something to tell, or behind so many seconds without anything.

    Begin with `/changes/start`, and go on with `next`, which is always there: a cursor works on every node and survives
    restarts. A page looks at a bounded number of changes, of whatever tickets; so it may tell of none, and yet have
    `more`. 410: the desk was restored, your rights are others now, or the first change behind the cursor is older than
    30 days. Then begin again.
    """
    cursors, clock = call.services.feed_cursors, call.services.clock
    after = cursors.open(call.query.after, call.actor, call.caller.epoch, "after")
    page = yield from read_feed(tx, call.actor, after, call.query.page_size, call.at)
    feed = Feed(
        [
            TicketChange(**asdict(history.shown(each.entry, page.names, clock)), ticket_id=each.ticket_id)
            for each in page.events
        ],
        rows.COLUMNS,
        [rows.shown(row, clock) for row in page.rows],
        [*page.gone],
        cursors.seal(page.end, call.actor, call.caller.epoch),
        page.more,
    )
    return Reply(FeedAnswer(feed), waiting=_waiting(call, page))


def _waiting(call: Call[FeedQuery, None], page: FeedPage) -> Waiting | None:
    """For something to tell, where there is nothing and the caller has time."""
    if not call.query.wait or page.more or page.rows or page.gone:
        return None
    watch, actor = call.services.feed_watch, call.actor
    return Waiting(min(call.query.wait, LONGEST_WAIT), lambda seconds: watch.until(actor, page.end, seconds))


class FirstCopy(Struct):
    columns: Annotated[tuple[str, ...], Meta(description="What the values of a row are, in their order")]
    rows: Annotated[list[rows.TicketRow], Meta(description="The tickets of this page, an array each, the newest first")]
    next: Next
    cursor: Annotated[
        str | None,
        Meta(description="The `after` of `/changes` that belongs to this copy; null behind the first page"),
    ]


class FirstCopyAnswer(Struct):
    data: FirstCopy


@ROUTES.add(
    "GET",
    "/changes/start",
    summary="Begin to follow what happens: a first copy of the tickets that you see, and where to go on",
    permission=TICKETS_READ,
    headers=("Link",),
    errors={410: OTHER_STATE},
    example={"data": {"columns": rows.COLUMNS, "rows": [rows.EXAMPLE], "next": None, "cursor": _CURSOR}},
)
def start(tx: Tx, call: Call[CursorQuery, None]) -> Steps[Reply[FirstCopyAnswer]]:
    """All tickets that you see, page by page. Keep the `cursor` of the first page, read all pages, and then go on at
    `/changes` behind that cursor: it tells all that happened since, also while you were reading.
    """
    actor, epoch, clock = call.actor, call.caller.epoch, call.services.clock
    cursors = call.services.feed_cursors
    after = None if call.query.after is None else cursors.open_page(call.query.after, actor, epoch, "after")
    begins = None
    if after is None:
        require = require_order(tx)
        begins = last_position(tx)
        require()
    found = yield from list_rows(tx, actor, RowsWanted(), RowsPage(call.query.page_size, after=after))
    following = None
    if found.next_after is not None:
        raised_at, ticket_id = found.next_after
        following = cursors.seal_page(raised_at, ticket_id, actor, epoch)
    copy = FirstCopy(
        rows.COLUMNS,
        [rows.shown(row, clock) for row in found.rows],
        following,
        None if begins is None else cursors.seal(begins, actor, epoch),
    )
    return Reply(FirstCopyAnswer(copy), next_link(call, "/changes/start", following))
