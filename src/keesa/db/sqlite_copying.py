"""One state of SQLite's data as a file of its own, while others read and write."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, TypeVar

from keesa.db.engine import Work
from keesa.db.sqlite_tx import SqliteTx
from keesa.errors import Refused

T = TypeVar("T")

_INCREMENTAL: Final = 2
_FREE_SHARE: Final = 0.05
_SHOWN: Final = 3
"""What is named of all that is wrong with a file."""


def copy(connection: sqlite3.Connection, to: Path) -> None:
    """All pages in one step, which keeps one state for the seconds that it takes: a copy in many steps begins anew
    with each write of another process. Writers go on, and their log grows meanwhile. Raises `Refused` where the copy
    does not fit.
    """
    with closing(sqlite3.connect(to, isolation_level=None)) as copied:
        copied.execute("PRAGMA journal_mode = OFF")  # nothing reads it before it is whole
        copied.execute("PRAGMA synchronous = OFF")
        try:
            connection.backup(copied)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
                raise Refused(f"{to.parent} has no room for a copy of the data, or cannot be written") from error
            raise
    with closing(sqlite3.connect(to, isolation_level=None)) as copied:
        copied.execute("PRAGMA journal_mode = DELETE").fetchall()  # so that it needs no log beside it


def check(path: Path) -> dict[str, int]:
    """Read every page and every index; how many rows each table has. Raises `Refused` where anything is wrong."""
    with closing(_opened(path)) as connection:
        try:
            found = [text for (text,) in connection.execute(f"PRAGMA integrity_check({_SHOWN})")]
            broken = connection.execute('SELECT DISTINCT "table" FROM pragma_foreign_key_check').fetchall()
        except sqlite3.DatabaseError as error:
            found, broken = [str(error)], []
        found += [f"a row of {table} names one that is not there" for (table,) in broken[:_SHOWN]]
        if found != ["ok"]:
            said = "; ".join(text for text in found if text != "ok")
            raise Refused(f"The data is damaged, and no back-up is made of it: {said}")
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        counts = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() for (name,) in names.fetchall()}
        return {name: count for name, (count,) in counts.items()}


def compact(path: Path, scratch: Path) -> None:
    """Without its free pages, and so that it can give back those to come (`vacuum.py`); where it can already, and has
    few, it stays as it is. `scratch` is the place of a further file beside it.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        shrinks = connection.execute("PRAGMA auto_vacuum").fetchone() == (_INCREMENTAL,)
        free, pages = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
        if shrinks and free <= _FREE_SHARE * pages:
            return
        if not shrinks:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL").fetchall()
        connection.execute("VACUUM INTO ?", (str(scratch),))
    scratch.replace(path)


def look(path: Path, work: Work[T]) -> T:
    """Run `work` on a file that nobody writes; it cannot write."""
    with closing(_opened(path)) as connection:
        connection.row_factory = sqlite3.Row
        return work(SqliteTx(connection, may_be_undone=False))


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
