"""Logging in with an email address and a password, and the limit on how often that may fail."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.passwords import verify_password
from keesa.accounts.sessions import Session, Version, open_session
from keesa.accounts.users import canonical_email
from keesa.db import Database, Tx
from keesa.errors import TooManyAttempts, Unauthorized
from keesa.names import LONGEST

WINDOW: Final = 15 * 60 * 1000
"""Milliseconds in which failed logins are counted, from the first of them on."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most failed logins in `WINDOW`; after them the right password is refused too."""

    per_user: int
    per_address: int


@dataclass(frozen=True, slots=True)
class Credentials:
    email: str
    password: str
    address: str
    """The client's network address."""


def log_in(
    database: Database, credentials: Credentials, version: Version, limits: Limits, at: int
) -> tuple[Actor, Session]:
    """Open a session. Takes a read, a password check (some 20 ms of CPU) and a write; run it in a few threads
    only, since as many guesses as run at once may pass the limit together.

    Raises `Unauthorized`, the same after the same time for a wrong password and for a user that is unknown or
    disabled, and `TooManyAttempts`.
    """
    email = canonical_email(credentials.email)
    user = f"user {email[:LONGEST]}"  # nobody's is longer, and the engines' keys have their ends
    subjects = {user: limits.per_user, f"address {_network(credentials.address)}": limits.per_address}

    def find(tx: Tx) -> tuple[int | None, str | None]:
        for subject, limit in subjects.items():
            _refuse_too_many(tx, subject, limit, at)
        row = tx.one("SELECT id, password_hash FROM users WHERE email = :email AND disabled_at IS NULL", email=email)
        return (row["id"], row["password_hash"]) if row else (None, None)

    user_id, password_hash = database.read(find)
    verified = verify_password(password_hash, credentials.password)

    def succeed(tx: Tx) -> tuple[Actor, Session]:
        assert user_id is not None  # noqa: S101 - no password is right for nobody
        tx.run("DELETE FROM login_failures WHERE subject = :subject", subject=user)
        opened = open_session(tx, user_id, version, at)  # holds the user's row from here on
        row = tx.one("SELECT password_hash FROM users WHERE id = :id", id=user_id)
        if row is None or row["password_hash"] != password_hash:
            raise Unauthorized("Invalid credentials")  # it was changed while it was checked
        return opened

    if verified:
        return database.write(succeed)
    database.write(lambda tx: _count_failure(tx, list(subjects), at))
    raise Unauthorized("Invalid credentials")


def _network(address: str) -> str:
    """What one client has of addresses: a single one, or in IPv6 a /64 network of them (RFC 6177)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or ip_network((parsed.packed, 64), strict=False))


def _refuse_too_many(tx: Tx, subject: str, limit: int, at: int) -> None:
    row = tx.one(
        "SELECT failures, since FROM login_failures WHERE subject = :subject AND since > :old",
        subject=subject,
        old=at - WINDOW,
    )
    if row is not None and row["failures"] >= limit:
        raise TooManyAttempts(max(1, (row["since"] + WINDOW - at + 999) // 1000))


def _count_failure(tx: Tx, subjects: list[str], at: int) -> None:
    """A row a subject, so that guesses at once are all counted; rows of the past are cleared away."""
    tx.run("DELETE FROM login_failures WHERE since <= :old", old=at - WINDOW)
    for subject in subjects:
        tx.run(
            "INSERT INTO login_failures (subject, failures, since) VALUES (:subject, 1, :at)"
            " ON CONFLICT (subject) DO UPDATE SET failures = login_failures.failures + 1",
            subject=subject,
            at=at,
        )
