"""What a ticket was found by: a few excerpts of each, of what its reader may see and of nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.db import Pace, Row, Steps, Tx
from keesa.search.excerpts import Excerpt, excerpt_of
from keesa.search.language import Query, Term
from keesa.words.forms import form_of
from keesa.words.places import ticket_at
from keesa.words.plain import plain_text
from keesa.words.statements import GIVEN, current

Part = Literal["number", "title", "reference", "contact", "customer", "eco", "description", "note"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
MOST: Final = 3
"""Excerpts of a ticket."""
NOTES: Final = 20
"""Of a ticket that are looked through, the newest: those of the row of words in which it was found."""
LONGEST_TEXT: Final = 16_000
"""Characters of a description or a note that are looked through, from its beginning on."""
CHARACTERS: Final = 250_000
"""Of descriptions and notes that are looked through for a page."""


class Mark(NamedTuple):
    part: Part
    note_id: int | None
    text: list[str]
    """In parts: what stands before, what was found, what stands behind, and so on in turn."""


class _Text(NamedTuple):
    part: Part
    note_id: int | None
    text: str


class Texts:
    """Of the tickets of a page: what is looked through."""

    def __init__(self, tx: Tx, actor: Actor, places: Sequence[int]) -> None:
        """`places`: where they were found, by one whom they were found to be seen by. Asks for their own rows, and for
        what tells their notes: they travel with the next statement.
        """
        self._tx, self._actor, self._places = tx, actor, places
        self._heads = tx.soon(_HEADS, ids=_json([*map(ticket_at, places)]))
        rows = current(form_of(tx), GIVEN)
        self._pieces = tx.soon(f"SELECT place, pieces FROM ({rows}) rows", ids=_json(places))

    def marks(self, query: Query) -> Steps[list[list[Mark]]]:
        """Of each ticket, in their order."""
        heads = {row["id"]: row for row in self._heads()}
        notes = _notes_of(self._tx, self._actor, [_note_ids(row["pieces"]) for row in self._pieces()])
        left, marks = CHARACTERS, list[list[Mark]]()
        for number in map(ticket_at, self._places):
            yield Pace.SHORT
            some, left = _marked([*_texts_of(heads[number], self._actor), *notes.get(number, ())], query, left)
            marks.append(some)
        return marks


def _json(ids: Sequence[int]) -> str:
    return msgspec.json.encode(ids).decode()


_HEADS: Final = f"""
    SELECT tickets.id, tickets.title, tickets.reference, tickets.contact_name, tickets.contact_number,
        tickets.contact_phone, substr(tickets.description, 1, {LONGEST_TEXT}) AS description,
        customers.name AS customer, ecos.name AS eco, ecos.customer_id AS ecos_customer, tickets.customer_id
    FROM tickets JOIN customers ON customers.id = tickets.customer_id LEFT JOIN ecos ON ecos.id = tickets.eco_id
    WHERE tickets.id IN $json_ids
"""
_NOTES: Final = f"""
    SELECT id, ticket_id, created_at, substr(body, 1, {LONGEST_TEXT}) AS body FROM {{table}}
    WHERE id IN $json_ids AND withdrawn_at IS NULL
"""


def _texts_of(row: Row, actor: Actor) -> Iterator[_Text]:
    """What stands in a ticket's own row. An ECO that has become another customer's is nothing of its customer's."""
    yield _Text("number", None, str(row["id"]))
    yield _Text("title", None, row["title"])
    yield _Text("reference", None, row["reference"] or "")
    phone = row["contact_phone"] or str(row["contact_number"])
    yield _Text("contact", None, f"{row['contact_name']} {phone}")
    yield _Text("customer", None, row["customer"])
    if sees_internal(actor) or row["ecos_customer"] == row["customer_id"]:
        yield _Text("eco", None, row["eco"] or "")
    yield _Text("description", None, row["description"])


# Notes


def _note_ids(pieces: str) -> dict[str, list[int]]:
    """Of public and of internal ones, the newest first."""
    ids: dict[str, dict[int, None]] = {"n": {}, "i": {}}
    named: list[list[Any]] = msgspec.json.decode(pieces)
    for kind, *numbers in reversed(named):
        if kind in ids:
            ids[kind][numbers[0]] = None
    return {kind: [*some][:NOTES] for kind, some in ids.items()}


def _notes_of(tx: Tx, actor: Actor, ids: Sequence[Mapping[str, Sequence[int]]]) -> dict[int, list[_Text]]:
    """The notes of these rows of words, by ticket, the newest first."""
    kinds = {"n": "ticket_notes", **({"i": "internal_notes"} if sees_internal(actor) else {})}
    asked = [
        tx.soon(_NOTES.format(table=table), ids=_json(wanted))
        for kind, table in kinds.items()
        if (wanted := [note for of_row in ids for note in of_row.get(kind, ())])
    ]
    notes: dict[int, list[_Text]] = {}
    for row in sorted((row for rows in asked for row in rows()), key=lambda row: -int(row["created_at"])):
        notes.setdefault(row["ticket_id"], []).append(_Text("note", row["id"], row["body"]))
    return notes


# What of it is shown


def _marked(texts: Sequence[_Text], query: Query, left: int) -> tuple[list[Mark], int]:
    """Those first that show what none before has shown, and how many characters may be looked through then."""
    found: list[tuple[_Text, Excerpt]] = []
    missing = {*query.terms}
    for text in texts:
        if text.part in ("description", "note"):
            if left <= 0:
                break
            left -= len(text.text)
            excerpt = excerpt_of(plain_text(text.text), query)
        else:
            excerpt = excerpt_of(text.text, query)
        if excerpt is not None:
            found.append((text, excerpt))
            missing -= excerpt.terms
        if len(found) >= MOST and not missing:
            break
    return [Mark(text.part, text.note_id, excerpt.parts) for text, excerpt in _chosen(found)], left


def _chosen(found: Sequence[tuple[_Text, Excerpt]]) -> list[tuple[_Text, Excerpt]]:
    if len(found) <= MOST:
        return [*found]
    shown, first, others = set[Term](), list[int](), list[int]()
    for number, (_, excerpt) in enumerate(found):
        (others if excerpt.terms <= shown else first).append(number)
        shown |= excerpt.terms
    return [found[number] for number in sorted([*first, *others][:MOST])]
