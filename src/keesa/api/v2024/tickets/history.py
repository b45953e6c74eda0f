"""What became of a ticket, change by change. Keesa's own addition to the 2024 document."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts.permissions import TICKETS_READ
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.list_queries import Order
from keesa.api.v2024.fields import Time
from keesa.api.vocabulary import TicketPath
from keesa.clock import Clock
from keesa.db import Steps, Tx
from keesa.events.history import Change, HistoryEntry, read_history
from keesa.events.naming import Names
from keesa.events.recording import KINDS
from keesa.tickets.finding import find_past, said_in
from keesa.web.cursors import cursor_of, position_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

_Value = Annotated[Any, Meta(extra_json_schema={"description": "What the field held; null for nothing"})]
_Name = Annotated[str | None, Meta(description="What the id is called now, of a field that holds one")]


class ChangedField(Struct):
    field: Annotated[str, Meta(description="As the ticket shows it", examples=["title", "assigned_to_id"])]
    was: _Value = msgspec.field(name="from")
    is_: _Value = msgspec.field(name="to")
    from_name: _Name | UnsetType = UNSET
    to_name: _Name | UnsetType = UNSET


class ChangeOfTicket(Struct):
    number: Annotated[int, Meta(description="Among the ticket's changes that you may know of, from 1")]
    kind: Annotated[str, Meta(description="What was done", extra_json_schema={"enum": list(KINDS)})]
    at: Annotated[Time, Meta(description="When it was done")]
    actor_id: Annotated[int, Meta(description="Who did it; 0 is Keesa itself")]
    actor: Annotated[str, Meta(description="Their full name as it is now")]
    actor_nick: Annotated[str, Meta(description="Their nick name as it is now")]
    token_id: Annotated[int | None, Meta(description="The API token that it was done with; told to the desk alone")]
    thing_id: Annotated[
        int | None, Meta(description="The note, the tag, the user or the other ticket that it is about, if you see it")
    ]
    thing: Annotated[str | None, Meta(description="What the tag or the user is called now")]
    changes: Annotated[list[ChangedField], Meta(description="Each field that it changed")]


EXAMPLE: Final = {
    "number": 3,
    "kind": "assigned",
    "at": "2025-03-04T10:30:00.000+05:00",
    "actor_id": 9,
    "actor": "Mariyam Zahir",
    "actor_nick": "Maree",
    "token_id": None,
    "thing_id": None,
    "thing": None,
    "changes": [
        {"field": "assigned_to_id", "from": None, "to": 7, "from_name": None, "to_name": "Aishath Rasheed"},
    ],
}


class HistoryQuery(CursorQuery, frozen=True, kw_only=True):
    order: Order = "asc"


class History(Struct):
    history: Annotated[list[ChangeOfTicket], Meta(description="The changes of this page")]
    next: Next


class HistoryAnswer(Struct):
    data: History


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/history",
    summary="Read what became of a ticket",
    permission=TICKETS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"history": [EXAMPLE], "next": "Mw"}},
)
def index(tx: Tx, call: Call[HistoryQuery, None], ticket: TicketPath) -> Steps[Reply[HistoryAnswer]]:
    """Every change, with who made it and what each field was and is from then on. The first one, `raised`, tells what
    the ticket was raised with: who takes all changes in their order has the ticket as it is.

    To customers nothing internal is told or counted, no old text of a note, and nothing of before the ticket was
    theirs. A page of long texts may have fewer changes than `limit`, and yet a `next`.
    """
    query, epoch, clock = call.query, call.caller.epoch, call.services.clock
    found, past = find_past(tx, call.actor, ticket)
    after = None if query.after is None else position_of(query.after, int, epoch)
    page = yield from read_history(
        tx, call.actor, past, said_in(tx, found), query.page_size, after, newest_first=query.order == "desc"
    )
    cursor = None if page.next_after is None else cursor_of(page.next_after, epoch)
    link = next_link(call, f"/tickets/{past.id}/history", cursor)
    etag = call.etag_of_content("history", page.entries, sorted(page.names.names.items()), link)
    answer = HistoryAnswer(History([shown(entry, page.names, clock) for entry in page.entries], cursor))
    return Reply(answer, link, etag=etag)


def shown(entry: HistoryEntry, names: Names, clock: Clock) -> ChangeOfTicket:
    return ChangeOfTicket(
        number=entry.number,
        kind=entry.kind,
        at=clock.iso(entry.at),
        actor_id=entry.actor_id,
        actor=entry.actor,
        actor_nick=entry.actor_nick,
        token_id=entry.token_id,
        thing_id=entry.thing_id,
        thing=names.of_thing(entry.kind, entry.thing_id),
        changes=[_change(change, names, clock) for change in entry.changes],
    )


def _change(change: Change, names: Names, clock: Clock) -> ChangedField:
    if change.field == "closed_on":
        return ChangedField("closed_date", _midnight(change.was, clock), _midnight(change.is_, clock))
    named = [names.of_field(change.field, value) for value in (change.was, change.is_)]
    if named == [None, None]:
        return ChangedField(change.field, change.was, change.is_)
    return ChangedField(change.field, change.was, change.is_, *named)


def _midnight(day: str | None, clock: Clock) -> str | None:
    return None if day is None else clock.midnight(day)
