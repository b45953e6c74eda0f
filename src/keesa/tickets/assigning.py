"""Assigning a ticket to an engineer."""

from collections.abc import Callable
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import require_desk
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.finding import Known, LockedTicket, in_any_state, lock_ticket

_OF_DESK: Final = "SELECT id FROM users WHERE id = :id AND user_type IN ('admin', 'staff') AND disabled_at IS NULL"


def assign(
    tx: Tx, actor: Actor, number: int | None, assigned_to_id: int | None, at: int, known: Known = in_any_state
) -> None:
    """Give the ticket to a user of the desk, with a row in its history; to who has it already: nothing changes.

    None takes it away while the ticket is open. Raises `Forbidden`, `NotFound` and `Invalid`.
    """
    require_desk(actor)
    give = assigning(tx, actor, assigned_to_id, at)
    give(lock_ticket(tx, actor, number, known))


def assigning(tx: Tx, actor: Actor, assigned_to_id: int | None, at: int) -> Callable[[LockedTicket], None]:
    """What gives any ticket to that user, who is looked for once."""
    of_desk = tx.soon(_OF_DESK, id=assigned_to_id)

    def give(ticket: LockedTicket) -> None:
        if assigned_to_id is None and ticket.status != "open":
            raise Invalid({"assigned_to_id": ["can be null only while the ticket is open"]})
        if assigned_to_id is not None and not of_desk():
            raise Invalid({"assigned_to_id": ["is unknown, must be the id of a member of staff"]})
        if assigned_to_id == ticket.assigned_to_id:
            return
        event = Event("assigned", {"assigned_to_id": (ticket.assigned_to_id, assigned_to_id)})
        change(tx, actor, ticket, at, event, assigned_to_id=assigned_to_id)

    return give
