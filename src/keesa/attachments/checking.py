"""What is looked at before anything is made of what a call brings, for nothing is to be made in vain."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import Actor
from keesa.attachments.made import Given, Limits
from keesa.attachments.serving import Kind
from keesa.db import Tx
from keesa.errors import Invalid, NotFound, TooLarge
from keesa.notes.reading import TicketNote, read_note
from keesa.tickets.finding import find_ticket
from keesa.uploads.uploads import WholeUpload, find_whole, parse_id

NO_NOTE: Final = "is none of the ticket's notes"
NO_UPLOAD: Final = "is no upload of yours that has arrived whole and was not used yet"
NOTHING: Final = "must bring at least one"
EMPTY: Final = "must not be empty"
PLURALS: Final = {"image": "images", "file": "files"}


@dataclass(frozen=True, slots=True)
class Looked:
    stored: frozenset[str]
    """Sums, of what is sent, that the ticket's customer has stored already."""
    uploads: tuple[WholeUpload, ...]


def look(tx: Tx, actor: Actor, number: int | None, given: Given, limits: Limits, at: int) -> Looked:
    """Whether it might be attached now, and what is known of it. Raises `NotFound`, `Invalid` and `TooLarge`."""
    ticket_id, _ = find_ticket(tx, actor, number)
    if not given.count:
        raise Invalid({PLURALS[given.kind]: [NOTHING]})
    if given.count > limits.per_call:
        raise Invalid({PLURALS[given.kind]: [f"are too many: one call may bring {limits.per_call}"]})
    note = note_for(tx, actor, ticket_id, given.note_id)
    row = tx.all(_COUNTS, id=ticket_id)[0]
    kind = "internal_attachments" if note is not None and note.internal else "attachments"
    require_free(given.kind, given.count, (row[kind], row[f"main_{kind}"] or 0), limits)
    for sent in given.files:
        require_size(given.kind, sent.size, limits)
    uploads = tuple(_whole(tx, actor, each, given.kind, limits, at) for each in dict.fromkeys(given.uploads))
    if len(uploads) < len(given.uploads):
        raise Invalid({"uploads": ["are given twice"]})
    sums = [each.sum for each in given.files]
    return Looked(stored_of(tx, row["customer_id"], given.kind, sums), uploads)


def note_for(tx: Tx, actor: Actor, ticket_id: int, note_id: int | None) -> TicketNote | None:
    """The note of a ticket that the actor was found to see. Raises `Invalid` where it is none that can have anything
    attached.
    """
    if note_id is None:
        return None
    try:
        note = read_note(tx, actor, ticket_id, note_id)
    except NotFound as error:
        raise Invalid({"note_id": [NO_NOTE]}) from error
    if note.withdrawn_at is not None:
        raise Invalid({"note_id": ["was withdrawn"]})
    return note


def require_free(kind: Kind, more: int, counts: Iterable[int], limits: Limits) -> None:
    """Raise `Invalid` where one of the tickets that would show them, with so many already, cannot have more."""
    if any(count + more > limits.per_ticket for count in counts):
        fault = f"are too many: a ticket may have {limits.per_ticket} pictures and files, raise another ticket"
        raise Invalid({PLURALS[kind]: [fault]})


def require_size(kind: Kind, size: int, limits: Limits) -> None:
    if size > limits.size:
        what = "picture" if kind == "image" else "file"
        raise TooLarge(f"A {what} may have at most {limits.size} bytes")
    if not size:
        raise Invalid({PLURALS[kind]: [EMPTY]})


def stored_of(tx: Tx, customer_id: int, kind: Kind, sums: Collection[str]) -> frozenset[str]:
    """Those of the sums that the customer has stored; nobody else's are looked at."""
    if not sums:
        return frozenset()
    wanted = sorted({*sums})
    size = next(size for size in _SIZES if size >= len(wanted))
    given = {f"sum_{place}": wanted[min(place, len(wanted) - 1)] for place in range(size)}
    rows = tx.all(
        "SELECT sum FROM stored_files WHERE customer_id = :customer_id AND kind = :kind"
        f" AND sum IN ({', '.join(f':{name}' for name in given)})",
        customer_id=customer_id,
        kind=kind,
        **given,
    )
    return frozenset(row["sum"] for row in rows)


def _whole(tx: Tx, actor: Actor, upload_id: str, kind: Kind, limits: Limits, at: int) -> WholeUpload:
    """Raises `Invalid` where it is no whole one of the actor's, and what `require_size` does."""
    with uploads_told():
        upload = find_whole(tx, actor, parse_id(upload_id), at)
    require_size(kind, upload.length, limits)
    return upload


@contextmanager
def uploads_told() -> Iterator[None]:
    """What is none is a fault of the call that names it."""
    try:
        yield
    except NotFound as error:
        raise Invalid({"uploads": [NO_UPLOAD]}) from error


_SIZES: Final = (1, 4, 20, 100)
"""Sums of a statement, of which a call brings no more; one that is not needed is a repeated one."""
_COUNTS: Final = (
    "SELECT tickets.customer_id, tickets.attachments, tickets.internal_attachments,"
    " main.attachments AS main_attachments, main.internal_attachments AS main_internal_attachments"
    " FROM tickets LEFT JOIN tickets main ON main.id = tickets.duplicate_of_id WHERE tickets.id = :id"
)
