"""Links with which a user sets a password of their own, once: nobody else comes to know it
(docs/decisions/0039-administration.md).
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from keesa.accounts import attempts
from keesa.accounts.actors import ACTOR_COLUMNS, SYSTEM, Actor, actor_of
from keesa.accounts.administering import administering, powers_now
from keesa.accounts.attempts import Limits
from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.changing_users import keep_password, void_links
from keesa.accounts.idempotency import Also, nothing_else
from keesa.accounts.passwords import new_password
from keesa.accounts.permissions import USERS_WRITE, require_session
from keesa.accounts.powers import powers_of
from keesa.accounts.users import USER_COLUMNS, User, lock_user, user_of
from keesa.db import Database, Row, Tx
from keesa.db.rules import Rule
from keesa.errors import Conflict, Forbidden, Invalid, Unauthorized

HOURS: Final = 24
"""That a link is good for, unless something else is asked for."""
MOST_HOURS: Final = 7 * 24
_HOUR: Final = 3600 * 1000
_CLEARED_AT_ONCE: Final = 100
"""Links of the past that a new one clears away, at the most."""
BAD_LINK: Final = "This link is no longer good: it was used, has expired, or there is a newer one. Ask for a new one"
OWN: Final = "Your own password is changed by who knows it: PUT /me/password"


@dataclass(frozen=True, slots=True)
class PasswordLink:
    token: str
    """What the link holds; of it no more than a hash is kept."""
    expires_at: int


def make_link(tx: Tx, by: Requester, user_id: int | None, hours: int = HOURS) -> PasswordLink:
    """A link for the user, which makes an older one void; their password stays until it is used. Raises `NotFound`,
    `Invalid` for hours out of 1 to `MOST_HOURS`, `Conflict` where they are disabled, and `Forbidden` where they may do
    what who makes it may not: a link is as good as a login.
    """
    require_session(by.actor)
    if not 1 <= hours <= MOST_HOURS:
        raise Invalid({"hours": [f"must be 1 to {MOST_HOURS}"]})
    with administering(tx, by, USERS_WRITE, Rule.USERS) as giver:
        user = lock_user(tx, user_id)
        giver.require_touching(user.actor.user_type)
        giver.require_giving(powers_of(user.actor))
        if user.actor.id == by.actor.id:
            raise Forbidden(OWN)
        if user.disabled:
            raise Conflict(f"{user.actor.full_name} is disabled: enable them first")
        link = PasswordLink(secrets.token_urlsafe(32), by.at + hours * _HOUR)
        _keep(tx, by, user.actor.id, link)
        record(tx, by, "user.password_link", user.actor.id, person_id=user.actor.id)
    return link


@dataclass(frozen=True, slots=True)
class UsedLink:
    """What somebody with a link sends."""

    token: str
    password: str
    address: str
    """Their network address."""
    request_id: str | None = None


def use_link(database: Database, used: UsedLink, limits: Limits, at: int, also: Also = nothing_else) -> Actor:
    """Whose password was set; every session of theirs ends. Takes a read, some 20 ms of CPU and a write; run it in a
    few threads only. `also` is done in that write.

    Raises `Unauthorized` where the link is not good, or no longer: who made it must still be one who may;
    `TooManyAttempts` where too many were not, and `Invalid` for what may be no password, which leaves the link good.
    """
    counter = attempts.counter_of_address(attempts.network_of(used.address), limits)

    def look(tx: Tx) -> int:
        wait = attempts.wait(tx, counter, at)
        user = _meant(tx, used.token, at)
        return -1 if user is not None and not wait else wait

    wait = database.read(look)
    if wait >= 0:
        attempts.refuse(wait)
        database.write(lambda tx: attempts.count(tx, [counter], at))
        raise Unauthorized(BAD_LINK)
    chosen = new_password(used.password)
    if chosen.fault:
        raise Invalid({"password": [chosen.fault]})

    def keep(tx: Tx) -> Actor:
        found = _meant(tx, used.token, at)
        user = None if found is None else lock_user(tx, found.actor.id)
        if user is None or _meant(tx, used.token, at) is None:  # what has changed until the row was held
            raise Unauthorized(BAD_LINK)
        keep_password(tx, user, chosen)
        by = Requester(actor=user.actor, at=at, via="nobody", address=used.address, request_id=used.request_id)
        had = {"has_password": user.has_password}
        record(tx, by, "user.password_by_link", user.actor.id, had, {"has_password": True}, person_id=user.actor.id)
        also(tx, user.actor)
        return user.actor

    return database.write(keep)


def _keep(tx: Tx, by: Requester, user_id: int, link: PasswordLink) -> None:
    void_links(tx, user_id)
    tx.run(
        "INSERT INTO password_links (hash, user_id, created_by_id, created_at, expires_at)"
        " VALUES (:hash, :user_id, :by_id, :at, :expires_at)",
        hash=_hashed(link.token),
        user_id=user_id,
        by_id=by.actor.id,
        at=by.at,
        expires_at=link.expires_at,
    )
    tx.run(_CLEAR_AWAY, at=by.at, most=_CLEARED_AT_ONCE)


def clear_expired(tx: Tx, at: int, most: int) -> int:
    """Links of the past; how many it were."""
    return tx.changed(_CLEAR_AWAY, at=at, most=most)


_CLEAR_AWAY: Final = """
    DELETE FROM password_links WHERE hash IN (
        SELECT hash FROM password_links WHERE expires_at <= :at LIMIT :most $if_free
    )
"""


def _meant(tx: Tx, token: str, at: int) -> User | None:
    """Whose password the token may set: who made the link could still make it."""
    row = tx.one(_FIND, hash=_hashed(token), at=at)
    if row is None:
        return None
    user = user_of(row)
    try:
        maker = powers_now(tx, _maker(tx, row), USERS_WRITE)
        maker.require_touching(user.actor.user_type)
        maker.require_giving(powers_of(user.actor))
    except Forbidden:
        return None
    return user


def _maker(tx: Tx, row: Row) -> Actor:
    found = tx.one(f"SELECT {ACTOR_COLUMNS} FROM users WHERE id = :id", id=row["created_by_id"])
    return SYSTEM if found is None or found["user_id"] == SYSTEM.id else actor_of(found)


_FIND: Final = f"""
    SELECT {USER_COLUMNS}, password_links.created_by_id
    FROM password_links JOIN users ON users.id = password_links.user_id
    WHERE password_links.hash = :hash AND password_links.expires_at > :at AND users.disabled_at IS NULL
"""


def _hashed(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
