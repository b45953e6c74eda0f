"""One change of many tickets, each by its own right: what one of them refuses is undone of that one alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import require_desk
from keesa.db import Tx
from keesa.errors import Conflict, Forbidden, Invalid, KeesaError, NotFound, Outdated
from keesa.tickets.finding import LOCKED, NOT_FOUND, LockedTicket, lock_ticket, lock_tickets

MOST: Final = LOCKED
"""Tickets of one call."""
LARGEST: Final = 1_048_576
"""Bytes that one call writes of a text, for all of its tickets together: SQLite has one writer, which it keeps."""
_REFUSALS: Final = (NotFound, Forbidden, Conflict, Outdated, Invalid)
"""What one ticket says of itself. Anything else is no ticket's, and undoes all."""

Change = Callable[[LockedTicket], object]


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of the tickets."""

    number: int | None
    is_known: Callable[[LockedTicket], bool] = lambda _: True
    """Whether it is in the state from which the caller changes it."""


def change_each(tx: Tx, actor: Actor, chosen: Sequence[Chosen], change: Change) -> list[KeesaError | None]:
    """What each of the tickets refuses, in their order, or None where it is changed; at most `MOST` of them, each named
    once. All that are in sight are held before the first is changed. Raises `Forbidden` for whom it is not.
    """
    require_desk(actor)
    held = lock_tickets(tx, actor, [each.number for each in chosen if each.number is not None])
    return [_refusal(tx, actor, each, held, change) for each in chosen]


def _refusal(tx: Tx, actor: Actor, chosen: Chosen, held: dict[int, LockedTicket], change: Change) -> KeesaError | None:
    ticket = None if chosen.number is None else held.get(chosen.number)
    if ticket is None:
        return NotFound(NOT_FOUND)
    if not chosen.is_known(ticket):
        return Outdated()
    try:
        with tx.part():
            change(_as_it_is_now(tx, actor, ticket))
    except _REFUSALS as error:
        return error
    return None


def _as_it_is_now(tx: Tx, actor: Actor, ticket: LockedTicket) -> LockedTicket:
    """A duplicate's change may have changed its main ticket since: of those two kinds the row is read anew."""
    if ticket.duplicate_of_id is None and not ticket.duplicates:
        return ticket
    return lock_ticket(tx, actor, ticket.id)


def size_fault(size: int, tickets: int) -> str | None:
    """What is wrong with a text of so many bytes for so many tickets, if anything is."""
    if size * tickets <= LARGEST:
        return None
    return f"is too long for {tickets} tickets at once: it may have {LARGEST // tickets} bytes"
