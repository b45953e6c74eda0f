"""Changing a ticket's status."""

import re
from datetime import date, datetime
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import require_desk
from keesa.clock import Clock, milliseconds
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.tickets.finding import hold_ticket
from keesa.tickets.history import record_status
from keesa.tickets.statuses import status_named

NOBODY_ASSIGNED: Final = "Please assign an engineer before changing the ticket status"

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def change_status(
    tx: Tx, actor: Actor, number: int | None, name: str, closed_date: str | None, at: int, clock: Clock
) -> None:
    """Move the ticket to the status called `name`, with a row in its history; to the one it has: nothing changes.

    `closed_date` (a day, or a full time) is needed for `closed` and ignored for any other status; reopening
    clears it. Raises `Forbidden`, `NotFound` and `Invalid`.
    """
    require_desk(actor)
    ticket = hold_ticket(tx, actor, number)
    status = status_named(name)
    if ticket.assigned_to_id is None:
        raise Invalid({"status": [NOBODY_ASSIGNED]}, NOBODY_ASSIGNED)
    closed_on = _closing_day(closed_date, ticket.raised_at, at, clock) if status == "closed" else None
    if status == ticket.status:
        return
    tx.run(
        "UPDATE tickets SET status = :status, closed_on = :closed_on, revision = $new_revision WHERE id = :id",
        status=status,
        closed_on=closed_on,
        id=ticket.id,
    )
    record_status(tx, actor, ticket.id, status, at)


def _closing_day(text: str | None, raised_at: int, at: int, clock: Clock) -> str:
    """The ISO day, in the desk's zone, on which the ticket was closed."""
    if text is None or not text.strip():
        raise Invalid({"closed_date": ["is missing: a closed ticket needs it"]})
    try:
        moment = _moment(text.strip(), clock)
    except (ValueError, OverflowError) as error:
        raise Invalid({"closed_date": ["must be a date like 2024-06-28, or a full time"]}) from error
    if isinstance(moment, datetime):
        early, late = milliseconds(moment) < raised_at, milliseconds(moment) > at
        day = moment.date()
    else:
        early, late = moment < clock.local(raised_at).date(), moment > clock.local(at).date()
        day = moment
    if early:
        raise Invalid({"closed_date": ["must not be before the ticket was raised"]})
    if late:
        raise Invalid({"closed_date": ["must not be in the future"]})
    return day.isoformat()


def _moment(text: str, clock: Clock) -> date:
    """A date, or an aware datetime in the desk's zone (which a time without an offset is taken to be in)."""
    if _DAY.fullmatch(text):
        return date.fromisoformat(text)
    if not _DAY.match(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=clock.zone) if moment.tzinfo is None else moment.astimezone(clock.zone)
