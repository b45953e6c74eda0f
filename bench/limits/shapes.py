"""The documented answers of 2024, made from rows as they come: Keesa's own are its clock and the names of the fields,
which are read once.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

import msgspec
from msgspec import Struct, defstruct

from bench.limits.given import struct_of_given
from keesa.api.v2024.notes.documented import ListedNote
from keesa.api.v2024.tickets import formats
from keesa.api.v2024.tickets.raising import RaisedTicket
from keesa.clock import Clock
from keesa.config import DEFAULT_ZONE
from keesa.tickets.statuses import group_of

Row = Sequence[Any]

CLOCK: Final = Clock(DEFAULT_ZONE)


def _plain(answer: type[Struct]) -> type[Struct]:
    """The same keys in a struct without anything else: what Keesa's own comes to cost is no part of the limit."""
    return defstruct(answer.__name__, [(name, Any) for name in answer.__struct_fields__])


class NewTicket(Struct):
    """The body of a create, as far as the bare function reads it."""

    ticket: struct_of_given()  # type: ignore[valid-type] # made at the import
    customer_id: int
    eco_id: int | None = None


class _NoteText(Struct):
    note: str


class NewNote(Struct):
    ticket_number: str
    ticket_note: _NoteText


class _StatusName(Struct):
    status: str
    closed_date: str | None = None


class NewStatus(Struct):
    ticket: _StatusName


STATUS_CHANGED: Final = b'{"message":"Ticket status changed successfully"}'

read_ticket: Final = msgspec.json.Decoder(NewTicket).decode
read_note: Final = msgspec.json.Decoder(NewNote).decode
read_status: Final = msgspec.json.Decoder(NewStatus).decode

_encode: Final = msgspec.json.Encoder().encode
_decode_notes: Final = msgspec.json.Decoder(list[tuple[str, int, str]]).decode
_decode_statuses: Final = msgspec.json.Decoder(list[tuple[int, str, int]]).decode
_decode_assignments: Final = msgspec.json.Decoder(list[tuple[str | None, str, int]]).decode

_Note: Final = _plain(formats.TicketNote)
_Status: Final = _plain(formats.TicketStatus)
_Assignment: Final = _plain(formats.TicketAssignment)
_Raised: Final = _plain(RaisedTicket)
_raised_fields: Final = itemgetter(*RaisedTicket.__struct_fields__)


def listed(rows: Sequence[Row]) -> bytes:
    return _encode({"data": {"tickets": [_listed(row) for row in rows]}})


def shown(row: Row) -> bytes:
    return _encode({"data": {"ticket": _detail(row)}})


def listed_notes(rows: Sequence[Row]) -> bytes:
    return _encode({"data": {"count": len(rows), "notes": [_listed_note(row) for row in rows]}})


def raised(given: Mapping[str, Any], full_name: str) -> bytes:
    """`given` is what the statement was given."""
    made = {
        "ticket_number": str(given["id"]),
        "status": "open",
        "raised_by_id": given["user_id"],
        "raised_by": full_name,
        "created_at": CLOCK.iso(given["at"]),
    }
    return _encode(_Raised(*_raised_fields({**given, **made})))


def added_note(new: NewNote) -> bytes:
    return _encode({"success": {"ticket_number": new.ticket_number, "comment": new.ticket_note.note}})


def _notes(text: str | None) -> list[Struct]:
    return [_Note(body, CLOCK.iso(at), author) for body, at, author in _decode_notes(text or "[]")]


def _statuses(text: str | None) -> list[Struct]:
    return [_Status(number, status, CLOCK.iso(at)) for number, status, at in _decode_statuses(text or "[]")]


def _assignments(text: str | None) -> list[Struct]:
    return [_Assignment(to, by, CLOCK.iso(at)) for to, by, at in _decode_assignments(text or "[]")]


_MADE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "ticket_number": str,
    "raised_on": CLOCK.iso,
    "image_urls": list,  # an empty one, of an empty text
    "closed_date": lambda day: CLOCK.midnight(day) if day else None,
    "ticket_notes": _notes,
    "ticket_statuses": _statuses,
    "ticket_assignments": _assignments,
    "group": group_of,
    "updated_at": CLOCK.iso,
    "commented_on": CLOCK.minute,
}
"""The fields that are not shown as the statement reads them."""


def _filling(answer: type[Struct]) -> Callable[[Row], Struct]:
    """From a row that has the answer's fields in their order."""
    shape = _plain(answer)
    made = [(place, _MADE[name]) for place, name in enumerate(answer.__struct_fields__) if name in _MADE]

    def fill(row: Row) -> Struct:
        values = [*row]
        for place, make in made:
            values[place] = make(values[place])
        return shape(*values)

    return fill


_listed: Final = _filling(formats.Ticket)
_detail: Final = _filling(formats.TicketDetail)
_listed_note: Final = _filling(ListedNote)
