"""The oldest tickets that are not closed."""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

from keesa.accounts.permissions import REPORTS_READ
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next, next_link
from keesa.api.v2024.fields import Time
from keesa.api.v2024.report_queries import ScopeQuery, scope_of
from keesa.api.vocabulary import StatusName
from keesa.db import Steps, Tx
from keesa.reports.workload import oldest
from keesa.web.cursors import cursor_of, position_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()


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
