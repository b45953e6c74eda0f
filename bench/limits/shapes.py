"""The documented answers of 2024, made from rows as they come: nothing here is Keesa's own but its clock."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from keesa.clock import Clock
from keesa.config import DEFAULT_ZONE

Row = Sequence[Any]

CLOCK: Final = Clock(DEFAULT_ZONE)


class _Note(Struct):
    comment: str
    added_on: str
    commented_by: str


class _Status(Struct):
    id: int
    status: str
    created_at: str


class _Assignment(Struct):
    assigned_to: str | None
    assigned_by: str
    created_at: str


class _Ticket(Struct):
    id: int
    ticket_number: str
    title: str
    customer: str
    description: str
    status: str
    priority: int
    contact_number: int
    contact_name: str
    raised_on: str
    raised_by: str
    assigned_to: str | None
    ticket_type: str | None
    category: str | None
    image_urls: list[str]
    closed_date: str | None


class _Listed(_Ticket):
    ticket_notes: list[_Note]
    contact_phone: str


class _Detail(_Ticket):
    ticket_statuses: list[_Status]
    ticket_notes: list[_Note]
    ticket_assignments: list[_Assignment]
    contact_phone: str


class _ListedNote(Struct):
    id: int
    note: str
    user_name: str
    user_nick: str
    commented_on: str


class _Raised(Struct):
    id: int
    ticket_number: str
    title: str
    description: str
    status: str
    category: str
    ticket_type: str
    priority: int
    customer_id: int
    product_id: int
    raised_by_id: int
    raised_by: str
    created_at: str


class _NewTicket(Struct):
    title: str
    description: str
    category: str
    ticket_type: str
    product_id: int
    priority: int = 3
    reference: str | None = None


class NewTicket(Struct):
    """The body of a create, as far as the bare function reads it."""

    ticket: _NewTicket
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


def listed(rows: Sequence[Row]) -> bytes:
    tickets = [_Listed(*_fields(row, _notes(row[15]), _phone(row))) for row in rows]
    return _encode({"data": {"tickets": tickets}})


def shown(row: Row) -> bytes:
    iso = CLOCK.iso
    statuses = [_Status(number, status, iso(at)) for number, status, at in _decode_statuses(row[15] or "[]")]
    assignments = [_Assignment(to, by, iso(at)) for to, by, at in _decode_assignments(row[17] or "[]")]
    ticket = _Detail(*_fields(row, statuses, _notes(row[16]), assignments, _phone(row)))
    return _encode({"data": {"ticket": ticket}})


def listed_notes(rows: Sequence[Row]) -> bytes:
    notes = [_ListedNote(row[0], row[1], row[2], row[3], CLOCK.minute(row[4])) for row in rows]
    return _encode({"data": {"count": len(notes), "notes": notes}})


def raised(number: int, new: NewTicket, user_id: int, full_name: str, at: int) -> bytes:
    ticket = new.ticket
    return _encode(
        _Raised(
            number,
            str(number),
            ticket.title,
            ticket.description,
            "open",
            ticket.category,
            ticket.ticket_type,
            ticket.priority,
            new.customer_id,
            ticket.product_id,
            user_id,
            full_name,
            CLOCK.iso(at),
        )
    )


def added_note(new: NewNote) -> bytes:
    return _encode({"success": {"ticket_number": new.ticket_number, "comment": new.ticket_note.note}})


def _fields(row: Row, *more: Sequence[Struct] | str) -> tuple[Any, ...]:
    """The fields of `_Ticket`, from the statement's columns, and those that follow them."""
    closed_on = row[13]
    return (
        row[0],
        str(row[0]),
        *row[1:8],
        CLOCK.iso(row[8]),
        *row[9:13],
        [],
        CLOCK.midnight(closed_on) if closed_on else None,
        *more,
    )


def _phone(row: Row) -> str:
    return row[14] or str(row[6])


def _notes(text: str | None) -> list[_Note]:
    return [_Note(body, CLOCK.iso(at), author) for body, at, author in _decode_notes(text or "[]")]
