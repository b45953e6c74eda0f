"""The statuses that tickets have: the same four on every desk. Keesa's own addition to the 2024 document."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.vocabulary import StatusName
from keesa.db import Tx
from keesa.tickets.statuses import ACTIVE, CLOSED, OPEN, STATUSES, Status
from keesa.web.cursors import cursor_of, position_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

Group = Literal["open", "active", "closed"]

_GROUPS: Final[Mapping[Group, Sequence[Status]]] = {"open": OPEN, "active": ACTIVE, "closed": CLOSED}


class TicketStatusKey(Struct):
    """A status that a ticket may have."""

    key: StatusName
    position: Annotated[int, Meta(description="Counts from 0; filters take it in place of the key")]
    group: Annotated[Group, Meta(description="The part of `GET /tickets` in which such tickets stand")]


class Statuses(Struct):
    statuses: Annotated[list[TicketStatusKey], Meta(description="The statuses of this page, in their order")]
    next: Next


class StatusesAnswer(Struct):
    data: Statuses


@ROUTES.add(
    "GET",
    "/statuses",
    summary="List the statuses of tickets",
    kept=True,
    permission=TICKETS_READ,
    alternatives=(TICKETS_WRITE,),
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"statuses": [{"key": "on_hold", "position": 2, "group": "active"}], "next": None}},
)
def index(_tx: Tx, call: Call[CursorQuery, None]) -> Reply[StatusesAnswer]:
    """They are the same on every desk, and nobody changes them."""
    query, epoch = call.query, call.caller.epoch
    groups = {key: group for group, keys in _GROUPS.items() for key in keys}
    after = -1 if query.after is None else position_of(query.after, int, epoch)
    behind = [TicketStatusKey(key, at, groups[key]) for at, key in enumerate(STATUSES) if at > after]
    page = behind[: query.page_size]
    cursor = cursor_of(page[-1].position, epoch) if len(page) < len(behind) else None
    return call.whole(StatusesAnswer(Statuses(page, cursor)), next_link(call, "/statuses", cursor))
