"""Reading what became of a ticket, event by event, as who asks may know of it.

Customers have numbers of their own, in which nothing internal is counted, and see nothing of before the ticket was
theirs: what it was then stands in the event that gave it to them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.db import Pace, Row, Steps, Tx
from keesa.events.naming import Names, names_in
from keesa.events.recording import EventKind

PORTION: Final = 64
"""Events that are read between two turns for others."""
LARGEST_PAGE: Final = 1024 * 1024
"""Bytes of changes after which a page ends, whatever more it might have."""
MOST_FIELDS: Final = 16
"""That editing changes, or more."""
_ALL: Final = 2**62
_NOTES_WITH_TEXTS: Final = frozenset({"note_edited", "note_withdrawn"})


class Change(NamedTuple):
    field: str
    was: Any
    is_: Any
    """As JSON can hold them."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    number: int
    """Among those that who asks may know of, from 1."""
    kind: EventKind
    at: int
    actor_id: int
    actor: str
    actor_nick: str
    """As they are called now."""
    token_id: int | None
    """Of the API, with which it was done; the desk alone is told."""
    thing_id: int | None
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    entries: Sequence[HistoryEntry]
    next_after: int | None
    """The number behind which the next page begins; None where nothing follows."""
    names: Names


@dataclass(frozen=True, slots=True)
class Past:
    """How much history a ticket has. The fields are columns of `tickets`."""

    id: int
    events: int
    public_events: int
    public_since: int
    first_edits: str | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose history it is, and who asks for it."""

    past: Past
    of_desk: bool
    newest_first: bool

    @property
    def since(self) -> int:
        """The desk's number of the first event that who asks may know of."""
        return 1 if self.of_desk else self.past.public_since

    @property
    def last(self) -> int:
        """The number of the last event, as who asks counts them."""
        return self.past.events if self.of_desk else self.past.public_events

    @property
    def counts_as_desk(self) -> bool:
        return self.last == self.past.events


def read_history(
    tx: Tx,
    actor: Actor,
    past: Past,
    said: Callable[[], Mapping[str, Any]],
    limit: int,
    after: int | None = None,
    *,
    newest_first: bool = False,
) -> Steps[HistoryPage]:
    """A page of at most `limit` events of a ticket that the actor was found to see, behind the number `after`. One of
    long texts may have fewer. `said` gives what the ticket is now, by column, of what editing changes.
    """
    asked = _Asked(past, sees_internal(actor), newest_first)
    begins = after is None and not newest_first
    first = _first_values(tx, past, said) if begins else None
    rows, more = list[Row](), False
    size = 0
    for portion in _portions(tx, asked, after, limit + 1):
        for row in portion:
            size += len(row["changes"])
            more = more or len(rows) == limit or (size > LARGEST_PAGE and bool(rows))
            if not more:
                rows.append(row)
        if more:
            break
        if len(portion) == PORTION:
            yield Pace.SHORT
    raised = any(row["kind"] == "raised" for row in rows)
    values = (first or _first_values(tx, past, said))() if raised else {}
    entries = [entry_of(row, values, of_desk=asked.of_desk) for row in rows]
    names = names_of(tx, actor, entries)
    entries = [in_sight(entry, names) for entry in entries]
    return HistoryPage(entries, entries[-1].number if more else None, names)


def _portions(tx: Tx, asked: _Asked, after: int | None, wanted: int) -> Iterator[Sequence[Row]]:
    """The rows behind `after`, at most `wanted`, each read through an index from there on."""
    first, last = 1, asked.last
    if asked.newest_first:
        last = last if after is None else min(last, after - 1)
    else:
        first = first if after is None else max(first, after + 1)
    for counted, lowest, highest in _ranges(tx, asked, first, last):
        start, end = lowest, highest
        while start <= end and wanted > 0:
            limit = min(wanted, PORTION)
            rows = tx.all(
                _READ[counted, asked.newest_first],
                ticket_id=asked.past.id,
                first=start,
                last=end,
                since=asked.since,
                limit=limit,
            )
            if rows:
                yield rows
            wanted -= len(rows)
            if len(rows) < limit:
                break
            if asked.newest_first:
                end = rows[-1]["number"] - 1
            else:
                start = rows[-1]["number"] + 1


