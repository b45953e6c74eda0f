"""Changing a ticket's status."""

from typing import Final

from msgspec import UNSET

from keesa.accounts.actors import SYSTEM, Actor
from keesa.accounts.permissions import require_desk
from keesa.clock import Clock
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.days import Days, GivenDay, days_for
from keesa.tickets.finding import LockedTicket, lock_ticket
from keesa.tickets.history import record_status
from keesa.tickets.statuses import Status, status_named

NOBODY_ASSIGNED: Final = "Please assign an engineer before changing the ticket status"


def change_status(
    tx: Tx,
    actor: Actor,
    number: int | None,
    name: str,
    closed_date: str | None,
    at: int,
    clock: Clock,
    held_until: GivenDay = UNSET,
) -> None:
    """Move the ticket to the status called `name`, with a row in its history; to the one it has: nothing changes, but
    that another `closed_date` corrects the day of a closed ticket, with a row too, and another `held_until` that of
    one on hold.

    `closed_date` (a day, or a full time of which the day counts) is needed for `closed` and ignored for any other
    status; reopening clears it. Raises `Forbidden`, `NotFound` and `Invalid`.
    """
    require_desk(actor)
    change_status_of(tx, actor, lock_ticket(tx, actor, number), name, closed_date, at, clock, held_until)


def change_status_of(
    tx: Tx,
    actor: Actor,
    ticket: LockedTicket,
    name: str,
    closed_date: str | None,
    at: int,
    clock: Clock,
    held_until: GivenDay = UNSET,
) -> LockedTicket:
    """`change_status` of a ticket that is held; the ticket as it is afterwards."""
    status = status_named(name)
    if ticket.assigned_to_id is None:
        raise Invalid({"status": [NOBODY_ASSIGNED]}, NOBODY_ASSIGNED)
    days = days_for(ticket, status, closed_date, held_until, at, clock)
    answered_at = ticket.answered_at if status == ticket.status else None
    return move(tx, actor, ticket, at, status, days, answered_at)


def reopen(tx: Tx, ticket: LockedTicket, at: int) -> LockedTicket:
    """Have Keesa itself take the ticket up again, on which its customer's answer goes on waiting."""
    status: Status = "open" if ticket.assigned_to_id is None else "in_progress"
    return move(tx, SYSTEM, ticket, at, status, Days(), ticket.answered_at)


def move(
    tx: Tx, actor: Actor, ticket: LockedTicket, at: int, status: Status, days: Days, answered_at: int | None = None
) -> LockedTicket:
    """Give the ticket the status, with the days that come with it; the ticket as it is afterwards. What it has already
    is no change. `answered_at` is since when an answer of the customer's waits.
    """
    was = {"status": ticket.status, "closed_on": ticket.closed_on, "held_until": ticket.held_until}
    columns = {"status": status, **days._asdict()}
    changes = {field: (was[field], value) for field, value in columns.items() if value != was[field]}
    if not changes:
        return ticket
    changed = change(tx, actor, ticket, at, Event("status", changes), **columns, answered_at=answered_at)
    if changes.keys() != {"held_until"}:
        record_status(tx, actor, ticket.id, status, changed.public_changed_at)
    return changed
