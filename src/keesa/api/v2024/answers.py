"""What 2024 answers: the documented keys in the documented order, then what Keesa adds."""

from typing import Annotated

from msgspec import Meta, Struct

from keesa.api.vocabulary import TIME_PATTERN, StatusName

Time = Annotated[
    str,
    Meta(pattern=TIME_PATTERN, examples=["2024-06-28T10:15:30.000+05:00"], extra_json_schema={"format": "date-time"}),
]
Minute = Annotated[str, Meta(pattern=r"^\d\d:\d\d \d\d/\d\d/\d{4}$", examples=["10:30 06/28/2024"])]
Phone = Annotated[str, Meta(description="The contact's telephone number as it was written", examples=["+960 777-1234"])]


class Error(Struct):
    error: str


class InvalidError(Struct):
    error: str
    errors: dict[str, list[str]]


class Message(Struct):
    message: str


class Tokens(Struct):
    access: str
    access_expires_at: Time
    refresh: str
    refresh_expires_at: Time


class RenewedToken(Struct):
    access: str
    access_expires_at: Time


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


class TicketNote(Struct):
    comment: str
    added_on: Time
    commented_by: str


class TicketStatus(Struct):
    id: int
    status: StatusName
    created_at: Time


class TicketAssignment(Struct):
    assigned_to: str | None
    assigned_by: str
    created_at: Time


class Ticket(Struct):
    """As lists show it; `contact_phone` is Keesa's own."""

    id: int
    ticket_number: str
    title: str
    customer: str
    description: str
    status: StatusName
    priority: int
    contact_number: int
    contact_name: str
    raised_on: Time
    raised_by: str
    assigned_to: str | None
    ticket_type: str | None
    category: str | None
    image_urls: list[str]
    closed_date: Time | None
    ticket_notes: list[TicketNote]
    contact_phone: Phone


class TicketDetail(Struct):
    """As it is shown by itself; `ticket_assignments` and `contact_phone` are Keesa's own."""

    id: int
    ticket_number: str
    title: str
    customer: str
    description: str
    status: StatusName
    priority: int
    contact_number: int
    contact_name: str
    raised_on: Time
    raised_by: str
    assigned_to: str | None
    ticket_type: str | None
    category: str | None
    image_urls: list[str]
    closed_date: Time | None
    ticket_statuses: list[TicketStatus]
    ticket_notes: list[TicketNote]
    ticket_assignments: list[TicketAssignment]
    contact_phone: Phone


class CategoryTicket(Struct):
    id: int
    ticket_number: str
    title: str
    customer: str
    description: str
    status: StatusName
    priority: int
    raised_on: Time
    raised_by: str
    assigned_to: str | None
    ticket_type: str | None
    category: str | None
    closed_date: Time | None


class CustomerTicket(Struct):
    id: int
    ticket_number: str
    title: str
    status: StatusName
    priority: int
    raised_on: Time
    assigned_to: str | None
    ticket_type: str | None
    category: str | None


class BotTicket(Struct):
    id: int
    ticket_number: str
    title: str
    customer_id: int
    status: StatusName
    description: str


class ListedNote(Struct):
    id: int
    note: str
    user_name: str
    user_nick: str
    commented_on: Minute


class Tickets(Struct):
    tickets: list[Ticket]


class TicketsAnswer(Struct):
    data: Tickets


class CountedTickets(Struct):
    count: int
    tickets: list[Ticket]


class CountedTicketsAnswer(Struct):
    data: CountedTickets


class CategoryTickets(Struct):
    tickets: list[CategoryTicket]


class CategoryTicketsAnswer(Struct):
    data: CategoryTickets


class CustomerTickets(Struct):
    tickets: list[CustomerTicket]


class CustomerTicketsAnswer(Struct):
    data: CustomerTickets


class OneTicket(Struct):
    ticket: TicketDetail


class OneTicketAnswer(Struct):
    data: OneTicket


class OneBotTicket(Struct):
    ticket: BotTicket


class BotTicketAnswer(Struct):
    data: OneBotTicket


class Notes(Struct):
    count: int
    notes: list[ListedNote]


class NotesAnswer(Struct):
    data: Notes


class AddedNote(Struct):
    ticket_number: str
    comment: str


class AddedNoteAnswer(Struct):
    success: AddedNote
