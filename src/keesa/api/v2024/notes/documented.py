"""Adding a note and listing those of a ticket, as the 2024 document has it."""

from msgspec import Struct

from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE
from keesa.api.calls import Call
from keesa.api.list_queries import NotesQuery, notes_page
from keesa.api.rich_text import Html
from keesa.api.ticket_states import CHANGED_SINCE
from keesa.api.v2024.fields import Minute, TicketNumber
from keesa.clock import Clock
from keesa.db import Tx
from keesa.notes.notes import Note, add_note, list_notes
from keesa.tickets.finding import find_ticket
from keesa.tickets.numbers import parse_number
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()


class TicketNotes(Struct, frozen=True):
    ticket_number: TicketNumber


class ListedNote(Struct):
    id: int
    note: str
    user_name: str
    user_nick: str
    commented_on: Minute


class Notes(Struct):
    count: int
    notes: list[ListedNote]


class NotesAnswer(Struct):
    data: Notes


@ROUTES.add(
    "GET",
    "/tickets/get_ticket_notes",
    summary="List a ticket's notes, oldest first",
    documented=True,
    kept=True,
    permission=TICKETS_READ,
    conditional=True,
    body_example={"ticket_number": "2025017"},
    body_from_query={"ticket_number": ("ticket_number",)},
    errors={404: "Ticket not found"},
    example={
        "data": {
            "count": 1,
            "notes": [
                {
                    "id": 31,
                    "note": "Replaced the rectifier, watching the voltage",
                    "user_name": "Aishath Rasheed",
                    "user_nick": "Aishu",
                    "commented_on": "16:20 03/04/2025",
                }
            ],
        }
    },
)
def index(tx: Tx, call: Call[NotesQuery, TicketNotes]) -> Reply[NotesAnswer]:
    """A ticket's notes, oldest first; all of them without `limit`. The number may stand in the query or in the body."""
    found = find_ticket(tx, call.actor, parse_number(str(call.body.ticket_number)))
    etag = call.etag_of_tickets([found], "notes of 2024", call.query)

    def notes() -> NotesAnswer:
        page = notes_page(call.query)
        listed = [_listed(note, call.services.clock) for note in list_notes(tx, found, page)]
        return NotesAnswer(Notes(len(listed), listed))

    shown = call.services.tickets.once(tx, (NotesAnswer, call.query), call.caller.names_revision, found, notes)
    return Reply(shown, etag=etag)


def _listed(note: Note, clock: Clock) -> ListedNote:
    return ListedNote(
        id=note.id,
        note=note.body,
        user_name=note.author,
        user_nick=note.author_nick,
        commented_on=clock.minute(note.created_at),
    )


class NewNote(Struct, frozen=True):
    note: Html


class AddNote(Struct, frozen=True):
    ticket_note: NewNote
    ticket_number: TicketNumber


class AddedNote(Struct):
    ticket_number: str
    comment: str


class AddedNoteAnswer(Struct):
    success: AddedNote


@ROUTES.add(
    "POST",
    "/tickets/add_ticket_note",
    status=201,
    summary="Add a note to a ticket",
    documented=True,
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    body_example={"ticket_note": {"note": "Back on line"}, "ticket_number": "2025017"},
    errors={404: "Ticket not found"},
    shows=lambda added: [int(added.success.ticket_number)],
    example={"success": {"ticket_number": "2025017", "comment": "Back on line"}},
)
def create(tx: Tx, call: Call[None, AddNote]) -> Reply[AddedNoteAnswer]:
    """Whoever sees a ticket may add a note to it, closed ones too. The answer shows the note as it is kept."""
    number = parse_number(str(call.body.ticket_number))
    condition = call.condition(tx)
    comment = add_note(tx, call.actor, number, call.rich_text, call.at, call.services.reopening, condition)
    return condition.reply(AddedNoteAnswer(AddedNote(str(number), comment)))
