"""How many tickets there are, for lists and screens that show their numbers."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import TICKETS_READ
from keesa.api.calls import Call
from keesa.api.v2024.tickets.row_queries import TicketFilters, Words, wanted_of
from keesa.db import Steps, Tx
from keesa.tickets.counts import MOST, CountName, count_tickets, names_for
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()


class CountsQuery(TicketFilters, frozen=True, kw_only=True):
    """The filters of `GET /tickets/rows`, and what is counted of what they leave."""

    counts: Annotated[Words, Meta(description="The names of those that are wanted; all without it")] | None = None


class Count(Struct):
    count: Annotated[int, Meta(description=f"How many there are, as far as they were counted: {MOST} at the most")]
    exact: Annotated[bool, Meta(description="Whether that is all of them; else there are as many or more")]


_Count = Count | UnsetType


class Counts(Struct):
    """Each by its name, if it was asked for; those of the desk are not for customers' users."""

    all: Annotated[_Count, Meta(description="What the filters leave")] = UNSET
    open: Annotated[_Count, Meta(description="Those that are open")] = UNSET
    active: Annotated[_Count, Meta(description="Those that are in progress or on hold")] = UNSET
    closed: Annotated[_Count, Meta(description="Those that are closed")] = UNSET
    in_progress: Annotated[_Count, Meta(description="Those that are in progress")] = UNSET
    on_hold: Annotated[_Count, Meta(description="Those that are on hold")] = UNSET
    mine_open: Annotated[_Count, Meta(description="Open ones that are assigned to you")] = UNSET
    mine_active: Annotated[_Count, Meta(description="Active ones that are assigned to you")] = UNSET
    unassigned: Annotated[_Count, Meta(description="Open and active ones that are assigned to nobody")] = UNSET
    held: Annotated[_Count, Meta(description="Those that are held until some day")] = UNSET
    due_today: Annotated[_Count, Meta(description="Those that are held until today in the desk's zone, or less")] = (
        UNSET
    )
    answered: Annotated[_Count, Meta(description="Those where an answer of the customer's waits")] = UNSET
    mentioned: Annotated[_Count, Meta(description="Those with a note that mentions you")] = UNSET
    watched: Annotated[_Count, Meta(description="Those that you watch")] = UNSET


class CountsAnswer(Struct):
    data: Counts


_SOME: Final = {"count": 17, "exact": True}
_MANY: Final = {"count": MOST, "exact": False}


@ROUTES.add(
    "GET",
    "/tickets/counts",
    summary="Count the tickets that you see, by any filters together, in each group and status",
    kept=True,
    permission=TICKETS_READ,
    conditional=True,
    example={"data": {name: _MANY if name in ("all", "closed") else _SOME for name in Counts.__struct_fields__}},
)
def index(tx: Tx, call: Call[CountsQuery, None]) -> Steps[Reply[CountsAnswer]]:
    """Each count is of what `GET /tickets/rows` lists with the same filters and that of the count. `counts` names those
    that are wanted, all without it. Those from `mine_open` on are the desk's alone.

    A count is exact up to 1,000; of more it is 1,000 and not `exact`. However many tickets there are, one count looks
    at 500 at most: where filters are joined that no index leads to together, it may be less than 1,000 and not `exact`;
    then there are that many at least.
    """
    names, faults = _names(call.actor, call.query.counts)
    clock = call.services.clock
    wanted = wanted_of(tx, call.actor, call.query, clock, faults)
    found = yield from count_tickets(tx, call.actor, wanted, names, clock.local(call.at).date().isoformat())
    etag = call.etag_of_content("counts", found)
    counts = {name: Count(count.count, count.exact) for name, count in found.items()}
    return Reply(CountsAnswer(Counts(**counts)), etag=etag)


def _names(actor: Actor, given: Sequence[str] | None) -> tuple[Sequence[CountName], Mapping[str, Sequence[str]]]:
    """Those that are asked for, in the order in which they are shown, and what is wrong with them."""
    known = names_for(actor)
    if given is None:
        return known, {}
    asked = {name for text in given for name in text.split(",")}
    if not asked <= {*known}:
        return (), {"counts": [f"is unknown, must be one of {', '.join(known)}"]}
    return [name for name in known if name in asked], {}
