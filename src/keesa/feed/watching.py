"""Looking at what has just happened, for those who wait for something that concerns them."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from keesa.accounts.actors import Actor
from keesa.accounts.filters import is_met
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.db import Tx
from keesa.events.recording import Sight
from keesa.feed.positions import Position, order_of

MOST: Final = 500
"""Events that are looked at at once."""


class Happened(NamedTuple):
    """An event, as far as it decides whom it concerns."""

    position: Position
    is_public: bool
    sight: Sight
    had: Sight | None
    """Where it was another one before."""
    is_duplicates: bool
    """Whether it is on a ticket that another one shows, too."""


def look(tx: Tx, after: Position) -> list[Happened]:
    """The first events behind the position, in the order of commits."""
    order = order_of(tx)
    rows = tx.each(
        f"SELECT {order.transaction}, ticket_events.id, ticket_events.ticket_id, ticket_events.number,"
        " public_number IS NOT NULL, ticket_events.raised_by_id, ticket_events.customer_id,"
        " ticket_events.assigned_to_id, ticket_events.ticket_type,"
        " had_customer_id, had_assigned_to_id, had_ticket_type, tickets.duplicate_of_id IS NOT NULL"
        " FROM ticket_events JOIN tickets ON tickets.id = ticket_events.ticket_id"
        f" WHERE {order.behind} AND {order.told} ORDER BY {order.columns} LIMIT {MOST}",
        transaction=after.transaction,
        id=after.id,
    )
    return [_happened(*row) for row in rows]


def _happened(*row: Any) -> Happened:  # noqa: ANN401 - columns
    place, (public, raiser), now, before, is_duplicates = row[:4], row[4:6], row[6:9], row[9:12], row[12]
    had = None if before[0] is None else Sight(raiser, *before)
    return Happened(Position(*place), bool(public), Sight(raiser, *now), had, bool(is_duplicates))


def concerns(actor: Actor, happened: Sequence[Happened]) -> bool:
    """Whether the feed of the actor may have something of it."""
    sight, of_desk = visible_to(actor), sees_internal(actor)
    return any(
        each.is_duplicates or is_met(sight, each.sight) or (each.had is not None and is_met(sight, each.had))
        for each in happened
        if of_desk or each.is_public or each.had is not None
    )
