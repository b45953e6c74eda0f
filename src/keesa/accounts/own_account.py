"""What anybody who has logged in may change of themselves: their names, and their password."""

from dataclasses import dataclass
from typing import Final

from msgspec import UNSET, UnsetType

from keesa.accounts import attempts
from keesa.accounts.attempts import Counters
from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.changing_users import keep_password
from keesa.accounts.idempotency import Also, nothing_else
from keesa.accounts.login import Guard
from keesa.accounts.passwords import NewPassword, new_password, verify_password
from keesa.accounts.permissions import require_session
from keesa.accounts.sessions import Session
from keesa.accounts.users import User, find_user
from keesa.db import Database, Tx
from keesa.errors import Invalid
from keesa.names import name_fault

WRONG: Final = {"current": ["is not your password"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNames:
    """A field that is UNSET stays as it is."""

    full_name: str | UnsetType = UNSET
    nick_name: str | UnsetType = UNSET


def lock_self(tx: Tx, by: Requester) -> User:
    """Nobody else changes who asks before the transaction ends."""
    tx.one("SELECT id FROM users WHERE id = :id $for_update", id=by.actor.id)
    return find_user(tx, by.actor.id)


def change_own_names(tx: Tx, by: Requester, names: OwnNames) -> User:
    """Tickets and notes show them at once. Raises `Invalid` with every fault, and `Forbidden` for an API token."""
    require_session(by.actor)
    user = lock_self(tx, by)
    given = {"full_name": names.full_name, "nick_name": names.nick_name}
    wanted = {field: name for field, name in given.items() if not isinstance(name, UnsetType)}
    if faults := {field: [fault] for field, name in wanted.items() if (fault := name_fault(name))}:
        raise Invalid(faults)
    columns = {field: name for field, name in wanted.items() if name != getattr(user.actor, field)}
    if not columns:
        return user
    named = ", ".join(f"{column} = :{column}" for column in columns)
    tx.run(f"UPDATE users SET {named} WHERE id = :id", id=user.actor.id, **columns)
    changed = find_user(tx, by.actor.id)
    record(tx, by, "user.change", user.actor.id, user.state, changed.state, person_id=user.actor.id)
    return changed


@dataclass(frozen=True, slots=True)
class OwnPassword:
    current: str
    password: str
    """The new one."""


def change_own_password(
    database: Database,
    by: Requester,
    given: OwnPassword,
    session: Session,
    guard: Guard,
    also: Also = nothing_else,
) -> None:
    """Every other session of theirs ends, and this one goes on. Takes a read, some 40 ms of CPU and a write; run it in
    a few threads only. `also` is done in that write.

    Raises `Forbidden` for an API token, `Invalid` for a wrong current password, which counts like a login that failed,
    or for what may be no password, and `TooManyAttempts`.
    """
    require_session(by.actor)
    network = attempts.network_of(by.address or "")
    counters = attempts.counters(guard.hashes.of(by.actor.email), network, guard.limits)
    kept = database.read(lambda tx: _kept(tx, by, counters, network))
    if not verify_password(kept, given.current):
        database.write(lambda tx: attempts.count_failure(tx, counters, by.at))
        raise Invalid(WRONG)
    chosen = new_password(given.password)
    if chosen.fault:
        raise Invalid({"password": [chosen.fault]})

    def write(tx: Tx) -> None:
        _change(tx, by, kept, chosen, session)
        also(tx, by.actor)

    database.write(write)


def _kept(tx: Tx, by: Requester, counters: Counters, network: str) -> str:
    """The hash; raises `TooManyAttempts` as a login does."""
    own, wider = attempts.waits(tx, counters, by.at)
    attempts.refuse(max(own, 0 if attempts.knows(tx, by.actor.id, network, by.at) else wider))
    return _hash_of(tx, by)


def _hash_of(tx: Tx, by: Requester) -> str:
    found: str = tx.value("SELECT password_hash AS value FROM users WHERE id = :id", id=by.actor.id)
    return found


def _change(tx: Tx, by: Requester, kept: str, chosen: NewPassword, session: Session) -> None:
    user = lock_self(tx, by)
    if _hash_of(tx, by) != kept:
        raise Invalid(WRONG)  # it was changed while it was checked
    keep_password(tx, user, chosen, session)
    record(tx, by, "user.own_password", user.actor.id, person_id=user.actor.id)