def _ranges(tx: Tx, asked: _Asked, first: int, last: int) -> list[tuple[str, int, int]]:
    """The numbers by the index in which they are found: until the first internal event, a number of customers' is the
    desk's too, and it stands in the events' own index.
    """
    if asked.counts_as_desk:
        return [("number", first, last)]
    [row] = tx.all(_RENUMBERED, ticket_id=asked.past.id, since=asked.since)
    begin = _ALL if row["first"] is None else row["first"]
    ranges = [("number", first, min(last, begin - 1)), ("public_number", max(first, begin), last)]
    return ranges[::-1] if asked.newest_first else ranges


_EVENTS: Final = """
    SELECT ticket_events.{counted} AS number, kind, at, actor_id, token_id, thing_id, changes,
        users.full_name AS actor, users.nick_name AS actor_nick
    FROM ticket_events JOIN users ON users.id = ticket_events.actor_id
    WHERE ticket_id = :ticket_id AND ticket_events.{counted} >= :first AND ticket_events.{counted} <= :last {only}
    ORDER BY ticket_events.{counted} {order} LIMIT :limit
"""
_ONLY: Final = {
    "number": "AND ticket_events.number >= :since",
    "public_number": "AND public_number <> number AND number >= :since",
}
_READ: Final[Mapping[tuple[str, bool], str]] = {
    (counted, newest_first): _EVENTS.format(counted=counted, only=only, order="DESC" if newest_first else "")
    for counted, only in _ONLY.items()
    for newest_first in (False, True)
}
_RENUMBERED: Final = """
    SELECT min(public_number) AS first FROM ticket_events
    WHERE ticket_id = :ticket_id AND public_number <> number AND number >= :since
"""


def entry_of(row: Row, first: Mapping[str, Any], *, of_desk: bool) -> HistoryEntry:
    """From the columns of an event and the names of who did it, for the desk or for customers; `first` is what the
    ticket was raised with.
    """
    kind: EventKind = row["kind"]
    changes = [Change(field, was, is_) for field, (was, is_) in _changes.decode(row["changes"]).items()]
    if kind == "raised":
        changes = [Change(field, None, value) for field, value in first.items() if value is not None]
    elif kind == "transferred" and of_desk:
        changes = []  # the event before it, which is the desk's, tells what was changed
    elif kind in _NOTES_WITH_TEXTS and not of_desk:
        changes = []
    return HistoryEntry(
        number=row["number"],
        kind="raised" if kind == "transferred" and not of_desk else kind,
        at=row["at"],
        actor_id=row["actor_id"],
        actor=row["actor"],
        actor_nick=row["actor_nick"],
        token_id=row["token_id"] if of_desk else None,
        thing_id=None if kind == "transferred" else row["thing_id"],
        changes=changes,
    )


_changes = msgspec.json.Decoder(dict[str, tuple[Any, Any]])


def _first_values(tx: Tx, past: Past, said: Callable[[], Mapping[str, Any]]) -> Callable[[], dict[str, Any]]:
    """What the ticket was raised with: what it was before the first edit of each field, else what it is. For when it is
    asked for, as the question travels with the next one.
    """
    edits: dict[str, int] = msgspec.json.decode(past.first_edits or "{}")
    numbers = sorted({*edits.values()})
    if not numbers:
        return lambda: {"status": "open", **said()}
    named = {f"number_{place}": numbers[min(place, len(numbers) - 1)] for place in range(MOST_FIELDS)}
    rows = tx.soon(
        "SELECT number, changes FROM ticket_events WHERE ticket_id = :ticket_id"
        f" AND number IN ({', '.join(f':{name}' for name in named)})",
        ticket_id=past.id,
        **named,
    )

    def values() -> dict[str, Any]:
        told = {row["number"]: _changes.decode(row["changes"]) for row in rows()}
        firsts = {field: told[number][field][0] for field, number in edits.items()}
        return {"status": "open", **said(), **firsts}

    return values


def names_of(tx: Tx, actor: Actor, entries: Sequence[HistoryEntry]) -> Names:
    """Of the things that they are about, and of what changed, as far as the actor may know of it."""
    return names_in(
        tx,
        actor,
        [(entry.kind, entry.thing_id) for entry in entries],
        [
            (entry.kind, change.field, value)
            for entry in entries
            for change in entry.changes
            for value in (change.was, change.is_)
        ],
    )


def in_sight(entry: HistoryEntry, names: Names) -> HistoryEntry:
    """Without the ids of other tickets that are out of sight."""
    return replace(
        entry,
        thing_id=names.in_sight(entry.kind, entry.thing_id),
        changes=[
            Change(field, names.in_sight(entry.kind, was), names.in_sight(entry.kind, is_))
            for field, was, is_ in entry.changes
        ],
    )
