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


def move_revision(tx: Tx, ticket_id: int) -> None:
    """For a change that leaves the ticket's own row as it is, such as a note."""
    tx.run("UPDATE tickets SET revision = $new_revision WHERE id = :ticket_id", ticket_id=ticket_id)
