"""How tickets belong together: which is the duplicate of which, which causes which, which is a part of which.

Two tickets are related by who sees both, and nobody learns of one that they do not see. Relations are made and taken
back under one rule, `Rule.RELATIONS`, since cycles lie over several rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from keesa.accounts.actors import Actor
from keesa.accounts.filters import any_of
from keesa.accounts.permissions import require_desk, sees_internal, visible_to
from keesa.db import Tx
from keesa.db.rules import Rule, hold_soon
from keesa.errors import Invalid, NotFound
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.finding import NOT_FOUND, Known, LockedTicket, in_any_state, lock_all
from keesa.tickets.statuses import Status
from keesa.tickets.views import VisibleTicket

Side = Literal["duplicate_of", "duplicates", "caused_by", "causes", "parent", "children"]
"""What another ticket is to the one that is asked about."""
PUBLIC: Final[tuple[Side, ...]] = ("duplicate_of", "duplicates")
"""Those of which customers learn."""

MOST_CAUSES: Final = 50
"""Of a ticket, and as many that it causes."""
MOST_CHILDREN: Final = 100
DEEPEST: Final = 10
"""Tickets from the topmost one to the lowest."""
MOST_BELOW: Final = 1_000
"""Tickets below one that gets a parent: they are counted, to tell how deep they lie."""
OPEN_CHILDREN: Final = "(tickets.parent_id = :number AND tickets.status <> 'closed')"
"""A condition on `tickets`."""
UNKNOWN: Final = "is unknown, must be the number of another ticket that you see"
ITSELF: Final = "is the ticket itself"


@dataclass(frozen=True, slots=True)
class RelatedTicket:
    side: Side
    id: int
    title: str
    status: Status


@dataclass(frozen=True, slots=True)
class Relations:
    seen: Sequence[RelatedTicket]
    """By id."""
    unseen: int
    """How many more there are that are out of sight."""


_SIDES: Final[dict[Side, str]] = {
    "duplicate_of": "SELECT duplicate_of_id AS other FROM tickets WHERE id = :id AND duplicate_of_id IS NOT NULL",
    "duplicates": "SELECT id AS other FROM tickets WHERE duplicate_of_id = :id",
    "caused_by": "SELECT cause_id AS other FROM ticket_causes WHERE ticket_id = :id",
    "causes": "SELECT ticket_id AS other FROM ticket_causes WHERE cause_id = :id",
    "parent": "SELECT parent_id AS other FROM tickets WHERE id = :id AND parent_id IS NOT NULL",
    "children": "SELECT id AS other FROM tickets WHERE parent_id = :id",
}


def relations_of(tx: Tx, actor: Actor, visible: VisibleTicket) -> Relations:
    """Those of a ticket that the actor was found to see."""
    ticket_id, _ = visible
    sides = _SIDES if sees_internal(actor) else {side: _SIDES[side] for side in PUBLIC}
    related = " UNION ALL ".join(f"SELECT '{side}' AS side, other FROM ({sql}) {side}" for side, sql in sides.items())
    condition = any_of(visible_to(actor))
    rows = tx.each(
        "SELECT related.side, tickets.id, tickets.title, tickets.status,"
        f" CASE WHEN {condition.sql} THEN 1 ELSE 0 END AS seen"
        f" FROM ({related}) related JOIN tickets ON tickets.id = related.other ORDER BY tickets.id",
        id=ticket_id,
        **condition.params,
    )
    found = [(RelatedTicket(side, other, title, status), seen) for side, other, title, status, seen in rows]
    seen = [ticket for ticket, is_seen in found if is_seen]
    return Relations(seen, len(found) - len(seen) if sees_internal(actor) else 0)


def count_of_open_children(tx: Tx, ticket_id: int) -> Callable[[], int]:
    """How many are not closed, whoever sees them, for when it is asked for: the question travels with the next one."""
    count = tx.soon(f"SELECT count(*) AS value FROM tickets WHERE {OPEN_CHILDREN}", number=ticket_id)
    return lambda: int(count()[0]["value"])


def add_cause(
    tx: Tx, actor: Actor, number: int | None, cause_number: int | None, at: int, known: Known = in_any_state
) -> None:
    """The other ticket causes this one; where it does so already, nothing changes. Raises `Forbidden`, `NotFound` and
    `Invalid`.
    """
    ticket, cause = lock_to_relate(tx, actor, number, cause_number, known)
    [(is_so, reverse, causes, caused)] = tx.each(_CAUSES, ticket_id=ticket.id, cause_id=cause.id)
    if is_so:
        return
    if reverse:
        raise _unfit("is caused by this ticket")
    if causes >= MOST_CAUSES or caused >= MOST_CAUSES:
        raise _unfit(f"would be one too many: a ticket has at most {MOST_CAUSES} causes, and causes as many")
    tx.run(
        "INSERT INTO ticket_causes (ticket_id, cause_id) VALUES (:ticket_id, :cause_id)",
        ticket_id=ticket.id,
        cause_id=cause.id,
    )
    change(tx, actor, ticket, at, related(cause, "caused_by", internal=True))
    change(tx, actor, cause, at, related(ticket, "causes", internal=True))


def remove_cause(
    tx: Tx, actor: Actor, number: int | None, cause_number: int | None, at: int, known: Known = in_any_state
) -> None:
    """The other way round; where it is no cause, nothing changes. Raises `Forbidden` and `NotFound`."""
    ticket, cause = lock_related(tx, actor, number, cause_number, known)
    removed = tx.changed(
        "DELETE FROM ticket_causes WHERE ticket_id = :ticket_id AND cause_id = :cause_id",
        ticket_id=ticket.id,
        cause_id=cause.id,
    )
    if removed:
        change(tx, actor, ticket, at, unrelated(cause, "caused_by", internal=True))
        change(tx, actor, cause, at, unrelated(ticket, "causes", internal=True))


_CAUSES: Final = """
    SELECT (SELECT count(*) FROM ticket_causes WHERE ticket_id = :ticket_id AND cause_id = :cause_id),
        (SELECT count(*) FROM ticket_causes WHERE ticket_id = :cause_id AND cause_id = :ticket_id),
        (SELECT count(*) FROM ticket_causes WHERE ticket_id = :ticket_id),
        (SELECT count(*) FROM ticket_causes WHERE cause_id = :cause_id)
