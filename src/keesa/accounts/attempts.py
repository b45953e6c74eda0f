"""How often a login may fail: counted by user and address together, with wider limits for each of them alone
(docs/decisions/0019-login-limits.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from keesa.db import Tx
from keesa.errors import TooManyAttempts

MINUTE: Final = 60 * 1000
WINDOW: Final = 15 * MINUTE
"""Milliseconds in which failed logins are counted, from the first of them on."""
USER_WINDOW: Final = 60 * MINUTE
"""The same for a user over all addresses."""
MOST_COUNTED: Final = 10_000
"""Rows of failures that are kept; beyond them the oldest go, whatever they have counted."""
NETWORKS_KEPT: Final = 20
"""The networks of a user's last logins that are remembered."""
REMEMBERED: Final = 90 * 24 * 60 * MINUTE
"""Milliseconds: how long each of them is."""
CLEARED_AT_ONCE: Final = 1000
"""Rows of the past that one login clears away, at the most."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most failed logins; after them the right password is refused too, until the first one's window is over."""

    per_user_and_address: int
    """Of one user from one address, in `WINDOW`."""
    per_user: int
    """Of one user from all addresses, in `USER_WINDOW`."""
    per_address: int
    """Of all users from one address, in `WINDOW`."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Failures of one kind that are counted together."""

    subject: str
    limit: int
    window: int


@dataclass(frozen=True, slots=True)
class Counters:
    """Those that one login asks, and counts in where it fails."""

    own: Counter
    """Of this user and this address."""
    wider: tuple[Counter, Counter]
    """Of the user, and of the address. They do not stop who logs in from where they have logged in before."""

    @property
    def all(self) -> tuple[Counter, ...]:
        return (self.own, *self.wider)


def counters(name_hash: str, network: str, limits: Limits) -> Counters:
    """`name_hash` is of the name that was typed, which may be a password (`name_hashes.py`)."""
    return Counters(
        Counter(f"pair {network} {name_hash}", limits.per_user_and_address, WINDOW),
        (Counter(f"user {name_hash}", limits.per_user, USER_WINDOW), counter_of_address(network, limits)),
    )


def counter_of_address(network: str, limits: Limits) -> Counter:
    """For what is tried without a name."""
    return Counter(f"address {network}", limits.per_address, WINDOW)


def network_of(address: str) -> str:
    """What one client has of addresses: a single one, or in IPv6 a /64 network of them (RFC 6177)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or ip_network((parsed.packed, 64), strict=False))


def waits(tx: Tx, asked: Counters, at: int) -> tuple[int, int]:
    """Milliseconds until their own failures, and until the wider limits let somebody in again; 0 for now."""
    own, user, address = asked.all
    rows = tx.all(
        "SELECT subject, failures, since FROM login_failures WHERE subject IN (:own, :user, :address)",
        own=own.subject,
        user=user.subject,
        address=address.subject,
    )
    found = {row["subject"]: (row["failures"], row["since"]) for row in rows}
    own_wait, user_wait, address_wait = (_wait(each, found, at) for each in asked.all)
    return own_wait, max(user_wait, address_wait)


def wait(tx: Tx, counter: Counter, at: int) -> int:
    """The same of one counter."""
    row = tx.one("SELECT failures, since FROM login_failures WHERE subject = :subject", subject=counter.subject)
    return _wait(counter, {counter.subject: (row["failures"], row["since"])} if row else {}, at)


def _wait(counter: Counter, found: Mapping[str, tuple[int, int]], at: int) -> int:
    failures, since = found.get(counter.subject, (0, 0))
    return _left(counter, since, at) if failures >= counter.limit else 0


def _left(counter: Counter, since: int, at: int) -> int:
    """A `since` that lies ahead is of a clock that was set back: never longer than the window itself."""
    return min(since + counter.window - at, counter.window) if abs(at - since) < counter.window else 0


def refuse(wait: int) -> None:
    """Raise `TooManyAttempts` where there is something to wait for."""
    if wait > 0:
        raise TooManyAttempts((wait + 999) // 1000)


def knows(tx: Tx, user_id: int, network: str, at: int) -> bool:
    """Whether the user has logged in from there before."""
    return bool(
        tx.one(
            "SELECT 1 AS known FROM login_networks WHERE user_id = :id AND network = :network AND last_at > :old",
            id=user_id,
            network=network,
            old=at - REMEMBERED,
        )
    )


def count_failure(tx: Tx, asked: Counters, at: int) -> None:
    """In each of them."""
    count(tx, asked.all, at)


def count(tx: Tx, asked: Sequence[Counter], at: int) -> None:
    """A row a counter, so that guesses at once are all counted; rows of the past are cleared away, and those of names
    that nobody has cannot grow without end.
    """
    for counter in asked:
        tx.run(_COUNT, subject=counter.subject, at=at, window=counter.window)
    # behind what may have to wait: who cleared first would hold rows that others wait for
    tx.run(_FORGET_PAST, old=at - USER_WINDOW, ahead=at + USER_WINDOW, most=CLEARED_AT_ONCE)
    tx.run(_FORGET_OLDEST, most=CLEARED_AT_ONCE, kept=MOST_COUNTED)


def clear_past(tx: Tx, at: int, most: int) -> int:
    """Failures that count no more; how many it were."""
    return tx.changed(_FORGET_PAST, old=at - USER_WINDOW, ahead=at + USER_WINDOW, most=most)


_COUNT: Final = """
    INSERT INTO login_failures (subject, failures, since) VALUES (:subject, 1, :at)
    ON CONFLICT (subject) DO UPDATE SET
        failures = CASE WHEN abs(excluded.since - login_failures.since) < :window
            THEN login_failures.failures + 1 ELSE 1 END,
        since = CASE WHEN abs(excluded.since - login_failures.since) < :window
            THEN login_failures.since ELSE excluded.since END
