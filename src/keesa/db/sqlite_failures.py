"""Which of SQLite's errors are the state of its files, which may mend, and what a caller is told of them.

By the result codes of https://www.sqlite.org/rescode.html; anything else is a fault of ours.
"""

import sqlite3
from typing import Final

from keesa.errors import Unavailable

_NO_ANSWER: Final = "The database does not answer now, please try again later"
_NOT_WRITABLE: Final = "The database cannot be written now, please try again later"
_DAMAGED: Final = "The data file or its log is damaged: put the last back-up in its place"
_NO_TABLE: Final = "no such table: "
"""How such an error begins, which has no code of its own."""
_SENTENCES: Final = {
    sqlite3.SQLITE_BUSY: _NO_ANSWER,
    sqlite3.SQLITE_LOCKED: _NO_ANSWER,
    sqlite3.SQLITE_FULL: "The database's disk is full",
    sqlite3.SQLITE_IOERR: _NO_ANSWER,
    sqlite3.SQLITE_CANTOPEN: _NO_ANSWER,
    sqlite3.SQLITE_PROTOCOL: _NO_ANSWER,
    sqlite3.SQLITE_NOLFS: _NO_ANSWER,
    sqlite3.SQLITE_PERM: _NOT_WRITABLE,
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
"""By the primary code, which is the lowest byte."""


def as_unavailable(error: BaseException) -> BaseException:
    """`Unavailable` for what may mend; anything else is passed as it is."""
    sentence = _sentence(error) if isinstance(error, sqlite3.DatabaseError) else None
    if sentence is None:
        return error
    unavailable = Unavailable(sentence)
    unavailable.__cause__ = error
    return unavailable


def _sentence(error: sqlite3.DatabaseError) -> str | None:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)  # the module's own errors have none
    if code == sqlite3.SQLITE_ERROR and str(error).startswith(_NO_TABLE):  # an emptied file, or another program's
        return f"The database lacks a table that Keesa needs: {str(error).removeprefix(_NO_TABLE)}"
    return _SENTENCES.get(code & 0xFF)


class _WhenUnfit:
    """Raises `Unavailable` for what may mend. No generator: one is entered with each read, at a fifth of the cost."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, sqlite3.DatabaseError):
            raised = as_unavailable(error)
            raise raised from raised.__cause__


unavailable_when_unfit: Final = _WhenUnfit()
"""`with unavailable_when_unfit:` around what asks SQLite."""
