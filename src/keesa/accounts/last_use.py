"""When sessions and API tokens were last used: noted in memory by each request, and written from time to time, in
writes of their own (docs/decisions/0043-last-use.md).
"""

from collections.abc import Mapping
from threading import Lock
from typing import Final

from keesa.db import Tx

PRECISION: Final = 5 * 60 * 1000
"""Milliseconds: at most so often is one written."""
MOST_NOTED: Final = 8192
"""Sessions and tokens that a process notes; what is used beyond them is not."""
BATCH: Final = 200
"""Rows of a write."""

Key = str | int
"""A session's refresh uid, or a token's id."""


class LastUse:
    """What one process has noted; for any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._noted: dict[Key, int] = {}
        self._written: dict[Key, int] = {}
        """What was written in the last `PRECISION`."""

    def note(self, key: Key, at: int) -> None:
        """It is used at that time."""
        with self._lock:
            if key in self._noted or len(self._noted) < MOST_NOTED:
                self._noted[key] = at

    def due(self, at: int, *, all_of_them: bool = False) -> dict[Key, int]:
        """What is to be written now, in the order in which rows are held: nothing that was written within `PRECISION`,
        unless no other time will come.
        """
        with self._lock:
            self._written = {key: then for key, then in self._written.items() if abs(at - then) < PRECISION}
            found = {key: then for key, then in self._noted.items() if all_of_them or key not in self._written}
        return dict(sorted(found.items(), key=lambda pair: (isinstance(pair[0], int), pair[0])))

    def wrote(self, batch: Mapping[Key, int], at: int) -> None:
        """They have been written; what was used since then stays noted."""
        with self._lock:
            for key, then in batch.items():
                self._written[key] = at
                if self._noted.get(key) == then:
                    del self._noted[key]


def write_last_use(tx: Tx, used: Mapping[Key, int], apart: int = PRECISION) -> None:
    """Times only move forward, and by more than `apart` milliseconds, so that several workers do not write one after
    the other. A row that somebody holds is passed over, and what is gone.
    """
    for key, at in used.items():
        tx.run(_WRITE[type(key)], key=key, at=at, before=at - apart)


def _write(table: str, column: str) -> str:
    return f"""
        UPDATE {table} SET last_used_at = :at WHERE {column} IN (
            SELECT {column} FROM {table}
            WHERE {column} = :key AND (last_used_at IS NULL OR last_used_at < :before) $if_free
        )
    """


_WRITE: Final[Mapping[type[Key], str]] = {str: _write("sessions", "refresh_uid"), int: _write("api_tokens", "id")}
"""By the type of the key."""
