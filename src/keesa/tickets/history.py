"""The rows that tell what became of a ticket, and the revision that every change of it moves."""

from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.tickets.statuses import Status


def record_status(tx: Tx, actor: Actor, ticket_id: int, status: Status, at: int) -> None:
    tx.run(
        "INSERT INTO ticket_statuses (ticket_id, status, changed_by_id, created_at)"
        " VALUES (:ticket_id, :status, :changed_by_id, :at)",
        ticket_id=ticket_id,
        status=status,
        changed_by_id=actor.id,
        at=at,
    )


def record_assignment(tx: Tx, actor: Actor, ticket_id: int, assigned_to_id: int | None, at: int) -> None:
    tx.run(
        "INSERT INTO ticket_assignments (ticket_id, assigned_to_id, assigned_by_id, created_at)"
        " VALUES (:ticket_id, :assigned_to_id, :assigned_by_id, :at)",
        ticket_id=ticket_id,
        assigned_to_id=assigned_to_id,
        assigned_by_id=actor.id,
        at=at,
    )


def count_note(tx: Tx, ticket_id: int, size: int) -> None:
    """Move the revision for a note of so many bytes, and the numbers that bound a ticket's notes with it."""
    tx.run(
        "UPDATE tickets SET revision = $new_revision, notes_count = notes_count + 1, notes_size = notes_size + :size"
        " WHERE id = :ticket_id",
        ticket_id=ticket_id,
        size=size,
    )
