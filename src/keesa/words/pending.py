"""Folding what has become of rows into the index, some rows at a time: what is found is the same before and after."""

from typing import Final

import msgspec

from keesa.db import Tx
from keesa.words.forms import form_of
from keesa.words.statements import statements_of

ROWS: Final = 16
"""Of one transaction: of a thousand words each, they take some 20 milliseconds."""
IS_ANY: Final = "EXISTS (SELECT 1 FROM pending_words)"


def count(tx: Tx, most: int) -> int:
    """How many rows have something pending, as far as is counted."""
    sql = "SELECT count(*) AS value FROM (SELECT 1 AS one FROM pending_words LIMIT :most) counted"
    return int(tx.value(sql, most=most))


def fold(tx: Tx, most: int = ROWS) -> bool:
    """Up to so many rows, none of which a write has under way; whether there may be more."""
    found = tx.each("SELECT place FROM pending_words ORDER BY place LIMIT :most $if_free", most=most)
    places = [place for (place,) in found]
    if not places:
        return False
    statements, ids = statements_of(form_of(tx)), msgspec.json.encode(places).decode()
    tx.run(statements.fold, ids=ids)
    tx.run(statements.take_out, ids=ids)
    tx.run("DELETE FROM pending_words WHERE place IN $json_ids", ids=ids)
    return len(places) == most
