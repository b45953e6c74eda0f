"""The numbers of all tickets that a list of rows can have, where an index leads to few."""

from typing import Final

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import visible_to
from keesa.db import Tx
from keesa.tickets.row_filters import RowsWanted
from keesa.tickets.row_leads import Leads, every_lead
from keesa.tickets.row_selects import whole
from keesa.tickets.rows import WITH_MAINS

_EVERYTHING: Final = ((),)


def fits_all(actor: Actor, wanted: RowsWanted) -> bool:
    """Whether the actor sees and wants every ticket."""
    return wanted == RowsWanted() and visible_to(actor) == _EVERYTHING


def few_of(tx: Tx, actor: Actor, wanted: RowsWanted, most: int) -> list[int] | None:
    """At most so many, among which all are that the actor sees and wants; None where no index leads to so few."""
    if fits_all(actor, wanted):
        return None
    for leads in every_lead(actor, wanted):
        if not leads.parts:
            return []
        found = whole(leads, most + 1, lazily=tx.merges_lazily)
        ids = [ticket_id for (ticket_id,) in tx.each(f"{found} LIMIT {most + 1}", **leads.params)]
        if len(ids) <= most:
            return _with_mains(tx, ids, leads)
    return None


def _with_mains(tx: Tx, ids: list[int], leads: Leads) -> list[int]:
    """Each once; and of changes those, too, that show what became of a duplicate."""
    if leads.by_events and ids:
        ids = [
            found for (found,) in tx.each(f"SELECT * FROM {WITH_MAINS} shown", ids=msgspec.json.encode(ids).decode())
        ]
    return [*dict.fromkeys(ids)]
