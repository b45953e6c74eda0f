"""Which files the database names: those of `stored_files`, and the pieces of uploads."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from keesa.db import Database, Row, Tx
from keesa.files.places import UPLOADS, place_of

ROWS: Final = 500
"""That are read at a time."""


class Needed(NamedTuple):
    """A file that is to be there."""

    name: str
    size: int
    """In bytes."""
    row: int = 0
    """The id of its row of `stored_files`; none of an upload's piece."""


def unneeded(tx: Tx, names: Iterable[str]) -> list[str]:
    """Those of the names whose place no row has."""
    places = {name: place_of(name) for name in names}
    rows = tx.all(_NEEDED, texts=json.dumps(sorted(set(places.values()))))
    needed = {row["place"] for row in rows}
    return [name for name, place in places.items() if place not in needed]


_NEEDED: Final = """
    SELECT place FROM stored_files WHERE place IN $json_texts
    UNION ALL SELECT place FROM upload_pieces WHERE place IN $json_texts
"""


def last_row(tx: Tx) -> int:
    """The largest id of `stored_files`; 0 where it is empty."""
    found: int = tx.value("SELECT coalesce(max(id), 0) AS value FROM stored_files")
    return found


def needed_between(tx: Tx, after: int, last: int) -> list[Needed]:
    """The files of the next rows of `stored_files` behind that id, up to the last one."""
    rows = tx.all(_BETWEEN, after=after, last=last, most=ROWS)
    return [needed for row in rows for needed in _forms(row)]


_BETWEEN: Final = """
    SELECT id, place, forms FROM stored_files WHERE id > :after AND id <= :last ORDER BY id LIMIT :most
"""


def all_needed(database: Database) -> Iterator[Needed]:
    """In the order of their names, as a place has them, in short transactions."""
    return chain(_all_stored(database), _all_pieces(database))


def _all_stored(database: Database) -> Iterator[Needed]:
    after = ""
    while rows := database.read(lambda tx: tx.all(_STORED, after=after, most=ROWS)):  # noqa: B023 - it is asked at once
        for row in rows:
            yield from _forms(row)
        after = rows[-1]["place"]


def _all_pieces(database: Database) -> Iterator[Needed]:
    after = ""
    while rows := database.read(lambda tx: tx.all(_PIECES, after=after, most=ROWS)):  # noqa: B023 - the same
        for row in rows:
            yield Needed(f"{UPLOADS}/{row['place']}", row["size"])
        after = rows[-1]["place"]


_STORED: Final = "SELECT id, place, forms FROM stored_files WHERE place > :after ORDER BY place LIMIT :most"
_PIECES: Final = "SELECT place, size FROM upload_pieces WHERE place > :after ORDER BY place LIMIT :most"


def _forms(row: Row) -> Sequence[Needed]:
    """In the order of their names. Of each form its size stands behind its media type."""
    return [
        Needed(f"{row['place']}/{form}", told[1], row["id"]) for form, told in sorted(json.loads(row["forms"]).items())
    ]
