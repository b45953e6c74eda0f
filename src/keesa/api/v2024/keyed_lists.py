"""What ticket types and categories have in common: an entry, a page of entries, and what is sent to change them."""

from typing import Annotated, Final, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, next_link
from keesa.db import Tx
from keesa.directory import keyed_lists
from keesa.directory.keyed_lists import KeyedChanges, KeyedEntry
from keesa.directory.reference import KeyedList
from keesa.web.cursors import cursor_of, position_of

KEY_SCHEMA: Final = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}

Key = Annotated[str, Meta(description="What tickets name it by, which never changes: lower-case letters, digits and _")]
Name = Annotated[str, Meta(description="What people call it, at most 255 characters")]
Position = Annotated[int, Meta(ge=1, le=2**31 - 1, description="Its place in the list, counted from 1")]
Retired = Annotated[bool, Meta(description="Whether new tickets cannot have it any more; the old ones keep it")]


class Entry(Struct):
    """Of a list that tickets choose from."""

    key: Key
    name: Name
    position: Annotated[int, Meta(description="Its place in the list, counted from 1")]
    retired: Retired


class ReferenceQuery(CursorQuery, frozen=True, kw_only=True):
    with_retired: Annotated[bool, Meta(description="Whether those that are retired are listed too")] = False


class EntryToAdd(Struct, frozen=True):
    key: Key
    name: Name


class EntryPatch(Struct, frozen=True):
    name: Name | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    retired: Retired | UnsetType = UNSET


class EntriesPage(NamedTuple):
    entries: list[Entry]
    cursor: str | None
    headers: list[tuple[str, str]]


def shown(entry: KeyedEntry) -> Entry:
    return Entry(entry.key, entry.name, entry.position, entry.retired)


def page_of(tx: Tx, call: Call[ReferenceQuery, None], table: KeyedList, path: str) -> EntriesPage:
    """That which the query asks for, of the list at `path`."""
    query, epoch = call.query, call.caller.epoch
    after = None if query.after is None else position_of(query.after, int, epoch)
    found = keyed_lists.list_entries(tx, table, query.page_size, after, with_retired=query.with_retired)
    cursor = None if found.next_after is None else cursor_of(found.next_after, epoch)
    return EntriesPage([shown(entry) for entry in found.entries], cursor, next_link(call, path, cursor))


def changes_of(patch: EntryPatch) -> KeyedChanges:
    return KeyedChanges(name=patch.name, position=patch.position, retired=patch.retired)
