"""Changing a ticket's status."""

from datetime import date, datetime
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import require_desk
from keesa.clock import Clock, milliseconds
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.finding import LockedTicket, lock_ticket
from keesa.tickets.history import record_status
from keesa.tickets.statuses import status_named

NOBODY_ASSIGNED: Final = "Please assign an engineer before changing the ticket status"

CLOCKS_DIFFER: Final = 5 * 60 * 1000
"""Milliseconds by which a caller's clock may be ahead of the server's, or behind it."""


def change_status(
    tx: Tx, actor: Actor, number: int | None, name: str, closed_date: str | None, at: int, clock: Clock
) -> None:
    """Move the ticket to the status called `name`, with a row in its history; to the one it has: nothing changes, but
    that another `closed_date` corrects the day of a closed ticket, with a row too.

    `closed_date` (a day, or a full time of which the day counts) is needed for `closed` and ignored for any other
    status; reopening clears it. Raises `Forbidden`, `NotFound` and `Invalid`.
    """
    require_desk(actor)
    move(tx, actor, lock_ticket(tx, actor, number), name, closed_date, at, clock)


def move(tx: Tx, actor: Actor, ticket: LockedTicket, name: str, closed_date: str | None, at: int, clock: Clock) -> None:
    """`change_status` of a ticket that is held."""
    status = status_named(name)
    if ticket.assigned_to_id is None:
        raise Invalid({"status": [NOBODY_ASSIGNED]}, NOBODY_ASSIGNED)
    closed_on = _closing_day(closed_date, ticket, at, clock) if status == "closed" else None
    if (status, closed_on) == (ticket.status, ticket.closed_on):
        return
    changes = {"status": (ticket.status, status), "closed_on": (ticket.closed_on, closed_on)}
    event = Event("status", {field: (was, is_) for field, (was, is_) in changes.items() if was != is_})
    changed = change(tx, actor, ticket, at, event, status=status, closed_on=closed_on)
    record_status(tx, actor, ticket.id, status, changed.public_changed_at)


def _closing_day(text: str | None, ticket: LockedTicket, at: int, clock: Clock) -> str:
    """The ISO day, in the desk's zone, on which the ticket was closed; the day that it has is always good."""
    if text is None or not text.strip():
        raise Invalid({"closed_date": ["is missing: a closed ticket needs it"]})
    first = clock.local(ticket.raised_at).date()
    last = max(first, clock.local(at).date())
    try:
        day = _day(text.strip(), ticket.raised_at, max(at, ticket.raised_at), clock)
    except (ValueError, OverflowError) as error:
        raise Invalid({"closed_date": ["must be a date like 2024-06-28, or a full time"]}) from error
    if day.isoformat() != ticket.closed_on and day < first:
        raise Invalid({"closed_date": ["must not be before the ticket was raised"]})
    if day.isoformat() != ticket.closed_on and day > last:
        raise Invalid({"closed_date": ["must not be in the future"]})
    return day.isoformat()


def _day(text: str, first: int, last: int, clock: Clock) -> date:
    """The day of a date or of a full time, in the desk's zone (which a time without an offset is taken to be in).

    A full time that is outside of `first` to `last` by no more than clocks differ is taken to be the nearer of them.
    """
    aware = clock.read(text)
    if not isinstance(aware, datetime):
        return aware
    given = milliseconds(aware)
    nearest = min(max(given, first), last)
    return (clock.local(nearest) if abs(given - nearest) <= CLOCKS_DIFFER else aware).date()
