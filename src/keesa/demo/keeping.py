"""Putting a ticket of the past into the database, with its own number and dates: what no actor may do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from msgspec import structs

from keesa.accounts.actors import SYSTEM
from keesa.db import Tx
from keesa.events.recording import Event, Kept, Sight, add_event
from keesa.tickets.numbers import keep_number
from keesa.tickets.statuses import Status
from keesa.words.index import reindex


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
    events = _events(ticket)
    tx.run(
        "INSERT INTO tickets (id, title, description, status, priority, ticket_type, category, customer_id, product_id,"
        " contact_name, contact_number, raised_by_id, raised_at, assigned_to_id, closed_on, closed_at,"
        " description_size, notes_count, notes_size, events, public_events, changed_at, public_changed_at, revision)"
        " VALUES (:id, :title, :description, :status, :priority, :ticket_type, :category, :customer_id, :product_id,"
        " :contact_name, :contact_number, :raised_by_id, :raised_at, :assigned_to_id, :closed_on, :closed_at,"
        " :description_size, :notes_count, :notes_size, :events, :events, :changed_at, :changed_at, $new_revision)",
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
        closed_at=_closed_at(ticket),
        description_size=len(ticket.description.encode()),
        notes_count=len(ticket.notes),
        notes_size=sum(len(note.body.encode()) for note in ticket.notes),
        events=len(events),
        changed_at=events[-1].at,
    )
    _keep_statuses(tx, ticket)
    note_ids = [_keep_note(tx, ticket.id, note) for note in ticket.notes]
    if note_ids:
        tx.run(_KEEP_FIRST_ANSWER, id=ticket.id)
    _keep_events(tx, ticket, events, note_ids)
    keep_number(tx, ticket.id)
    reindex(tx, ticket.id)


_KEEP_FIRST_ANSWER: Final = """
    UPDATE tickets SET first_answer_at = (
        SELECT min(ticket_notes.created_at) FROM ticket_notes JOIN users ON users.id = author_id
        WHERE ticket_id = tickets.id AND user_type <> 'customer'
    ) WHERE id = :id
"""


def _closed_at(ticket: KeptTicket) -> int | None:
    """Whatever the documents' dates say, not before it was raised."""
    if ticket.closed_on is None:
        return None
    return max([ticket.raised_at, *(at for status, at in ticket.changes if status == "closed")])


class _Told(NamedTuple):
    """An event, by whom and when; the place of the note among the ticket's, which has no id yet."""

    at: int
    by_id: int
    event: Event
    note: int | None = None


def _events(ticket: KeptTicket) -> list[_Told]:
    """All that became of it, in order: it is raised first, whatever the documents' dates say."""
    told = []
    if ticket.assigned_to_id is not None:
        assigned = Event("assigned", {"assigned_to_id": (None, ticket.assigned_to_id)})
        told.append(_Told(ticket.raised_at, ticket.raised_by_id, assigned))
    was: Status = "open"
    for status, at in ticket.changes:
        changes: dict[str, tuple[str | None, str | None]] = {"status": (was, status)}
        if status == "closed":
            changes["closed_on"] = (None, ticket.closed_on)
        told.append(_Told(at, _worker(ticket), Event("status", changes)))
        was = status
    told += [_Told(note.created_at, note.author_id, Event("note_added"), at) for at, note in enumerate(ticket.notes)]
    return [_Told(ticket.raised_at, ticket.raised_by_id, Event("raised")), *sorted(told, key=lambda each: each.at)]


def _keep_events(tx: Tx, ticket: KeptTicket, events: Sequence[_Told], note_ids: Sequence[int]) -> None:
    seen = Sight(ticket.raised_by_id, ticket.customer_id, None, ticket.ticket_type)
    for number, told in enumerate(events, 1):
        before = None
        if told.event.kind == "assigned":
            before, seen = seen, seen._replace(assigned_to_id=ticket.assigned_to_id)
        event = told.event if told.note is None else structs.replace(told.event, thing_id=note_ids[told.note])
        actor = replace(SYSTEM, id=told.by_id)
        add_event(tx, actor, ticket.id, event, Kept(number, number, told.at, event.encoded), seen, before)


def _worker(ticket: KeptTicket) -> int:
    """Who changed its status."""
    return ticket.raised_by_id if ticket.assigned_to_id is None else ticket.assigned_to_id


def _keep_statuses(tx: Tx, ticket: KeptTicket) -> None:
    for status, at in (("open", ticket.raised_at), *ticket.changes):
        tx.run(
            "INSERT INTO ticket_statuses (ticket_id, status, changed_by_id, created_at)"
            " VALUES (:ticket_id, :status, :by_id, :at)",
            ticket_id=ticket.id,
            status=status,
            by_id=ticket.raised_by_id if status == "open" else _worker(ticket),
            at=at,
        )


def _keep_note(tx: Tx, ticket_id: int, note: KeptNote) -> int:
    """Its id."""
    columns, values = "ticket_id, author_id, body, created_at", ":ticket_id, :author_id, :body, :at"
    if note.id is not None:
        columns, values = f"id, {columns}", f":id, {values}"
    kept: int = tx.value(
        f"INSERT INTO ticket_notes ({columns}) VALUES ({values}) RETURNING id AS value",
        id=note.id,
        ticket_id=ticket_id,
        author_id=note.author_id,
        body=note.body,
        at=note.created_at,
    )
    return kept
