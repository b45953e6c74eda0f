"""Logging in with an email address and a password."""

from dataclasses import dataclass

from keesa.accounts import attempts
from keesa.accounts.actors import SYSTEM, Actor
from keesa.accounts.attempts import Counters, Limits
from keesa.accounts.audit.recording import Requester, record, record_nothing
from keesa.accounts.audit.unknown_logins import UnknownLogins
from keesa.accounts.emails import canonical_email
from keesa.accounts.idempotency import Also, nothing_else
from keesa.accounts.name_hashes import NameHashes
from keesa.accounts.passwords import verify_password
from keesa.accounts.sessions import Origin, Session, Version, open_session
from keesa.db import Database, Tx
from keesa.errors import TooManyAttempts, Unauthorized


@dataclass(frozen=True, slots=True)
class Credentials:
    email: str
    password: str
    address: str
    """The client's network address."""
    device: str | None = None
    """What the client calls itself."""
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """What stands between guesses and passwords, and what is kept of guesses."""

    limits: Limits
    hashes: NameHashes
    unknown: UnknownLogins


@dataclass(frozen=True, slots=True)
class _Attempt:
    """By what a login is counted."""

    credentials: Credentials
    email: str
    """As users are found by it."""
    name_hash: str
    network: str
    counters: Counters
    at: int


@dataclass(frozen=True, slots=True)
class _Found:
    """Who may be meant, and how long each refusal lasts, in milliseconds."""

    user_id: int | None = None
    password_hash: str | None = None
    """None for who may not log in."""
    knows_network: bool = False
    own_wait: int = 0
    wider_wait: int = 0


def log_in(
    database: Database,
    credentials: Credentials,
    version: Version,
    guard: Guard,
    at: int,
    also: Also = nothing_else,
) -> tuple[Actor, Session]:
    """Open a session. Takes a read, a password check (some 20 ms of CPU) and a write; run it in a few threads
    only, since as many guesses as run at once may pass the limit together. `also` is done in that write.

    Raises `Unauthorized`, the same after the same time for a wrong password and for a user that is unknown or
    disabled, and `TooManyAttempts`.
    """
    attempt = _attempt(credentials, guard, at)
    found = database.read(lambda tx: _find(tx, attempt))
    try:
        attempts.refuse(max(found.own_wait, 0 if found.knows_network else found.wider_wait))
    except TooManyAttempts:
        guard.unknown.count_refusal()
        raise
    if verify_password(found.password_hash, credentials.password):
        return database.write(lambda tx: _succeed(tx, attempt, found, version, also))
    database.write(lambda tx: _fail(tx, found.user_id, credentials, attempt.counters, at))
    if found.user_id is None:
        guard.unknown.count_failure(attempt.name_hash, at)
    raise Unauthorized("Invalid credentials")


def _attempt(credentials: Credentials, guard: Guard, at: int) -> _Attempt:
    email, network = canonical_email(credentials.email), attempts.network_of(credentials.address)
    name_hash = guard.hashes.of(email)
    return _Attempt(credentials, email, name_hash, network, attempts.counters(name_hash, network, guard.limits), at)


def _find(tx: Tx, attempt: _Attempt) -> _Found:
    own, wider = attempts.waits(tx, attempt.counters, attempt.at)
    row = tx.one("SELECT id, password_hash, disabled_at FROM users WHERE email = :email", email=attempt.email)
    user_id, may_enter = (row["id"], row["disabled_at"] is None) if row else (None, False)
    # asked for nobody too, for the time that it takes
    known = attempts.knows(tx, user_id if user_id is not None and may_enter else 0, attempt.network, attempt.at)
    return _Found(user_id, row["password_hash"] if row and may_enter else None, known, own, wider)


def _succeed(tx: Tx, attempt: _Attempt, found: _Found, version: Version, also: Also) -> tuple[Actor, Session]:
    assert found.user_id is not None  # noqa: S101 - no password is right for nobody
    credentials, at = attempt.credentials, attempt.at
    attempts.forget_failures(tx, attempt.counters)
    origin = Origin(credentials.address or None, credentials.device)
    actor, session = open_session(tx, found.user_id, version, at, origin)  # locks the user's row from here on
    row = tx.one("SELECT password_hash FROM users WHERE id = :id", id=found.user_id)
    if row is None or row["password_hash"] != found.password_hash:
        raise Unauthorized("Invalid credentials")  # it was changed while it was checked
    attempts.remember_network(tx, found.user_id, attempt.network, actor.sign_in_count, at)
    _record_begin(tx, actor, session, credentials, at)
    also(tx, actor)
    return actor, session


def _record_begin(tx: Tx, actor: Actor, session: Session, credentials: Credentials, at: int) -> None:
    by = Requester(actor=actor, at=at, via="session", address=credentials.address, request_id=credentials.request_id)
    shown = {"version": session.version, "device": credentials.device}
    session_id: str = tx.value("SELECT id AS value FROM sessions WHERE refresh_uid = :uid", uid=session.refresh_uid)
    record(tx, by, "session.begin", session_id, {}, shown, person_id=actor.id)


def _fail(tx: Tx, user_id: int | None, credentials: Credentials, counters: Counters, at: int) -> None:
    """Count the failure. That of a user stands in the trail; of a name that nobody has it must take as long."""
    attempts.count_failure(tx, counters, at)
    if user_id is None:
        record_nothing(tx)
        return
    by = Requester(actor=SYSTEM, at=at, via="nobody", address=credentials.address, request_id=credentials.request_id)
    record(tx, by, "session.fail", None, person_id=user_id)
