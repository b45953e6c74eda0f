"""Sessions: a row each, so that a logout counts at once in every process and on every node."""

from dataclasses import dataclass
from secrets import token_hex
from typing import Final, Literal
from uuid import uuid4

from keesa.accounts import csrf
from keesa.accounts.actors import ACTOR_COLUMNS, Actor, actor_of
from keesa.accounts.audit.recording import Requester, record
from keesa.clock import now
from keesa.db import Row, Tx
from keesa.errors import Unauthorized
from keesa.names import LONGEST, control_fault

Version = Literal["2021", "2024"]

ACCESS_LIFETIME: Final = 3600 * 1000
"""Milliseconds: one hour."""
REFRESH_LIFETIME: Final = 10 * 24 * 3600 * 1000
"""Milliseconds: ten days."""
OVERLAP: Final = 60 * 1000
"""Milliseconds after a refresh in which further ones get the same token, and the replaced one is still good."""
ID_BYTES: Final = 8
"""Random ones, in the id by which a session is called where it is shown."""
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


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a session was opened, as its user is told later."""

    address: str | None = None
    """The client's, as far as proxies can be believed."""
    device: str | None = None
    """What the client calls itself (`User-Agent`), made by `device_of`."""


NOWHERE: Final = Origin()


def device_of(user_agent: str) -> str | None:
    """What is kept of it: one line, of no more characters than a name has."""
    kept = "".join(character for character in user_agent[: 4 * LONGEST] if control_fault(character) is None)
    return kept.strip()[:LONGEST].rstrip() or None


def open_session(tx: Tx, user_id: int, version: Version, at: int, origin: Origin = NOWHERE) -> tuple[Actor, Session]:
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
    _keep(tx, actor, session, at, origin)
    # of other users: last, so that nothing of theirs is held while this waits for a row of the user's own
    tx.run(_CLEAR_AWAY, past=at - ACCESS_LIFETIME, most=CLEARED_AT_ONCE)  # the last refresh may be late
    return actor, session


def clear_expired(tx: Tx, at: int, most: int) -> int:
    """The same beside logins; how many it were."""
    return tx.changed(_CLEAR_AWAY, past=at - ACCESS_LIFETIME, most=most)


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


def _keep(tx: Tx, actor: Actor, session: Session, at: int, origin: Origin) -> None:
    tx.run(
        _KEEP,
        refresh_uid=session.refresh_uid,
        access_uid=session.access_uid,
        user_id=actor.id,
        version=session.version,
        csrf_secret=session.csrf_secret,
        at=at,
        expires_at=session.expires_at,
        sign_in=actor.sign_in_count,
        id=token_hex(ID_BYTES),
        address=origin.address,
        device=origin.device,
    )


_KEEP: Final = """
    INSERT INTO sessions (
        refresh_uid, access_uid, user_id, version, csrf_secret, created_at, expires_at, sign_in, id, address, device
    )
    VALUES (
        :refresh_uid, :access_uid, :user_id, :version, :csrf_secret, :at, :expires_at, :sign_in, :id, :address, :device
    )
"""


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


def end(tx: Tx, by: Requester, session: Session) -> None:
    """End the session, its access and its refresh token; raises `Unauthorized` where it has ended already."""
    if not end_one(tx, by, session.refresh_uid):
        raise Unauthorized(ENDED)


def end_one(tx: Tx, by: Requester, refresh_uid: str) -> bool:
    """The same; whether there was one to end."""
    ended = tx.one(_END, uid=refresh_uid)
    if ended is None:
        return False
    before = {name: ended[name] for name in ("user_id", "version", "device")}
    record(tx, by, "session.end", ended["id"], before, person_id=ended["user_id"])
    return True


def end_all_of(tx: Tx, user_id: int, staying: Session | None = None) -> None:
    """Every session of the user, but for the one that stays."""
    kept = staying.refresh_uid if staying else ""
    tx.run("DELETE FROM sessions WHERE user_id = :user_id AND refresh_uid <> :kept", user_id=user_id, kept=kept)


def end_some(tx: Tx) -> int:
    """End up to `CLEARED_AT_ONCE` sessions, of whomever; how many it were. To end all, again until there are none."""
    return tx.changed(_END_SOME, most=CLEARED_AT_ONCE)


_END: Final = "DELETE FROM sessions WHERE refresh_uid = :uid RETURNING id, user_id, version, device"
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
