"""What became of a ticket since somebody has last seen it, as they may know of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.db import Tx
from keesa.db.steps import run_to_the_end
from keesa.events.history import HistoryEntry, Past, read_history
from keesa.tickets.finding import LockedTicket

MOST: Final = 20
"""Changes that are told, the last ones: they are read while the ticket is held."""


@dataclass(frozen=True, slots=True)
class Missed:
    entries: Sequence[HistoryEntry] = ()
    """In the order in which they were made."""
    more: int = 0
    """How many there were before these."""


def number_held(actor: Actor, ticket: LockedTicket) -> int:
    """That of the last event of the ticket that the actor has held, as they count them."""
    return ticket.events if sees_internal(actor) else ticket.public_events


def missed_changes(tx: Tx, actor: Actor, ticket: LockedTicket, seen: int) -> Missed:
    """The last changes of a ticket that the actor holds, of those behind the one with the number `seen`, as they count
    them. Of a number that is none of its changes nothing is known.
    """
    last = number_held(actor, ticket)
    if not 1 <= seen < last:
        return Missed()
    past = Past(ticket.id, ticket.events, ticket.public_events, ticket.public_since, ticket.first_edits)
    page = run_to_the_end(read_history(tx, actor, past, dict, min(last - seen, MOST), newest_first=True))
    return Missed(page.entries[::-1], last - seen - len(page.entries))
