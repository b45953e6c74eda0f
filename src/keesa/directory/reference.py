"""The reference lists that tickets choose from: what of them may be chosen, and what is said of what may not.

`products.py` and `keyed_lists.py` change them. What has retired stays on its tickets, and is chosen no more.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from keesa.db import Row, Tx

KeyedList = Literal["ticket_types", "ticket_categories"]


class Words(NamedTuple):
    """Of a ticket: those that the desk sorts it by."""

    ticket_type: str | None
    category: str | None


def products(tx: Tx) -> dict[int, str]:
    """Product id to name, of those in use, in the list's order."""
    rows = tx.all("SELECT id, name FROM products WHERE retired_at IS NULL ORDER BY position, id")
    return {row["id"]: row["name"] for row in rows}


def keys(tx: Tx, table: KeyedList) -> list[str]:
    """The keys of the list that are in use, in its order."""
    return [row["key"] for row in tx.all(f"SELECT key FROM {table} WHERE retired_at IS NULL ORDER BY position")]


def defaults_of(tx: Tx, product_id: int) -> Words:
    """What stands in for the words that a customer's user leaves out; nothing, where there is no such product."""
    row = tx.one("SELECT default_ticket_type, default_category FROM products WHERE id = :id", id=product_id)
    return Words(row["default_ticket_type"], row["default_category"]) if row else Words(None, None)


def unfit_product(tx: Tx, product_id: int) -> str | None:
    """Why a new ticket cannot have it, naming those that it can have; None where it can."""
    return unfit_product_soon(tx, product_id)()


def unfit_product_soon(tx: Tx, product_id: int) -> Callable[[], str | None]:
    """The same for when it is asked for: the question travels with the next one."""
    known = tx.soon("SELECT retired_at FROM products WHERE id = :id", id=product_id)
    return lambda: _unfit(known(), lambda: _listed(tx))


def unfit_key(tx: Tx, table: KeyedList, key: str) -> str | None:
    """As `unfit_product`, of a key."""
    return unfit_key_soon(tx, table, key)()


def unfit_key_soon(tx: Tx, table: KeyedList, key: str) -> Callable[[], str | None]:
    """As `unfit_product_soon`, of a key."""
    known = tx.soon(f"SELECT retired_at FROM {table} WHERE key = :key", key=key)
    return lambda: _unfit(known(), lambda: ", ".join(keys(tx, table)))


def _unfit(known: Sequence[Row], valid: Callable[[], str]) -> str | None:
    if known and known[0]["retired_at"] is None:
        return None
    return f"is {'retired' if known else 'unknown'}, must be one of {valid()}"


def unknown_key_soon(tx: Tx, table: KeyedList, key: str) -> Callable[[], str | None]:
    """What is wrong with the key as one that old tickets may have, for when it is asked for: the question travels
    with the next one.
    """
    known = tx.soon(f"SELECT key FROM {table} WHERE key = :key", key=key)
    return lambda: None if known() else f"is unknown, must be one of {', '.join(keys(tx, table))}"


def unknown_product_soon(tx: Tx, product_id: int) -> Callable[[], str | None]:
    """The same of a product."""
    known = tx.soon("SELECT id FROM products WHERE id = :id", id=product_id)
    return lambda: None if known() else f"is unknown, must be one of {_listed(tx)}"


def _listed(tx: Tx) -> str:
    return ", ".join(f"{number} ({name})" for number, name in products(tx).items())
