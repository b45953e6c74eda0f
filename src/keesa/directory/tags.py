"""Tags: the desk's own words on tickets, a list that the desk keeps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from msgspec import UNSET, UnsetType

from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.retiring import RETIRED_AT, act_of
from keesa.db import Tx
from keesa.db.rules import Rule, hold
from keesa.directory.pages import folded, require_limit
from keesa.errors import Invalid, NotFound
from keesa.names import name_fault

NOT_FOUND: Final = "Tag not found"
MOST_IN_USE: Final = 1_000
TAG_COLUMNS: Final = "tags.id, tags.name, tags.retired_at"
_FULL: Final = f"would be one too many: at most {MOST_IN_USE} tags are in use"


@dataclass(frozen=True, slots=True)
class Tag:
    id: int
    name: str
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChanges:
    """What a tag is to be; a field that is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    retired: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class TagPage:
    tags: Sequence[Tag]
    next_after: int | None
    """The id behind which the next page begins; None where nothing follows."""


def add_tag(tx: Tx, by: Requester, name: str) -> Tag:
    """Raises `Invalid`: a name is one tag's, in whatever case, that of a retired one too."""
    hold(tx, Rule.TAGS)
    if fault := name_fault(name) or _taken(tx, name) or _full(tx):
        raise Invalid({"name": [fault]})
    tag_id: int = tx.value(
        "INSERT INTO tags (name, folded) VALUES (:name, :folded) RETURNING id AS value", name=name, folded=folded(name)
    )
    added = Tag(tag_id, name)
    record(tx, by, "tag.create", tag_id, after=_told(added))
    return added


def find_tag(tx: Tx, tag_id: int | None) -> Tag:
    """Raises `NotFound`."""
    return find_tag_soon(tx, tag_id)()


def find_tag_soon(tx: Tx, tag_id: int | None) -> Callable[[], Tag]:
    """The same for when it is asked for, as the question travels with the next one."""
    rows = tx.soon(f"SELECT {TAG_COLUMNS} FROM tags WHERE id = :id", id=tag_id)

    def found() -> Tag:
        for row in rows():
            return tag_of(row["id"], row["name"], row["retired_at"])
        raise NotFound(NOT_FOUND)

    return found


def find_tag_named(tx: Tx, name: str) -> Tag:
    """In whatever case; raises `NotFound`."""
    for row in tx.each(f"SELECT {TAG_COLUMNS} FROM tags WHERE folded = :folded", folded=folded(name)):
        return tag_of(*row)
    raise NotFound(f"There is no tag {name}")


def lock_tag(tx: Tx, tag_id: int | None) -> Tag:
    """As `find_tag`, for changing it: nobody changes the list before the transaction ends."""
    hold(tx, Rule.TAGS)
    return find_tag(tx, tag_id)


def list_tags(tx: Tx, limit: int, after: int | None = None, *, with_retired: bool = False) -> TagPage:
    """By id, those behind `after`; raises `Invalid` for a limit out of its bounds."""
    require_limit(limit)
    in_use = "" if with_retired else "AND retired_at IS NULL"
    rows = tx.each(
        f"SELECT {TAG_COLUMNS} FROM tags WHERE id > :after {in_use} ORDER BY id LIMIT :size",
        after=0 if after is None else after,
        size=limit + 1,
    )
    found = [tag_of(*row) for row in rows]
    return TagPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def change_tag(tx: Tx, by: Requester, tag_id: int | None, changes: TagChanges) -> Tag:
    """The tag as it is afterwards. Raises `NotFound`, and `Invalid` with every fault."""
    tag = lock_tag(tx, tag_id)
    changed = replace(
        tag,
        name=tag.name if isinstance(changes.name, UnsetType) else changes.name,
        retired=tag.retired if isinstance(changes.retired, UnsetType) else changes.retired,
    )
    if faults := _faults(tx, tag, changed):
        raise Invalid(faults)
    if changed == tag:
        return tag
    tx.run(
        f"UPDATE tags SET name = :name, folded = :folded, retired_at = {RETIRED_AT} WHERE id = :id",
        id=tag.id,
        name=changed.name,
        folded=folded(changed.name),
        retired=int(changed.retired),
        at=by.at,
    )
    record(tx, by, f"tag.{act_of(tag.retired, changed.retired)}", tag.id, _told(tag), _told(changed))
    return changed


def retire_tag(tx: Tx, by: Requester, tag_id: int | None) -> Tag:
    """From now on no ticket gets it; who retires it again changes nothing. Raises as `change_tag`."""
    return change_tag(tx, by, tag_id, TagChanges(retired=True))


def tag_of(tag_id: int, name: str, retired_at: int | None) -> Tag:
    """From a row of `TAG_COLUMNS`."""
    return Tag(tag_id, name, retired_at is not None)


def _faults(tx: Tx, tag: Tag, changed: Tag) -> dict[str, list[str]]:
    faults = {}
    if changed.name != tag.name and (fault := name_fault(changed.name) or _taken(tx, changed.name, but=tag.id)):
        faults["name"] = [fault]
    if tag.retired and not changed.retired and (fault := _full(tx)):
        faults["retired"] = [fault]
    return faults


def _taken(tx: Tx, name: str, but: int | None = None) -> str | None:
    row = tx.one("SELECT id FROM tags WHERE folded = :folded", folded=folded(name))
    return None if row is None or row["id"] == but else "is taken by another tag"


def _full(tx: Tx) -> str | None:
    """Why no further one can be in use."""
    count = tx.value("SELECT count(*) AS value FROM tags WHERE retired_at IS NULL")
    return _FULL if count >= MOST_IN_USE else None


def _told(tag: Tag) -> dict[str, Any]:
    """As the audit trail has it."""
    return {"name": tag.name, "retired": tag.retired}
