"""A desk that is backed up, in full or by snapshots, and restored, in this process; and every row of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from keesa.accounts.audit.recording import keesa_itself
from keesa.backup import making, restoring, snapshots
from keesa.backup.renewing import Renewal
from keesa.backup.restoring import Restored
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE
from keesa.db import Row, Tx
from keesa.db.sqlite import SqliteDatabase
from keesa.db.tables import present
from keesa.files.places import Place as Files
from places import Place, opened

OWN: Final = (
    "sessions",
    "audit",
    "audit_people",
    "desk",
    "settings",
    "ticket_counters",
    "ticket_number_bases",
    "ticket_numbers",
    "api_tokens",
    "uploads",
    "upload_pieces",
)
"""What a restored desk has of its own; uploads under way end with a restore."""


def every_row(tx: Tx) -> dict[str, list[str]]:
    """Of every table, in an order of its own; without the numbers of transactions, which a restore gives anew."""
    return {name: sorted(map(_lasting, tx.all(f"SELECT * FROM {name}"))) for name in present(tx)}


def _lasting(row: Row) -> str:
    return repr({name: value for name, value in dict(row).items() if name != "xid"})  # type: ignore[call-overload]


def rows_of(place: Place) -> dict[str, list[str]]:
    with opened(place) as database:
        return database.read(every_row)


def back_up(
    place: Place,
    to: Path,
    name: str = "keesa-1.keesa",
    extras: Sequence[making.Extra] = (),
    files: Files | None = None,
) -> Path:
    """The file that is made."""
    to.mkdir(mode=0o700, exist_ok=True)
    with opened(place) as database:
        making.back_up(database, making.Settings(DEFAULT_ZONE.key, "yearly"), to / name, extras, place=files)
    return to / name


def snapshot(place: Place, base: Path, name: str = "keesa-2.keesa", files: Files | None = None) -> Path:
    """What has changed since the back-up, in a file beside it."""
    known = snapshots.read_base(base)
    assert known is not None
    with opened(place) as database:
        assert isinstance(database, SqliteDatabase)
        snapshots.take(database, making.Settings(DEFAULT_ZONE.key, "yearly"), known, base.with_name(name), place=files)
    return base.with_name(name)


def restore(
    made: Path,
    place: Place,
    *,
    leave_out: int | None = None,
    same_desk: bool = False,
    files: str | None = None,
) -> Restored:
    renewal = Renewal(Clock(DEFAULT_ZONE), "yearly", leave_out, same_desk=same_desk)
    return restoring.restore(made, place.data, place.url, renewal, keesa_itself(now()), files=files)
