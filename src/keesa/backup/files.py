"""Pictures and files in a back-up, and out of it: their bytes go with the rows that name them.

From before the rows are copied until the last file is read, a hold keeps sweeps away, so that nothing goes between. A
file that is lost or damaged does not keep the others out of back-ups: it is counted.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Final, NamedTuple, Self
from uuid import uuid4

from keesa.backup import archive
from keesa.backup.archive import FILES, Readable, Writer
from keesa.backup.manifest import Files
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.db.migrate import schema_of
from keesa.errors import KeesaError, Unavailable
from keesa.files import holds
from keesa.files.needed import Needed, last_row, needed_between
from keesa.files.places import Place, is_name

SCHEMA: Final = 16
"""That of the first database that has any."""
HELD: Final = 3600 * 1000
"""Milliseconds: what keeps sweeps away lapses then, where nobody is there any more to renew it."""
RENEWED: Final = 300.0
"""Seconds."""
_IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes of a file that is read before it is packed: so that it is known to be whole."""
_GIVEN_UP: Final = 5
"""Files in a row that the place does not give: then no more are asked for, as each may take a minute."""


class Hold:
    """Keeps sweeps away while it is entered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = f"back-up {uuid4().hex}"
        self._renewed = 0.0

    def __enter__(self) -> Self:
        self._hold()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(KeesaError):  # it lapses by itself
            self._database.write(lambda tx: holds.let_go(tx, self._name))

    def renew(self) -> None:
        """To be called now and then."""
        if time.monotonic() - self._renewed > RENEWED:
            self._hold()

    def _hold(self) -> None:
        self._renewed = time.monotonic()
        at = now()
        self._database.write(lambda tx: holds.hold(tx, self._name, at + HELD, at))


class Source(NamedTuple):
    """Where the files of a back-up come from."""

    database: Database
    place: Place
    hold: Hold


def last_of(tx: Tx) -> int:
    """The largest id of a row that names files; 0 where there are none."""
    return last_row(tx) if schema_of(tx) >= SCHEMA else 0


@contextmanager
def source(database: Database, place: Place | None) -> Iterator[Source | None]:
    """Until the end nothing is swept away there. None where no files are wanted."""
    if place is None:
        yield None
        return
    with Hold(database) as hold:
        yield Source(database, place, hold)


def write_files(files: Source, writer: Writer, after: int, last: int, scratch: Path) -> Files:
    """Those of the rows behind `after` up to `last`, which the hold has kept: none of these rows has gone since."""
    missing = refused = 0
    while rows := files.database.read(lambda tx: needed_between(tx, after, last)):  # noqa: B023 - it is asked at once
        for needed in rows:
            files.hold.renew()
            if refused < _GIVEN_UP:
                try:
                    refused, added = 0, _add(files.place, writer, needed, scratch)
                except Unavailable:
                    refused, added = refused + 1, False
            missing += not added
        after = rows[-1].row
    told = writer.files
    return Files(told.count, told.bytes, missing, last, told.sum)


def _add(place: Place, writer: Writer, needed: Needed, scratch: Path) -> bool:
    """Whether it is there, and as large as its row tells."""
    with SpooledTemporaryFile(_IN_MEMORY, dir=str(scratch)) as copied:
        try:
            for piece in place.read(needed.name):
                copied.write(piece)
        except FileNotFoundError:
            return False
        if (size := copied.tell()) != needed.size:
            return False
        copied.seek(0)
        writer.add_file(needed.name, size, copied)
    return True


def bring_files(path: Path, place: Place, scratch: Path) -> int:
    """Put all files of the back-up into the place, where they are not there already; how many are there then."""
    count = 0
    for member, content in archive.read(path):
        folder, _, name = member.name.partition("/")
        if folder == FILES and is_name(name):
            if not _is_there(place, name, member.size):
                _put(place, name, member.size, content, scratch)
            count += 1
    return count


def _is_there(place: Place, name: str, size: int) -> bool:
    """What has another size is damaged, and goes."""
    try:
        if place.size(name) == size:
            return True
    except FileNotFoundError:
        return False
    place.throw(name)
    return False


def _put(place: Place, name: str, size: int, content: Readable, scratch: Path) -> None:
    with SpooledTemporaryFile(_IN_MEMORY, dir=str(scratch)) as copied:
        while piece := content.read(archive.PIECE):
            copied.write(piece)
        copied.seek(0)
        put: IO[bytes] = copied
        place.put(name, put, size)
