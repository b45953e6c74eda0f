"""Editing a ticket. Keesa's own addition to the 2024 document."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import TICKETS_WRITE, require_desk
from keesa.api.calls import Call
from keesa.api.rich_text import Html
from keesa.api.ticket_states import CHANGED_SINCE
from keesa.api.v2024.fields import ContactNumber, Priority
from keesa.api.v2024.tickets.examples import EXAMPLE_OF_DETAIL
from keesa.api.v2024.tickets.formats import DETAIL
from keesa.api.v2024.tickets.showing import OneTicket, OneTicketAnswer
from keesa.api.vocabulary import TicketPath
from keesa.db import Tx
from keesa.errors import Faults
from keesa.tickets.checking import text_faults
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket, view_changed
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Partial, Routes

ROUTES = Routes()


class TicketPatch(Struct, frozen=True, kw_only=True):
    title: str | UnsetType = UNSET
    description: Html | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    category: str | UnsetType = UNSET
    ticket_type: str | UnsetType = UNSET
    product_id: Id | UnsetType = UNSET
    reference: Annotated[str, Meta(description="Null takes it away")] | UnsetType | None = UNSET
    contact_name: str | UnsetType = UNSET
    contact_number: ContactNumber | UnsetType = UNSET
    eco_id: Annotated[Id, Meta(description="One of the ticket's customer; null takes it away")] | UnsetType | None = (
        UNSET
    )
    customer_id: (
        Annotated[Id, Meta(description="Another customer, to whom the ticket is given: `tickets:transfer`")] | UnsetType
    ) = UNSET


class EditTicket(Struct, frozen=True):
    ticket: Annotated[TicketPatch, Meta(description="The change: what is left out stays as it is")]


def check_edit(_tx: Tx, _actor: Actor, values: Partial, faults: Faults) -> Faults:
    """What the domain finds wrong with the texts that were good of a body that was read with faults. Of the rest it can
    judge nothing without the ticket.
    """
    found = text_faults(values.get("ticket", {}))
    return {f"ticket.{field}": sentences for field, sentences in found.items()} | dict(faults)


@ROUTES.add(
    "PATCH",
    "/tickets/{ticket}",
    summary="Edit a ticket, or give it to another customer",
    permission=TICKETS_WRITE,
    guard=require_desk,
    conditional=True,
    outdated=CHANGED_SINCE,
    check=check_edit,
    body_example={"ticket": {"priority": 1, "category": "network"}},
    example={"data": {"ticket": EXAMPLE_OF_DETAIL | {"priority": 1, "category": "network"}}},
)
def edit(tx: Tx, call: Call[None, EditTicket], ticket: TicketPath) -> Reply[OneTicketAnswer]:
    """A field that is left out stays as it is, with one event in the ticket's history for all that are another. What
    has retired may stay, and is not given anew. Answered is the ticket, also where another `ticket_type` has put it out
    of your sight.

    Another `customer_id` gives the ticket to that customer, for which `tickets:transfer` is needed too: `title` and
    `description` must then be given anew, and the contact, the reference and the ECO are the new customer's unless they
    are given. The new customer sees nothing of what was before, and the notes of before become internal.
    """
    held = lock_ticket(tx, call.actor, ticket, call.condition(tx))
    given = call.body.ticket
    changes = TicketChanges(
        title=given.title,
        description=call.converted.get("ticket.description", UNSET),
        priority=given.priority,
        category=given.category,
        ticket_type=given.ticket_type,
        product_id=given.product_id,
        reference=given.reference,
        contact_name=given.contact_name,
        contact_number=given.contact_number,
        eco_id=given.eco_id,
        customer_id=given.customer_id,
    )
    edited = edit_ticket(tx, call.actor, held, changes, call.at)
    found, view = view_changed(tx, call.actor, held, DETAIL.parts)
    shown = call.ticket(view, DETAIL)
    return Reply(OneTicketAnswer(OneTicket(shown)), etag=call.ticket_etag(found, edited.events))
