"""How large a data file is, and each of its tables.

SQLite keeps no sizes. Its table `dbstat` tells of every page, and would read all of a file for that (1.5 s for 1.5 GB
that are in memory); of each tree the first pages are asked for alone, and tell how many rows go on a page.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from keesa.db.engine import Row, Tx
from keesa.db.sqlite import LONGEST_LOG, SqliteDatabase
from keesa.db.table_sizes import TableSize

_SAMPLE: Final = 200
"""Pages of a tree that are looked at: some 40 ms for all tables of a million tickets, and 5 of 100 beside the truth."""

_RUNNING: Final = frozenset({"tickets", "ticket_events", "ticket_statuses", "ticket_notes", "audit", "audit_people"})
"""Tables whose rows count up from 1, and hardly ever go."""


@dataclass(frozen=True, slots=True)
class File:
    bytes: int
    """Without its log."""
    free_bytes: int
    """In pages that nothing is in; they are used again."""
    shrinks: bool
    """Whether such pages can be given back to the disk."""
    log_bytes: int
    log_bound_bytes: int
    """With such a log nothing more is written."""
    disk_bytes: int
    disk_free_bytes: int
    """For this user."""


class _Tree(NamedTuple):
    """A table's or an index's pages, as far as they were looked at."""

    whole: bool
    pages: int
    rows: int


def measure_file(database: SqliteDatabase) -> File:
    return database.read(lambda tx: file_in(tx, database))


def file_in(tx: Tx, database: SqliteDatabase) -> File:
    """Within a transaction of that database."""
    disk = os.statvfs(database.path)
    pages, free, page, mode = _pages(tx)
    return File(
        bytes=pages * page,
        free_bytes=free * page,
        shrinks=mode != 0,
        log_bytes=database.log_bytes(),
        log_bound_bytes=LONGEST_LOG * page,
        disk_bytes=disk.f_blocks * disk.f_frsize,
        disk_free_bytes=disk.f_bavail * disk.f_frsize,
    )


def _pages(tx: Tx) -> tuple[int, int, int, int]:
    """All and free ones, the size of one, and whether free ones can be given back."""
    pages, free, page, mode = (
        tx.all(f"PRAGMA {name}")[0][name] for name in ("page_count", "freelist_count", "page_size", "auto_vacuum")
    )
    return pages, free, page, mode


def estimate_tables(tx: Tx) -> Sequence[TableSize]:
    """The largest first."""
    has_dbstat = tx.value("SELECT count(*) AS value FROM pragma_module_list WHERE name = 'dbstat'")
    trees: dict[str, list[str]] = {}
    for row in tx.all("SELECT name, tbl_name FROM sqlite_schema WHERE rootpage > 0 ORDER BY type DESC"):
        trees.setdefault(row["tbl_name"], []).append(row["name"])
    _, _, page, _ = _pages(tx)
    sizes = [
        _estimated(tx, table, [_look_at(tx, name) for name in names], page) if has_dbstat else _counted(tx, table)
        for table, names in trees.items()
    ]
    return sorted(sizes, key=lambda size: (-(size.bytes or 0), -size.rows, size.name))


def _estimated(tx: Tx, table: str, trees: Sequence[_Tree], page: int) -> TableSize:
    """Its own tree is the first one."""
    counted = TableSize(table, trees[0].rows, estimated=False, bytes=None) if trees[0].whole else _counted(tx, table)
    pages = sum(tree.pages if tree.whole else counted.rows * tree.pages // max(1, tree.rows) for tree in trees)
    return TableSize(table, counted.rows, counted.estimated, pages * page)


def _look_at(tx: Tx, tree: str) -> _Tree:
    looked = tx.all("SELECT pagetype, ncell FROM dbstat WHERE name = :name LIMIT :most", name=tree, most=_SAMPLE)
    if len(looked) < _SAMPLE:
        return _Tree(whole=True, pages=len(looked), rows=_rows_on(looked))
    return _Tree(whole=False, pages=sum(row["pagetype"] != "internal" for row in looked), rows=_rows_on(looked))


def _rows_on(pages: Sequence[Row]) -> int:
    return sum(page["ncell"] for page in pages if page["pagetype"] == "leaf")


def _counted(tx: Tx, table: str) -> TableSize:
    """Of what next to nobody deletes the last row's number says how many there are."""
    kept = table in _RUNNING
    how = "coalesce(max(rowid), 0)" if kept else "count(*)"
    rows = tx.value(f'SELECT {how} AS value FROM "{table.replace(chr(34), 2 * chr(34))}"')
    return TableSize(table, rows, estimated=kept, bytes=None)
