"""Assigning a ticket to an engineer."""

from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import require_desk
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.tickets.finding import lock_ticket
from keesa.tickets.history import record_assignment

_OF_DESK: Final = "SELECT id FROM users WHERE id = :id AND user_type IN ('admin', 'staff') AND disabled_at IS NULL"


def assign(tx: Tx, actor: Actor, number: int | None, assigned_to_id: int | None, at: int) -> None:
    """Give the ticket to a user of the desk, with a row in its history; to who has it already: nothing changes.

    None takes it away while the ticket is open. Raises `Forbidden`, `NotFound` and `Invalid`.
    """
    require_desk(actor)
    of_desk = tx.soon(_OF_DESK, id=assigned_to_id)
    ticket = lock_ticket(tx, actor, number)
    if assigned_to_id is None and ticket.status != "open":
        raise Invalid({"assigned_to_id": ["can be null only while the ticket is open"]})
    if assigned_to_id is not None and not of_desk():
        raise Invalid({"assigned_to_id": ["is unknown, must be the id of a member of staff"]})
    if assigned_to_id == ticket.assigned_to_id:
        return
    tx.run(
        "UPDATE tickets SET assigned_to_id = :assigned_to_id, revision = $new_revision WHERE id = :id",
        assigned_to_id=assigned_to_id,
        id=ticket.id,
    )
    record_assignment(tx, actor, ticket.id, assigned_to_id, max(at, ticket.raised_at))
