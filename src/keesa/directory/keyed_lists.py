"""Ticket types and categories: lists of keys, which change in all but their keys."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from msgspec import UNSET, UnsetType

from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.retiring import RETIRED_AT, act_of
from keesa.db import Tx
from keesa.db.rules import Rule, hold
from keesa.directory import places
from keesa.directory.pages import require_limit
from keesa.directory.reference import KeyedList
from keesa.errors import Invalid, NotFound
from keesa.names import name_fault

NOT_FOUND: Final[Mapping[KeyedList, str]] = {
    "ticket_types": "Ticket type not found",
    "ticket_categories": "Category not found",
}
_THINGS: Final[Mapping[KeyedList, str]] = {"ticket_types": "ticket_type", "ticket_categories": "category"}
"""As the audit trail calls an entry."""
_DEFAULTS: Final[Mapping[KeyedList, str]] = {
    "ticket_types": "default_ticket_type",
    "ticket_categories": "default_category",
}
"""The column of a product that names one."""
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_COLUMNS: Final = "key, name, position, retired_at"
_SHOWN: Final = 3
"""Products that an error names."""


@dataclass(frozen=True, slots=True)
class KeyedEntry:
    key: str
    name: str
    position: int
    """Counts from 1."""
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedChanges:
    """What an entry is to be; a field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    position: int | UnsetType = UNSET
    retired: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class KeyedPage:
    entries: Sequence[KeyedEntry]
    next_after: int | None
    """The position behind which the next page begins; None where nothing follows."""


def add_key(tx: Tx, by: Requester, table: KeyedList, key: str, name: str) -> KeyedEntry:
    """Put an entry at the end of the list; raises `Invalid`."""
    hold(tx, Rule(table))
    faults = {}
    if not _KEY.fullmatch(key):
        faults["key"] = ["must be of lower-case letters, digits and _, and begin with a letter"]
    elif tx.one(f"SELECT key FROM {table} WHERE key = :key", key=key):
        faults["key"] = ["is in the list already"]
    elif fault := places.full_fault(tx, table):
        faults["key"] = [fault]
    if fault := name_fault(name):
        faults["name"] = [fault]
    if faults:
        raise Invalid(faults)
    added = KeyedEntry(key, name, places.last_place(tx, table) + 1)
    tx.run(
        f"INSERT INTO {table} (key, name, position) VALUES (:key, :name, :position)",
        key=key,
        name=name,
        position=added.position,
    )
    record(tx, by, f"{_THINGS[table]}.create", key, after=_told(added))
    return added


def find_entry(tx: Tx, table: KeyedList, key: str | None) -> KeyedEntry:
    """Raises `NotFound`."""
    rows = tx.each(f"SELECT {_COLUMNS} FROM {table} WHERE key = :key", key=key)
    for row in rows:
        return _entry_of(*row)
    raise NotFound(NOT_FOUND[table])


def lock_entry(tx: Tx, table: KeyedList, key: str | None) -> KeyedEntry:
    """The same, for changing it: nobody changes the list before the transaction ends, nor which of it are products'
    defaults, since who gives those holds it too.
    """
    hold(tx, Rule(table))
    return find_entry(tx, table, key)


def list_entries(
    tx: Tx, table: KeyedList, limit: int, after: int | None = None, *, with_retired: bool = False
) -> KeyedPage:
    """In the list's order; raises `Invalid` for a limit out of its bounds."""
    require_limit(limit)
    in_use = "" if with_retired else "AND retired_at IS NULL"
    rows = tx.each(
        f"SELECT {_COLUMNS} FROM {table} WHERE position > :after {in_use} ORDER BY position LIMIT :size",
        after=0 if after is None else after,
        size=limit + 1,
    )
    found = [_entry_of(*row) for row in rows]
    return KeyedPage(found[:limit], found[limit - 1].position if len(found) > limit else None)


def change_entry(tx: Tx, by: Requester, table: KeyedList, key: str | None, changes: KeyedChanges) -> KeyedEntry:
    """The entry as it is afterwards. Raises `NotFound`, and `Invalid` with every fault."""
    entry = lock_entry(tx, table, key)
    changed = replace(
        entry,
        name=entry.name if isinstance(changes.name, UnsetType) else changes.name,
        position=entry.position if isinstance(changes.position, UnsetType) else changes.position,
        retired=entry.retired if isinstance(changes.retired, UnsetType) else changes.retired,
    )
    if faults := _faults(tx, table, entry, changed):
        raise Invalid(faults)
    if changed == entry:
        return entry
    if changed.position != entry.position:
        places.move(tx, table, entry.position, changed.position)
    tx.run(
        f"UPDATE {table} SET name = :name, retired_at = {RETIRED_AT} WHERE key = :key",
        key=entry.key,
        name=changed.name,
        retired=int(changed.retired),
        at=by.at,
    )
    action = f"{_THINGS[table]}.{act_of(entry.retired, changed.retired)}"
    record(tx, by, action, entry.key, _told(entry), _told(changed))
    return changed


def retire_entry(tx: Tx, by: Requester, table: KeyedList, key: str | None) -> KeyedEntry:
    """From now on no ticket gets it; who retires it again changes nothing. Raises as `change_entry`."""
    return change_entry(tx, by, table, key, KeyedChanges(retired=True))


def possible_key(text: str) -> str | None:
    """A key as it stands in a path; None for what can be none."""
    return text if _KEY.fullmatch(text) else None


def _faults(tx: Tx, table: KeyedList, entry: KeyedEntry, changed: KeyedEntry) -> dict[str, list[str]]:
    faults = {}
    if changed.name != entry.name and (fault := name_fault(changed.name)):
        faults["name"] = [fault]
    if changed.position != entry.position and (fault := places.place_fault(tx, table, changed.position)):
        faults["position"] = [fault]
    if changed.retired and not entry.retired and (fault := _in_need(tx, table, entry)):
        faults["retired"] = [fault]
    return faults


def _in_need(tx: Tx, table: KeyedList, entry: KeyedEntry) -> str | None:
    """Why it cannot retire."""
    if places.last_in_use(tx, table):
        return "is not possible: it is the last one in use"
    rows = tx.all(f"SELECT id, name FROM products WHERE {_DEFAULTS[table]} = :key ORDER BY position, id", key=entry.key)
    if not rows:
        return None
    named = ", ".join(f"{row['id']} ({row['name']})" for row in rows[:_SHOWN])
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"is not possible: it is the default of product {named}{more}"


def _entry_of(key: str, name: str, position: int, retired_at: int | None) -> KeyedEntry:
    return KeyedEntry(key, name, position, retired_at is not None)


def _told(entry: KeyedEntry) -> dict[str, Any]:
    """As the audit trail has it."""
    return {"name": entry.name, "position": entry.position, "retired": entry.retired}
