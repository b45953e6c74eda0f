"""Tickets as JSON, made once for each state of a ticket and each form in which a version shows it.

A ticket's bytes are kept under its id and revision, the form, and the revision of all names that they show. All three
are read from the database in the request's own transaction, so that what is kept is never stale: it is only asked for
while it is right (docs/decisions/0012-lists-from-keys.md). What a transaction shows that may yet be undone is not kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Final, Generic, TypeVar, cast

import msgspec

from keesa.cache import Cache
from keesa.clock import Clock
from keesa.db import Pace, Steps, Tx
from keesa.tickets.finding import VIEWS, view_tickets
from keesa.tickets.views import Detail, Seen, TicketView

S = TypeVar("S", bound=msgspec.Struct)

PORTION: Final = 64
"""Tickets between two turns for others."""
_ENTRY: Final = 400
"""Bytes that an entry takes beside its text."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape(Generic[S]):
    """One form in which a version shows a ticket."""

    render: Callable[[TicketView, Clock], S]
    detail: Detail


class Rendered:
    """What one process keeps, at most `limit` bytes of it."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._kept: Cache[tuple[object, int, Seen], msgspec.Raw] = Cache(limit, _weight)

    @property
    def weight(self) -> int:
        """Bytes that are kept."""
        return self._kept.weight

    def tickets(self, tx: Tx, names: int, seen: Iterable[Seen], shape: Shape[S]) -> Steps[list[S]]:
        """The tickets in their order. Ready bytes stand in for the structs that they encode."""
        shown: list[msgspec.Raw] = []
        waiting = iter(seen)
        while portion := list(islice(waiting, PORTION)):
            parts = self._kept.get_all(list(zip(repeat(shape), repeat(names), portion, strict=False)))
            if None in parts:
                yield from self._complete(tx, names, portion, parts, shape)
            shown += cast("list[msgspec.Raw]", parts)
            if len(portion) == PORTION:
                yield Pace.SHORT
        return cast("list[S]", shown)

    def once(self, tx: Tx, form: object, names: int, ticket: Seen, make: Callable[[], S]) -> S:
        """What `make` makes of a ticket, encoded at the first time; `form` tells it from what else is made of it."""
        key = form, names, ticket
        part = self._kept.get(key)
        if part is None:
            part = msgspec.Raw(msgspec.json.encode(make()))
            if not tx.may_be_undone:
                self._kept.put(key, part)
        return cast("S", part)

    def _complete(
        self, tx: Tx, names: int, portion: Sequence[Seen], parts: list[msgspec.Raw | None], shape: Shape[S]
    ) -> Steps[None]:
        """Make the parts that were not kept."""
        missing = [ticket for ticket, part in zip(portion, parts, strict=True) if part is None]
        made: dict[Seen, msgspec.Raw] = {}
        for start in range(0, len(missing), VIEWS):
            made |= self._render(tx, names, missing[start : start + VIEWS], shape)
            yield Pace.SHORT
        parts[:] = [made[ticket] if part is None else part for ticket, part in zip(portion, parts, strict=True)]

    def _render(self, tx: Tx, names: int, tickets: list[Seen], shape: Shape[S]) -> dict[Seen, msgspec.Raw]:
        by_id = {ticket[0]: ticket for ticket in tickets}
        made = {}
        for view in view_tickets(tx, tickets, shape.detail):
            part = msgspec.Raw(msgspec.json.encode(shape.render(view, self._clock)))
            made[by_id[view.id]] = part
            if not tx.may_be_undone:
                self._kept.put((shape, names, by_id[view.id]), part)
        return made


def _weight(part: msgspec.Raw) -> int:
    return len(part) + _ENTRY
