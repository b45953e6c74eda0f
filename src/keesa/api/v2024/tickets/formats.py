"""The formats in which 2024 shows tickets: their structs, and how each is made of what the domain shows."""

from msgspec import Struct

from keesa.api.ticket_cache import TicketFormat
from keesa.api.v2024.fields import Day, Phone, Time
from keesa.api.vocabulary import GroupName, StatusName
from keesa.clock import Clock
from keesa.tickets.statuses import group_of
from keesa.tickets.views import Parts, TicketView


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
    """As lists show it; `contact_phone` and what follows it are Keesa's own."""

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
    group: GroupName
    reference: str | None
    updated_at: Time


class TicketDetail(Struct):
    """As it is shown by itself; `ticket_assignments` and what follows them are Keesa's own."""

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
    group: GroupName
    reference: str | None
    updated_at: Time
    customer_id: int
    product_id: int
    eco_id: int | None
    held_until: Day | None


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
    group: GroupName
    reference: str | None
    updated_at: Time


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
    group: GroupName
    reference: str | None
    updated_at: Time


def listed_ticket(ticket: TicketView, clock: Clock, image_urls: list[str]) -> Ticket:
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
        image_urls=image_urls,
        closed_date=_closed_date(ticket, clock),
        ticket_notes=_notes(ticket, clock),
        contact_phone=ticket.contact_phone,
        group=group_of(ticket.status),
        reference=ticket.reference,
        updated_at=clock.iso(ticket.changed_at),
    )


def ticket_detail(ticket: TicketView, clock: Clock, image_urls: list[str]) -> TicketDetail:
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
        image_urls=image_urls,
        closed_date=_closed_date(ticket, clock),
        ticket_statuses=[TicketStatus(row.id, row.status, clock.iso(row.created_at)) for row in ticket.statuses],
        ticket_notes=_notes(ticket, clock),
        ticket_assignments=[
            TicketAssignment(row.assigned_to, row.assigned_by, clock.iso(row.created_at)) for row in ticket.assignments
        ],
        contact_phone=ticket.contact_phone,
        group=group_of(ticket.status),
        reference=ticket.reference,
        updated_at=clock.iso(ticket.changed_at),
        customer_id=ticket.customer_id,
        product_id=ticket.product_id,
        eco_id=ticket.eco_id,
        held_until=ticket.held_until,
    )


def category_ticket(ticket: TicketView, clock: Clock, _image_urls: list[str]) -> CategoryTicket:
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
        group=group_of(ticket.status),
        reference=ticket.reference,
        updated_at=clock.iso(ticket.changed_at),
    )


def customer_ticket(ticket: TicketView, clock: Clock, _image_urls: list[str]) -> CustomerTicket:
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
        group=group_of(ticket.status),
        reference=ticket.reference,
        updated_at=clock.iso(ticket.changed_at),
    )


def _closed_date(ticket: TicketView, clock: Clock) -> str | None:
    return clock.midnight(ticket.closed_on) if ticket.closed_on else None


def _notes(ticket: TicketView, clock: Clock) -> list[TicketNote]:
    return [
        TicketNote(note.body, clock.iso(note.created_at), f"{note.author} ({note.author_nick})")
        for note in ticket.notes
    ]


LISTED = TicketFormat(listed_ticket, Parts.NOTES | Parts.IMAGES)
DETAIL = TicketFormat(ticket_detail, Parts.NOTES | Parts.STATUSES | Parts.ASSIGNMENTS | Parts.IMAGES)
OF_CATEGORY = TicketFormat(category_ticket, Parts(0))
OF_CUSTOMER = TicketFormat(customer_ticket, Parts(0))
