"""What users have done under which key, so that a call that is sent twice is done once
(docs/decisions/0053-idempotency.md).

What is kept stands in the transaction of what it tells of: one is there where the other is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import msgspec

from keesa.accounts.actors import Actor
from keesa.db import Row, Tx
from keesa.errors import StillRunning

DAYS: Final = 7
"""For which a key is known."""
KEPT: Final = DAYS * 24 * 3600 * 1000
"""The same in milliseconds."""
LONGEST_BODY: Final = 1024 * 1024
"""Characters of an answer that is kept; of a longer one no more is known than that it was given."""

Also = Callable[[Tx, Actor], None]
"""What else is done in a write, given whose it is: to keep that it was done."""

_STILL: Final = "The same is being done under this key, please try again in a moment"


@dataclass(frozen=True, slots=True)
class Done:
    """What was done under a key, and how it was answered."""

    request: str
    """What was asked for, as a keyed hash."""
    seen_as: str
    """What `seen_as` says of who asked."""
    tickets: Sequence[int]
    """The ids of the tickets that the answer shows."""
    status: int
    headers: Sequence[tuple[str, str]]
    body: str | None
    """None where it is not kept."""


def nothing_else(_tx: Tx, _actor: Actor) -> None:
    """Of what came without a key."""


def seen_as(actor: Actor) -> str:
    """What an answer is for, beside who sees its tickets: to staff a ticket shows what it hides from a customer."""
    return f"{actor.user_type} {actor.customer_id or ''}".rstrip()


def look_soon(tx: Tx, user_id: int, key: str, at: int) -> Callable[[], Done | None]:
    """What was done under the key in the last `DAYS`; for when it is asked for, as the question travels with the next
    one. In a transaction that writes nobody else does anything under the key until it ends: what comes back raises
    `StillRunning` where somebody is at it.
    """
    alone = None
    if tx.may_be_undone and not tx.writes_alone:
        alone = tx.soon("SELECT $try_lock AS value", number=_number(user_id, key))
    # a later statement than the one that holds, which sees what was committed until then
    rows = tx.soon(_LOOK, user_id=user_id, key=key)

    def found() -> Done | None:
        if alone is not None and not alone()[0]["value"]:
            raise StillRunning(_STILL)
        for row in rows():
            if row["created_at"] > at - KEPT:
                return _done(row)
            if tx.may_be_undone:  # a new row comes behind all others, in whose order they are cleared away
                tx.run(_FORGET, id=row["id"])
        return None

    return found


def keep(tx: Tx, user_id: int, key: str, done: Done, at: int) -> None:
    """For who has looked in this transaction, and has found nothing."""
    body = done.body if done.body is None or len(done.body) <= LONGEST_BODY else None
    tx.run(
        _KEEP,
        user_id=user_id,
        key=key,
        request=done.request,
        seen_as=done.seen_as,
        tickets=_json(done.tickets),
        status=done.status,
        headers=_json(done.headers),
        body=body,
        at=at,
    )


def clear_past(tx: Tx, at: int, most: int) -> int:
    """Up to so many keys that are known no more; how many it were. Their ids go up with time: no more of them are
    looked at than are cleared.
    """
    return tx.changed(_CLEAR, past=at - KEPT, most=most)


_CLEAR: Final = """
    DELETE FROM idempotency_keys WHERE id IN (
        SELECT id FROM idempotency_keys WHERE id IN (
            SELECT id FROM idempotency_keys ORDER BY id LIMIT :most
        ) AND created_at <= :past $if_free
    )
"""


def _done(row: Row) -> Done:
    return Done(
        request=row["request"],
        seen_as=row["seen_as"],
        tickets=msgspec.json.decode(row["tickets"], type=list[int]),
        status=row["status"],
        headers=msgspec.json.decode(row["headers"], type=list[tuple[str, str]]),
        body=row["body"],
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _number(user_id: int, key: str) -> int:
    """That of the lock: two keys that share one, of 2^63, wait for each other and no more."""
    digest = blake2b(f"{user_id} {key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


_LOOK: Final = """
    SELECT id, request, seen_as, tickets, status, headers, body, created_at FROM idempotency_keys
    WHERE user_id = :user_id AND key = :key
"""
_FORGET: Final = "DELETE FROM idempotency_keys WHERE id = :id"
_KEEP: Final = """
    INSERT INTO idempotency_keys (user_id, key, request, seen_as, tickets, status, headers, body, created_at)
    VALUES (:user_id, :key, :request, :seen_as, :tickets, :status, :headers, :body, :at)
"""
