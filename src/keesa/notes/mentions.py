"""Who is mentioned in a note: `@` and the nick name or the address of somebody of the desk.

What was written is read before the transaction (`keesa.rich_text.addressing`); here it is held against the names.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from keesa.accounts.actors import SYSTEM, Actor
from keesa.accounts.permissions import sees_internal
from keesa.db import Row, Tx
from keesa.rich_text.addressing import folded, names_in
from keesa.rich_text.html import RichText
from keesa.tickets.finding import LockedTicket
from keesa.tickets.watching import watch, who_see

MOST: Final = 20
"""People whom a note mentions."""
MOST_KNOWN: Final = 5_000
"""Users of the desk who are looked through: those with the lowest ids."""
_DESK: Final = """
    SELECT id, nick_name, email FROM users
    WHERE user_type IN ('admin', 'staff') AND disabled_at IS NULL AND id <> :system ORDER BY id LIMIT :most
"""

Names = Callable[[], Sequence[Row]]


def nobody() -> Sequence[Row]:
    """No names: nobody is mentioned."""
    return ()


def names_for(tx: Tx, actor: Actor, text: RichText | None) -> Names:
    """Those of the desk, where there is a text that may mention anybody: what a customer writes mentions nobody. Asked
    for before the ticket is locked, they need no wait of their own.
    """
    if text is None or not text.addressed or not sees_internal(actor):
        return nobody
    return tx.soon(_DESK, system=SYSTEM.id, most=MOST_KNOWN)


def mention(tx: Tx, actor: Actor, ticket: LockedTicket, text: RichText, names: Names, at: int) -> list[int]:
    """Keep who is mentioned, and let them watch the ticket while it can have more watchers; their ids. Who does not see
    the ticket is not mentioned.
    """
    named = _named(text.addressed, names()) if text.addressed else []
    mentioned = who_see(tx, ticket, named)
    for user_id in mentioned:
        tx.run(_MENTION, ticket_id=ticket.id, user_id=user_id, raised_at=ticket.raised_at)
    if mentioned:
        watch(tx, actor, ticket, mentioned, at, as_fits=True)
    return mentioned


def _named(addressed: Iterable[str], known: Sequence[Row]) -> list[int]:
    """Whose name is the longest that stands behind each `@`; where several have it, all of them."""
    users: dict[str, list[int]] = {}
    for row in known:
        for name in {folded(row["nick_name"]), folded(row["email"])}:
            users.setdefault(name, []).append(row["id"])
    found: dict[int, None] = {}
    for window in addressed:
        longest = next((name for name in names_in(window) if name in users), None)
        found |= dict.fromkeys(users[longest] if longest else ())
    return list(found)[:MOST]


_MENTION: Final = (
    "INSERT INTO ticket_mentions (ticket_id, user_id, raised_at) VALUES (:ticket_id, :user_id, :raised_at)"
    " ON CONFLICT DO NOTHING"
)
