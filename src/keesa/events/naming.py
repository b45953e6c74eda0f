"""What the ids are called that stand in events, and which of them who asks may know of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from keesa.accounts.actors import Actor
from keesa.accounts.filters import any_of
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.db import Row, Tx
from keesa.events.recording import EventKind

_NAMES: Final[Mapping[str, str]] = {
    "users": "full_name",
    "customers": "name",
    "products": "name",
    "ecos": "name",
    "tags": "name",
}
"""Table to the column with the name."""
_FOR_ALL: Final[Mapping[str, str]] = {"assigned_to_id": "users"}
_FOR_DESK: Final[Mapping[str, str]] = {
    **_FOR_ALL,
    "customer_id": "customers",
    "product_id": "products",
    "eco_id": "ecos",
}
"""Field of an event's changes to the table that its ids are of."""
_THINGS: Final[Mapping[EventKind, str]] = {
    "tagged": "tags",
    "untagged": "tags",
    "watched": "users",
    "unwatched": "users",
    "related": "tickets",
    "unrelated": "tickets",
}
"""The same of what an event is about."""
_SIZES: Final = (1, 8, 64)
"""Ids of a statement; one that is not needed is a repeated one."""


@dataclass(frozen=True, slots=True)
class Names:
    """Of the things in some events."""

    names: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """By table and id; nothing of what has none, or is not told."""
    tickets: frozenset[int] = frozenset()
    """Those that are in sight, of those that the events name."""

    def of_field(self, name: str, value: object) -> str | None:
        table = _FOR_DESK.get(name)
        return self.names.get((table, value)) if table and isinstance(value, int) else None

    def of_thing(self, kind: EventKind, thing_id: int | None) -> str | None:
        table = _THINGS.get(kind)
        return self.names.get((table, thing_id)) if table and thing_id is not None else None

    def in_sight(self, kind: EventKind, value: Any) -> Any:  # noqa: ANN401 - as JSON can hold them
        """What an event of this kind is about, or what a field of it was or is; None of a ticket that is out of sight:
        in an event about another ticket each field holds such an id.
        """
        return None if _THINGS.get(kind) == "tickets" and value not in self.tickets else value


Mention = tuple[EventKind, str, Any]
"""The kind of an event, a field that it changed, and a value of that."""


def names_in(tx: Tx, actor: Actor, things: Iterable[tuple[EventKind, int | None]], values: Iterable[Mention]) -> Names:
    """Of the things that events of these kinds are about, and of what their changes mention. Customers are told whom a
    ticket was assigned to, as tickets show it, and no other name.
    """
    tables = _FOR_DESK if sees_internal(actor) else _FOR_ALL
    wanted: dict[str, set[int]] = {}
    for kind, thing_id in things:
        if thing_id is not None and kind in _THINGS:
            wanted.setdefault(_THINGS[kind], set()).add(thing_id)
    for kind, name, value in values:
        table = "tickets" if _THINGS.get(kind) == "tickets" else tables.get(name)
        if table and isinstance(value, int):
            wanted.setdefault(table, set()).add(value)
    visible = any_of(visible_to(actor))
    asked = {
        table: _soon(
            tx,
            f"SELECT id, {_NAMES[table]} AS name FROM {table} WHERE id IN"
            if table in _NAMES
            else f"SELECT id FROM tickets WHERE {visible.sql} AND id IN",
            sorted(ids),
            {} if table in _NAMES else visible.params,
        )
        for table, ids in wanted.items()
    }
    found = {table: [row for rows in portions for row in rows()] for table, portions in asked.items()}
    tickets = frozenset(row["id"] for row in found.pop("tickets", []))
    return Names({(table, row["id"]): row["name"] for table, rows in found.items() for row in rows}, tickets)


def _soon(tx: Tx, sql: str, ids: Sequence[int], params: Mapping[str, object]) -> list[Callable[[], Sequence[Row]]]:
    """The statement's rows for all ids, which it ends with: its parts travel together."""
    asked = []
    for start in range(0, len(ids), _SIZES[-1]):
        some = ids[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if size >= len(some))
        given = {f"id_{place}": some[min(place, len(some) - 1)] for place in range(size)}
        asked.append(tx.soon(f"{sql} ({', '.join(f':{name}' for name in given)})", **given, **params))
    return asked
