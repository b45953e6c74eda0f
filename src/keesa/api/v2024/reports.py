"""Reports: how many tickets there are, were raised and closed, how long they took, and who has how much."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, field

from keesa.accounts.permissions import REPORTS_READ, require_desk
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next, next_link
from keesa.api.v2024.fields import Day, Time
from keesa.api.v2024.report_queries import (
    ByQuery,
    PeriodQuery,
    ScopeQuery,
    period_of,
    period_of_months,
    scope_of,
)
from keesa.api.vocabulary import StatusName
from keesa.db import Steps, Tx
from keesa.reports.tickets import Line, count_by_time, count_by_value
from keesa.reports.times import waited
from keesa.reports.workload import oldest, workload
from keesa.web.cursors import cursor_of, position_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

List = Annotated[
    str | None,
    Meta(
        description="The query of `GET /tickets/rows` that lists these tickets; null where no list has such a filter",
        examples=["raised_from=2026-03-01&raised_to=2026-03-31&priority=2"],
    ),
]
_LISTED: Final = "status=in_progress,on_hold,open&assigned_to_id=3"


# How many


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
    one of whole months. Without days it is the month that is.
    """
    query, clock = call.query, call.services.clock
    scope = scope_of(tx, call.actor, query)
    period = period_of(query, clock, call.at, call.actor)
    if query.by == "day" or query.by == "week" or query.by == "month":  # noqa: PLR1714 - narrows the type
        lines = yield from count_by_time(tx, clock, scope, query.by, period)
    else:
        lines = yield from count_by_value(tx, clock, scope, query.by, period)
    page, cursor = _page(lines, call)
    return call.whole(ReportAnswer(ReportLines(page, cursor)), next_link(call, "/reports/tickets", cursor))


def _page(lines: Sequence[Line], call: Call[ByQuery, None]) -> tuple[list[ReportLine], str | None]:
    """Behind the cursor, which is the key of a line."""
    epoch, query = call.caller.epoch, call.query
    if query.after is not None:
        after = position_of(query.after, tuple[int, str], epoch)
        lines = [line for line in lines if line.key > after]
    shown = lines[: query.page_size]
    cursor = cursor_of(shown[-1].key, epoch) if len(shown) < len(lines) else None
    return [_shown(line) for line in shown], cursor


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


# How long

_Seconds = Annotated[int | None, Meta(description="In seconds, within 5 %; null of no tickets")]


class ReportTime(Struct):
    until: Annotated[
        Literal["first_answer", "closing"],
        Meta(title="Until", description="From raising to what", extra_json_schema={"type": "string"}),
    ]
    tickets: Annotated[int, Meta(description="Of how many: those that were answered first, or closed, in these days")]
    median: _Seconds
    in_90: Annotated[int | None, Meta(description="90 of a hundred took no longer; likewise")]
    in_99: Annotated[int | None, Meta(description="99 of a hundred took no longer; likewise")]
    list: List


class ReportTimes(Struct):
    times: Annotated[list[ReportTime], Meta(description="To the first answer, and to closing")]
    next: Next


class TimesAnswer(Struct):
    data: ReportTimes


@ROUTES.add(
    "GET",
    "/reports/times",
    summary="Tell how long tickets waited for the first answer, and until they were closed",
    permission=REPORTS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={
        "data": {
            "times": [
                {
                    "until": "first_answer",
                    "tickets": 398,
                    "median": 5213,
                    "in_90": 88124,
                    "in_99": 310977,
                    "list": "first_answered_from=2026-03-01&first_answered_to=2026-03-31",
                }
            ],
            "next": None,
        }
    },
)
def times(tx: Tx, call: Call[PeriodQuery, None]) -> Steps[Reply[TimesAnswer]]:
    """Of the tickets that were answered first, and of those that were closed, in whole months. The first answer is the
    first note of the desk's that the customer sees. Each time is within 5 % of that of a ticket.
    """
    query, clock = call.query, call.services.clock
    scope = scope_of(tx, call.actor, query)
    found = yield from waited(tx, clock, scope, period_of_months(query, clock, call.at))
    shown = [
        ReportTime(each.until, each.tickets, each.median, each.in_90, each.in_99, each.list)
        for number, each in enumerate(found)
        if query.after is None or number > position_of(query.after, int, call.caller.epoch)
    ]
    return call.whole(TimesAnswer(ReportTimes(shown, None)))


