"""Places in the order of commits, and who of the two engines tells them how.

SQLite has one writer, so its ids are in that order. PostgreSQL's writers work side by side: an event has its
transaction's number, and one is told once all transactions with smaller numbers have ended, in the order of these
numbers. So nothing is ever put in front of what was told (docs/decisions/0068-the-feed.md).
"""

from typing import Final, NamedTuple

from keesa.db import Tx


class Position(NamedTuple):
    """Behind an event. With the event itself, by which a desk tells whether it is one of its own."""

    transaction: int
    """0 on SQLite."""
    id: int
    ticket_id: int
    number: int
    """Among all of the ticket's."""


BEGINNING: Final = Position(0, 0, 0, 0)


class Order(NamedTuple):
    """Pieces of SQL on `ticket_events`, with a position's fields as parameters."""

    transaction: str
    behind: str
    told: str
    """Whether all that comes before it is known."""
    columns: str
    """What is ordered by."""
    backwards: str


_SQLITE: Final = Order("0", "ticket_events.id > :id", "1 = 1", "ticket_events.id", "ticket_events.id DESC")
_POSTGRES: Final = Order(
    "CAST(CAST(ticket_events.xid AS TEXT) AS BIGINT)",
    "(ticket_events.xid, ticket_events.id) > (CAST(CAST(:transaction AS TEXT) AS xid8), :id)",
    "ticket_events.xid < pg_snapshot_xmin(pg_current_snapshot())",
    "ticket_events.xid, ticket_events.id",
    "ticket_events.xid DESC, ticket_events.id DESC",
)


def order_of(tx: Tx) -> Order:
    return _SQLITE if tx.writes_alone else _POSTGRES


def last_position(tx: Tx) -> Position:
    """Behind all that is told by now."""
    order = order_of(tx)
    rows = tx.each(
        f"SELECT {order.transaction}, id, ticket_id, number FROM ticket_events WHERE {order.told}"
        f" ORDER BY {order.backwards} LIMIT 1"
    )
    return next((Position(*row) for row in rows), BEGINNING)


def is_own(tx: Tx, position: Position) -> bool:
    """Whether the desk has that event there: not one that has gone on from a state of before it."""
    if position == BEGINNING:
        return True
    order = order_of(tx)
    rows = tx.each(
        f"SELECT {order.transaction}, id FROM ticket_events WHERE ticket_id = :ticket_id AND number = :number",
        ticket_id=position.ticket_id,
        number=position.number,
    )
    return list(rows) == [(position.transaction, position.id)]
