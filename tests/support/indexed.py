"""The search index as a test finds it: what differs from the texts, and whether SQLite's own check finds it sound."""

from typing import Any

from keesa.db import Database, Tx
from keesa.words.checking import check_names, check_tickets, ticket_difference
from keesa.words.form import Said
from keesa.words.forms import form_of
from keesa.words.index import rows_range
from keesa.words.pending import fold
from keesa.words.statements import OF_TICKET, current
from keesa.words.texts import texts_of


def differences(database: Database) -> list[str]:
    """What of the index is not what a fresh one would have, of whichever ticket, customer or ECO."""
    found = [difference for checked in check_tickets(database) for difference in checked.differences]
    return [*check_names(database), *found]


def difference_of(tx: Tx, number: int) -> str | None:
    """The same of this ticket, within a transaction."""
    return ticket_difference(tx, texts_of(tx, [number])[number])


def said_of(tx: Tx, number: int) -> list[Said]:
    """What the ticket is found by, row by row."""
    form = form_of(tx)
    sql = f"SELECT {form.read} FROM ({current(form, OF_TICKET)}) rows ORDER BY place"
    found: list[Any] = list(tx.all(sql, **rows_range(number)))
    return [form.said(dict(row)) for row in found]


def words_in(tx: Tx, number: int, part: str) -> set[str]:
    """Those of `head`, `said` or `internal`, in whichever row."""
    return {word for row in said_of(tx, number) for run in row[part] for word in run}


def fold_all(tx: Tx) -> None:
    """Until nothing is pending."""
    while fold(tx):
        pass


def empty(tx: Tx) -> None:
    """As on a desk that was upgraded: no ticket and no name is in it, and it is not whole."""
    tx.run("DELETE FROM ticket_words")
    tx.run("DELETE FROM pending_words")
    tx.run("DELETE FROM name_words")
    tx.run("DELETE FROM settings WHERE name = 'search index'")


def require_sound(database: Database) -> None:
    """Raises where FTS5 finds that its index is not that of the rows: its `integrity-check`."""

    def work(tx: Tx) -> None:
        if tx.writes_alone:
            for table in ("ticket_search", "name_search"):
                tx.run(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")

    database.write(work)
