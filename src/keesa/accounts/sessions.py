"""Sessions: a row each, so that a logout counts at once in every process and on every node."""

from dataclasses import dataclass
from typing import Final, Literal
from uuid import uuid4

from keesa.accounts import csrf
from keesa.accounts.actors import ACTOR_COLUMNS, Actor, actor_of
from keesa.clock import now
from keesa.db import Row, Tx
from keesa.errors import Unauthorized

Version = Literal["2021", "2024"]

ACCESS_LIFETIME: Final = 3600 * 1000
"""Milliseconds: one hour."""
REFRESH_LIFETIME: Final = 10 * 24 * 3600 * 1000
"""Milliseconds: ten days."""
OVERLAP: Final = 60 * 1000
"""Milliseconds after a refresh in which further ones get the same token, and the replaced one is still good."""
MOST: Final = 50
"""Sessions of a user; one more ends the oldest."""
CLEARED_AT_ONCE: Final = 1000
"""Sessions that one login clears away, at the most."""


@dataclass(frozen=True, slots=True)
class Session:
    refresh_uid: str
    access_uid: str
    """Of the newest access token."""
    version: Version
    """Of the login that opened it: the shapes that its requests are answered in."""
    csrf_secret: str
    expires_at: int
    """When the refresh token does; the access token may have expired long before."""


def open_session(tx: Tx, user_id: int, version: Version, at: int) -> tuple[Actor, Session]:
    """Count the sign-in and open a session. The user's oldest ones end where they would have more than `MOST`;
    sessions of which both tokens have expired are cleared away.
    """
    # holds the user's row, which stands for the rule: of two logins at once the second one sees the first one's session
    tx.run("UPDATE users SET sign_in_count = sign_in_count + 1 WHERE id = :id", id=user_id)
    row = tx.one(f"SELECT {ACTOR_COLUMNS} FROM users WHERE id = :id AND disabled_at IS NULL", id=user_id)
    if row is None:
        raise Unauthorized("Invalid credentials")
    actor = actor_of(row)
    tx.run(_END_OLDEST, user_id=user_id, kept=MOST - 1, most=CLEARED_AT_ONCE)
    session = Session(
        refresh_uid=str(uuid4()),
        access_uid=str(uuid4()),
        version=version,
        csrf_secret=csrf.new_secret(),
        expires_at=at + REFRESH_LIFETIME,
    )
    _keep(tx, actor, session, at)
    # of other users: last, so that nothing of theirs is held while this waits for a row of the user's own
    tx.run(_CLEAR_AWAY, past=at - ACCESS_LIFETIME, most=CLEARED_AT_ONCE)  # the last refresh may be late
    return actor, session


_CLEAR_AWAY: Final = """
    DELETE FROM sessions WHERE refresh_uid IN (
        SELECT refresh_uid FROM sessions WHERE expires_at < :past LIMIT :most $if_free
    )
"""
_END_OLDEST: Final = """
    DELETE FROM sessions WHERE refresh_uid IN (
        SELECT refresh_uid FROM sessions WHERE user_id = :user_id
        ORDER BY sign_in DESC, created_at DESC LIMIT :most OFFSET :kept
    )
"""


def _keep(tx: Tx, actor: Actor, session: Session, at: int) -> None:
    tx.run(
        "INSERT INTO sessions (refresh_uid, access_uid, user_id, version, csrf_secret, created_at, expires_at, sign_in)"
        " VALUES (:refresh_uid, :access_uid, :user_id, :version, :csrf_secret, :at, :expires_at, :sign_in)",
        refresh_uid=session.refresh_uid,
        access_uid=session.access_uid,
        user_id=actor.id,
        version=session.version,
        csrf_secret=session.csrf_secret,
        at=at,
        expires_at=session.expires_at,
        sign_in=actor.sign_in_count,
    )


def find_by_access(tx: Tx, access_uid: str) -> tuple[Actor, Session]:
    """Who acts with this access token; raises `Unauthorized` where no live session has it, or a refresh has replaced it
    longer than `OVERLAP` ago.
    """
    row = tx.one(_FIND.format(condition="access_uid = :uid"), uid=access_uid)
    if row is None:
        replaced = tx.one(_FIND.format(condition="previous_uid = :uid"), uid=access_uid)
        row = replaced if replaced is not None and overlaps(replaced["renewed_at"]) else None
    return _found(row)


def find_by_refresh(tx: Tx, refresh_uid: str) -> tuple[Actor, Session]:
    """Whose refresh token this is; raises `Unauthorized` where no live session has it."""
    return _found(tx.one(_FIND.format(condition="refresh_uid = :uid"), uid=refresh_uid))


def overlaps(renewed_at: int) -> bool:
    """Whether the token that was replaced then is still good. A time ahead of the clock by more than that is of a clock
    that was set back since.
    """
    return abs(now() - renewed_at) < OVERLAP


def end(tx: Tx, session: Session) -> None:
    """End the session, its access and its refresh token; raises `Unauthorized` where it has ended already."""
    if not tx.changed("DELETE FROM sessions WHERE refresh_uid = :uid", uid=session.refresh_uid):
        raise Unauthorized(ENDED)


def end_all_of(tx: Tx, user_id: int, staying: Session | None = None) -> None:
    """Every session of the user, but for the one that stays."""
    kept = staying.refresh_uid if staying else ""
    tx.run("DELETE FROM sessions WHERE user_id = :user_id AND refresh_uid <> :kept", user_id=user_id, kept=kept)


def end_some(tx: Tx) -> int:
    """End up to `CLEARED_AT_ONCE` sessions, of whomever; how many it were. To end all, again until there are none."""
    return tx.changed(_END_SOME, most=CLEARED_AT_ONCE)


_END_SOME: Final = "DELETE FROM sessions WHERE refresh_uid IN (SELECT refresh_uid FROM sessions LIMIT :most)"
ENDED: Final = "Your session has ended, please log in again"

_FIND: Final = f"""
    SELECT sessions.refresh_uid, sessions.access_uid, sessions.version, sessions.csrf_secret, sessions.expires_at,
        sessions.renewed_at, {ACTOR_COLUMNS}
    FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE sessions.{{condition}} AND users.disabled_at IS NULL
"""


def _found(row: Row | None) -> tuple[Actor, Session]:
    if row is None:
        raise Unauthorized(ENDED)
    session = Session(row["refresh_uid"], row["access_uid"], row["version"], row["csrf_secret"], row["expires_at"])
    return actor_of(row), session
