"""A database as an older Keesa left it: for what an upgrade makes of its rows."""

import pytest

from keesa.db import Database, migrate
from keesa.db.migrate import migrations


def migrate_before(monkeypatch: pytest.MonkeyPatch, database: Database, version: int) -> None:
    """As the program did that had no such migration yet."""
    with monkeypatch.context() as patch:
        earlier = {
            engine: [each for each in migrations(engine) if each.version < version] for engine in ("sqlite", "postgres")
        }
        patch.setattr(migrate, "migrations", earlier.__getitem__)
        patch.setattr(migrate, "latest", lambda: version - 1)
        migrate.migrate(database)
