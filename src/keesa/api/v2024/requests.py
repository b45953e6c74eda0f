"""What 2024 requests may hold, besides the shared query of lists."""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from keesa.api.inputs import Id
from keesa.api.paging import ListQuery, PageNumber
from keesa.api.vocabulary import StatusFilter, StatusName

Priority = Annotated[int, Meta(ge=1, lt=6)]
DayOrTime = Annotated[
    str,
    Meta(
        extra_json_schema={"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]},
        examples=["2024-06-28", "2024-06-28T10:15:30.000+05:00"],
    ),
]
ContactNumber = Annotated[
    str | int, Meta(description="A telephone number of at most 15 digits, with or without + and what sets them apart")
]
TicketNumber = Annotated[str | int, Meta(description="A ticket's number, or its id")]


class GroupsQuery(ListQuery, frozen=True, kw_only=True):
    """`limit` counts for each of the three groups, and `page` for those without a page of their own."""

    open_page: PageNumber | None = None
    active_page: PageNumber | None = None
    closed_page: PageNumber | None = None


class CategoryQuery(ListQuery, frozen=True, kw_only=True):
    category: str


class CustomerQuery(ListQuery, frozen=True, kw_only=True):
    customer_id: Id
    status: StatusFilter | None = None


class BotQuery(Struct, frozen=True):
    customer_id: Id


class NewTicket(Struct, frozen=True, kw_only=True):
    title: str
    description: str
    category: str
    ticket_type: str
    product_id: Id
    priority: Priority | None = None
    reference: str | None = None
    customer_id: Id | None = None
    eco_id: Id | None = None
    customer_name: str | None = None
    customer_contact: ContactNumber | None = None


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


class StatusChange(Struct, frozen=True):
    status: StatusName
    closed_date: DayOrTime | None = None


class ChangeStatus(Struct, frozen=True):
    ticket: StatusChange


class Assignment(Struct, frozen=True):
    assigned_to_id: Id | None


class AssignTicket(Struct, frozen=True):
    ticket: Assignment


class NewNote(Struct, frozen=True):
    note: str


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
    "customer_id": "customer_id",
    "eco_id": "eco_id",
    "type": "ticket.type",
    "status": "ticket.status",
    "closed_date": "ticket.closed_date",
    "assigned_to_id": "ticket.assigned_to_id",
    "note": "ticket_note.note",
}
