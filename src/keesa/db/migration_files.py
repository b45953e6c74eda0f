"""The migrations as files: one append-only stream for both engines.

A migration is a file `NNNN_what.sql` in `migrations/`, or `NNNN_what.sqlite.sql` and `NNNN_what.postgres.sql` where the
engines must differ. It begins with lines that tell of it, each of which may be left out, and then says what it does:

    -- compatible: 5           the oldest schema that a program may be written for and still work with a database that
                               has this migration (else what it was before)
    -- takes: 20              seconds for a million tickets (else moments)
    -- stops: readers         who waits on PostgreSQL until it has ended, by the locks that it takes: `readers`, and
                               writers with them, or `writers` (else nobody). On SQLite it is always the writers
    -- batches: tickets 5000  it is one statement, which is run for so many rows of the table after the other, each
                               time in a transaction of its own: those with `id > :after AND id <= :upto`
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal, get_args

Waiting = Literal["nobody", "writers", "readers"]
"""Who waits while a migration runs; where it is readers, writers do too."""

_NAME: Final = re.compile(r"(\d{4})_(\w+?)(?:\.(sqlite|postgres))?\.sql")
_HEADER: Final = re.compile(r"-- (compatible|takes|stops|batches): (.+)\n")
_COMMENT: Final = re.compile(r"(?:-- .+\n)+")
_REFERENCE: Final = re.compile(r" \(docs/[^)]*\)")


@dataclass(frozen=True, slots=True)
class Batches:
    """The rows that a migration goes through, by their ids, and how many of them at a time."""

    table: str
    rows: int


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    compatible: int | None
    sql: str
    takes: float = 0.0
    """Seconds for a million tickets."""
    stops: Waiting = "nobody"
    batches: Batches | None = None
    what: str = ""
    """What it does, in a sentence."""

    @property
    def file(self) -> str:
        return f"{self.version:04}_{self.name}"


def migrations(engine: str) -> list[Migration]:
    """Every migration for `engine` ("sqlite" or "postgres"), oldest first."""
    found: list[Migration] = []
    for file in resources.files("keesa.db").joinpath("migrations").iterdir():
        match = _NAME.fullmatch(file.name)
        if match and match[3] in (None, engine):
            found.append(read_migration(int(match[1]), match[2], engine, file.read_text("utf-8")))
    return sorted(found, key=lambda migration: migration.version)


def version_of(file: str) -> int:
    """Of a migration by the name of its file, `0013_administration`."""
    return int(file.partition("_")[0])


def read_migration(version: int, name: str, engine: str, sql: str) -> Migration:
    """Raises `ValueError` for a header that makes no sense."""
    headers: dict[str, str] = {}
    at = 0
    while header := _HEADER.match(sql, at):
        headers[header[1]], at = header[2], header.end()
    comment = _COMMENT.match(sql, at)
    return Migration(
        version,
        name,
        int(headers["compatible"]) if "compatible" in headers else None,
        sql,
        takes=float(headers.get("takes", 0)),
        stops=_waiting(engine, headers),
        batches=_batches(headers),
        what=_first_sentence(comment[0] if comment else ""),
    )


def _waiting(engine: str, headers: Mapping[str, str]) -> Waiting:
    """SQLite's readers go on beside its one writer, which the migration is."""
    if engine == "sqlite":
        return "nobody" if "batches" in headers else "writers"
    for known in get_args(Waiting):
        if known == headers.get("stops", "nobody"):
            found: Waiting = known
            return found
    raise ValueError(f"a migration stops readers or writers, not {headers['stops']}")


def _batches(headers: Mapping[str, str]) -> Batches | None:
    if "batches" not in headers:
        return None
    table, rows = headers["batches"].split()
    return Batches(table, int(rows))


def _first_sentence(comment: str) -> str:
    """Without the reference to a document."""
    text = _REFERENCE.sub("", " ".join(line.removeprefix("-- ") for line in comment.splitlines()))
    return text.partition(". ")[0].rstrip(".")
