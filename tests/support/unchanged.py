"""Whether a call has left everything that is kept as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from keesa.db import Database, Tx
from keesa.db.tables import present

TRAIL: Final = ("audit", "audit_people")
"""To which each act adds a row."""


@contextmanager
def unchanged(database: Database, *, but: str | tuple[str, ...] = ()) -> Iterator[None]:
    """Every row of every table is the same at the end; but for those of the tables `but`, and for times of last use,
    which are written beside all calls. A sequence gives nothing back.
    """
    before = database.read(_kept)
    yield
    after = database.read(_kept)
    assert {name for name in before if before[name] != after[name]} <= set((but,) if isinstance(but, str) else but)


def _kept(tx: Tx) -> dict[str, list[str]]:
    return {name: sorted(map(_shown, tx.all(f"SELECT * FROM {name}"))) for name in present(tx)}


def _shown(row: Any) -> str:  # noqa: ANN401 - each engine's own
    values = dict(row)
    values.pop("last_used_at", None)
    return repr([*values.values()])
