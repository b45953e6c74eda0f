"""Logging in with an email address and a password."""

from dataclasses import dataclass

from keesa.accounts import attempts
from keesa.accounts.actors import Actor
from keesa.accounts.attempts import Limits
from keesa.accounts.emails import canonical_email
from keesa.accounts.passwords import verify_password
from keesa.accounts.sessions import Origin, Session, Version, open_session
from keesa.db import Database, Tx
from keesa.errors import Unauthorized


@dataclass(frozen=True, slots=True)
class Credentials:
    email: str
    password: str
    address: str
    """The client's network address."""
    device: str | None = None
    """What the client calls itself."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Who may be meant, and how long each refusal lasts, in milliseconds."""

    user_id: int | None = None
    password_hash: str | None = None
    knows_network: bool = False
    own_wait: int = 0
    wider_wait: int = 0


def log_in(
    database: Database, credentials: Credentials, version: Version, limits: Limits, at: int
) -> tuple[Actor, Session]:
    """Open a session. Takes a read, a password check (some 20 ms of CPU) and a write; run it in a few threads
    only, since as many guesses as run at once may pass the limit together.

    Raises `Unauthorized`, the same after the same time for a wrong password and for a user that is unknown or
    disabled, and `TooManyAttempts`.
    """
    email, network = canonical_email(credentials.email), attempts.network_of(credentials.address)
    counters = attempts.counters(email, network, limits)
    origin = Origin(credentials.address or None, credentials.device)

    def find(tx: Tx) -> _Found:
        own, wider = attempts.waits(tx, counters, at)
        row = tx.one("SELECT id, password_hash FROM users WHERE email = :email AND disabled_at IS NULL", email=email)
        user_id = row["id"] if row else None
        known = attempts.knows(tx, user_id or 0, network, at)  # asked for nobody too, for the time that it takes
        return _Found(user_id, row["password_hash"] if row else None, known, own, wider)

    found = database.read(find)
    attempts.refuse(max(found.own_wait, 0 if found.knows_network else found.wider_wait))
    verified = verify_password(found.password_hash, credentials.password)

    def succeed(tx: Tx) -> tuple[Actor, Session]:
        assert found.user_id is not None  # noqa: S101 - no password is right for nobody
        attempts.forget_failures(tx, counters)
        actor, session = open_session(tx, found.user_id, version, at, origin)  # locks the user's row from here on
        row = tx.one("SELECT password_hash FROM users WHERE id = :id", id=found.user_id)
        if row is None or row["password_hash"] != found.password_hash:
            raise Unauthorized("Invalid credentials")  # it was changed while it was checked
        attempts.remember_network(tx, found.user_id, network, actor.sign_in_count, at)
        return actor, session

    if verified:
        return database.write(succeed)
    database.write(lambda tx: attempts.count_failure(tx, counters, at))
    raise Unauthorized("Invalid credentials")