"""


def set_parent(
    tx: Tx, actor: Actor, number: int | None, parent_number: int | None, at: int, known: Known = in_any_state
) -> None:
    """The ticket is a part of the other one; where it is so already, nothing changes. Raises `Forbidden`, `NotFound`
    and `Invalid`: no ticket is above itself, and none has two parents.
    """
    ticket, parent = lock_to_relate(tx, actor, number, parent_number, known)
    if ticket.parent_id == parent.id:
        return
    if ticket.parent_id is not None:
        raise _unfit("is not possible: the ticket has a parent already, take it out of that first")
    above = tx.soon(_ABOVE, id=parent.id)
    below = tx.soon(_BELOW, id=ticket.id)
    children: int = tx.value("SELECT count(*) AS value FROM tickets WHERE parent_id = :id", id=parent.id)
    if any(row["id"] == ticket.id for row in above()):
        raise _unfit("is below this ticket, and cannot be above it too")
    if children >= MOST_CHILDREN:
        raise _unfit(f"has as many children as a ticket may have: {MOST_CHILDREN}")
    if len(below()) - 1 > MOST_BELOW:
        raise _unfit(f"is not possible: more than {MOST_BELOW} tickets are below this one")
    if max(row["level"] for row in above()) + max(row["level"] for row in below()) > DEEPEST:
        raise _unfit(f"would put tickets too deep: at most {DEEPEST} are one below the other")
    change(tx, actor, ticket, at, related(parent, "parent", internal=True), parent_id=parent.id)
    change(tx, actor, parent, at, related(ticket, "children", internal=True))


def remove_parent(
    tx: Tx, actor: Actor, number: int | None, parent_number: int | None, at: int, known: Known = in_any_state
) -> None:
    """The other way round; where the other one is not its parent, nothing changes. Raises `Forbidden` and
    `NotFound`.
    """
    ticket, parent = lock_related(tx, actor, number, parent_number, known)
    if ticket.parent_id == parent.id:
        change(tx, actor, ticket, at, unrelated(parent, "parent", internal=True), parent_id=None)
        change(tx, actor, parent, at, unrelated(ticket, "children", internal=True))


_ABOVE: Final = f"""
    WITH RECURSIVE above (id, parent_id, level) AS (
        SELECT id, parent_id, 1 FROM tickets WHERE id = :id
        UNION ALL
        SELECT tickets.id, tickets.parent_id, above.level + 1
        FROM above JOIN tickets ON tickets.id = above.parent_id WHERE above.level <= {DEEPEST}
    )
    SELECT id, level FROM above
"""
"""The ticket, and those above it."""
_BELOW: Final = f"""
    WITH RECURSIVE below (id, level) AS (
        SELECT id, 1 FROM tickets WHERE id = :id
        UNION ALL
        SELECT tickets.id, below.level + 1
        FROM below JOIN tickets ON tickets.parent_id = below.id WHERE below.level <= {DEEPEST}
    )
    SELECT id, level FROM below LIMIT {MOST_BELOW + 2}
"""
"""The ticket, and those below it, level by level."""


# What each relation begins with, and what its events tell


def lock_to_relate(
    tx: Tx, actor: Actor, number: int | None, other_number: int | None, known: Known = in_any_state
) -> tuple[LockedTicket, LockedTicket]:
    """The ticket, and another one to which it is to be related. Raises `Invalid` where the other one is missing, out of
    sight, or the same one.
    """
    ticket, other = _lock_both(tx, actor, number, other_number, known)
    if ticket.id == other_number:
        raise _unfit(ITSELF)
    if other is None:
        raise _unfit(UNKNOWN)
    return ticket, other


def lock_related(
    tx: Tx, actor: Actor, number: int | None, other_number: int | None, known: Known = in_any_state
) -> tuple[LockedTicket, LockedTicket]:
    """The same, to take a relation back: raises `NotFound` of both tickets."""
    ticket, other = _lock_both(tx, actor, number, other_number, known)
    if other is None:
        raise NotFound(NOT_FOUND)
    return ticket, other


def _lock_both(
    tx: Tx, actor: Actor, number: int | None, other_number: int | None, known: Known
) -> tuple[LockedTicket, LockedTicket | None]:
    require_desk(actor)
    held = hold_soon(tx, Rule.RELATIONS)
    found = lock_all(tx, actor, "tickets.id IN (:number, :other_number)", number=number, other_number=other_number)
    held()
    if number is None or number not in found:
        raise NotFound(NOT_FOUND)
    known(found[number])
    return found[number], None if other_number is None else found.get(other_number)


def related(other: LockedTicket, side: Side, *, internal: bool) -> Event:
    """The other ticket has become this to the one that the event is of."""
    return Event("related", {side: (None, other.id)}, other.id, internal)


def unrelated(other: LockedTicket, side: Side, *, internal: bool) -> Event:
    """It is so no longer."""
    return Event("unrelated", {side: (other.id, None)}, other.id, internal)


def _unfit(sentence: str) -> Invalid:
    return Invalid({"ticket_number": [sentence]})
