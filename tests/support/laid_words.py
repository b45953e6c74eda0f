"""Rows of words in the database as `plain_search` has them, and what the database finds in them."""

from collections.abc import Sequence

from keesa.db import Tx
from keesa.search.language import read_query
from keesa.search.matching import Match, match_of
from keesa.search.names import customer_mark, eco_mark
from keesa.words.splitting import BOUNDARY
from plain_search import Asked, Piece, PlainDesk, PlainName, PlainTicket, Reader, pieces_of

_LAY = """
    INSERT INTO ticket_words (place, head, said, internal, pieces, words, most)
    VALUES (:place, :head, :said, :internal, '[]', 0, 0)
"""
_LAY_VECTOR = """
    INSERT INTO ticket_words (place, vector, pieces, words, most) VALUES (:place, CAST(:vector AS tsvector), '[]', 0, 0)
"""


def lay(tx: Tx, desk: PlainDesk) -> None:
    """In place of whatever rows there are."""
    tx.run("DELETE FROM ticket_words")
    tx.run("DELETE FROM name_words")
    for ticket in desk.tickets:
        _lay_ticket(tx, ticket)
    for name in desk.names:
        _lay_name(tx, name)


def _lay_ticket(tx: Tx, ticket: PlainTicket) -> None:
    marks = [customer_mark(ticket.customer_id), *([eco_mark(ticket.eco_id)] if ticket.eco_id is not None else [])]
    head = [*_pieces(ticket.head), marks]
    said, internal = _pieces(ticket.said), _pieces(ticket.internal)
    if tx.writes_alone:
        tx.run(_LAY, place=ticket.place, head=_joined(head), said=_joined(said), internal=_joined(internal))
        return
    weighed = [(piece, weight) for pieces, weight in ((head, "A"), (said, "B"), (internal, "C")) for piece in pieces]
    tx.run(_LAY_VECTOR, place=ticket.place, vector=_vector(weighed))


def _lay_name(tx: Tx, name: PlainName) -> None:
    pieces = [*_pieces([name.name]), [customer_mark(name.customer_id)]]
    place = name.id * 2 + name.of_eco
    if tx.writes_alone:
        tx.run("INSERT INTO name_words (place, name) VALUES (:place, :name)", place=place, name=_joined(pieces))
        return
    vector = _vector([(piece, "") for piece in pieces])
    tx.run(
        "INSERT INTO name_words (place, vector) VALUES (:place, CAST(:vector AS tsvector))", place=place, vector=vector
    )


def _pieces(texts: Sequence[str]) -> list[Piece]:
    return [piece for text in texts for piece in pieces_of(text) if piece]


def _joined(pieces: Sequence[Piece]) -> str:
    return f" {BOUNDARY} ".join(map(" ".join, pieces))


def _vector(pieces: Sequence[tuple[Piece, str]]) -> str:
    """A place is left free between two pieces."""
    at = 0
    found = []
    for words, weight in pieces:
        for word in words:
            at += 1
            found.append(f"'{word}':{at}{weight}")
        at += 1
    return " ".join(found)


def matched(tx: Tx, asked: Sequence[Asked], reader: Reader) -> Match:
    query = read_query(" ".join(one.typed for one in asked))
    return match_of(tx, query, internal=reader.customer_id is None, customer_id=reader.customer_id)


def places_of(tx: Tx, match: str) -> list[int]:
    if tx.writes_alone:
        sql = "SELECT rowid AS place FROM ticket_search WHERE ticket_search MATCH :match"
    else:
        sql = "SELECT place FROM ticket_words WHERE vector @@ CAST(:match AS tsquery)"
    return sorted(row["place"] for row in tx.all(sql, match=match))
