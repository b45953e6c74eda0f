"""Which desk a database is, and whether it began anew from an older state of itself, as a restored back-up does.

The epoch stands in what clients keep of an earlier answer (cursors, conditions): that of another state is void.
"""

from dataclasses import dataclass
from typing import Final

from keesa.clock import now
from keesa.db import Tx

SCHEMA: Final = 12
"""That of the first database that tells."""
EPOCH: Final = "(SELECT epoch FROM desk)"
"""For a statement that asks for more than this."""


@dataclass(frozen=True, slots=True)
class Desk:
    id: str
    """16 hexadecimal digits, the same in all of its back-ups."""
    epoch: int
    """0 until it begins anew for the first time."""
    began_at: int | None
    """When it last began anew, in milliseconds since 1970."""
    sending_paused_at: int | None
    """Since when nothing is sent to the world outside, likewise."""


def find(tx: Tx) -> Desk:
    [row] = tx.all("SELECT id, epoch, began_at, sending_paused_at FROM desk")
    return Desk(f"{row['id']:016x}", row["epoch"], row["began_at"], row["sending_paused_at"])


def begin_anew(tx: Tx) -> None:
    """Another epoch, and nothing is sent until `send` is called."""
    tx.run("UPDATE desk SET epoch = $new_revision, began_at = :at, sending_paused_at = :at", at=now())


def send(tx: Tx) -> None:
    tx.run("UPDATE desk SET sending_paused_at = NULL")


def pause_sending(tx: Tx) -> None:
    tx.run("UPDATE desk SET sending_paused_at = :at WHERE sending_paused_at IS NULL", at=now())
