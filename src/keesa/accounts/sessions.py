"""Sessions: a row each, so that a logout counts at once in every process and on every node."""

from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import uuid4

from keesa.accounts import csrf
from keesa.accounts.actors import ACTOR_COLUMNS, Actor, actor_of
from keesa.db import Row, Tx
from keesa.errors import Unauthorized

Version = Literal["2021", "2024"]

ACCESS_LIFETIME: Final = 3600 * 1000
"""Milliseconds: one hour."""
REFRESH_LIFETIME: Final = 10 * 24 * 3600 * 1000
"""Milliseconds: ten days."""


@dataclass(frozen=True, slots=True)
class Session:
    refresh_uid: str
    access_uid: str
    version: Version
    """Of the login that opened it: the shapes that its requests are answered in."""
    csrf_secret: str
    expires_at: int
    """When the refresh token does; the access token may have expired long before."""


def open_session(tx: Tx, user_id: int, version: Version, at: int) -> tuple[Actor, Session]:
    """Count the sign-in and open a session; sessions of which both tokens have expired are cleared away."""
    tx.run("DELETE FROM sessions WHERE expires_at < :past", past=at - ACCESS_LIFETIME)  # the last refresh may be late
    tx.run("UPDATE users SET sign_in_count = sign_in_count + 1 WHERE id = :id", id=user_id)
    row = tx.one(f"SELECT {ACTOR_COLUMNS} FROM users WHERE id = :id AND disabled_at IS NULL", id=user_id)
    if row is None:
        raise Unauthorized("Invalid credentials")
    session = Session(
        refresh_uid=str(uuid4()),
        access_uid=str(uuid4()),
        version=version,
        csrf_secret=csrf.new_secret(),
        expires_at=at + REFRESH_LIFETIME,
    )
    tx.run(
        "INSERT INTO sessions (refresh_uid, access_uid, user_id, version, csrf_secret, created_at, expires_at)"
        " VALUES (:refresh_uid, :access_uid, :user_id, :version, :csrf_secret, :at, :expires_at)",
        refresh_uid=session.refresh_uid,
        access_uid=session.access_uid,
        user_id=user_id,
        version=version,
        csrf_secret=session.csrf_secret,
        at=at,
        expires_at=session.expires_at,
    )
    return actor_of(row), session


def find_by_access(tx: Tx, access_uid: str) -> tuple[Actor, Session]:
    """Who acts with this access token; raises `Unauthorized` where no live session has it."""
    return _found(tx.one(_FIND.format(column="access_uid"), uid=access_uid))


def find_by_refresh(tx: Tx, refresh_uid: str) -> tuple[Actor, Session]:
    """Whose refresh token this is; raises `Unauthorized` where no live session has it."""
    return _found(tx.one(_FIND.format(column="refresh_uid"), uid=refresh_uid))


def renew(tx: Tx, session: Session) -> Session:
    """A new access token and CSRF secret for the session; the old ones end at once, the refresh token stays."""
    renewed = replace(session, access_uid=str(uuid4()), csrf_secret=csrf.new_secret())
    changed = tx.run(
        "UPDATE sessions SET access_uid = :access_uid, csrf_secret = :csrf_secret WHERE refresh_uid = :refresh_uid",
        access_uid=renewed.access_uid,
        csrf_secret=renewed.csrf_secret,
        refresh_uid=renewed.refresh_uid,
    )
    if not changed:
        raise Unauthorized(ENDED)
    return renewed


def end(tx: Tx, session: Session) -> None:
    """End the session, its access and its refresh token; raises `Unauthorized` where it has ended already."""
    if not tx.run("DELETE FROM sessions WHERE refresh_uid = :uid", uid=session.refresh_uid):
        raise Unauthorized(ENDED)


def end_all_of(tx: Tx, user_id: int) -> None:
    tx.run("DELETE FROM sessions WHERE user_id = :user_id", user_id=user_id)


ENDED: Final = "Your session has ended, please log in again"

_FIND: Final = f"""
    SELECT sessions.refresh_uid, sessions.access_uid, sessions.version, sessions.csrf_secret, sessions.expires_at,
        {ACTOR_COLUMNS}
    FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE sessions.{{column}} = :uid AND users.disabled_at IS NULL
"""


def _found(row: Row | None) -> tuple[Actor, Session]:
    if row is None:
        raise Unauthorized(ENDED)
    session = Session(row["refresh_uid"], row["access_uid"], row["version"], row["csrf_secret"], row["expires_at"])
    return actor_of(row), session
