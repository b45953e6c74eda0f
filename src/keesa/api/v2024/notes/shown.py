"""A note as 2024 shows it by itself."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from keesa.api.calls import Call
from keesa.api.v2024.fields import Time
from keesa.notes.reading import TicketNote

EXAMPLE: Final = {
    "id": 31,
    "ticket_number": "2025017",
    "note": "Replaced the rectifier, watching the voltage",
    "author": {"id": 2, "full_name": "Aishath Rasheed", "nick_name": "Aishu"},
    "internal": False,
    "created_at": "2025-03-04T16:20:00.000+05:00",
    "edited_at": None,
    "withdrawn_at": None,
}


class NoteAuthor(Struct):
    id: Annotated[int, Meta(description="The user's id")]
    full_name: Annotated[str, Meta(description="Their full name")]
    nick_name: Annotated[str, Meta(description="Their nickname")]


class ShownNote(Struct):
    id: Annotated[int, Meta(description="The note's id, which never changes")]
    ticket_number: Annotated[
        str | None,
        Meta(description="The ticket that it was written to: this one, or a duplicate of it; null of one out of sight"),
    ]
    note: Annotated[str, Meta(description="Text that may hold simple HTML; empty where it was withdrawn")]
    author: Annotated[NoteAuthor, Meta(description="Who wrote it")]
    internal: Annotated[bool, Meta(description="Whether customers never see it; false in all that they see")]
    created_at: Annotated[Time, Meta(description="When it was written")]
    edited_at: Annotated[Time | None, Meta(description="When its text was last changed; null while it never was")]
    withdrawn_at: Annotated[
        Time | None,
        Meta(description="When it was withdrawn, from when on customers see it no more; null while it is not"),
    ]


def shown(call: Call[Any, Any], note: TicketNote) -> ShownNote:
    iso = call.services.clock.iso
    return ShownNote(
        id=note.id,
        ticket_number=None if note.ticket_id is None else str(note.ticket_id),
        note=note.body,
        author=NoteAuthor(*note.author),
        internal=note.internal,
        created_at=iso(note.created_at),
        edited_at=None if note.edited_at is None else iso(note.edited_at),
        withdrawn_at=None if note.withdrawn_at is None else iso(note.withdrawn_at),
    )
