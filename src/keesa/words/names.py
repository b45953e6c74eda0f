"""The words of the names of customers and ECOs: a term that stands in one finds the tickets that are theirs."""

from typing import Final, Literal

from keesa.db import Tx
from keesa.words.forms import form_of
from keesa.words.pieces import customer_mark, with_ends
from keesa.words.splitting import BOUNDARY, words_of

NAMES: Final = 200
"""That are kept in one transaction."""

Table = Literal["customers", "ecos"]


def keep_customer_name(tx: Tx, customer_id: int, name: str) -> None:
    """Of a customer that is new, or has another name now."""
    _keep(tx, 2 * customer_id, name, customer_id)


def keep_eco_name(tx: Tx, eco_id: int, name: str, customer_id: int) -> None:
    """Of an ECO that is new, has another name, or is another customer's now."""
    _keep(tx, 2 * eco_id + 1, name, customer_id)


def keep_names(tx: Tx, table: Table, after: int) -> int | None:
    """Of the next customers or ECOs behind an id, as they are called now; the last one's id, None where none is."""
    last = None
    for own_id, name, customer_id in [*tx.each(_NEXT[table], after=after, most=NAMES)]:
        _keep(tx, 2 * own_id + (table == "ecos"), name, customer_id)
        last = own_id
    return last


def name_words(name: str, customer_id: int) -> list[str]:
    """With a word for whose it is, so that somebody's users find what is theirs alone."""
    return [*with_ends(words_of(name)), BOUNDARY, customer_mark(customer_id)]


def _keep(tx: Tx, place: int, name: str, customer_id: int) -> None:
    form = form_of(tx)
    tx.run(form.set_name, place=place, **form.name(name_words(name, customer_id)))


_NEXT: Final = {
    "customers": "SELECT id, name, id FROM customers WHERE id > :after ORDER BY id LIMIT :most $for_update",
    "ecos": "SELECT id, name, customer_id FROM ecos WHERE id > :after ORDER BY id LIMIT :most $for_update",
}
