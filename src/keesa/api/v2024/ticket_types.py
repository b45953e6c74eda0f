"""Ticket types: what kind of work tickets are. Keesa's own addition to the 2024 document."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from keesa.accounts.permissions import REFERENCE_WRITE, TICKETS_READ, TICKETS_WRITE, require_desk
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next
from keesa.api.v2024.keyed_lists import (
    KEY_SCHEMA,
    Entry,
    EntryPatch,
    EntryToAdd,
    ReferenceQuery,
    changes_of,
    page_of,
    shown,
)
from keesa.db import Tx
from keesa.directory import keyed_lists
from keesa.directory.keyed_lists import KeyedEntry, possible_key
from keesa.directory.reference import KeyedList
from keesa.web.endpoints import PathParameter
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

_TABLE: Final[KeyedList] = "ticket_types"
TicketTypePath = Annotated[
    str | None,
    PathParameter(possible_key, "Its key", {**KEY_SCHEMA, "examples": ["site_survey"]}, keyed_lists.NOT_FOUND[_TABLE]),
]

_EXAMPLE: Final = {"key": "site_survey", "name": "Site Survey", "position": 8, "retired": False}
_WRITTEN: Final = {"key": "site_survey", "name": "Site Survey"}


class TicketTypes(Struct):
    ticket_types: Annotated[list[Entry], Meta(description="The ticket types of this page")]
    next: Next


class TicketTypesAnswer(Struct):
    data: TicketTypes


@ROUTES.add(
    "GET",
    "/ticket_types",
    summary="List the ticket types",
    kept=True,
    permission=TICKETS_READ,
    alternatives=(TICKETS_WRITE,),
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"ticket_types": [_EXAMPLE], "next": None}},
)
def index(tx: Tx, call: Call[ReferenceQuery, None]) -> Reply[TicketTypesAnswer]:
    """In the order of their positions: those that new tickets can have."""
    page = page_of(tx, call, _TABLE, "/ticket_types")
    return call.whole(TicketTypesAnswer(TicketTypes(page.entries, page.cursor)), page.headers)


class OneTicketType(Struct):
    ticket_type: Annotated[Entry, Meta(description="The ticket type")]


class TicketTypeAnswer(Struct):
    data: OneTicketType


def _answer(call: Call[Any, Any], entry: KeyedEntry) -> Reply[TicketTypeAnswer]:
    found = shown(entry)
    return Reply(TicketTypeAnswer(OneTicketType(found)), etag=call.etag_of(found))


@ROUTES.add(
    "GET",
    "/ticket_types/{ticket_type}",
    summary="Show a ticket type",
    permission=TICKETS_READ,
    alternatives=(TICKETS_WRITE,),
    conditional=True,
    example={"data": {"ticket_type": _EXAMPLE}},
)
def show(tx: Tx, call: Call[None, None], ticket_type: TicketTypePath) -> Reply[TicketTypeAnswer]:
    """A retired one too."""
    found = keyed_lists.find_entry(tx, _TABLE, ticket_type)
    call.conditions.require(call.etag_of(shown(found)))
    return _answer(call, found)


class AddTicketType(Struct, frozen=True):
    ticket_type: Annotated[EntryToAdd, Meta(description="The new ticket type")]


@ROUTES.add(
    "POST",
    "/ticket_types",
    status=201,
    summary="Add a ticket type",
    permission=REFERENCE_WRITE,
    guard=require_desk,
    headers=("ETag", "Location"),
    body_example={"ticket_type": _WRITTEN},
    example=_EXAMPLE,
)
def create(tx: Tx, call: Call[None, AddTicketType]) -> Reply[Entry]:
    """It stands at the end of the list, and tickets can have it at once."""
    given = call.body.ticket_type
    added = shown(keyed_lists.add_key(tx, call.by, _TABLE, given.key, given.name))
    return Reply(added, [call.location(f"/ticket_types/{added.key}")], etag=call.etag_of(added))


class ChangeTicketType(Struct, frozen=True):
    ticket_type: Annotated[EntryPatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/ticket_types/{ticket_type}",
    summary="Rename a ticket type, or give it another place",
    permission=REFERENCE_WRITE,
    guard=require_desk,
    conditional=True,
    body_example={"ticket_type": {"position": 1}},
    example={"data": {"ticket_type": _EXAMPLE | {"position": 1}}},
)
def change(tx: Tx, call: Call[None, ChangeTicketType], ticket_type: TicketTypePath) -> Reply[TicketTypeAnswer]:
    """A field that is left out stays as it is; none may be null. Where it gets another `position`, those between move
    up. `retired` retires it, and brings it back. The default of a product and the last one in use do not retire.
    """
    call.conditions.require(call.etag_of(shown(keyed_lists.lock_entry(tx, _TABLE, ticket_type))))
    changes = changes_of(call.body.ticket_type)
    return _answer(call, keyed_lists.change_entry(tx, call.by, _TABLE, ticket_type, changes))


@ROUTES.add(
    "DELETE",
    "/ticket_types/{ticket_type}",
    status=204,
    summary="Retire a ticket type",
    permission=REFERENCE_WRITE,
    guard=require_desk,
    conditional=True,
    errors={422: None},
)
def retire(tx: Tx, call: Call[None, None], ticket_type: TicketTypePath) -> None:
    """New tickets cannot have it, and lists leave it out; old tickets keep it, and are found by it. The default of a
    product and the last one in use are 422. A second time changes nothing. `PATCH` with `"retired": false` brings it
    back.
    """
    call.conditions.require(call.etag_of(shown(keyed_lists.lock_entry(tx, _TABLE, ticket_type))))
    keyed_lists.retire_entry(tx, call.by, _TABLE, ticket_type)
