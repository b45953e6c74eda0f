"""The words of the names of customers and ECOs: a term that stands in one finds the tickets that are theirs."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from keesa.db import Tx
from keesa.words.forms import form_of
from keesa.words.pieces import customer_mark, eco_mark, with_ends
from keesa.words.splitting import BOUNDARY, words_of

NAMES: Final = 200
"""That are kept in one transaction."""

Table = Literal["customers", "ecos"]


class Named(NamedTuple):
    id: int
    name: str
    customer_id: int
    """Whose it is."""


def place_of_name(table: Table, own_id: int) -> int:
    """Where the words of a customer's or an ECO's name stand."""
    return 2 * own_id + (table == "ecos")


def mark_at(place: int) -> str:
    """The word by which the tickets are found of the customer, or the ECO, whose name stands there."""
    return eco_mark(place >> 1) if place & 1 else customer_mark(place >> 1)


def keep_customer_name(tx: Tx, customer_id: int, name: str) -> None:
    """Of a customer that is new, or has another name now."""
    _keep(tx, "customers", Named(customer_id, name, customer_id))


def keep_eco_name(tx: Tx, eco_id: int, name: str, customer_id: int) -> None:
    """Of an ECO that is new, has another name, or is another customer's now."""
    _keep(tx, "ecos", Named(eco_id, name, customer_id))


def keep_names(tx: Tx, table: Table, after: int) -> int | None:
    """Of the next customers or ECOs behind an id, as they are called now; the last one's id, None where none is."""
    found = _read(tx, f"{_NEXT[table]} $for_update", after)
    for named in found:
        _keep(tx, table, named)
    return found[-1].id if found else None


def next_names(tx: Tx, table: Table, after: int) -> Sequence[Named]:
    """The same, for looking at them; `NAMES` at the most."""
    return _read(tx, _NEXT[table], after)


def _read(tx: Tx, sql: str, after: int) -> Sequence[Named]:
    return [Named(*row) for row in tx.each(sql, after=after, most=NAMES)]


def name_words(name: str, customer_id: int) -> list[str]:
    """With a word for whose it is, so that somebody's users find what is theirs alone."""
    return [*with_ends(words_of(name)), BOUNDARY, customer_mark(customer_id)]


def _keep(tx: Tx, table: Table, named: Named) -> None:
    form = form_of(tx)
    words = name_words(named.name, named.customer_id)
    tx.run(form.set_name, place=place_of_name(table, named.id), **form.name(words))


_NEXT: Final = {
    "customers": "SELECT id, name, id FROM customers WHERE id > :after ORDER BY id LIMIT :most",
    "ecos": "SELECT id, name, customer_id FROM ecos WHERE id > :after ORDER BY id LIMIT :most",
}
