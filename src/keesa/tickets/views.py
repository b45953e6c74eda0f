"""What is shown of a ticket: one row, with those of its parts that are wanted as JSON, read by one statement."""

from dataclasses import dataclass
from enum import Flag, auto
from typing import Final, NewType

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.db import Row
from keesa.directory.phones import written_of
from keesa.tickets.statuses import Status

VisibleTicket = NewType("VisibleTicket", tuple[int, int])
"""The id and the revision of a ticket that an actor was found to see: only what asks for the actor makes one. The
revision is that which the actor gets (`revision_for`).
"""


class Parts(Flag):
    """What is read of a ticket beside its own row; `Parts(0)` is nothing."""

    NOTES = auto()
    STATUSES = auto()
    ASSIGNMENTS = auto()
    IMAGES = auto()


class NoteView(msgspec.Struct, frozen=True, array_like=True):
    body: str
    created_at: int
    author: str
    author_nick: str


class StatusView(msgspec.Struct, frozen=True, array_like=True):
    id: int
    status: Status
    created_at: int


class AssignmentView(msgspec.Struct, frozen=True, array_like=True):
    assigned_to: str | None
    assigned_by: str
    created_at: int


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket as its readers see it; times in milliseconds since 1970."""

    id: int
    title: str
    description: str
    status: Status
    priority: int
    customer: str
    contact_number: int
    contact_name: str
    contact_phone: str
    raised_at: int
    raised_by: str
    assigned_to: str | None
    ticket_type: str | None
    category: str | None
    closed_on: str | None
    reference: str | None
    customer_id: int
    product_id: int
    eco_id: int | None
    held_until: str | None
    changed_at: int
    """The last change's time, of those that who asks may know of."""
    notes: list[NoteView]
    statuses: list[StatusView]
    assignments: list[AssignmentView]
    images: list[int]
    """The ids of its attachments that are images, in the order in which they were added."""


_COLUMNS: Final = """
    tickets.id, tickets.title, tickets.description, tickets.status, tickets.priority, tickets.contact_number,
    tickets.contact_name, tickets.contact_phone, tickets.raised_at, tickets.ticket_type, tickets.category,
    tickets.closed_on, tickets.reference, tickets.customer_id, tickets.product_id, tickets.eco_id,
    tickets.held_until, customers.name AS customer, assignees.full_name AS assigned_to
"""
COLUMNS: Final = f"{_COLUMNS}, raisers.full_name AS raised_by"
_PUBLIC_COLUMNS: Final = f"""
    {_COLUMNS}, CASE WHEN tickets.public_since > 0 AND raisers.customer_id <> tickets.customer_id THEN (
        SELECT users.full_name FROM ticket_events JOIN users ON users.id = ticket_events.actor_id
        WHERE ticket_events.ticket_id = tickets.id AND ticket_events.number = tickets.public_since
    ) ELSE raisers.full_name END AS raised_by
"""
"""To a customer that was given the ticket of another one, whose user raised it: who gave it to them."""
RAISED_ELSEWHERE: Final = """
    (tickets.public_since > 0 AND EXISTS (
        SELECT 1 FROM users raiser WHERE raiser.id = tickets.raised_by_id AND raiser.customer_id <> tickets.customer_id
    ))
"""
"""Whether a user of another customer raised the ticket, of whom its customer learns nothing."""
JOINS: Final = """
    JOIN customers ON customers.id = tickets.customer_id
    JOIN users raisers ON raisers.id = tickets.raised_by_id
    LEFT JOIN users assignees ON assignees.id = tickets.assigned_to_id
"""
_NOTES_OF: Final = """
    SELECT $json_list($json_row(n.body, n.created_at, n.full_name, n.nick_name)) FROM (
        SELECT ticket_notes.body, ticket_notes.created_at, users.full_name, users.nick_name
        FROM ticket_notes JOIN users ON users.id = ticket_notes.author_id
        WHERE {condition} AND ticket_notes.withdrawn_at IS NULL ORDER BY ticket_notes.created_at, ticket_notes.id
    ) n
"""
_OWN_NOTES: Final = "ticket_notes.ticket_id = tickets.id"
WITH_DUPLICATES: Final = """
    ticket_notes.ticket_id IN (
        SELECT {id} UNION ALL SELECT merged.id FROM tickets merged WHERE merged.duplicate_of_id = {id}
    )
"""
"""Those of the ticket's duplicates too, in place; who merged them has seen to it that they may be shown."""
_MERGED: Final = WITH_DUPLICATES.format(id="tickets.id")
_NOTES: Final = f"""
    CAST(CASE tickets.duplicates
        WHEN 0 THEN ({_NOTES_OF.format(condition=_OWN_NOTES)}) ELSE ({_NOTES_OF.format(condition=_MERGED)})
    END AS TEXT) AS notes
"""
_STATUSES_OF: Final = """
    SELECT $json_list($json_row(h.id, h.status, h.created_at)) FROM (
        SELECT id, status, created_at FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY id
    ) h
"""
_STATUSES_SINCE: Final = """
    SELECT $json_list($json_row(h.id, h.status, h.created_at)) FROM (
        SELECT past.id, past.status,
            CASE WHEN past.created_at < given.at THEN given.at ELSE past.created_at END AS created_at
        FROM ticket_events given
        JOIN ticket_statuses past ON past.ticket_id = given.ticket_id AND past.id >= given.thing_id
        WHERE given.ticket_id = tickets.id AND given.number = tickets.public_since ORDER BY past.id
    ) h
"""
_ASSIGNMENTS_OF: Final = """
    SELECT $json_list($json_row(h.assigned_to, h.assigned_by, h.at)) FROM (
        SELECT given.full_name AS assigned_to, giving.full_name AS assigned_by, ticket_events.at
        FROM ticket_events
        JOIN users giving ON giving.id = ticket_events.actor_id
        LEFT JOIN users given ON given.id = ticket_events.assigned_to_id
        WHERE ticket_events.ticket_id = tickets.id AND {condition} ORDER BY ticket_events.number
    ) h
"""
_ASSIGNMENTS: Final = _ASSIGNMENTS_OF.format(condition="ticket_events.kind = 'assigned'")
_ASSIGNMENTS_SINCE: Final = _ASSIGNMENTS_OF.format(
    condition="ticket_events.number >= tickets.public_since AND (ticket_events.kind = 'assigned'"
    " OR ticket_events.kind = 'transferred' AND ticket_events.assigned_to_id IS NOT NULL)"
)


