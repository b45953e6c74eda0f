"""Putting a ticket of the past into the database, with its own number and dates: what no actor may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from keesa.db import Tx
from keesa.tickets.numbers import keep_number
from keesa.tickets.statuses import Status


@dataclass(frozen=True, slots=True)
class KeptNote:
    author_id: int
    body: str
    created_at: int
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTicket:
    """A ticket with its whole history; times in milliseconds since 1970."""

    id: int
    title: str
    description: str
    ticket_type: str | None
    category: str | None
    customer_id: int
    contact: tuple[str, int]
    product_id: int
    raised_by_id: int
    raised_at: int
    assigned_to_id: int | None
    priority: int = 3
    changes: Sequence[tuple[Status, int]] = ()
    """The statuses after `open`, and since when."""
    closed_on: str | None = None
    notes: Sequence[KeptNote] = ()


def keep(tx: Tx, ticket: KeptTicket) -> None:
    """Insert it, and let the numbers that are taken later come after its own."""
    status = ticket.changes[-1][0] if ticket.changes else "open"
    tx.run(
        "INSERT INTO tickets (id, title, description, status, priority, ticket_type, category, customer_id, product_id,"
        " contact_name, contact_number, raised_by_id, raised_at, assigned_to_id, closed_on,"
        " description_size, notes_count, notes_size, revision)"
        " VALUES (:id, :title, :description, :status, :priority, :ticket_type, :category, :customer_id, :product_id,"
        " :contact_name, :contact_number, :raised_by_id, :raised_at, :assigned_to_id, :closed_on,"
        " :description_size, :notes_count, :notes_size, $new_revision)",
        id=ticket.id,
        title=ticket.title,
        description=ticket.description,
        status=status,
        priority=ticket.priority,
        ticket_type=ticket.ticket_type,
        category=ticket.category,
        customer_id=ticket.customer_id,
        product_id=ticket.product_id,
        contact_name=ticket.contact[0],
        contact_number=ticket.contact[1],
        raised_by_id=ticket.raised_by_id,
        raised_at=ticket.raised_at,
        assigned_to_id=ticket.assigned_to_id,
        closed_on=ticket.closed_on,
        description_size=len(ticket.description.encode()),
        notes_count=len(ticket.notes),
        notes_size=sum(len(note.body.encode()) for note in ticket.notes),
    )
    _keep_history(tx, ticket)
    for note in ticket.notes:
        _keep_note(tx, ticket.id, note)
    keep_number(tx, ticket.id)


def _keep_history(tx: Tx, ticket: KeptTicket) -> None:
    for status, at in (("open", ticket.raised_at), *ticket.changes):
        tx.run(
            "INSERT INTO ticket_statuses (ticket_id, status, changed_by_id, created_at)"
            " VALUES (:ticket_id, :status, :by_id, :at)",
            ticket_id=ticket.id,
            status=status,
            by_id=ticket.raised_by_id if status == "open" else ticket.assigned_to_id,
            at=at,
        )
    if ticket.assigned_to_id is not None:
        tx.run(
            "INSERT INTO ticket_assignments (ticket_id, assigned_to_id, assigned_by_id, created_at)"
            " VALUES (:ticket_id, :to_id, :by_id, :at)",
            ticket_id=ticket.id,
            to_id=ticket.assigned_to_id,
            by_id=ticket.raised_by_id,
            at=ticket.raised_at,
        )


def _keep_note(tx: Tx, ticket_id: int, note: KeptNote) -> None:
    columns, values = "ticket_id, author_id, body, created_at", ":ticket_id, :author_id, :body, :at"
    if note.id is not None:
        columns, values = f"id, {columns}", f":id, {values}"
    tx.run(
        f"INSERT INTO ticket_notes ({columns}) VALUES ({values})",
        id=note.id,
        ticket_id=ticket_id,
        author_id=note.author_id,
        body=note.body,
        at=note.created_at,
    )
