"""A database as an older Keesa left it, and a program that is older: for what an upgrade makes of its rows."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from keesa.db import Database, migrate
from program_at import migrations_at


@contextmanager
def program_before(monkeypatch: pytest.MonkeyPatch, version: int) -> Iterator[None]:
    """The program as it was when it had no such migration yet."""
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "migrations", migrations_at(version - 1))
        patch.setattr(migrate, "latest", lambda: version - 1)
        yield


def migrate_before(monkeypatch: pytest.MonkeyPatch, database: Database, version: int) -> None:
    """As the program did that had no such migration yet."""
    with program_before(monkeypatch, version):
        migrate.migrate(database)