PUBLIC_ATTACHMENTS: Final = "attachments.internal = 0 AND attachments.number > owners.public_since"
"""Those that customers see; `owners` are the tickets that the attachments are of, whose events their numbers are of."""
_IMAGES_OF: Final = """
    SELECT $json_list(h.id) FROM (
        SELECT attachments.id FROM {attachments} AND attachments.kind = 'image' ORDER BY attachments.id
    ) h
"""
_ANY_IMAGE: Final = "SELECT 1 FROM {attachments} AND attachments.kind = 'image' LIMIT 1"
_ALL: Final = "attachments WHERE attachments.ticket_id"
_PUBLIC: Final = f"""
    tickets owners JOIN attachments ON attachments.ticket_id = owners.id WHERE {PUBLIC_ATTACHMENTS} AND owners.id
"""
_DUPLICATES: Final = """
    IN (SELECT tickets.id UNION ALL SELECT merged.id FROM tickets merged WHERE merged.duplicate_of_id = tickets.id)
"""
"""As of notes."""


def _images(*, internal: bool) -> str:
    return f"CAST({_from_images(_IMAGES_OF, internal=internal)} AS TEXT)"


def has_images(*, internal: bool) -> str:
    """The condition on `tickets` that an image is shown with the ticket."""
    return f"{_from_images(_ANY_IMAGE, internal=internal)} = 1"


def _from_images(select: str, *, internal: bool) -> str:
    """Nothing is looked for where the ticket has no attachment."""
    count, attachments = "tickets.attachments", _PUBLIC
    if internal:
        count, attachments = "tickets.attachments + tickets.internal_attachments", _ALL
    own, merged = (select.format(attachments=attachments + which) for which in (" = tickets.id", _DUPLICATES))
    return f"CASE WHEN {count} = 0 THEN NULL WHEN tickets.duplicates = 0 THEN ({own}) ELSE ({merged}) END"


def _past(whole: str, since: str, *, internal: bool) -> str:
    """As text; to customers no more than since the ticket is theirs, when it begins with how it was then."""
    if internal:
        return f"CAST(({whole}) AS TEXT)"
    return f"CAST(CASE tickets.public_since WHEN 0 THEN ({whole}) ELSE ({since}) END AS TEXT)"


def revision_for(actor: Actor) -> str:
    """The column of `tickets` that tells whether anything has changed that the actor may know of."""
    return "revision" if sees_internal(actor) else PUBLIC_REVISION


PUBLIC_REVISION: Final = "coalesce(public_revision, revision)"


def columns_of(parts: Parts, *, internal: bool) -> str:
    """The columns of a ticket's row, and of its parts: null for those that are not read."""
    statuses = _past(_STATUSES_OF, _STATUSES_SINCE, internal=internal)
    assignments = _past(_ASSIGNMENTS, _ASSIGNMENTS_SINCE, internal=internal)
    return ", ".join(
        (
            COLUMNS if internal else _PUBLIC_COLUMNS,
            "tickets.changed_at" if internal else "tickets.public_changed_at AS changed_at",
            _NOTES if Parts.NOTES in parts else "NULL AS notes",
            f"{statuses if Parts.STATUSES in parts else 'NULL'} AS statuses",
            f"{assignments if Parts.ASSIGNMENTS in parts else 'NULL'} AS assignments",
            f"{_images(internal=internal) if Parts.IMAGES in parts else 'NULL'} AS images",
        )
    )


_notes = msgspec.json.Decoder(list[NoteView])
_statuses = msgspec.json.Decoder(list[StatusView])
_assignments = msgspec.json.Decoder(list[AssignmentView])
_images_of = msgspec.json.Decoder(list[int])


def view_of(row: Row) -> TicketView:
    """From a row with the columns that `columns_of` names; a part that was not read is empty."""
    return TicketView(
        id=row["id"],
        title=row["title"],
        description=row["description"],
        status=row["status"],
        priority=row["priority"],
        customer=row["customer"],
        contact_number=row["contact_number"],
        contact_name=row["contact_name"],
        contact_phone=written_of(row["contact_number"], row["contact_phone"]),
        raised_at=row["raised_at"],
        raised_by=row["raised_by"],
        assigned_to=row["assigned_to"],
        ticket_type=row["ticket_type"],
        category=row["category"],
        closed_on=row["closed_on"],
        reference=row["reference"],
        customer_id=row["customer_id"],
        product_id=row["product_id"],
        eco_id=row["eco_id"],
        held_until=row["held_until"],
        changed_at=row["changed_at"],
        notes=_notes.decode(row["notes"] or "[]"),
        statuses=_statuses.decode(row["statuses"] or "[]"),
        assignments=_assignments.decode(row["assignments"] or "[]"),
        images=_images_of.decode(row["images"]) if row["images"] else [],
    )
