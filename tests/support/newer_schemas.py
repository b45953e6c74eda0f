"""What a newer program has: migrations beyond those of this one."""

import pytest

from keesa.db import migrate
from keesa.db.migrate import Migration, migrations


def extended(monkeypatch: pytest.MonkeyPatch, *further: Migration) -> None:
    """The program's migrations from now on, with further ones, on either engine."""
    monkeypatch.setattr(migrate, "migrations", lambda engine: [*migrations(engine), *further])
