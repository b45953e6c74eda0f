"""Who watches a ticket: users of the desk who want to know what becomes of it."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from keesa.accounts.actors import ACTOR_COLUMNS, Actor, actor_of
from keesa.accounts.filters import is_met
from keesa.accounts.permissions import require_desk, sees_internal, visible_to
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.finding import Known, LockedTicket, in_any_state, lock_ticket
from keesa.tickets.views import VisibleTicket

MOST_WATCHERS: Final = 100
"""Of a ticket."""
MOST_WATCHED: Final = 5_000
"""Tickets of a user."""
UNFIT: Final = "is unknown, must be the id of a member of staff who sees the ticket"


class Watcher(NamedTuple):
    user_id: int
    full_name: str


def watchers_of(tx: Tx, visible: VisibleTicket) -> list[Watcher]:
    """Those of a ticket that an actor was found to see, by id; also who may no longer see it themselves."""
    ticket_id, _ = visible
    rows = tx.each(
        "SELECT users.id, users.full_name FROM ticket_watchers JOIN users ON users.id = ticket_watchers.user_id"
        " WHERE ticket_watchers.ticket_id = :ticket_id ORDER BY users.id",
        ticket_id=ticket_id,
    )
    return [Watcher(*row) for row in rows]


def start_watching(
    tx: Tx, actor: Actor, number: int | None, user_id: int | None, at: int, known: Known = in_any_state
) -> Watcher:
    """The user watches the ticket from now on, None: the actor; where they do so already, nothing changes. Raises
    `Forbidden`, `NotFound` and `Invalid`: who is unknown, disabled, not of the desk or does not see the ticket is told
    of in one sentence.
    """
    require_desk(actor)
    wanted = actor.id if user_id is None else user_id
    tx.run("SELECT id FROM users WHERE id = :id $for_update", id=wanted)
    users = tx.soon(_USER, id=wanted)
    ticket = lock_ticket(tx, actor, number, known)
    found = [actor_of(row) for row in users()]
    if not found or not _sees(found[0], ticket):
        raise Invalid({"user_id": [UNFIT]})
    watch(tx, actor, ticket, [wanted], at)
    return Watcher(found[0].id, found[0].full_name)


def stop_watching(tx: Tx, actor: Actor, number: int | None, user_id: int, at: int, known: Known = in_any_state) -> None:
    """The user does not watch the ticket any more; where they do not, nothing changes. Raises `Forbidden` and
    `NotFound`.
    """
    require_desk(actor)
    ticket = lock_ticket(tx, actor, number, known)
    removed = tx.changed(
        "DELETE FROM ticket_watchers WHERE ticket_id = :ticket_id AND user_id = :user_id",
        ticket_id=ticket.id,
        user_id=user_id,
    )
    if removed:
        change(tx, actor, ticket, at, Event("unwatched", thing_id=user_id, internal=True))


def watch(
    tx: Tx, actor: Actor, ticket: LockedTicket, user_ids: Collection[int], at: int, *, as_fits: bool = False
) -> LockedTicket:
    """The users watch the ticket from now on, each told by an event that customers never see; the ticket as it is
    afterwards. Who watches it already goes on. Whether they see it is for the caller to ask (`who_see`).

    Raises `Invalid` where it would have too many watchers, a user too many tickets, or the history is full: of a user
    whose row is held, as `start_watching` does, that is exact. `as_fits` lets in as many as there can be.
    """
    watching = tx.soon("SELECT user_id FROM ticket_watchers WHERE ticket_id = :ticket_id", ticket_id=ticket.id)
    watched = {user_id: tx.soon(_WATCHED, user_id=user_id) for user_id in user_ids}
    present = {row["user_id"] for row in watching()}
    new = [user_id for user_id in watched if user_id not in present]
    full = [user_id for user_id in new if watched[user_id]()[0]["value"] >= MOST_WATCHED]
    if as_fits:
        new = [user_id for user_id in new if user_id not in full][: max(MOST_WATCHERS - len(present), 0)]
    elif full:
        raise Invalid({"user_id": [f"watches as many tickets as a user may watch: {MOST_WATCHED}"]})
    elif len(present) + len(new) > MOST_WATCHERS:
        raise Invalid({"user_id": [f"would be one too many: a ticket has at most {MOST_WATCHERS} watchers"]})
    if not new:
        return ticket
    try:
        changed = change(tx, actor, ticket, at, *_watched(new))
    except Invalid:
        if as_fits:
            return ticket
        raise
    for user_id in new:
        tx.run(
            "INSERT INTO ticket_watchers (ticket_id, user_id, raised_at) VALUES (:ticket_id, :user_id, :raised_at)",
            ticket_id=ticket.id,
            user_id=user_id,
            raised_at=ticket.raised_at,
        )
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
    seeing = {user.id for user in map(actor_of, rows) if _sees(user, ticket)}
    return [user_id for user_id in distinct if user_id in seeing]


def _watched(user_ids: Sequence[int]) -> list[Event]:
    return [Event("watched", thing_id=user_id, internal=True) for user_id in user_ids]


def _sees(user: Actor, ticket: LockedTicket) -> bool:
    """Whether the user is of the desk, and sees the ticket."""
    return sees_internal(user) and is_met(visible_to(user), ticket)


_USER: Final = f"SELECT {ACTOR_COLUMNS} FROM users WHERE users.id = :id AND users.disabled_at IS NULL"
_WATCHED: Final = f"""
    SELECT count(*) AS value FROM (
        SELECT ticket_id FROM ticket_watchers WHERE user_id = :user_id LIMIT {MOST_WATCHED}
    ) watched
"""
