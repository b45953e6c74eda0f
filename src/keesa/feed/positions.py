"""Places in the order of commits, and who of the two engines tells them how.

SQLite has one writer, so its ids are in that order. PostgreSQL's writers work side by side: an event has its
transaction's number, and one is told once all transactions with smaller numbers have ended, in the order of these
numbers. So nothing is ever put in front of what was told (docs/decisions/0068-the-feed.md).
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from keesa.db import Tx
from keesa.errors import Unavailable

FOREIGN: Final = (
    "What happened is numbered as another PostgreSQL has numbered it, from which it was restored: `keesa desk renew`"
    " sets it in order"
)


class Position(NamedTuple):
    """Behind an event. With the event itself, by which a desk tells whether it is one of its own."""

    transaction: int
    """0 on SQLite."""
    id: int
    ticket_id: int
    number: int
    """Among all of the ticket's."""


MOST: Final = 1_000
"""Events that are looked at for how long the feed is held back."""
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


def require_order(tx: Tx) -> Callable[[], None]:
    """Raises `Unavailable`, when it is called, where events have transactions' numbers that are still to come, as those
    of a dump that another server made: then nothing new would be told. The question travels with the next one.
    """
    if tx.writes_alone:
        return lambda: None
    rows = tx.soon(f"SELECT 1 AS one FROM ticket_events WHERE {_FOREIGN} LIMIT 1")

    def require() -> None:
        if rows():
            raise Unavailable(FOREIGN)

    return require


def number_anew(tx: Tx) -> None:
    """Events with such numbers get that of this transaction: who owns the tables may do so, while nobody writes."""
    if tx.writes_alone or not tx.all(f"SELECT 1 AS one FROM ticket_events WHERE {_FOREIGN} LIMIT 1"):
        return
    tx.run("ALTER TABLE ticket_events DISABLE TRIGGER events_are_not_changed")
    tx.run(f"UPDATE ticket_events SET xid = pg_current_xact_id() WHERE {_FOREIGN}")
    tx.run("ALTER TABLE ticket_events ENABLE TRIGGER events_are_not_changed")


_FOREIGN: Final = (
    "xid >= pg_snapshot_xmax(pg_current_snapshot()) AND xid <> coalesce(pg_current_xact_id_if_assigned(), '0')"
)


def held_back(tx: Tx, now: int) -> int:
    """Milliseconds for which the oldest change that is committed has not been told; 0 where all are."""
    if tx.writes_alone:
        return 0
    told = _POSTGRES.told
    since = tx.value(
        f"SELECT min(at) AS value FROM (SELECT at FROM ticket_events WHERE NOT ({told}) LIMIT {MOST}) held"
    )
    return 0 if since is None else max(0, now - int(since))
