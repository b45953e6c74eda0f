"""Whether a call has left everything that is kept as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from keesa.db import Database, Tx
from keesa.db.tables import present


@contextmanager
def unchanged(database: Database, *, but: str = "") -> Iterator[None]:
    """Every row of every table is the same at the end; but for those of one table, and for times of last use, which are
    written beside all calls. A sequence gives nothing back.
    """
    before = database.read(_kept)
    yield
    after = database.read(_kept)
    assert {name for name in before if before[name] != after[name]} <= {but}


def _kept(tx: Tx) -> dict[str, list[str]]:
    return {name: sorted(map(_shown, tx.all(f"SELECT * FROM {name}"))) for name in present(tx)}


def _shown(row: Any) -> str:  # noqa: ANN401 - each engine's own
    return repr({name: value for name, value in dict(row).items() if name != "last_used_at"})
