"""What was sent, once for each customer: the row of `stored_files` on which attachments hang."""

from typing import Final

import msgspec

from keesa.attachments.made import NewFile, ReadyFile
from keesa.attachments.serving import Kind
from keesa.db import Tx
from keesa.errors import Conflict

GONE: Final = "What was stored of this has just been removed; send it again"


def store(tx: Tx, customer_id: int, ready: ReadyFile, kind: Kind, at: int) -> int:
    """The id of the customer's stored file with the sum, which is held: the one that is there, else the new one, of
    which the bytes are swept away where there was one. Raises `Conflict` where there is neither.
    """
    which = {"customer_id": customer_id, "sum": ready.sum, "kind": kind}
    if ready.new is None:
        row = tx.one(_FIND, **which)
        if row is None:
            raise Conflict(GONE)
        return int(row["id"])
    original = ready.new.forms["original"]
    stored: int = tx.value(
        _STORE,
        **which,
        place=ready.new.place,
        media_type=original.media_type,
        size=original.size,
        width=original.width,
        height=original.height,
        forms=msgspec.json.encode(ready.new.forms).decode(),
        taken=_taken(ready.new),
        at=at,
    )
    return stored


def _taken(new: NewFile) -> str | None:
    return None if new.taken is None else msgspec.json.encode(new.taken).decode()


_WHICH: Final = "customer_id = :customer_id AND sum = :sum AND kind = :kind"
_FIND: Final = f"SELECT id FROM stored_files WHERE {_WHICH} $for_update"
_STORE: Final = (
    "INSERT INTO stored_files"
    " (customer_id, sum, kind, place, media_type, size, width, height, forms, taken, created_at)"
    " VALUES (:customer_id, :sum, :kind, :place, :media_type, :size, :width, :height, :forms, :taken, :at)"
    " ON CONFLICT (customer_id, sum, kind) DO UPDATE SET kind = excluded.kind RETURNING id AS value"
)
"""What is there is set to what it is: so it is held, and told."""
