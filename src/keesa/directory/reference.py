"""The reference lists: products, ticket types and categories, to which administrators may add."""

import re
from collections.abc import Callable
from typing import Final, Literal

from keesa.db import Tx
from keesa.db.rules import Rule, hold
from keesa.errors import Invalid
from keesa.names import name_fault

KeyedList = Literal["ticket_types", "ticket_categories"]

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


def products(tx: Tx) -> dict[int, str]:
    """Product id to name."""
    return {row["id"]: row["name"] for row in tx.all("SELECT id, name FROM products ORDER BY id")}


def keys(tx: Tx, table: KeyedList) -> list[str]:
    """The keys of the list, in its order."""
    return [row["key"] for row in tx.all(f"SELECT key FROM {table} ORDER BY position")]


def named_keys(tx: Tx, table: KeyedList) -> dict[str, str]:
    """Key to name, in the list's order."""
    return {row["key"]: row["name"] for row in tx.all(f"SELECT key, name FROM {table} ORDER BY position")}


def add_product(tx: Tx, name: str) -> int:
    """The new product's id; raises `Invalid`."""
    if fault := name_fault(name):
        raise Invalid({"name": [fault]})
    hold(tx, Rule.PRODUCTS)
    if tx.one("SELECT id FROM products WHERE name = :name", name=name):
        raise Invalid({"name": ["is taken by another product"]})
    created: int = tx.value("INSERT INTO products (name) VALUES (:name) RETURNING id AS value", name=name)
    return created


def add_key(tx: Tx, table: KeyedList, key: str, name: str) -> None:
    """Put an entry at the end of the list; raises `Invalid`."""
    hold(tx, Rule(table))
    faults = {}
    if not _KEY.fullmatch(key):
        faults["key"] = ["must be of lower-case letters, digits and _, and begin with a letter"]
    elif key in keys(tx, table):
        faults["key"] = ["is in the list already"]
    if fault := name_fault(name):
        faults["name"] = [fault]
    if faults:
        raise Invalid(faults)
    tx.run(
        f"INSERT INTO {table} (key, name, position) SELECT :key, :name, max(position) + 1 FROM {table}",
        key=key,
        name=name,
    )


def unknown_product(tx: Tx, product_id: int) -> str | None:
    """What is wrong with the id, naming the valid ones; None for a known product."""
    if tx.one("SELECT id FROM products WHERE id = :id", id=product_id):
        return None
    return f"is unknown, must be one of {', '.join(f'{number} ({name})' for number, name in products(tx).items())}"


def unknown_key(tx: Tx, table: KeyedList, key: str) -> str | None:
    """What is wrong with the key, naming the valid ones; None for a known one."""
    return unknown_key_soon(tx, table, key)()


def unknown_key_soon(tx: Tx, table: KeyedList, key: str) -> Callable[[], str | None]:
    """The same, for when it is asked for: the question travels with the next one."""
    known = tx.soon(f"SELECT key FROM {table} WHERE key = :key", key=key)
    return lambda: None if known() else f"is unknown, must be one of {', '.join(keys(tx, table))}"
