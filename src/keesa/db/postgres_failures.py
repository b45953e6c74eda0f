"""Which of PostgreSQL's errors are the server's state, which may mend, and what a caller is told of them.

By the classes of https://www.postgresql.org/docs/current/errcodes-appendix.html; anything else is a fault of ours.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from keesa.errors import Unavailable

NO_ANSWER: Final = "The database does not answer now, please try again later"
TOO_BUSY: Final = "The database is too busy, please try again later"
UNKNOWN: Final = "The database has not answered the commit in time: whether the change was made is not known"
_READ_ONLY: Final = "The database takes no changes now: it is read-only"
_NO_RIGHTS: Final = "The database does not let Keesa's role do this: it lacks rights on the tables or their schema"
_NO_TABLE: Final = "The database lacks a table that Keesa needs, or hides it from Keesa's role"
_FULL: Final = "The database's disk is full"

_UNDEFINED_TABLE: Final = "42P01"
_CLASSES: Final = {"08", "53", "55", "57", "58"}
"""Connections, resources, states of objects, an operator's doing, the system."""
_RELATION: Final = re.compile('"([^"]+)"')
_SENTENCES: Final = {
    "25006": _READ_ONLY,
    "25P03": NO_ANSWER,
    "25P04": NO_ANSWER,
    "42501": _NO_RIGHTS,
    "3F000": _NO_TABLE,
    _UNDEFINED_TABLE: _NO_TABLE,
    "53100": _FULL,
}


def as_unavailable(error: BaseException, *, reading: bool = False) -> BaseException:
    """`Unavailable` for what may mend; anything else is passed as it is. A read that writes is our own fault."""
    sentence = _sentence(error, reading=reading) if isinstance(error, psycopg.Error) else None
    if sentence is None:
        return error
    unavailable = Unavailable(sentence)
    unavailable.__cause__ = error
    return unavailable


def _sentence(error: psycopg.Error, *, reading: bool) -> str | None:
    state = error.sqlstate or ""
    if reading and state == "25006":
        return None
    if state == _UNDEFINED_TABLE and (named := _RELATION.search(str(error))):
        return f"{_NO_TABLE}: {named[1]}"
    if state in _SENTENCES:
        return _SENTENCES[state]
    if state[:2] in _CLASSES or isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return NO_ANSWER
    return None


@contextmanager
def unavailable_when_gone(*, reading: bool = False) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raised = as_unavailable(error, reading=reading)
        raise raised from raised.__cause__
