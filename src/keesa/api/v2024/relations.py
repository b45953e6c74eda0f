"""How tickets belong together: duplicates, causes, parents and children. Keesa's own addition to the 2024 document."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE, require_desk
from keesa.api.calls import Call
from keesa.api.ticket_states import CHANGED_SINCE
from keesa.api.v2024.fields import TicketNumber
from keesa.api.vocabulary import StatusName, TicketPath
from keesa.db import Tx
from keesa.errors import NotFound
from keesa.notes.merging import merge, unmerge
from keesa.tickets import relations
from keesa.tickets.finding import find_ticket
from keesa.tickets.numbers import parse_number
from keesa.tickets.relations import RelatedTicket, Side
from keesa.web.endpoints import PathParameter
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

Kind = Literal["duplicate_of", "caused_by", "child_of"]
_KINDS: Final[dict[str, Kind]] = {kind: kind for kind in get_args(Kind)}
_SENTENCE: Final = "What the ticket is to the other one"
_MISSING: Final = "Relation not found"

KindPath = Annotated[
    Kind | None, PathParameter(_KINDS.get, _SENTENCE, {"type": "string", "enum": list(_KINDS)}, _MISSING)
]
GivenKind = Annotated[Kind, Meta(title="RelationKind", description=_SENTENCE, extra_json_schema={"type": "string"})]

_RELATED: Final = {"id": 2025001, "ticket_number": "2025001", "title": "No signal", "status": "open"}
_NOTHING: Final[dict[str, object]] = {
    "duplicate_of": None,
    "duplicates": [],
    "caused_by": [],
    "causes": [],
    "parent": None,
    "children": [],
}


class Related(Struct):
    id: int
    ticket_number: str
    title: str
    status: StatusName


class Relations(Struct):
    duplicate_of: Annotated[Related | None, Meta(description="The ticket that shows this one's notes; null of others")]
    duplicates: Annotated[list[Related], Meta(description="The tickets whose notes this one shows")]
    caused_by: Annotated[list[Related], Meta(description="The tickets that caused this one")]
    causes: Annotated[list[Related], Meta(description="The tickets that this one caused")]
    parent: Annotated[Related | None, Meta(description="The ticket that this one is a part of")]
    children: Annotated[list[Related], Meta(description="The tickets that are parts of this one")]
    unseen: Annotated[int, Meta(description="How many more there are that you do not see; the desk alone is told")]


class RelationsOfTicket(Struct):
    relations: Annotated[Relations, Meta(description="The tickets that belong to it, by what they are to it")]


class RelationsAnswer(Struct):
    data: RelationsOfTicket


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/relations",
    summary="Show the tickets that belong to a ticket",
    permission=TICKETS_READ,
    conditional=True,
    example={"data": {"relations": _NOTHING | {"parent": _RELATED, "unseen": 0}}},
)
def index(tx: Tx, call: Call[None, None], ticket: TicketPath) -> Reply[RelationsAnswer]:
    """Those of them that you see. Customers' users are told of duplicates alone."""
    found = relations.relations_of(tx, call.actor, find_ticket(tx, call.actor, ticket))
    etag = call.etag_of_content("relations", found)
    sides: dict[Side, list[Related]] = {side: [] for side in get_args(Side)}
    for related in found.seen:
        sides[related.side].append(_shown(related))
    shown = Relations(
        duplicate_of=next(iter(sides["duplicate_of"]), None),
        duplicates=sides["duplicates"],
        caused_by=sides["caused_by"],
        causes=sides["causes"],
        parent=next(iter(sides["parent"]), None),
        children=sides["children"],
        unseen=found.unseen,
    )
    return Reply(RelationsAnswer(RelationsOfTicket(shown)), etag=etag)


def _shown(related: RelatedTicket) -> Related:
    return Related(related.id, str(related.id), related.title, related.status)


class NewRelation(Struct, frozen=True):
    kind: GivenKind
    ticket_number: TicketNumber


class AddRelation(Struct, frozen=True):
    relation: Annotated[NewRelation, Meta(description="The new relation")]


class AddedRelation(Struct):
    kind: GivenKind
    ticket_number: Annotated[str, Meta(description="The other ticket's number")]


_Verb = Callable[..., None]


@ROUTES.add(
    "POST",
    "/tickets/{ticket}/relations",
    status=201,
    summary="Relate a ticket to another one",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    guard=require_desk,
    body_example={"relation": {"kind": "caused_by", "ticket_number": "2025001"}},
    example={"kind": "caused_by", "ticket_number": "2025001"},
    shows=lambda added: [int(added.ticket_number)],
)
def create(tx: Tx, call: Call[None, AddRelation], ticket: TicketPath) -> Reply[AddedRelation]:
    """What is so already changes nothing; of a ticket that you do not see, or that does not exist, 422 says the same.

    - `duplicate_of`: both are the same customer's. The ticket is closed today; where nobody is assigned, it is
      assigned to you first. Its notes stand among those of the other one from then on.
    - `caused_by`: a ticket may have 50 causes, and cause 50.
    - `child_of`: a ticket has one parent, and at most 100 children; at most 10 are one below the other.
    """
    given = call.body.relation
    add: dict[Kind, _Verb] = {
        "duplicate_of": partial(merge, clock=call.services.clock),
        "caused_by": relations.add_cause,
        "child_of": relations.set_parent,
    }
    other, condition = parse_number(str(given.ticket_number)), call.condition(tx)
    add[given.kind](tx, call.actor, ticket, other, call.at, known=condition)
    return condition.reply(AddedRelation(given.kind, str(other)))


_REMOVE: Final[dict[Kind, _Verb]] = {
    "duplicate_of": unmerge,
    "caused_by": relations.remove_cause,
    "child_of": relations.remove_parent,
}


@ROUTES.add(
    "DELETE",
    "/tickets/{ticket}/relations/{kind}/{other}",
    status=204,
    summary="Take a relation of a ticket back",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    headers=("ETag",),
    guard=require_desk,
)
def remove(tx: Tx, call: Call[None, None], ticket: TicketPath, kind: KindPath, other: TicketPath) -> Reply[None]:
    """What is not so changes nothing. A duplicate stays closed, and keeps its notes to itself again."""
    if kind is None:
        raise NotFound(_MISSING)
    condition = call.condition(tx)
    _REMOVE[kind](tx, call.actor, ticket, other, call.at, known=condition)
    return condition.reply(None)
