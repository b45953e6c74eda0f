"""What 2021 requests may hold, besides the shared query of lists."""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from keesa.api.rich_text import Html
from keesa.api.vocabulary import StatusFilter
from keesa.web.input.fields import Id

Priority = Annotated[int, Meta(ge=1, lt=6)]
ContactNumber = Annotated[
    str | int, Meta(description="A telephone number of at most 15 digits, with or without + and what sets them apart")
]
TicketNumber = Annotated[str | int, Meta(description="A ticket's number")]


class NewTicket(Struct, frozen=True, kw_only=True):
    title: str
    description: Html
    product_id: Id
    customer_name: str
    customer_contact: ContactNumber
    category: str | None = None
    ticket_type: str | None = None
    reference: str | None = None
    customer_id: Id | None = None
    eco_id: Id | None = None
    priority: Priority | None = None


class RaiseTicket(Struct, frozen=True, kw_only=True):
    """`customer_id` or `eco_id` is needed, here or inside `ticket`; a customer's user may leave both out."""

    ticket: NewTicket
    customer_id: Id | None = None
    eco_id: Id | None = None


class TypeFilter(Struct, frozen=True):
    type: str
    status: StatusFilter


class TicketsByType(Struct, frozen=True):
    ticket: TypeFilter


class NewNote(Struct, frozen=True):
    note: Html


class AddNote(Struct, frozen=True):
    ticket_note: NewNote
    ticket_number: TicketNumber


class TicketNotes(Struct, frozen=True):
    ticket_number: TicketNumber


FAULT_PATHS: Final[Mapping[str, str]] = {
    "title": "ticket.title",
    "description": "ticket.description",
    "category": "ticket.category",
    "ticket_type": "ticket.ticket_type",
    "product_id": "ticket.product_id",
    "reference": "ticket.reference",
    "contact_name": "ticket.customer_name",
    "contact_number": "ticket.customer_contact",
    "customer_id": "ticket.customer_id",
    "eco_id": "eco_id",
    "type": "ticket.type",
    "status": "ticket.status",
    "note": "ticket_note.note",
}
