"""Sessions as they are shown: to their users, who end those that they do not know, and to who looks after all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.permissions import OnlyFor
from keesa.accounts.sessions import ACCESS_LIFETIME, Version, end_one
from keesa.db import Row, Tx
from keesa.errors import NotFound

NOT_FOUND: Final = "Session not found"
LONGEST_PAGE: Final = 500
"""Sessions."""

require_admin_for_admins: Final = OnlyFor(("admin",), "Only admins may end the sessions of admins")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    id: str
    user_id: int
    user: str
    """Their full name."""
    version: Version
    device: str | None
    """What the client called itself."""
    address: str | None
    created_at: int
    last_used_at: int | None
    """To within some minutes."""
    expires_at: int
    refresh_uid: str = field(repr=False)


class Position(NamedTuple):
    """In a list."""

    created_at: int
    id: str


@dataclass(frozen=True, slots=True)
class OpenSessionPage:
    sessions: Sequence[OpenSession]
    next_after: Position | None
    """The `after` of the next page; None where nothing follows."""


def list_sessions(
    tx: Tx, at: int, limit: int = LONGEST_PAGE, after: Position | None = None, *, user_id: int | None = None
) -> OpenSessionPage:
    """At most `limit` sessions that can still be used at that time, the newest first: of the user, or of all."""
    conditions = ["sessions.expires_at > :past"]
    if user_id is not None:
        conditions.append("sessions.user_id = :user_id")
    if after is not None:
        conditions.append("(sessions.created_at, sessions.id) < (:created_at, :id)")
    rows = tx.all(
        f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY sessions.created_at DESC, sessions.id DESC LIMIT :limit",
        past=at - ACCESS_LIFETIME,  # the access token of a late refresh is good for so long
        user_id=user_id,
        created_at=after.created_at if after else None,
        id=after.id if after else None,
        limit=limit + 1,
    )
    found = [_session_of(row) for row in rows[:limit]]
    return OpenSessionPage(found, Position(found[-1].created_at, found[-1].id) if len(rows) > limit else None)


def end_session(tx: Tx, by: Requester, session_id: str | None, *, user_id: int | None = None) -> None:
    """Its tokens are void from the next request on. Raises `NotFound`, also where `user_id` is given and is not its
    user's; and `Forbidden` where it is an admin's and the requester is none.
    """
    row = tx.one(_USER, id=session_id)
    if row is None or user_id not in (None, row["user_id"]):
        raise NotFound(NOT_FOUND)
    if row["user_type"] == "admin" and by.actor.id != row["user_id"]:
        require_admin_for_admins(by.actor)
    if not end_one(tx, by, row["refresh_uid"]):
        raise NotFound(NOT_FOUND)  # somebody else has ended it a moment ago


def end_sessions(tx: Tx, by: Requester, user_id: int | None = None) -> int:
    """End those of the user, or of all; how many it were."""
    condition = "" if user_id is None else " WHERE user_id = :user_id"
    tx.one("SELECT id FROM users WHERE id = :id $for_update", id=user_id)  # of a user: no login comes between
    count = tx.changed(f"DELETE FROM sessions{condition}", user_id=user_id)
    if count:
        before = {"sessions": count} if user_id is None else {"user_id": user_id, "sessions": count}
        record(tx, by, "session.end", None, before, person_id=user_id)
    return count


_SELECT: Final = """
    SELECT sessions.id, sessions.user_id, users.full_name, sessions.version, sessions.device,
        sessions.address, sessions.created_at, sessions.last_used_at, sessions.expires_at, sessions.refresh_uid
    FROM sessions JOIN users ON users.id = sessions.user_id
"""
_USER: Final = """
    SELECT sessions.refresh_uid, sessions.user_id, users.user_type
    FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.id = :id
"""


def _session_of(row: Row) -> OpenSession:
    return OpenSession(
        id=row["id"],
        user_id=row["user_id"],
        user=row["full_name"],
        version=row["version"],
        device=row["device"],
        address=row["address"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        expires_at=row["expires_at"],
        refresh_uid=row["refresh_uid"],
    )
