"""Reading what happened behind a position, page by page: each event on a ticket that its reader sees, and what they
need to keep a copy of the tickets in their sight.

A page looks at a bounded number of events, so that it may tell of none and yet have more behind it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.filters import any_of
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.db import Pace, Row, Steps, Tx
from keesa.errors import Gone
from keesa.events.history import LARGEST_PAGE, HistoryEntry, entry_of, in_sight, names_of
from keesa.events.naming import Names
from keesa.feed.positions import Position, is_own, order_of, require_order
from keesa.tickets.row_views import TicketRow, row_of, shown_to

WINDOW: Final = 1_000
"""Events that a page looks at, at the most."""
SHORT: Final = 32
"""So many are looked at without a turn for others."""
HORIZON: Final = 30 * 24 * 3600 * 1000
"""Milliseconds. Who has heard nothing for longer begins again, which costs less than to tell all that happened."""
BEGIN_AGAIN: Final = "begin again with a first copy, from /changes/start"
OTHER_STATE: Final = (
    f"This cursor is of another state of the desk, or of other rights than yours are now: {BEGIN_AGAIN}"
)
TOO_OLD: Final = f"What happened first behind this cursor was more than 30 days ago: {BEGIN_AGAIN}"


@dataclass(frozen=True, slots=True)
class ToldEvent:
    ticket_id: int
    entry: HistoryEntry


@dataclass(frozen=True, slots=True)
class FeedPage:
    events: Sequence[ToldEvent]
    """In the order of commits."""
    rows: Sequence[TicketRow]
    """The tickets that they are about, and others that show something else since, as they are now."""
    gone: Sequence[int]
    """The ids of tickets that were in sight, and are not now."""
    names: Names
    """Of what the events name."""
    end: Position
    more: bool
    """Whether something may follow already."""


def read_feed(tx: Tx, actor: Actor, after: Position, limit: int, now: int) -> Steps[FeedPage]:
    """At most `limit` events behind `after`; less of long ones. Raises `Gone` for a position that is not the desk's, or
    lies too far back.
    """
    require = require_order(tx)
    window = _Window(tx, actor, after, limit)
    is_known = is_own(tx, after)
    require()
    if not is_known:
        raise Gone(OTHER_STATE)
    end, looked, first_at = window.bounds()
    if first_at is None:
        return FeedPage((), (), (), Names(), after, more=False)
    if first_at < now - HORIZON:
        raise Gone(TOO_OLD)
    if looked > SHORT:
        yield Pace.LONG
    hits = window.hits(limit)
    if len(hits) > limit:
        hits = hits[:limit]
        end, looked = hits[-1].position, window.size
    kept = _within(hits, LARGEST_PAGE)
    if len(kept) < len(hits):
        hits, end, looked = kept, kept[-1].position, window.size
    touched = [*dict.fromkeys(hit.position.ticket_id for hit in hits if hit.was_seen)]
    mains = [hit.main_id for hit in hits if hit.main_id is not None]
    told = window.told_soon([hit.position for hit in hits if hit.is_told], end)
    rows = _rows(tx, actor, [*dict.fromkeys([*touched, *mains])])
    seen = {row.id for row in rows}
    events = [event for event in told() if event.ticket_id in seen]
    names = names_of(tx, actor, [event.entry for event in events])
    events = [replace(event, entry=in_sight(event.entry, names)) for event in events]
    gone = [ticket_id for ticket_id in touched if ticket_id not in seen]
    return FeedPage(events, rows, gone, names, end, looked == window.size)


class _Hit(NamedTuple):
    """An event that may matter to the reader."""

    position: Position
    size: int
    """Characters of its changes."""
    is_told: bool
    """Whether its ticket was in their sight behind it, and customers may know of it."""
    was_seen: bool
    """Whether it was in their sight before or behind it."""
    main_id: int | None
    """The ticket that shows what becomes of this one, too."""


def _within(hits: Sequence[_Hit], most: int) -> Sequence[_Hit]:
    """The first ones, of so much text; one at the least."""
    size = 0
    for number, hit in enumerate(hits):
        size += hit.size if hit.is_told else 0
        if size > most and number:
            return hits[:number]
    return hits


class _Window:
    """The events that a page looks at."""

    def __init__(self, tx: Tx, actor: Actor, after: Position, limit: int) -> None:
        """Asks for what it needs, which travels with the next statement."""
        self._tx, self._of_desk, self._after = tx, sees_internal(actor), after
        self._sight = visible_to(actor)
        self.size = limit + 1 if self._sight == ((),) else WINDOW
        order = order_of(tx)
        self._looked = f"""
            WITH looked AS MATERIALIZED (
                SELECT {order.transaction} AS place, id, ticket_id, number, public_number, at,
                    raised_by_id, customer_id, assigned_to_id, ticket_type,
                    had_customer_id, had_assigned_to_id, had_ticket_type
                FROM ticket_events WHERE {order.behind} AND {order.told} ORDER BY {order.columns} LIMIT {self.size}
            )
        """
        self._begins = {"transaction": after.transaction, "id": after.id}
        self._bounds = tx.soon(f"{self._looked} {_BOUNDS}", **self._begins)

    def bounds(self) -> tuple[Position, int, int | None]:
        """Where it ends, of how many events, and when the first of them was; where it begins if there are none."""
        for row in self._bounds():
            end = Position(row["place"], row["id"], row["ticket_id"], row["number"])
            return end, row["looked"], row["first_at"]
        return self._after, 0, None

    def hits(self, limit: int) -> Sequence[_Hit]:
        """One more than the page may have, if there are."""
        now, before = any_of(self._sight, "now_"), any_of(self._sight, "before_")
        found = _HITS[self._of_desk].format(now=now.sql, before=before.sql, most=limit + 1)
        return [
            _Hit(
                Position(row["place"], row["id"], row["ticket_id"], row["number"]),
                row["size"],
                bool(row["is_told"]),
                bool(row["was_seen"]),
                row["main_id"],
            )
            for row in self._tx.all(f"{self._looked} {found}", **self._begins, **now.params)
        ]

    def told_soon(self, positions: Sequence[Position], end: Position) -> Callable[[], Sequence[ToldEvent]]:
        """The events at these positions, which lie before the end or there."""
        if not positions:
            return list
        asked = self._tx.soon(
            f"{self._looked} {_TOLD[self._of_desk]}",
            **self._begins,
            end_transaction=end.transaction,
            end_id=end.id,
            ids=msgspec.json.encode([*dict.fromkeys(position.ticket_id for position in positions)]).decode(),
        )
        wanted = {position.id for position in positions}
        return lambda: [
            ToldEvent(row["ticket_id"], _entry_of(row, of_desk=self._of_desk)) for row in asked() if row["id"] in wanted
        ]


_BOUNDS: Final = """
    SELECT place, id, ticket_id, number, (SELECT count(*) FROM looked) AS looked,
        (SELECT at FROM looked ORDER BY place, id LIMIT 1) AS first_at
    FROM looked ORDER BY place DESC, id DESC LIMIT 1
