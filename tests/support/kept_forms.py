"""The databases of earlier programs that `tests/upgrades/forms` keeps: which there are, and how one is restored."""

import json
import lzma
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, TypedDict

import psycopg

from acting import rows
from keesa.db import Database, Tx
from keesa.db.opening import SQLITE_FILE
from keesa.db.tables import present
from places import Place

FORMS: Final = Path(__file__).parents[1] / "upgrades" / "forms"
LISTED: Final = FORMS / "forms.json"

PASSWORD: Final = "Password123 of before"
"""Everybody's."""
ADMIN: Final = "admin@old.example"
ENGINEER: Final = "engineer@old.example"
CUSTOMER: Final = "customer@old.example"
BOT: Final = "bot@old.example"
LEAVER: Final = "leaver@old.example"
"""Disabled."""


class Made(TypedDict):
    """What was told to those who made it: when, in milliseconds since 1970, and tokens by version."""

    at: int
    access: dict[str, str]
    refresh: dict[str, str]


@dataclass(frozen=True)
class Form:
    name: str
    """The day and the commit."""
    committed_at: str
    migrations: list[str]
    """Those that it has, as it names them."""
    made: dict[str, Made]
    """By engine."""

    def restore(self, place: Place) -> None:
        """Into an empty place."""
        if place.url is None:
            (place.data / SQLITE_FILE).write_bytes(self.content("sqlite"))
            return
        with psycopg.connect(place.url, autocommit=True) as connection:
            connection.execute(self.content("sql"))

    def content(self, kind: str) -> bytes:
        """A data file ("sqlite"), or PostgreSQL's statements ("sql")."""
        return lzma.decompress((FORMS / f"{self.name}.{kind}.xz").read_bytes())


_numbers = count()

Rows = dict[str, list[dict[str, Any]]]


def rows_of_all(tx: Tx) -> Rows:
    """By table, in an order of their own."""
    # a text that was not used before, since the columns of a statement are cached by its text
    own = f"own{next(_numbers)}"
    return {name: sorted(rows(tx, f"SELECT * FROM {name} {own}"), key=_place) for name in present(tx)}


def _place(row: dict[str, Any]) -> tuple[int, str]:
    return row.get("id", 0), repr(row)


@dataclass(frozen=True)
class Upgraded:
    """A database that was kept, as it is now."""

    form: Form
    made: Made
    database: Database
    before: Rows
    after: Rows
    applied: list[str]
    """What the upgrade said that it did."""


def kept_forms() -> list[Form]:
    """Oldest first."""
    return [Form(**entry) for entry in json.loads(LISTED.read_text("utf-8"))]
