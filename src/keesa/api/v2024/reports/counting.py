"""How many tickets were raised and closed, and how many are open."""

from typing import Annotated, Final

from msgspec import Meta, Struct, field

from keesa.accounts.permissions import REPORTS_READ
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next, next_link
from keesa.api.v2024.fields import Day
from keesa.api.v2024.report_queries import ByQuery, period_of, scope_of
from keesa.api.v2024.reports.fields import List
from keesa.db import Steps, Tx
from keesa.reports.tickets import Line, Page, count_tickets
from keesa.web.cursors import cursor_of, position_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()


class ReportLine(Struct):
    value: Annotated[str | None, Meta(description="The key or id that is counted; null for none, and by time")]
    first: Annotated[Day, Meta(description="The first day that counts")] = field(name="from")
    last: Annotated[Day, Meta(description="The last day that counts")] = field(name="to")
    raised: Annotated[int, Meta(description="Raised in these days")]
    closed: Annotated[int, Meta(description="Closed in these days, by the last change to closed")]
    open: Annotated[int, Meta(description="Open at the end of the last day: raised by then, and not closed by then")]
    raised_list: List
    closed_list: List
    open_list: List


class ReportLines(Struct):
    lines: Annotated[list[ReportLine], Meta(description="A line for each part of the period, or for each value")]
    next: Next


class ReportAnswer(Struct):
    data: ReportLines


_MARCH: Final = {
    "value": None,
    "from": "2026-03-01",
    "to": "2026-03-31",
    "raised": 412,
    "closed": 398,
    "open": 57,
    "raised_list": "raised_from=2026-03-01&raised_to=2026-03-31",
    "closed_list": "closed_from=2026-03-01&closed_to=2026-03-31",
    "open_list": "open_at=2026-03-31",
}


@ROUTES.add(
    "GET",
    "/reports/tickets",
    summary="Count the tickets that were raised, closed and open, by time or by what they have",
    permission=REPORTS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"lines": [_MARCH], "next": None}},
)
def tickets(tx: Tx, call: Call[ByQuery, None]) -> Steps[Reply[ReportAnswer]]:
    """Of administrators all tickets count, or those of some ticket types or of one customer; of staff those of the
    ticket types of their roles; of a customer's users that customer's. Days are the desk's.

    Each number is the one that its list counts. It is right at the moment of the answer, and goes by what tickets are
    now: one that is taken up again was not closed. By anything but time, and by ticket type for the desk, the period is
    one of whole months. Without days it is the month that is. By customers, equipment and members of staff a page of
    the desk's has at most 50 lines, and may have fewer than `limit`, and yet a `next`.
    """
    query, clock, epoch = call.query, call.services.clock, call.caller.epoch
    scope = scope_of(tx, call.actor, query)
    period = period_of(query, clock, call.at, call.actor)
    after = None if query.after is None else position_of(query.after, tuple[int, str], epoch)
    found = yield from count_tickets(tx, clock, scope, query.by, period, Page(query.page_size, after))
    cursor = None if found.next_after is None else cursor_of(found.next_after, epoch)
    shown = [_shown(line) for line in found.lines]
    return call.whole(ReportAnswer(ReportLines(shown, cursor)), next_link(call, "/reports/tickets", cursor))


def _shown(line: Line) -> ReportLine:
    return ReportLine(
        value=line.value,
        first=line.period.first.isoformat(),
        last=line.period.last.isoformat(),
        raised=line.raised,
        closed=line.closed,
        open=line.open,
        raised_list=line.list_of("raised"),
        closed_list=line.list_of("closed"),
        open_list=line.list_of("open"),
    )
