"""One note: showing, editing and withdrawing it."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE
from keesa.api.calls import Call
from keesa.api.rich_text import Html
from keesa.api.ticket_states import CHANGED_SINCE, refusal
from keesa.api.v2024.notes.shown import EXAMPLE, ShownNote, shown
from keesa.api.vocabulary import DIGITS, TicketPath
from keesa.db import Tx
from keesa.notes.changing import LockedNote, edit_note, lock_note, withdraw_note
from keesa.notes.reading import NOT_FOUND, TicketNote, find_note
from keesa.tickets.changing import FULL
from keesa.tickets.numbers import parse_number
from keesa.web.endpoints import PathParameter
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

NotePath = Annotated[
    int | None, PathParameter(parse_number, "The note's id", {**DIGITS, "examples": ["31"]}, NOT_FOUND)
]


class OneNote(Struct):
    note: Annotated[ShownNote, Meta(description="The note")]


class NoteAnswer(Struct):
    data: OneNote


def _answer(call: Call[Any, Any], note: TicketNote) -> Reply[NoteAnswer]:
    found = shown(call, note)
    return Reply(NoteAnswer(OneNote(found)), etag=call.etag_of(found))


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/notes/{note}",
    summary="Show a note",
    permission=TICKETS_READ,
    conditional=True,
    example={"data": {"note": EXAMPLE}},
)
def show(tx: Tx, call: Call[None, None], ticket: TicketPath, note: NotePath) -> Reply[NoteAnswer]:
    """One of the ticket, or of a duplicate of it. To customers internal notes and withdrawn ones are 404."""
    answer = _answer(call, find_note(tx, call.actor, ticket, note))
    call.conditions.require(answer.etag or "")
    return answer


def _require_known(tx: Tx, call: Call[Any, Any], locked: LockedNote) -> None:
    """`If-Match` may name the note's state, or the ticket's."""
    etag = call.etag_of(shown(call, locked.note))
    if not call.conditions.knows(etag) and not call.conditions.knows(call.etag_held(locked.ticket)):
        raise refusal(tx, call, locked.ticket, etag)


class NotePatch(Struct, frozen=True):
    note: Annotated[
        Html, Meta(description="The new text, which may hold simple HTML; what is not harmless is taken out")
    ]


class ChangeNote(Struct, frozen=True):
    note: Annotated[NotePatch, Meta(description="The change")]


@ROUTES.add(
    "PATCH",
    "/tickets/{ticket}/notes/{note}",
    summary="Edit a note",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    body_example={"note": {"note": "Replaced the rectifier"}},
    example={
        "data": {
            "note": EXAMPLE | {"note": "Replaced the rectifier", "edited_at": "2025-03-04T16:25:00.000+05:00"},
        }
    },
)
def edit(tx: Tx, call: Call[None, ChangeNote], ticket: TicketPath, note: NotePath) -> Reply[NoteAnswer]:
    """Who wrote it may, for 15 minutes; administrators may at any time. An internal note stays one, and a public one
    too. One that was withdrawn is 422. Whom the new text mentions is mentioned.
    """
    locked = lock_note(tx, call.actor, ticket, note, call.at, call.rich_text)
    _require_known(tx, call, locked)
    return _answer(call, edit_note(tx, call.actor, locked, call.rich_text, call.at))


@ROUTES.add(
    "DELETE",
    "/tickets/{ticket}/notes/{note}",
    status=204,
    summary="Withdraw a note",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    errors={422: f"ticket {FULL}"},
)
def withdraw(tx: Tx, call: Call[None, None], ticket: TicketPath, note: NotePath) -> None:
    """Who wrote it may, for 15 minutes; administrators may at any time. Customers see it no more; staff see that there
    was one, and its text in the ticket's history: 422 where that is full. It never comes back. A second time
    changes nothing.
    """
    locked = lock_note(tx, call.actor, ticket, note, call.at)
    _require_known(tx, call, locked)
    withdraw_note(tx, call.actor, locked, call.at)