"""
_FOUND: Final = """
    , judged AS MATERIALIZED (
        SELECT place, id, ticket_id, number, public_number,
            CASE WHEN {{now}} THEN 1 ELSE 0 END AS is_seen,
            CASE WHEN had_customer_id IS NULL THEN 0 ELSE (
                SELECT CASE WHEN {{before}} THEN 1 ELSE 0 END
                FROM (
                    SELECT now_tickets.raised_by_id AS raised_by_id, now_tickets.had_customer_id AS customer_id,
                        now_tickets.had_assigned_to_id AS assigned_to_id, now_tickets.had_ticket_type AS ticket_type
                ) before_tickets
            ) END AS had_seen
        FROM looked now_tickets
        WHERE {concerns}
    ), found AS MATERIALIZED (
        SELECT judged.*, tickets.duplicate_of_id AS main_id, tickets.public_since
        FROM judged JOIN tickets ON tickets.id = judged.ticket_id
        WHERE judged.is_seen = 1 OR judged.had_seen = 1 OR tickets.duplicate_of_id IS NOT NULL
        ORDER BY judged.place, judged.id LIMIT {{most}}
    )
    SELECT found.place, found.id, found.ticket_id, found.number, found.main_id, length(ticket_events.changes) AS size,
        CASE WHEN is_seen = 1 OR had_seen = 1 THEN 1 ELSE 0 END AS was_seen,
        CASE WHEN is_seen = 1{known} THEN 1 ELSE 0 END AS is_told
    FROM found
    JOIN ticket_events ON ticket_events.ticket_id = found.ticket_id AND ticket_events.number = found.number
    ORDER BY found.place, found.id
"""
_HITS: Final[Mapping[bool, str]] = {
    True: _FOUND.format(known="", concerns="1 = 1"),
    False: _FOUND.format(
        known=" AND found.public_number IS NOT NULL AND found.number >= found.public_since",
        concerns="now_tickets.public_number IS NOT NULL OR now_tickets.had_customer_id IS NOT NULL",
    ),
}
"""By whether the desk asks, or a customer, for whom nothing internal happens but what moves their sight."""
_TOLD: Final[Mapping[bool, str]] = {
    of_desk: f"""
        SELECT told.id, told.ticket_id, told.{"number" if of_desk else "public_number"} AS number, told.kind, told.at,
            told.actor_id, told.token_id, told.thing_id, told.changes,
            users.full_name AS actor, users.nick_name AS actor_nick
        FROM looked JOIN ticket_events told ON told.ticket_id = looked.ticket_id AND told.number = looked.number
        JOIN users ON users.id = told.actor_id
        WHERE (looked.place, looked.id) <= (:end_transaction, :end_id) AND looked.ticket_id IN $json_ids
        ORDER BY looked.place, looked.id
    """
    for of_desk in (False, True)
}


def _entry_of(row: Row, *, of_desk: bool) -> HistoryEntry:
    """What a ticket was raised with stands in its row."""
    entry = entry_of(row, {}, of_desk=of_desk)
    return replace(entry, changes=()) if entry.kind == "raised" else entry


def _rows(tx: Tx, actor: Actor, ids: Sequence[int]) -> list[TicketRow]:
    """Those of the tickets that the actor sees."""
    if not ids:
        return []
    condition = any_of(visible_to(actor))
    found = tx.each(
        f"SELECT {shown_to(actor)} FROM tickets WHERE tickets.id IN $json_ids AND {condition.sql} ORDER BY tickets.id",
        ids=msgspec.json.encode(ids).decode(),
        **condition.params,
    )
    return [row_of(values, actor) for values in found]
