"""What a desk knows of its back-ups: the last good one, and who is making one now. Rows of `settings`."""

from typing import Final

import msgspec
from msgspec import Struct

from keesa.db import Tx

LONGEST: Final = 2 * 3600 * 1000
"""Milliseconds that who makes one keeps others from it; then it is taken to be gone."""
_LAST: Final = "back-up"
_UNDER_WAY: Final = "back-up under way"


class Record(Struct, frozen=True):
    """A back-up that was read again and found good."""

    at: int
    """Milliseconds since 1970."""
    name: str
    place: str
    size: int
    """In bytes."""
    seconds: float
    """That it took."""


def last(tx: Tx) -> Record | None:
    rows = tx.all("SELECT value FROM settings WHERE name = :name", name=_LAST)
    return msgspec.json.decode(rows[0]["value"], type=Record) if rows else None


def keep(tx: Tx, record: Record) -> None:
    """The last good one from now on."""
    tx.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name=_LAST,
        value=msgspec.json.encode(record).decode(),
    )


def forget(tx: Tx) -> None:
    """They are another desk's."""
    tx.run("DELETE FROM settings WHERE name IN (:last, :under_way)", last=_LAST, under_way=_UNDER_WAY)


def begin_if_due(tx: Tx, at: int, every: int) -> bool:
    """Whether the last one is older than `every` milliseconds and nobody else is making one: then it is the caller's to
    make, on whichever node, until `ended`.
    """
    # held first, and the last one looked up after it: who has held it before us has told of theirs by then
    held = tx.changed(
        "INSERT INTO settings (name, value) VALUES (:name, :until) ON CONFLICT (name) DO UPDATE"
        " SET value = excluded.value WHERE CAST(settings.value AS BIGINT) < :at",
        name=_UNDER_WAY,
        until=str(at + LONGEST),
        at=at,
    )
    if not held:
        return False
    known = last(tx)
    if known is None or at - known.at >= every:
        return True
    ended(tx)
    return False


def ended(tx: Tx) -> None:
    """Others may make one."""
    tx.run("DELETE FROM settings WHERE name = :name", name=_UNDER_WAY)
