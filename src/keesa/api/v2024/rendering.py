"""From what the domain shows to what 2024 answers."""

from keesa.api.rendered import Shape
from keesa.api.v2024.answers import (
    BotTicket,
    CategoryTicket,
    CustomerTicket,
    ListedNote,
    RaisedTicket,
    Ticket,
    TicketAssignment,
    TicketDetail,
    TicketNote,
    TicketStatus,
)
from keesa.clock import Clock
from keesa.notes.notes import Note
from keesa.tickets.finding import BotView
from keesa.tickets.raising import Raised
from keesa.tickets.views import Parts, TicketView


def raised_ticket(ticket: Raised, clock: Clock) -> RaisedTicket:
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
        created_at=clock.iso(ticket.raised_at),
    )


def listed_ticket(ticket: TicketView, clock: Clock) -> Ticket:
    return Ticket(
        id=ticket.id,
        ticket_number=str(ticket.id),
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
        contact_phone=ticket.contact_phone,
    )


def ticket_detail(ticket: TicketView, clock: Clock) -> TicketDetail:
    return TicketDetail(
        id=ticket.id,
        ticket_number=str(ticket.id),
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
        ticket_statuses=[TicketStatus(row.id, row.status, clock.iso(row.created_at)) for row in ticket.statuses],
        ticket_notes=_notes(ticket, clock),
        ticket_assignments=[
            TicketAssignment(row.assigned_to, row.assigned_by, clock.iso(row.created_at)) for row in ticket.assignments
        ],
        contact_phone=ticket.contact_phone,
    )


def category_ticket(ticket: TicketView, clock: Clock) -> CategoryTicket:
    return CategoryTicket(
        id=ticket.id,
        ticket_number=str(ticket.id),
        title=ticket.title,
        customer=ticket.customer,
        description=ticket.description,
        status=ticket.status,
        priority=ticket.priority,
        raised_on=clock.iso(ticket.raised_at),
        raised_by=ticket.raised_by,
        assigned_to=ticket.assigned_to,
        ticket_type=ticket.ticket_type,
        category=ticket.category,
        closed_date=_closed_date(ticket, clock),
    )


def customer_ticket(ticket: TicketView, clock: Clock) -> CustomerTicket:
    return CustomerTicket(
        id=ticket.id,
        ticket_number=str(ticket.id),
        title=ticket.title,
        status=ticket.status,
        priority=ticket.priority,
        raised_on=clock.iso(ticket.raised_at),
        assigned_to=ticket.assigned_to,
        ticket_type=ticket.ticket_type,
        category=ticket.category,
    )


def bot_ticket(ticket: BotView) -> BotTicket:
    return BotTicket(
        id=ticket.id,
        ticket_number=str(ticket.id),
        title=ticket.title,
        customer_id=ticket.customer_id,
        status=ticket.status,
        description=ticket.description,
    )


def listed_note(note: Note, clock: Clock) -> ListedNote:
    return ListedNote(
        id=note.id,
        note=note.body,
        user_name=note.author,
        user_nick=note.author_nick,
        commented_on=clock.minute(note.created_at),
    )


def _closed_date(ticket: TicketView, clock: Clock) -> str | None:
    return clock.midnight(ticket.closed_on) if ticket.closed_on else None


def _notes(ticket: TicketView, clock: Clock) -> list[TicketNote]:
    return [
        TicketNote(note.body, clock.iso(note.created_at), f"{note.author} ({note.author_nick})")
        for note in ticket.notes
    ]


LISTED = Shape(listed_ticket, Parts.NOTES)
DETAIL = Shape(ticket_detail, Parts.NOTES | Parts.STATUSES | Parts.ASSIGNMENTS)
OF_CATEGORY = Shape(category_ticket, Parts(0))
OF_CUSTOMER = Shape(customer_ticket, Parts(0))
