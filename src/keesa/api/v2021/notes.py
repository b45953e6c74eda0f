"""The note endpoints of 2021."""

from keesa.api.calls import Call
from keesa.api.list_queries import NotesQuery, notes_page
from keesa.api.v2021 import answers, rendering, requests
from keesa.db import Tx
from keesa.notes.notes import add_note, list_notes
from keesa.tickets.finding import find_ticket
from keesa.tickets.numbers import parse_number
from keesa.web.replies import Reply


def create(tx: Tx, call: Call[None, requests.AddNote]) -> Reply[answers.AddedNoteAnswer]:
    """Whoever sees a ticket may add a note to it, closed ones too. The answer shows the note as it is kept."""
    number = parse_number(str(call.body.ticket_number))
    condition = call.condition(tx, "2021")
    comment = add_note(tx, call.actor, number, call.rich_text, call.at, call.services.reopening, condition)
    return condition.reply(answers.AddedNoteAnswer(answers.AddedNote(str(number), comment)))


def ticket_of(added: answers.AddedNoteAnswer) -> list[int]:
    """That of the answer to `create`."""
    return [int(added.success.ticket_number)]


def index(tx: Tx, call: Call[NotesQuery, requests.TicketNotes]) -> Reply[answers.NotesAnswer]:
    """A ticket's notes, oldest first; all of them without `limit`. The number may stand in the query or in the body."""
    found = find_ticket(tx, call.actor, parse_number(str(call.body.ticket_number)))
    etag = call.etag_of_tickets([found], "notes of 2021", call.query)

    def notes() -> answers.NotesAnswer:
        page = notes_page(call.query)
        listed = [rendering.listed_note(note, call.services.clock) for note in list_notes(tx, found, page)]
        return answers.NotesAnswer(answers.Notes(len(listed), listed))

    form = answers.NotesAnswer, call.query
    return Reply(call.services.tickets.once(tx, form, call.caller.names_revision, found, notes), etag=etag)
