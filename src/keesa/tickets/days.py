"""The days that a status comes with, in the desk's zone: on which a ticket was closed, and until which it is held."""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from msgspec import UnsetType

from keesa.clock import Clock, milliseconds
from keesa.errors import Invalid
from keesa.tickets.finding import LockedTicket
from keesa.tickets.statuses import Status

CLOCKS_DIFFER: Final = 5 * 60 * 1000
"""Milliseconds by which a caller's clock may be ahead of the server's, or behind it."""
LONGEST_HOLD: Final = timedelta(days=366)
"""From today on."""

GivenDay = str | UnsetType | None
"""A day, or a full time of which the day counts; None, or blank: no day; UNSET: the one that there is."""


class Days(NamedTuple):
    """ISO days."""

    closed_on: str | None = None
    held_until: str | None = None


class _WrongDay(ValueError):
    """Its text is the sentence about it."""


def days_for(
    ticket: LockedTicket, status: Status, closed_date: str | None, held_until: GivenDay, at: int, clock: Clock
) -> Days:
    """Those of the ticket once it has the status; raises `Invalid` with every fault. The days that it has are always
    good.
    """
    faults, closed_on, until = dict[str, list[str]](), None, None
    try:
        closed_on = _closing_day(closed_date, ticket, at, clock) if status == "closed" else None
    except _WrongDay as wrong:
        faults["closed_date"] = [str(wrong)]
    try:
        until = _day_of_return(held_until, ticket, status, at, clock)
    except _WrongDay as wrong:
        faults["held_until"] = [str(wrong)]
    if faults:
        raise Invalid(faults)
    return Days(closed_on, until)


def _closing_day(text: str | None, ticket: LockedTicket, at: int, clock: Clock) -> str:
    if text is None or not text.strip():
        raise _WrongDay("is missing: a closed ticket needs it")
    first = clock.local(ticket.raised_at).date()
    last = max(first, clock.local(at).date())
    day = _day(text, ticket.raised_at, max(at, ticket.raised_at), clock)
    if day.isoformat() != ticket.closed_on and day < first:
        raise _WrongDay("must not be before the ticket was raised")
    if day.isoformat() != ticket.closed_on and day > last:
        raise _WrongDay("must not be in the future")
    return day.isoformat()


def _day_of_return(given: GivenDay, ticket: LockedTicket, status: Status, at: int, clock: Clock) -> str | None:
    """Until when the ticket is held."""
    if isinstance(given, UnsetType):
        return ticket.held_until if status == "on_hold" else None
    if given is None or not given.strip():
        return None
    if status != "on_hold":
        raise _WrongDay("goes with the status on_hold alone")
    first = clock.local(at).date()
    day = _day(given, at, at, clock)
    if day.isoformat() != ticket.held_until and day < first:
        raise _WrongDay("must not be in the past")
    if day.isoformat() != ticket.held_until and day > first + LONGEST_HOLD:
        raise _WrongDay(f"must be within {LONGEST_HOLD.days} days from today")
    return day.isoformat()


def _day(text: str, first: int, last: int, clock: Clock) -> date:
    """The day of a date or of a full time, in the desk's zone (which a time without an offset is taken to be in).

    A full time that is outside of `first` to `last` by no more than clocks differ is taken to be the nearer of them.
    """
    try:
        aware = clock.read(text.strip())
        if not isinstance(aware, datetime):
            return aware
        given = milliseconds(aware)
    except (ValueError, OverflowError) as error:
        raise _WrongDay("must be a date like 2024-06-28, or a full time") from error
    nearest = min(max(given, first), last)
    return (clock.local(nearest) if abs(given - nearest) <= CLOCKS_DIFFER else aware).date()
