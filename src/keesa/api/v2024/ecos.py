"""ECOs: equipment at customers' sites. Keesa's own addition to the 2024 document."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts.permissions import ECOS_READ, ECOS_WRITE, require_desk
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.vocabulary import DIGITS
from keesa.db import Steps, Tx
from keesa.directory import ecos
from keesa.directory.ecos import EcoChanges, EcosWanted
from keesa.directory.pages import PageAfter
from keesa.names import LONGEST
from keesa.tickets.numbers import parse_number
from keesa.web.cursors import cursor_of, position_of
from keesa.web.endpoints import PathParameter
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

EcoPath = Annotated[
    int | None, PathParameter(parse_number, "The ECO's id", {**DIGITS, "examples": ["7"]}, ecos.NOT_FOUND)
]
Name = Annotated[str, Meta(description="What it is and where, at most 255 characters")]
Owner = Annotated[Id, Meta(description="The id of the customer that it belongs to, one that is not retired")]
Retired = Annotated[bool, Meta(description="Whether it gets no new tickets any more; the old ones stay")]

_EXAMPLE: Final = {"id": 7, "name": "Mast at the jetty", "customer_id": 12, "retired": False}


class Eco(Struct):
    """Equipment at a site."""

    id: Annotated[int, Meta(description="The ECO's id, which never changes")]
    name: Name
    customer_id: Annotated[int, Meta(description="The customer that it belongs to")]
    retired: Retired


def _shown(eco: ecos.Eco) -> Eco:
    return Eco(eco.id, eco.name, eco.customer_id, eco.retired)


class EcosQuery(CursorQuery, frozen=True, kw_only=True):
    customer_id: Annotated[Id, Meta(description="Those of this customer")] | None = None
    name: (
        Annotated[str, Meta(max_length=LONGEST, description="Those whose name contains this, in whatever case")] | None
    ) = None
    with_retired: Annotated[bool, Meta(description="Whether those that are retired are listed too")] = False


class Ecos(Struct):
    ecos: Annotated[list[Eco], Meta(description="The ECOs of this page")]
    next: Next


class EcosAnswer(Struct):
    data: Ecos


@ROUTES.add(
    "GET",
    "/ecos",
    summary="List ECOs, those of a customer, or find one by name",
    permission=ECOS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"ecos": [_EXAMPLE], "next": "Nw"}},
)
def index(tx: Tx, call: Call[EcosQuery, None]) -> Steps[Reply[EcosAnswer]]:
    """In the order of their ids. A customer's users find those of their customer alone.

    Where `name` is given, a page may hold fewer ECOs than `limit`, or none, and yet have a `next`: the search goes on
    there.
    """
    query = call.query
    page = PageAfter(query.page_size, None if query.after is None else position_of(query.after, int, call.caller.epoch))
    wanted = EcosWanted(customer_id=query.customer_id, name=query.name, with_retired=query.with_retired)
    found = yield from ecos.list_ecos(tx, call.actor, page, wanted)
    cursor = None if found.next_after is None else cursor_of(found.next_after, call.caller.epoch)
    return call.whole(EcosAnswer(Ecos([_shown(eco) for eco in found.ecos], cursor)), next_link(call, "/ecos", cursor))


class OneEco(Struct):
    eco: Annotated[Eco, Meta(description="The ECO")]


class EcoAnswer(Struct):
    data: OneEco


def _answer(call: Call[Any, Any], eco: ecos.Eco) -> Reply[EcoAnswer]:
    shown = _shown(eco)
    return Reply(EcoAnswer(OneEco(shown)), etag=call.etag_of(shown))


@ROUTES.add(
    "GET",
    "/ecos/{eco}",
    summary="Show an ECO",
    permission=ECOS_READ,
    conditional=True,
    example={"data": {"eco": _EXAMPLE}},
)
def show(tx: Tx, call: Call[None, None], eco: EcoPath) -> Reply[EcoAnswer]:
    """A retired one too. A customer's users find those of their customer alone; any other is 404."""
    found = ecos.find_eco(tx, call.actor, eco)
    call.conditions.require(call.etag_of(_shown(found)))
    return _answer(call, found)


class EcoToMake(Struct, frozen=True):
    name: Name
    customer_id: Owner


class MakeEco(Struct, frozen=True):
    eco: Annotated[EcoToMake, Meta(description="The new ECO")]


@ROUTES.add(
    "POST",
    "/ecos",
    status=201,
    summary="Make an ECO",
    permission=ECOS_WRITE,
    guard=require_desk,
    headers=("ETag", "Location"),
    body_example={"eco": {"name": "Mast at the jetty", "customer_id": 12}},
    example=_EXAMPLE,
)
def create(tx: Tx, call: Call[None, MakeEco]) -> Reply[Eco]:
    """Tickets can be raised for it at once."""
    given = call.body.eco
    made = _shown(ecos.find_eco(tx, call.actor, ecos.create_eco(tx, call.by, given.name, given.customer_id)))
    return Reply(made, [call.location(f"/ecos/{made.id}")], etag=call.etag_of(made))


class EcoPatch(Struct, frozen=True):
    name: Name | UnsetType = UNSET
    customer_id: Owner | UnsetType = UNSET
    retired: Retired | UnsetType = UNSET


class ChangeEco(Struct, frozen=True):
    eco: Annotated[EcoPatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/ecos/{eco}",
    summary="Change an ECO, or move it to another customer",
    permission=ECOS_WRITE,
    guard=require_desk,
    conditional=True,
    body_example={"eco": {"customer_id": 13}},
    example={"data": {"eco": _EXAMPLE | {"customer_id": 13}}},
)
def change(tx: Tx, call: Call[None, ChangeEco], eco: EcoPath) -> Reply[EcoAnswer]:
    """A field that is left out stays as it is; none may be null. `customer_id` moves it: the tickets that it has stay
    those of their customer. `retired` retires it, and brings it back.
    """
    given = call.body.eco
    held = ecos.lock_eco(tx, call.actor, eco, given.customer_id)
    call.conditions.require(call.etag_of(_shown(held)))
    changes = EcoChanges(name=given.name, customer_id=given.customer_id, retired=given.retired)
    return _answer(call, ecos.change_eco(tx, call.by, eco, changes))


@ROUTES.add(
    "DELETE",
    "/ecos/{eco}",
    status=204,
    summary="Retire an ECO",
    permission=ECOS_WRITE,
    guard=require_desk,
    conditional=True,
)
def retire(tx: Tx, call: Call[None, None], eco: EcoPath) -> None:
    """It gets no new tickets, and lists leave it out; its tickets stay. A second time changes nothing. `PATCH` with
    `"retired": false` brings it back.
    """
    call.conditions.require(call.etag_of(_shown(ecos.lock_eco(tx, call.actor, eco))))
    ecos.retire_eco(tx, call.by, eco)
