"""What 2021 answers: the documented keys in the documented order, and no other."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from keesa.api.vocabulary import TIME_PATTERN, StatusName

Time = Annotated[
    str,
    Meta(pattern=TIME_PATTERN, examples=["2020-11-07T14:04:19.033+05:00"], extra_json_schema={"format": "date-time"}),
]
Minute = Annotated[str, Meta(pattern=r"^\d\d:\d\d \d\d/\d\d/\d{4}$", examples=["18:30 11/08/2020"])]
NOT_CLOSED: Final = "not closed"

ClosedDate = Annotated[
    str,
    Meta(
        extra_json_schema={
            "anyOf": [{"type": "string", "format": "date-time", "pattern": TIME_PATTERN}, {"const": NOT_CLOSED}]
        }
    ),
]


class Error(Struct):
    error: str


class Tokens(Struct):
    csrf: str
    access: str
    access_expires_at: Time
    refresh: str
    refresh_expires_at: Time


class RenewedToken(Struct):
    csrf: str
    access: str
    access_expires_at: Time


class RaisedTicket(Struct):
    ticket_number: str


class RaisedTicketAnswer(Struct):
    success: RaisedTicket


class TicketNote(Struct):
    comment: str
    added_on: Time
    commented_by: str


class Ticket(Struct):
    """As the user's list and the single ticket show it: without a number and a priority."""

    id: int
    title: str
    customer: str
    description: str
    status: StatusName
    contact_number: int
    contact_name: str
    raised_on: Time
    raised_by: str
    assigned_to: str | None
    ticket_type: str | None
    category: str | None
    image_urls: list[str]
    closed_date: ClosedDate
    ticket_notes: list[TicketNote]


class TypedTicket(Struct):
    """As the list by type shows it."""

    id: int
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
    closed_date: ClosedDate
    ticket_notes: list[TicketNote]


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
    tickets: list[TypedTicket]


class CountedTicketsAnswer(Struct):
    data: CountedTickets


class OneTicket(Struct):
    ticket: Ticket


class OneTicketAnswer(Struct):
    data: OneTicket


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
