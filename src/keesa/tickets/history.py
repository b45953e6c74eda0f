"""The statuses that a ticket has had, as both documents have them; `keesa.events` tells all that became of it."""

from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.tickets.statuses import Status


def record_status(tx: Tx, actor: Actor, ticket_id: int, status: Status, at: int) -> None:
    """`at` is that of the change's event."""
    tx.run(
        "INSERT INTO ticket_statuses (ticket_id, status, changed_by_id, created_at)"
        " VALUES (:ticket_id, :status, :changed_by_id, :at)",
        ticket_id=ticket_id,
        status=status,
        changed_by_id=actor.id,
        at=at,
    )
