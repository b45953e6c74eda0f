"""A ticket's notes page by page, and adding one."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.list_queries import Order
from keesa.api.rich_text import Html
from keesa.api.ticket_states import CHANGED_SINCE
from keesa.api.v2024.notes.shown import EXAMPLE, ShownNote, shown
from keesa.api.vocabulary import TicketPath
from keesa.db import Tx
from keesa.errors import Faults
from keesa.notes.notes import make_note, require_internal
from keesa.notes.reading import Author, NotePosition, TicketNote, page_of_notes
from keesa.web.cursors import cursor_of, position_of
from keesa.web.replies import Reply
from keesa.web.routes import Partial, Routes

ROUTES = Routes()


class NotesOfTicketQuery(CursorQuery, frozen=True, kw_only=True):
    order: Order = "asc"


class NotesOfTicket(Struct):
    notes: Annotated[list[ShownNote], Meta(description="The notes of this page")]
    next: Next


class NotesOfTicketAnswer(Struct):
    data: NotesOfTicket


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/notes",
    summary="List a ticket's notes page by page",
    kept=True,
    permission=TICKETS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"notes": [EXAMPLE], "next": "WzE3NDEwODcyMDAwMDAsMzFd"}},
)
def index(tx: Tx, call: Call[NotesOfTicketQuery, None], ticket: TicketPath) -> Reply[NotesOfTicketAnswer]:
    """Oldest first unless `order` is `desc`, with those of the ticket's duplicates in place. Staff see internal notes
    too, and where one was withdrawn.
    """
    query, epoch = call.query, call.caller.epoch
    after = None if query.after is None else position_of(query.after, NotePosition, epoch)
    newest_first = query.order == "desc"
    page = page_of_notes(tx, call.actor, ticket, query.page_size, after, newest_first=newest_first)
    cursor = None if page.next_after is None else cursor_of(page.next_after, epoch)
    link = next_link(call, f"/tickets/{ticket}/notes", cursor)
    etag = call.etag_of_content("notes", page.notes, cursor, link)
    answer = NotesOfTicketAnswer(NotesOfTicket([shown(call, note) for note in page.notes], cursor))
    return Reply(answer, link, etag=etag)


class NoteToAdd(Struct, frozen=True):
    note: Annotated[
        Html,
        Meta(
            description="Text that may hold simple HTML; what is not harmless is taken out. 422 where nothing is left"
        ),
    ]
    internal: Annotated[bool, Meta(description="Whether it is for staff alone, for ever; 403 for customers")] = False


class AddNoteToTicket(Struct, frozen=True):
    note: Annotated[NoteToAdd, Meta(description="The new note")]


class MadeNote(ShownNote):
    mentioned: Annotated[
        list[int], Meta(description="The ids of the users whom it mentions by `@`, who watch the ticket from now on")
    ]


_MADE: Final = EXAMPLE | {"note": "Replaced the rectifier, @Ibbe please watch the voltage", "mentioned": [3]}


def check_new(_: Tx, actor: Actor, values: Partial, faults: Faults) -> Faults:
    """Who may write no internal notes is told so before what else is wrong; raises `Forbidden`."""
    if values.get("note", {}).get("internal"):
        require_internal(actor)
    return faults


@ROUTES.add(
    "POST",
    "/tickets/{ticket}/notes",
    status=201,
    summary="Add a note to a ticket, for all or for staff alone",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    check=check_new,
    headers=("Location",),
    body_example={"note": {"note": "Replaced the rectifier, @Ibbe please watch the voltage", "internal": False}},
    example=_MADE,
)
def create(tx: Tx, call: Call[None, AddNoteToTicket], ticket: TicketPath) -> Reply[MadeNote]:
    """Whoever sees a ticket may add a note to it, closed ones too. An internal one is seen by staff alone, and nothing
    of it by customers; it never becomes a public one.

    `@` with the nickname or the address of somebody on the desk mentions them, in a note of staff: who sees the ticket
    watches it from then on, at most 20 a note. Who does not see it is not mentioned.
    """
    actor = call.actor
    given = call.rich_text, call.at, call.services.reopening, call.condition(tx)
    made = make_note(tx, actor, ticket, *given, internal=call.body.note.internal)
    author = Author(actor.id, actor.full_name, actor.nick_name)
    note = shown(
        call, TicketNote(made.id, made.ticket_id, made.body, author, made.created_at, None, None, made.internal)
    )
    answer = MadeNote(**msgspec.structs.asdict(note), mentioned=[*made.mentioned])
    return Reply(answer, [call.location(f"/tickets/{made.ticket_id}/notes/{made.id}")], etag=call.etag_of(note))
