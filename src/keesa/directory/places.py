"""The order of a reference list: each entry has a place of its own, counted from 1, those that are retired too."""

from typing import Final, Literal

from keesa.db import Tx

ReferenceList = Literal["products", "ticket_types", "ticket_categories"]

MOST_ENTRIES: Final = 1_000
"""Of a list, those that are retired among them: errors name all that are in use."""


def last_place(tx: Tx, table: ReferenceList) -> int:
    """0 of an empty list. The list's rule is held, here and below."""
    last: int = tx.value(f"SELECT coalesce(max(position), 0) AS value FROM {table}")
    return last


def full_fault(tx: Tx, table: ReferenceList) -> str | None:
    """Why the list takes no further entry."""
    count = tx.value(f"SELECT count(*) AS value FROM {table}")
    return f"would be one too many: the list has at most {MOST_ENTRIES}" if count >= MOST_ENTRIES else None


def place_fault(tx: Tx, table: ReferenceList, position: int) -> str | None:
    """Why nothing can stand there."""
    last = last_place(tx, table)
    return None if 1 <= position <= last else f"must be from 1 to {last}"


def move(tx: Tx, table: ReferenceList, was: int, to: int) -> None:
    """The entry in the one place to the other; those between go one place up or down. Places are each taken once at
    every moment, so that all go out of the way first: below zero.
    """
    low, high = sorted((was, to))
    tx.run(f"UPDATE {table} SET position = -position WHERE position BETWEEN :low AND :high", low=low, high=high)
    tx.run(
        f"UPDATE {table} SET position = CASE WHEN position = -:was THEN :to ELSE :shift - position END"
        " WHERE position < 0",
        was=was,
        to=to,
        shift=1 if to < was else -1,
    )


def last_in_use(tx: Tx, table: ReferenceList) -> bool:
    """Whether one entry alone may be chosen."""
    count: int = tx.value(f"SELECT count(*) AS value FROM {table} WHERE retired_at IS NULL")
    return count <= 1