"""


_FORGET_PAST: Final = """
    DELETE FROM login_failures WHERE subject IN (
        SELECT subject FROM login_failures WHERE since <= :old OR since >= :ahead LIMIT :most $if_free
    )
"""
_FORGET_OLDEST: Final = """
    DELETE FROM login_failures WHERE subject IN (
        SELECT subject FROM login_failures WHERE subject IN (
            SELECT subject FROM login_failures ORDER BY since DESC, subject LIMIT :most OFFSET :kept
        ) $if_free
    )
"""
"""In two steps: what is held is passed over, and must not be counted as the newest."""


def forget_failures(tx: Tx, asked: Counters) -> None:
    """Those of the user from this address. The wider ones go on counting: who has one password is not to clear what
    was guessed at others', nor what others guessed at theirs.
    """
    tx.run("DELETE FROM login_failures WHERE subject = :subject", subject=asked.own.subject)


def clear_networks(tx: Tx, at: int, after: int, users: int) -> int | None:
    """Networks that are remembered no more, of so many users behind `after`; the last of them, None at the end. There
    is no index by time: each user has a few.
    """
    rows = tx.all(
        "SELECT user_id FROM login_networks WHERE user_id > :after GROUP BY user_id ORDER BY user_id LIMIT :users",
        after=after,
        users=users,
    )
    if not rows:
        return None
    last: int = rows[-1]["user_id"]
    tx.run(_FORGET_NETWORKS, after=after, last=last, old=at - REMEMBERED)
    return last if len(rows) == users else None


_FORGET_NETWORKS: Final = """
    DELETE FROM login_networks WHERE (user_id, network) IN (
        SELECT user_id, network FROM login_networks
        WHERE user_id > :after AND user_id <= :last AND last_at <= :old $if_free
    )
"""


def remember_network(tx: Tx, user_id: int, network: str, sign_in: int, at: int) -> None:
    """The user has logged in from there; `sign_in` orders it among their logins, whatever the clock did between."""
    tx.run(
        "INSERT INTO login_networks (user_id, network, sign_in, last_at) VALUES (:id, :network, :sign_in, :at)"
        " ON CONFLICT (user_id, network) DO UPDATE SET sign_in = excluded.sign_in, last_at = excluded.last_at",
        id=user_id,
        network=network,
        sign_in=sign_in,
        at=at,
    )
    tx.run(
        "DELETE FROM login_networks WHERE user_id = :id AND (last_at <= :old OR network IN (SELECT network"
        " FROM login_networks WHERE user_id = :id ORDER BY sign_in DESC, network LIMIT :most OFFSET :kept))",
        id=user_id,
        old=at - REMEMBERED,
        most=CLEARED_AT_ONCE,
        kept=NETWORKS_KEPT,
    )
