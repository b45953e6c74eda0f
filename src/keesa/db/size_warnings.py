"""What of a database's sizes an operator should do something about, before the desk stands still."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from keesa.db.postgres_sizes import Server
from keesa.db.sizes import PERIOD_DAYS, Sizes
from keesa.db.sqlite_sizes import File
from keesa.db.table_sizes import TableSize

_UNITS: Final = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Beyond them there is a warning."""

    free_share: float = 0.1
    """Of the disk: less is too little."""
    free_logs: int = 2
    """Times the longest log: likewise."""
    days_until_full: int = 30
    free_pages_share: float = 0.2
    """Of the data file."""
    free_pages_bytes: int = 16 * 1024 * 1024
    """With less it is not worth a word."""
    log_bytes: int = 256 * 1024 * 1024
    """Four times what a desk with many readers has."""
    dead_share: float = 0.2
    """Of a table's rows, that nobody clears away."""
    dead_rows: int = 10_000
    """With less it is not worth a word."""
    transaction_age: int = 1_000_000_000
    """Half of what there is; autovacuum begins to work against it at 200 millions."""


BOUNDS: Final = Bounds()


def warnings(sizes: Sizes, bounds: Bounds | None = None) -> Iterator[str]:
    """A sentence each, with what to do."""
    bounds = bounds or BOUNDS
    if sizes.file is not None:
        yield from _of_disk(sizes.file, sizes.days_until_full, bounds)
        yield from _of_file(sizes.file, bounds)
    if sizes.server is not None:
        yield from _of_server(sizes.server, bounds)
        yield from (_of_table(table) for table in sizes.tables if _neglected(table, sizes.server, bounds))


def in_bytes(size: int) -> str:
    """For people: `1.5 GB`, `12 kB`."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.0f} {name}" if size >= 10 * unit else f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def _of_disk(file: File, days: int | None, bounds: Bounds) -> Iterator[str]:
    free = file.disk_free_bytes
    if free < bounds.free_share * file.disk_bytes or free < bounds.free_logs * file.log_bound_bytes:
        yield (
            f"The disk of the data has {in_bytes(free)} of {in_bytes(file.disk_bytes)} free: delete what is not needed"
            f" there, or move the data to a larger one; the log alone may take {in_bytes(file.log_bound_bytes)}, and"
            " with a full disk nothing can be written"
        )
    if days is not None and days < bounds.days_until_full:
        yield (
            f"As the desk grew in the last {PERIOD_DAYS} days, the disk of the data is full in {days} days: delete"
            " what is not needed there, or move the data to a larger one"
        )


def _of_file(file: File, bounds: Bounds) -> Iterator[str]:
    if file.free_bytes > bounds.free_pages_share * file.bytes and file.free_bytes >= bounds.free_pages_bytes:
        share = f"{in_bytes(file.free_bytes)} of the data file's {in_bytes(file.bytes)} are free pages"
        if file.shrinks:
            yield f"{share}, which are used again: `keesa vacuum` gives them back to the disk, while Keesa runs"
        else:
            yield f"{share}, which are used again: a back-up that is restored takes as much less"
    if file.log_bytes > bounds.log_bytes:
        yield (
            f"The log has {in_bytes(file.log_bytes)}: another program, such as a shell or a back-up, reads an old state"
            f" of the data; end it, as with {in_bytes(file.log_bound_bytes)} nothing more is written"
        )


def _of_server(server: Server, bounds: Bounds) -> Iterator[str]:
    if not server.autovacuum:
        yield (
            "PostgreSQL's autovacuum is off: nobody clears away what was replaced; set autovacuum and"
            " track_counts to on"
        )
    if server.transaction_age > bounds.transaction_age:
        yield (
            f"The oldest transaction that PostgreSQL must remember is {server.transaction_age:,} transactions ago, and"
            " writes stop at some 2,147,000,000: run VACUUM in this database, and look for old sessions, prepared"
            " transactions and replication slots, which hold it up"
        )


def _neglected(table: TableSize, server: Server, bounds: Bounds) -> bool:
    """Where autovacuum is on, many dead rows are what it has not come to yet."""
    dead = table.dead_rows
    cleared = server.autovacuum and table.autovacuum
    return not cleared and dead >= bounds.dead_rows and dead > bounds.dead_share * (table.rows + dead)


def _of_table(table: TableSize) -> str:
    share = table.dead_rows / (table.rows + table.dead_rows)
    return (
        f"{share:.0%} of the rows of {table.name} are dead, and autovacuum is off for it: run VACUUM {table.name}, and"
        " let autovacuum work"
    )
