"""The statuses that tickets have: the same four on every desk. Keesa's own addition to the 2024 document."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next
from keesa.api.vocabulary import StatusName
from keesa.db import Tx
from keesa.tickets.statuses import ACTIVE, CLOSED, OPEN, STATUSES, Status
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
    statuses: Annotated[list[TicketStatusKey], Meta(description="All of them, in their order")]
    next: Next


class StatusesAnswer(Struct):
    data: Statuses


@ROUTES.add(
    "GET",
    "/statuses",
    summary="List the statuses of tickets",
    permission=TICKETS_READ,
    alternatives=(TICKETS_WRITE,),
    csv=True,
    example={"data": {"statuses": [{"key": "on_hold", "position": 2, "group": "active"}], "next": None}},
)
def index(_tx: Tx, _call: Call[None, None]) -> StatusesAnswer:
    """They are the same on every desk, and nobody changes them."""
    groups = {key: group for group, keys in _GROUPS.items() for key in keys}
    found = [TicketStatusKey(key, position, groups[key]) for position, key in enumerate(STATUSES)]
    return StatusesAnswer(Statuses(found, None))
