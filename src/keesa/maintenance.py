"""Maintenance mode: a row in the database, so that every running worker and node sees it at the next request."""

from typing import Final

from keesa.db import Tx

_NAME: Final = "maintenance"
IS_ON: Final = f"EXISTS (SELECT 1 FROM settings WHERE name = '{_NAME}')"
"""For a statement that asks for more than this."""


def look(tx: Tx) -> tuple[bool, str | None]:
    """Whether it is on, and what `Tx.state` is to be given."""
    [(is_on_now, seen)] = tx.each(f"SELECT {IS_ON}, $seen")
    return bool(is_on_now), seen


def is_on(tx: Tx) -> bool:
    return bool(tx.value(f"SELECT {IS_ON} AS value"))


def switch_on(tx: Tx) -> None:
    tx.run("INSERT INTO settings (name, value) VALUES (:name, 'on') ON CONFLICT (name) DO NOTHING", name=_NAME)


def switch_off(tx: Tx) -> None:
    tx.run("DELETE FROM settings WHERE name = :name", name=_NAME)
