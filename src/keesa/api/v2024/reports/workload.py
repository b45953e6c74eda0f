"""Who has how many tickets that are not closed."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from keesa.accounts.permissions import REPORTS_READ, require_desk
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next, next_link
from keesa.api.v2024.report_queries import ScopeQuery, scope_of
from keesa.api.v2024.reports.fields import List
from keesa.db import Steps, Tx
from keesa.reports.workload import workload
from keesa.web.cursors import cursor_of, position_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

_LISTED: Final = "status=in_progress,on_hold,open&assigned_to_id=3"


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
