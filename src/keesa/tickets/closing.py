"""Closing a ticket together with those that are parts of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import UNSET

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import require_desk
from keesa.clock import Clock
from keesa.db import Tx
from keesa.db.rules import Rule, hold_soon
from keesa.errors import Invalid, NotFound
from keesa.tickets.days import Days, GivenDay
from keesa.tickets.finding import NOT_FOUND, Known, in_any_state, lock_all
from keesa.tickets.relations import OPEN_CHILDREN, count_of_open_children
from keesa.tickets.status import NOBODY_ASSIGNED, change_status_of, move


@dataclass(frozen=True, slots=True)
class LeftChild:
    """One that was not closed."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Children:
    """What became of the children that were not closed before."""

    closed: Sequence[int]
    left: Sequence[LeftChild]
    unseen: int
    """How many the actor does not see, which stay as they are."""


def close_with_children(  # noqa: PLR0913, PLR0917 - what a status takes, and from which state it is changed
    tx: Tx,
    actor: Actor,
    number: int | None,
    status: str,
    closed_date: str | None,
    at: int,
    clock: Clock,
    held_until: GivenDay = UNSET,
    known: Known = in_any_state,
) -> Children:
    """As `change_status`, and closes the children that the actor sees on the same day, or that of their raising where
    it is later. One that nobody is assigned to stays as it is. Raises also where the status is another one.
    """
    require_desk(actor)
    rule = hold_soon(tx, Rule.RELATIONS)
    held = lock_all(tx, actor, f"(tickets.id = :number OR {OPEN_CHILDREN})", number=number)
    rule()
    if number is None or number not in held:
        raise NotFound(NOT_FOUND)
    known(held[number])
    if status != "closed":
        raise Invalid({"close_children": ["is possible only where the status is closed"]})
    closed_on = change_status_of(tx, actor, held[number], status, closed_date, at, clock, held_until).closed_on
    count = count_of_open_children(tx, number)
    children = [held[child] for child in sorted(held.keys() - {number})]
    closed, left = [], []
    for child in children:
        if child.assigned_to_id is None:
            left.append(LeftChild(child.id, NOBODY_ASSIGNED))
        else:
            raised_on = clock.local(child.raised_at).date().isoformat()
            move(tx, actor, child, at, "closed", Days(closed_on=max(closed_on or raised_on, raised_on)))
            closed.append(child.id)
    return Children(closed, left, count() - len(children))