# Who has how much


class ReportLoad(Struct):
    assigned_to_id: Annotated[int | None, Meta(description="The user's id; null for what nobody has")]
    open: Annotated[int, Meta(description="Their tickets that are not closed")]
    list: List


class ReportLoads(Struct):
    loads: Annotated[list[ReportLoad], Meta(description="Who has most first")]
    next: Next


class LoadsAnswer(Struct):
    data: ReportLoads


@ROUTES.add(
    "GET",
    "/reports/workload",
    summary="Tell who has how many tickets that are not closed",
    permission=REPORTS_READ,
    guard=require_desk,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"loads": [{"assigned_to_id": 3, "open": 17, "list": _LISTED}], "next": None}},
)
def loads(tx: Tx, call: Call[ScopeQuery, None]) -> Steps[Reply[LoadsAnswer]]:
    """As they are now; who has none is not named."""
    query, epoch = call.query, call.caller.epoch
    scope = scope_of(tx, call.actor, query, dimension="assigned_to_id")
    found = yield from workload(tx, call.services.clock, scope)
    if query.after is not None:
        after = position_of(query.after, tuple[int, int], epoch)
        found = [load for load in found if (-load.open, load.assigned_to_id or 0) > after]
    page = found[: query.page_size]
    last = page[-1] if len(page) < len(found) else None
    cursor = None if last is None else cursor_of((-last.open, last.assigned_to_id or 0), epoch)
    shown = [ReportLoad(load.assigned_to_id, load.open, load.list) for load in page]
    return call.whole(LoadsAnswer(ReportLoads(shown, cursor)), next_link(call, "/reports/workload", cursor))


# What is oldest


class OldTicket(Struct):
    id: Annotated[int, Meta(description="The ticket's id: its number as an integer")]
    title: str
    status: StatusName
    priority: Annotated[int, Meta(description="1 is the most urgent, 5 the least")]
    customer_id: int
    assigned_to_id: int | None
    raised_at: Annotated[Time, Meta(description="When it was raised")]
    days: Annotated[int, Meta(description="Since the day on which it was raised")]


class OldTickets(Struct):
    tickets: Annotated[list[OldTicket], Meta(description="Those first that were raised first")]
    next: Next


class OldTicketsAnswer(Struct):
    data: OldTickets


@ROUTES.add(
    "GET",
    "/reports/oldest",
    summary="List the oldest tickets that are not closed",
    permission=REPORTS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={
        "data": {
            "tickets": [
                {
                    "id": 202412,
                    "title": "No signal on channel 4",
                    "status": "in_progress",
                    "priority": 2,
                    "customer_id": 12,
                    "assigned_to_id": 3,
                    "raised_at": "2024-06-28T10:15:30.000+05:00",
                    "days": 412,
                }
            ],
            "next": None,
        }
    },
)
def old(tx: Tx, call: Call[ScopeQuery, None]) -> Steps[Reply[OldTicketsAnswer]]:
    """Of the same tickets as the other reports. A page may hold fewer than `limit` and yet have a `next`."""
    query, epoch, clock = call.query, call.caller.epoch, call.services.clock
    scope = scope_of(tx, call.actor, query)
    after: Any = None if query.after is None else position_of(query.after, tuple[int, int], epoch)
    found = yield from oldest(tx, call.actor, scope, query.page_size, after)
    today = clock.local(call.at).date()
    shown = [
        OldTicket(
            id=row.id,
            title=row.title,
            status=row.status,
            priority=row.priority,
            customer_id=row.customer_id,
            assigned_to_id=row.assigned_to_id,
            raised_at=clock.iso(row.raised_at),
            days=_days_between(clock.local(row.raised_at).date(), today),
        )
        for row in found.rows
    ]
    cursor = None if found.next_after is None else cursor_of(found.next_after, epoch)
    return call.whole(OldTicketsAnswer(OldTickets(shown, cursor)), next_link(call, "/reports/oldest", cursor))


def _days_between(first: date, last: date) -> int:
    return max((last - first).days, 0)
