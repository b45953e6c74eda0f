"""What 2021 answers: the documented keys in the documented order, and no other."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from keesa.clock import Clock
from keesa.notes.notes import Note
from keesa.tickets.views import TicketView

Time = Annotated[
    str,
    Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$", examples=["2020-11-07T14:04:19.033+05:00"]),
]
Minute = Annotated[str, Meta(pattern=r"^\d\d:\d\d \d\d/\d\d/\d{4}$", examples=["18:30 11/08/2020"])]
StatusName = Annotated[str, Meta(description="open, in_progress, on_hold or closed")]
ClosedDate = Annotated[str, Meta(description="Midnight of the day, or `not closed`")]

NOT_CLOSED: Final = "not closed"


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


def shown_ticket(ticket: TicketView, clock: Clock) -> Ticket:
    return Ticket(
        id=ticket.id,
        title=ticket.title,
        customer=ticket.customer,
        description=ticket.description,
        status=ticket.status,
        contact_number=ticket.contact_number,
        contact_name=ticket.contact_name,
        raised_on=clock.iso(ticket.raised_at),
        raised_by=ticket.raised_by,
        assigned_to=ticket.assigned_to,
        ticket_type=ticket.ticket_type,
        category=ticket.category,
        image_urls=[],
        closed_date=_closed_date(ticket, clock),
        ticket_notes=_notes(ticket, clock),
    )


def typed_ticket(ticket: TicketView, clock: Clock) -> TypedTicket:
    return TypedTicket(
        id=ticket.id,
        title=ticket.title,
        customer=ticket.customer,
        description=ticket.description,
        status=ticket.status,
        priority=ticket.priority,
        contact_number=ticket.contact_number,
        contact_name=ticket.contact_name,
        raised_on=clock.iso(ticket.raised_at),
        raised_by=ticket.raised_by,
        assigned_to=ticket.assigned_to,
        ticket_type=ticket.ticket_type,
        category=ticket.category,
        image_urls=[],
        closed_date=_closed_date(ticket, clock),
        ticket_notes=_notes(ticket, clock),
    )


def listed_note(note: Note, clock: Clock) -> ListedNote:
    return ListedNote(
        id=note.id,
        note=note.body,
        user_name=note.author,
        user_nick=note.author_nick,
        commented_on=clock.minute(note.created_at),
    )


def _closed_date(ticket: TicketView, clock: Clock) -> str:
    return clock.midnight(ticket.closed_on) if ticket.closed_on else NOT_CLOSED


def _notes(ticket: TicketView, clock: Clock) -> list[TicketNote]:
    return [
        TicketNote(note.body, clock.iso(note.created_at), f"{note.author} ({note.author_nick})")
        for note in ticket.notes
    ]
