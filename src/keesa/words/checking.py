"""Holding the index against the texts: what of it is not what they give."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from keesa.db import Database, Row, Tx
from keesa.words.filling import LARGEST, next_tickets
from keesa.words.form import Form
from keesa.words.forms import form_of
from keesa.words.names import Table, name_words, next_names, place_of_name
from keesa.words.places import MOST_ROWS, place_of
from keesa.words.rows import NamedPiece, name_of, names_in
from keesa.words.rows import Row as Made
from keesa.words.statements import OF_TICKET, current
from keesa.words.texts import TicketTexts, texts_of


class Checked(NamedTuple):
    done: int
    differences: Sequence[str]
    below: int | None


def check_tickets(database: Database) -> Iterator[Checked]:
    """Portion by portion, the largest numbers first, each as it is at one moment."""
    below: int | None = LARGEST
    while below is not None:
        checked = database.read(lambda tx, below=below: _check(tx, below))  # type: ignore[misc] # its own portion
        below = checked.below
        yield checked


def _check(tx: Tx, below: int) -> Checked:
    ids, following = next_tickets(tx, below)
    texts = texts_of(tx, ids)
    found = [difference for each in ids if (difference := ticket_difference(tx, texts[each]))]
    return Checked(len(ids), found, following)


def ticket_difference(tx: Tx, texts: TicketTexts) -> str | None:
    """What is wrong with the ticket's rows."""
    form, number = form_of(tx), texts.head.id
    first = place_of(number)
    rows = tx.all(
        f"SELECT place, {form.read}, pieces, words, most FROM ({current(form, OF_TICKET)}) rows ORDER BY place",
        first=first,
        last=first + MOST_ROWS - 1,
    )
    if not rows or rows[0]["place"] != first:
        return f"ticket {number} is not in the index"
    pieces = {each.name: each for each in texts.pieces()}
    names = Counter(name_of(*name) for row in rows for name in names_in(row["pieces"]))
    if too_many := [name for name, times in names.items() if times > 1 or name not in pieces]:
        return f"ticket {number} has in the index what it has not: {too_many[0]}"
    if len(names) < len(pieces) and len(rows) < MOST_ROWS:
        return f"ticket {number} lacks something in the index: {next(iter({*pieces} - {*names}))}"
    if not all(_is_right(form, texts, row, pieces) for row in rows):
        return f"ticket {number} has other words in the index than in its texts"
    return None


def _is_right(form: Form, texts: TicketTexts, row: Row, pieces: Mapping[str, NamedPiece]) -> bool:
    made = Made()
    for name in names_in(row["pieces"]):
        made.add(pieces[name_of(*name)])
    wanted = form.said(form.row(texts.head, made.pieces))
    return form.said(_values(row, form.read)) == wanted and (row["words"], row["most"]) == (made.words, made.most)


def _values(row: Row, columns: str) -> dict[str, Any]:
    names = [column.split()[-1] for column in columns.split(", ")]
    return {name: row[name] for name in names}


def check_names(database: Database) -> Iterator[str]:
    for table, what in _CALLED.items():
        after: int | None = -1
        while after is not None:
            found, after = database.read(lambda tx, after=after, table=table: _check_names(tx, table, after))  # type: ignore[misc]
            yield from (f"the name of {what} {each} is not in the index as it is" for each in found)


def _check_names(tx: Tx, table: Table, after: int) -> tuple[list[int], int | None]:
    form = form_of(tx)
    found = {place_of_name(table, each.id): each for each in next_names(tx, table, after)}
    places = msgspec.json.encode([*found]).decode()
    kept = {row["place"]: row for row in tx.all(_KEPT_NAMES.format(columns=form.read_name), ids=places)}
    wrong, last = [], None
    for place, named in found.items():
        row, last = kept.get(place), named.id
        wanted = form.said(form.name(name_words(named.name, named.customer_id)))
        if row is None or form.said(_values(row, form.read_name)) != wanted:
            wrong.append(named.id)
    return wrong, last


_KEPT_NAMES: Final = "SELECT place, {columns} FROM name_words WHERE place IN $json_ids"
_CALLED: Final[Mapping[Table, str]] = {"customers": "customer", "ecos": "ECO"}
