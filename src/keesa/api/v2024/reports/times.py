"""How long tickets wait for the first answer and until they are closed."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from keesa.accounts.permissions import REPORTS_READ
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next
from keesa.api.v2024.report_queries import PeriodQuery, period_of_months, scope_of
from keesa.api.v2024.reports.fields import List
from keesa.db import Steps, Tx
from keesa.reports.times import waited
from keesa.web.cursors import position_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

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
