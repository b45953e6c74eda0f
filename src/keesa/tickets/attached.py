"""How many pictures and files hang on a ticket: counted with it, those of its duplicates too, as notes are.

What they are is not known here (`keesa.attachments`); those that customers see are counted apart from the others.
"""

from typing import Final

from keesa.db import Tx
from keesa.tickets.finding import LockedTicket

MOST: Final = 10_000
"""Of a ticket with its duplicates, whatever an operator allows for one; as many that customers do not see."""


def counted(ticket: LockedTicket, more: int, *, internal: bool) -> dict[str, int]:
    """The column that counts them, with so many more; of `internal` customers never learn."""
    if not more:
        return {}
    if internal:
        return {"internal_attachments": ticket.internal_attachments + more}
    return {"attachments": ticket.attachments + more}


def count_of(ticket: LockedTicket, *, internal: bool) -> int:
    return ticket.internal_attachments if internal else ticket.attachments


def of_note(tx: Tx, note_id: int) -> int:
    """How many hang on a note, and go with it."""
    found: int = tx.value("SELECT count(*) AS value FROM attachments WHERE note_id = :note_id", note_id=note_id)
    return found
