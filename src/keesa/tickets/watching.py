"""Who watches a ticket."""

from collections.abc import Sequence
from typing import Final

from keesa.accounts.actors import ACTOR_COLUMNS, Actor, actor_of
from keesa.accounts.filters import is_met
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.finding import LockedTicket

MOST_WATCHERS: Final = 100
"""Of a ticket."""


def watch(
    tx: Tx, actor: Actor, ticket: LockedTicket, user_ids: Sequence[int], at: int, *, as_fits: bool = False
) -> LockedTicket:
    """Let them watch the ticket from now on, each told by an event that customers never see; who watches it already
    goes on. Whether they see it is for the caller to ask (`who_see`).

    Raises `Invalid` where there would be more than `MOST_WATCHERS`, or the history is full; `as_fits` lets in
    as many as there can be.
    """
    had = {user_id for (user_id,) in tx.each(_WATCHERS, ticket_id=ticket.id)}
    new = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in had]
    if as_fits:
        new = new[: MOST_WATCHERS - len(had)]
    if not new:
        return ticket
    if len(had) + len(new) > MOST_WATCHERS:
        raise Invalid({"watcher": [f"is one too many: a ticket has at most {MOST_WATCHERS} watchers"]})
    try:
        changed = change(tx, actor, ticket, at, *(Event("watched", thing_id=user_id, internal=True) for user_id in new))
    except Invalid:
        if as_fits:
            return ticket
        raise
    for user_id in new:
        tx.run(_WATCH, ticket_id=ticket.id, user_id=user_id, raised_at=ticket.raised_at)
    return changed


def who_see(tx: Tx, ticket: LockedTicket, user_ids: Sequence[int]) -> list[int]:
    """Those of them who are enabled, of the desk, and see the ticket by the one rule; in the order in which they were
    given, each once.
    """
    distinct = list(dict.fromkeys(user_ids))
    if not distinct:
        return []
    given = {f"id_{number}": user_id for number, user_id in enumerate(distinct)}
    named = ", ".join(f":{name}" for name in given)
    rows = tx.all(
        f"SELECT {ACTOR_COLUMNS} FROM users WHERE users.id IN ({named}) AND users.disabled_at IS NULL", **given
    )
    found = [actor_of(row) for row in rows]
    seeing = {each.id for each in found if sees_internal(each) and is_met(visible_to(each), ticket)}
    return [user_id for user_id in distinct if user_id in seeing]


_WATCHERS: Final = "SELECT user_id FROM ticket_watchers WHERE ticket_id = :ticket_id"
_WATCH: Final = (
    "INSERT INTO ticket_watchers (ticket_id, user_id, raised_at) VALUES (:ticket_id, :user_id, :raised_at)"
    " ON CONFLICT DO NOTHING"
)
