"""From what the domain shows to what 2021 answers."""

from keesa.api.ticket_cache import TicketFormat
from keesa.api.v2021.answers import NOT_CLOSED, ListedNote, Ticket, TicketNote, TypedTicket
from keesa.clock import Clock
from keesa.notes.notes import Note
from keesa.tickets.views import Parts, TicketView


def listed_ticket(ticket: TicketView, clock: Clock, image_urls: list[str]) -> Ticket:
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
        image_urls=image_urls,
        closed_date=_closed_date(ticket, clock),
        ticket_notes=_notes(ticket, clock),
    )


def typed_ticket(ticket: TicketView, clock: Clock, image_urls: list[str]) -> TypedTicket:
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
        image_urls=image_urls,
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


LISTED = TicketFormat(listed_ticket, Parts.NOTES | Parts.IMAGES)
TYPED = TicketFormat(typed_ticket, Parts.NOTES | Parts.IMAGES)
