"""Many tickets with texts, notes, pictures and all that rows are asked for, and what a search finds of them in plain
Python.
"""

from collections.abc import Sequence
from random import Random
from typing import Final, Literal, get_args

from cast import ADMIN
from furnished_tickets import LATER, Furnished, furnish, plainly
from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.db import Tx
from keesa.search.finding import SearchSort
from keesa.search.names import MOST_NAMES
from keesa.tickets.row_filters import RowsWanted
from keesa.words.index import add_note, index_ticket, set_head, write_rows
from keesa.words.pieces import Head, pieces_of
from keesa.words.places import place_of, ticket_at
from keesa.words.rows import DESCRIPTION, NamedPiece, named, rows_of
from keesa.words.texts import texts_of
from many_tickets import FIRST, TICKETS
from plain_search import Asked, PlainDesk, PlainName, PlainRow, PlainTicket, Reader

Way = Literal["indexed", "anew", "added to", "another head", "new"]
WAYS: Final[Sequence[Way]] = get_args(Way)
WORDS: Final = ("signal", "router", "routed", "cable", "tower", "sw-12", "މާލެ", "網路", "battery", "link")
QUESTIONS: Final[Sequence[Sequence[Asked]]] = (
    [Asked("signal")],
    [Asked("rou", beginning=True)],
    [Asked("cable tower", quoted=True)],
    [Asked("signal"), Asked("tower")],
    [Asked("link"), Asked("battery", without=True)],
    [Asked("sw-12")],
    [Asked("މާލެ"), Asked("網路", without=True)],
    [Asked("harbour"), Asked("cable")],
    [Asked("1234")],
    [Asked(str(FIRST)[:5], beginning=True), Asked("signal")],
    [Asked("hidden")],
)
"""One of each kind; `hidden` stands in internal notes alone."""


def furnish_texts(tx: Tx) -> None:
    """In place of the words of the cast's tickets, too. Of many rows something is pending beside the index."""
    furnish(tx)
    lay_texts(tx)


def lay_texts(tx: Tx) -> None:
    """The same of tickets that are furnished."""
    dice = Random(5)  # noqa: S311 - dice, no secret
    for number in range(FIRST, FIRST + TICKETS):
        title, description = _text(dice, 3), _text(dice, 6)
        tx.run(
            "UPDATE tickets SET title = :title, description = :description WHERE id = :id",
            id=number,
            title=title,
            description=description,
        )
        _note(tx, dice, number)
    for (number,) in list(tx.each("SELECT id FROM tickets")):
        lay_words(tx, number, WAYS[number % len(WAYS)])


def lay_words(tx: Tx, number: int, way: Way) -> None:
    """As the ticket's texts are, by a way on which rows get there."""
    texts = texts_of(tx, [number])[number]
    pieces = [*texts.pieces()]
    description = [each.piece for each in pieces if each.kind == DESCRIPTION]
    stale = texts.head._replace(title="Stale battery", reference="signal")
    if way == "indexed":
        write_rows(tx, texts.head, rows_of(pieces))
    elif way == "another head":
        write_rows(tx, stale, rows_of(pieces))
        set_head(tx, texts.head)
    elif way == "added to":
        write_rows(tx, texts.head, rows_of(named(DESCRIPTION, None, description)))
        _add_notes(tx, pieces, number)
    else:
        if way == "anew":
            write_rows(tx, stale, rows_of(named(DESCRIPTION, None, pieces_of("hidden router"))))
        index_ticket(tx, texts.head, description)
        _add_notes(tx, pieces, number)


def _add_notes(tx: Tx, pieces: Sequence[NamedPiece], number: int) -> None:
    """None of them has more than one of a kind, in one piece."""
    for each in pieces:
        if each.kind != DESCRIPTION:
            add_note(tx, number, [each.piece], internal=each.internal)


def _text(dice: Random, most: int) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randint(1, most)))


def _note(tx: Tx, dice: Random, number: int) -> None:
    for table, words in (("ticket_notes", WORDS), ("internal_notes", (*WORDS, "hidden"))):
        if dice.random() < 0.5:
            tx.run(
                f"INSERT INTO {table} (ticket_id, author_id, body, created_at) VALUES (:id, :author, :body, :at)",
                id=number,
                author=ADMIN.id,
                body=f"<p>{' '.join(dice.choices(words, k=4))}</p>",
                at=LATER,
            )


# What is found


def plain_desk(tx: Tx) -> PlainDesk:
    """Of all tickets, whose rows hold all of their words."""

    def notes(table: str, number: int) -> list[str]:
        rows = tx.each(f"SELECT body FROM {table} WHERE ticket_id = :id AND withdrawn_at IS NULL", id=number)
        return [body.removeprefix("<p>").removesuffix("</p>") for (body,) in rows]

    columns = ", ".join(Head._fields)
    tickets = [
        PlainTicket(
            Head(*row[:-1]),
            [
                PlainRow(
                    [row[-1], *notes("ticket_notes", row[0])],
                    notes("internal_notes", row[0]),
                )
            ],
        )
        for row in list(tx.each(f"SELECT {columns}, description FROM tickets"))
    ]
    customers = tx.all("SELECT id, name FROM customers")
    ecos = tx.all("SELECT id, customer_id, name FROM ecos")
    names = [
        *(PlainName(of_eco=False, id=row["id"], customer_id=row["id"], name=row["name"]) for row in customers),
        *(PlainName(of_eco=True, id=row["id"], customer_id=row["customer_id"], name=row["name"]) for row in ecos),
    ]
    return PlainDesk(tickets, names, MOST_NAMES)


def found_plainly(
    desk: PlainDesk,
    tickets: list[Furnished],
    actor: Actor,
    wanted: RowsWanted,
    asked: Sequence[Asked],
    sort: SearchSort,
    *,
    descending: bool,
) -> list[int]:
    """The numbers of all that are found, in the order."""
    reader = Reader(None if sees_internal(actor) else actor.customer_id)
    hits = {ticket_at(place) for place in desk.find(asked, reader)}
    heads = {ticket_at(place) for place in desk.find(asked, reader, in_head=True)}
    fitting = [number for number in plainly(tickets, actor, wanted, "raised", descending=True) if number in hits]
    rows = {ticket.row["id"]: ticket.row for ticket in tickets}
    changed = "changed_at" if sees_internal(actor) else "public_changed_at"
    newest = sorted(fitting, key=place_of, reverse=True)
    match sort:
        case "best":
            return sorted(newest, key=lambda number: number not in heads)
        case "raised":
            return newest if descending else newest[::-1]
        case "changed":
            return sorted(newest, key=lambda number: rows[number][changed] * (-1 if descending else 1))
        case "priority":
            return sorted(newest, key=lambda number: rows[number]["priority"] * (1 if descending else -1))
