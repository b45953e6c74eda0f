"""Tickets that are held until a day come back on it: Keesa itself takes them up again."""

from typing import Final

from keesa.accounts.actors import SYSTEM
from keesa.accounts.filters import any_of
from keesa.accounts.permissions import visible_to
from keesa.clock import Clock
from keesa.db import Tx
from keesa.tickets.finding import lock_all
from keesa.tickets.status import reopen

MOST: Final = 50
"""Tickets of one transaction."""
_HELD: Final = "tickets.status = 'on_hold' AND tickets.held_until <= :today"


def bring_back(tx: Tx, at: int, clock: Clock) -> bool:
    """Up to `MOST` of those whose day has come in the desk's zone, the longest past first; whether there may be more.
    What somebody has changed until a ticket is held is looked at again.
    """
    condition = any_of(visible_to(SYSTEM))
    today = clock.local(at).date().isoformat()
    due = f"SELECT id FROM tickets WHERE {_HELD} AND {condition.sql} ORDER BY held_until, id LIMIT :most"
    found = lock_all(tx, SYSTEM, f"tickets.id IN ({due}) AND {_HELD}", today=today, most=MOST, **condition.params)
    for ticket in found.values():
        reopen(tx, ticket, at)
    return len(found) == MOST
