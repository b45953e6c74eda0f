"""Raising a ticket."""

from typing import Annotated

from msgspec import Meta, Struct, to_builtins

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import TICKETS_WRITE
from keesa.api.calls import Call
from keesa.api.rich_text import Html
from keesa.api.ticket_drafts import all_faults, draft_of
from keesa.api.v2024.fields import ContactNumber, Priority, Time
from keesa.api.vocabulary import StatusName
from keesa.db import Tx
from keesa.errors import Faults
from keesa.tickets.raising import raise_ticket
from keesa.web.input.fields import Id
from keesa.web.input.kinds import paths_of
from keesa.web.routes import Partial, Routes

ROUTES = Routes()


class NewTicket(Struct, frozen=True, kw_only=True):
    title: str
    description: Html
    category: str | None = None
    ticket_type: str | None = None
    product_id: Id
    priority: Priority | None = None
    reference: str | None = None
    customer_id: Id | None = None
    eco_id: Id | None = None
    customer_name: Annotated[str, Meta(extra={"domain": "contact_name"})] | None = None
    customer_contact: Annotated[ContactNumber, Meta(extra={"domain": "contact_number"})] | None = None


class RaiseTicket(Struct, frozen=True, kw_only=True):
    """`customer_id` or `eco_id` is needed, here or inside `ticket`; a customer's user may leave both out."""

    ticket: NewTicket
    customer_id: Id | None = None
    eco_id: Id | None = None


class RaisedTicket(Struct):
    id: int
    ticket_number: str
    title: str
    description: str
    status: StatusName
    category: str
    ticket_type: str
    priority: int
    customer_id: int
    product_id: int
    raised_by_id: int
    raised_by: str
    created_at: Time


def check_new(tx: Tx, actor: Actor, values: Partial, faults: Faults) -> Faults:
    """What the domain finds wrong with the good part of a body that was read with faults."""
    return all_faults(tx, actor, values, faults, RaiseTicket, paths_of(RaiseTicket))


@ROUTES.add(
    "POST",
    "/tickets",
    status=201,
    summary="Raise a ticket",
    documented=True,
    permission=TICKETS_WRITE,
    check=check_new,
    shows=lambda raised: [raised.id],
    body_example={
        "ticket": {
            "title": "Link to the harbour office is down",
            "description": "No signal since the storm",
            "category": "fault",
            "ticket_type": "customer_support",
            "priority": 2,
            "product_id": 3,
        },
        "customer_id": 12,
    },
    example={
        "id": 2025017,
        "ticket_number": "2025017",
        "title": "Link to the harbour office is down",
        "description": "No signal since the storm",
        "status": "open",
        "category": "fault",
        "ticket_type": "customer_support",
        "priority": 2,
        "customer_id": 12,
        "product_id": 3,
        "raised_by_id": 9,
        "raised_by": "Mariyam Zahir",
        "created_at": "2025-03-04T09:05:12.250+05:00",
    },
)
def create(tx: Tx, call: Call[None, RaiseTicket]) -> RaisedTicket:
    """The ticket is `open`, and yours. `customer_id` or `eco_id` is needed, beside `ticket` or inside it.

    A customer's user raises tickets for their own customer alone, and need not name it; another one is 403. They may
    leave out `category` and `ticket_type` where the product has its own. Without contact fields the customer's own
    contact is used.
    """
    services = call.services
    draft = draft_of(tx, call.actor, to_builtins(call.body), call.rich_text)
    ticket = raise_ticket(tx, call.actor, draft, call.at, services.clock, services.number_form)
    return RaisedTicket(
        id=ticket.id,
        ticket_number=str(ticket.id),
        title=ticket.title,
        description=ticket.description,
        status=ticket.status,
        category=ticket.category,
        ticket_type=ticket.ticket_type,
        priority=ticket.priority,
        customer_id=ticket.customer_id,
        product_id=ticket.product_id,
        raised_by_id=ticket.raised_by_id,
        raised_by=ticket.raised_by,
        created_at=services.clock.iso(ticket.raised_at),
    )
