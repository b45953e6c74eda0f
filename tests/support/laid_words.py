"""Rows of words in the database as `plain_search` has them, and what the database finds in them."""

from collections.abc import Sequence

from keesa.db import Tx
from keesa.search.language import read_query
from keesa.search.matching import Match, match_of
from keesa.search.names import MOST_NAMES
from keesa.words.index import write_rows
from keesa.words.names import keep_customer_name, keep_eco_name
from keesa.words.pieces import Head, pieces_of
from keesa.words.rows import NOTES, Row, named
from plain_search import Asked, PlainDesk, PlainName, PlainRow, PlainTicket, Reader


def lay(tx: Tx, desk: PlainDesk) -> None:
    """In place of whatever rows there are."""
    tx.run("DELETE FROM ticket_words")
    tx.run("DELETE FROM pending_words")
    tx.run("DELETE FROM name_words")
    for ticket in desk.tickets:
        write_rows(tx, ticket.head, [_row(row) for row in ticket.rows])
    for name in desk.names:
        if name.of_eco:
            keep_eco_name(tx, name.id, name.name, name.customer_id)
        else:
            keep_customer_name(tx, name.id, name.name)


def _row(plain: PlainRow) -> Row:
    row = Row()
    for internal, texts in ((False, plain.said), (True, plain.internal)):
        for number, text in enumerate(texts):
            for piece in named(NOTES[internal], number, pieces_of(text)):
                row.add(piece)
    return row


def matched(tx: Tx, asked: Sequence[Asked], reader: Reader) -> Match:
    query = read_query(" ".join(one.typed for one in asked))
    return match_of(tx, query, internal=reader.customer_id is None, customer_id=reader.customer_id)


def places_of(tx: Tx, match: str) -> list[int]:
    if tx.writes_alone:
        sql = "SELECT rowid AS place FROM ticket_search WHERE ticket_search MATCH :match"
    else:
        sql = "SELECT place FROM ticket_words WHERE vector @@ CAST(:match AS tsquery)"
    return sorted(row["place"] for row in tx.all(sql, match=match))


# A few rows, told one by one


def laid(tx: Tx, tickets: Sequence[PlainTicket], *names: PlainName) -> None:
    lay(tx, PlainDesk(tickets, names, MOST_NAMES))


def ticket(number: int, customer_id: int, eco_id: int | None = None, said: str = "no link") -> PlainTicket:
    head = Head(number, "Fault", None, "Aisha", 7912345, None, customer_id, eco_id)
    return PlainTicket(head, [PlainRow([said], [])])


def customer(id_: int, name: str) -> PlainName:
    return PlainName(of_eco=False, id=id_, customer_id=id_, name=name)


def eco(id_: int, name: str, customer_id: int) -> PlainName:
    return PlainName(of_eco=True, id=id_, customer_id=customer_id, name=name)
