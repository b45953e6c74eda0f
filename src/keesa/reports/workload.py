"""Who has how much: the open tickets of each, and what is oldest."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from keesa.accounts.actors import Actor
from keesa.clock import Clock
from keesa.db import Steps, Tx
from keesa.reports.scopes import Scope
from keesa.reports.values import open_by_value
from keesa.tickets.row_filters import RowsWanted
from keesa.tickets.rows import FoundRows, Key, RowsPage, list_rows
from keesa.tickets.statuses import STATUSES

NOT_CLOSED: Final = frozenset(status for status in STATUSES if status != "closed")


@dataclass(frozen=True, slots=True)
class Load:
    assigned_to_id: int | None
    """None of nobody's."""
    open: int
    list: str | None
    """The query of `GET /tickets/rows` that lists them."""


def workload(tx: Tx, clock: Clock, scope: Scope) -> Steps[list[Load]]:
    """Who has most first."""
    found = yield from open_by_value(tx, clock, scope, "assigned_to_id")
    loads = [Load(int(key) if key else None, number, _list_of(scope, key)) for key, number in found.items()]
    return sorted(loads, key=lambda load: (-load.open, load.assigned_to_id or 0))


def _list_of(scope: Scope, key: str) -> str:
    whose = scope.query_of("assigned_to_id", str(int(key)) if key else "") or {}
    return urlencode({**whose, "status": ",".join(sorted(NOT_CLOSED))}, safe=",")


def oldest(tx: Tx, actor: Actor, scope: Scope, limit: int, after: Key | None) -> Steps[FoundRows]:
    """The tickets that are not closed, those first that were raised first."""
    if not scope.names:
        return FoundRows((), None)
    wanted = RowsWanted(statuses=NOT_CLOSED, terms=scope.terms)
    return (yield from list_rows(tx, actor, wanted, RowsPage(limit, descending=False, after=after)))
