"""Who watches a ticket: users of the desk who want to know what becomes of it."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from keesa.accounts.actors import ACTOR_COLUMNS, Actor, actor_of
from keesa.accounts.permissions import require_desk, sees_internal
from keesa.db import Tx
from keesa.errors import Invalid, NotFound
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.finding import LockedTicket, find_ticket, lock_ticket
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


def start_watching(tx: Tx, actor: Actor, number: int | None, user_id: int | None, at: int) -> Watcher:
    """The user watches the ticket from now on, None: the actor; where they do so already, nothing changes. Raises
    `Forbidden`, `NotFound` and `Invalid`: who is unknown, disabled, not of the desk or does not see the ticket is told
    of in one sentence.
    """
    require_desk(actor)
    wanted = actor.id if user_id is None else user_id
    tx.run("SELECT id FROM users WHERE id = :id $for_update", id=wanted)
    users = tx.soon(_USER, id=wanted)
    ticket = lock_ticket(tx, actor, number)
    found = [actor_of(row) for row in users()]
    if not found or not _sees(tx, actor, found[0], ticket):
        raise Invalid({"user_id": [UNFIT]})
    watch(tx, actor, ticket, [wanted], at)
    return Watcher(found[0].id, found[0].full_name)


def stop_watching(tx: Tx, actor: Actor, number: int | None, user_id: int, at: int) -> None:
    """The user does not watch the ticket any more; where they do not, nothing changes. Raises `Forbidden` and
    `NotFound`.
    """
    require_desk(actor)
    ticket = lock_ticket(tx, actor, number)
    removed = tx.changed(
        "DELETE FROM ticket_watchers WHERE ticket_id = :ticket_id AND user_id = :user_id",
        ticket_id=ticket.id,
        user_id=user_id,
    )
    if removed:
        change(tx, actor, ticket, at, Event("unwatched", thing_id=user_id, internal=True))


def watch(tx: Tx, actor: Actor, ticket: LockedTicket, user_ids: Collection[int], at: int) -> LockedTicket:
    """The users, who may do so, watch the ticket from now on; the ticket as it is afterwards. Raises `Invalid` where it
    would have too many watchers, or a user too many tickets: of a user whose row is held, as `start_watching` does,
    that is exact.
    """
    watching = tx.soon("SELECT user_id FROM ticket_watchers WHERE ticket_id = :ticket_id", ticket_id=ticket.id)
    watched = {user_id: tx.soon(_WATCHED, user_id=user_id) for user_id in user_ids}
    present = {row["user_id"] for row in watching()}
    new = [user_id for user_id in watched if user_id not in present]
    if not new:
        return ticket
    if len(present) + len(new) > MOST_WATCHERS:
        raise Invalid({"user_id": [f"would be one too many: a ticket has at most {MOST_WATCHERS} watchers"]})
    if any(watched[user_id]()[0]["value"] >= MOST_WATCHED for user_id in new):
        raise Invalid({"user_id": [f"watches as many tickets as a user may watch: {MOST_WATCHED}"]})
    for user_id in new:
        tx.run(
            "INSERT INTO ticket_watchers (ticket_id, user_id, raised_at) VALUES (:ticket_id, :user_id, :raised_at)",
            ticket_id=ticket.id,
            user_id=user_id,
            raised_at=ticket.raised_at,
        )
    return change(tx, actor, ticket, at, *_watched(new))


def _watched(user_ids: Sequence[int]) -> list[Event]:
    return [Event("watched", thing_id=user_id, internal=True) for user_id in user_ids]


def _sees(tx: Tx, actor: Actor, user: Actor, ticket: LockedTicket) -> bool:
    """Whether the user is of the desk, and sees the ticket, as the actor does."""
    if user.id == actor.id:
        return True
    if not sees_internal(user):
        return False
    try:
        find_ticket(tx, user, ticket.id)
    except NotFound:
        return False
    return True


_USER: Final = f"SELECT {ACTOR_COLUMNS} FROM users WHERE users.id = :id AND users.disabled_at IS NULL"
_WATCHED: Final = f"""
    SELECT count(*) AS value FROM (
        SELECT ticket_id FROM ticket_watchers WHERE user_id = :user_id LIMIT {MOST_WATCHED}
    ) watched
"""
