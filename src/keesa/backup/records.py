"""What a desk knows of its back-ups: the last good one, and who is making one now. Rows of `settings`."""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from keesa.db import Tx

LONGEST: Final = 2 * 3600 * 1000
"""Milliseconds that who makes one keeps others from it; then it is taken to be gone."""
A_DAY: Final = 24
"""Hours: a desk should have one so often."""
LATE: Final = 2
"""Times as long is too long."""
_HOUR: Final = 3600 * 1000
_MINUTE: Final = 60 * 1000
_SNAPSHOT_MINUTES: Final = 15
"""That a snapshot may be late in any case: a full back-up is made in between."""
_LAST: Final = "back-up"
_LAST_SNAPSHOT: Final = "snapshot"
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
    kept: int
    """How many of this desk's were at the place after it."""
    oldest_at: int
    """When the oldest of them was made, in milliseconds since 1970."""
    files_missing: int = 0
    """Pictures and files that rows have named, and that were not there."""


def last(tx: Tx) -> Record | None:
    return _found(tx, _LAST)


def last_snapshot(tx: Tx) -> Record | None:
    return _found(tx, _LAST_SNAPSHOT)


def _found(tx: Tx, name: str) -> Record | None:
    rows = tx.all("SELECT value FROM settings WHERE name = :name", name=name)
    try:
        return msgspec.json.decode(rows[0]["value"], type=Record) if rows else None
    except msgspec.ValidationError:  # of another version, which told something else
        return None


def warnings(known: Record | None, at: int, every: int) -> Iterator[str]:
    """What an operator should do something about, where one is made every so many hours (0: by other means)."""
    if known is None:
        yield "There is no back-up yet: make one with `keesa backup`"
    elif at - known.at > LATE * max(every, A_DAY) * _HOUR:
        days = (at - known.at) // (A_DAY * _HOUR)
        yield f"The last back-up is {days} days old: make one with `keesa backup`, and see why none was made since"
    if known is not None and known.files_missing:
        yield f"The last back-up lacks {known.files_missing:,} pictures or files: `keesa file check` tells which"


def snapshot_warnings(known: Record | None, at: int, every: int) -> Iterator[str]:
    """The same of snapshots, which are made every so many minutes (0: none)."""
    if not every:
        return
    if known is None:
        yield "There is no snapshot yet: see in the server's log why none was made"
    elif at - known.at > max(LATE * every, _SNAPSHOT_MINUTES) * _MINUTE:
        minutes = (at - known.at) // _MINUTE
        yield f"The last snapshot is {minutes} minutes old: see in the server's log why none was made since"


def keep(tx: Tx, record: Record) -> None:
    """The last good one from now on."""
    _keep(tx, _LAST, record)


def keep_snapshot(tx: Tx, record: Record) -> None:
    _keep(tx, _LAST_SNAPSHOT, record)


def _keep(tx: Tx, name: str, record: Record) -> None:
    tx.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name=name,
        value=msgspec.json.encode(record).decode(),
    )


def forget(tx: Tx) -> None:
    """They are another desk's."""
    for name in (_LAST, _LAST_SNAPSHOT, _UNDER_WAY):
        tx.run("DELETE FROM settings WHERE name = :name", name=name)


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
    if known is None or abs(at - known.at) >= every:  # one of a time to come is of a clock that was set back since
        return True
    ended(tx)
    return False


def ended(tx: Tx) -> None:
    """Others may make one."""
    tx.run("DELETE FROM settings WHERE name = :name", name=_UNDER_WAY)
