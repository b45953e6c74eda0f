"""The rows that tell what became of a ticket, and the revision that every change of it moves."""

from typing import Final

from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.tickets.statuses import Status

_WAITED: Final = 60_000
"""Milliseconds that a change may have waited for the ticket's row, and nodes' clocks may differ, at the most."""
_NOT_BEFORE_LAST: Final = f"""coalesce((
    SELECT CASE WHEN created_at > :at AND created_at < :at + {_WAITED} THEN created_at ELSE :at END
    FROM {{table}} WHERE ticket_id = :ticket_id ORDER BY id DESC LIMIT 1
), :at)"""
"""Who waited for the ticket's row has a time from before that, and changes come in the order in which they held it. A
last row that lies further ahead is of a clock that was set back since.
"""


def record_first_status(tx: Tx, actor: Actor, ticket_id: int, status: Status, at: int) -> None:
    """That of a new ticket."""
    tx.run(
        "INSERT INTO ticket_statuses (ticket_id, status, changed_by_id, created_at)"
        " VALUES (:ticket_id, :status, :changed_by_id, :at)",
        ticket_id=ticket_id,
        status=status,
        changed_by_id=actor.id,
        at=at,
    )


def record_status(tx: Tx, actor: Actor, ticket_id: int, status: Status, at: int) -> None:
    """Of a ticket that this transaction has locked, as every change has."""
    tx.run(
        "INSERT INTO ticket_statuses (ticket_id, status, changed_by_id, created_at)"
        f" VALUES (:ticket_id, :status, :changed_by_id, {_NOT_BEFORE_LAST.format(table='ticket_statuses')})",
        ticket_id=ticket_id,
        status=status,
        changed_by_id=actor.id,
        at=at,
    )


def record_assignment(tx: Tx, actor: Actor, ticket_id: int, assigned_to_id: int | None, at: int) -> None:
    """Likewise."""
    tx.run(
        "INSERT INTO ticket_assignments (ticket_id, assigned_to_id, assigned_by_id, created_at)"
        " VALUES (:ticket_id, :assigned_to_id, :assigned_by_id,"
        f" {_NOT_BEFORE_LAST.format(table='ticket_assignments')})",
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
