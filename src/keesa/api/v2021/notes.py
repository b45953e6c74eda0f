"""The note endpoints of 2021."""

from keesa.api.http import Call
from keesa.api.v2021 import answers, rendering, requests
from keesa.db import Tx
from keesa.notes.notes import add_note, list_notes
from keesa.tickets.numbers import parse_number


def create(tx: Tx, call: Call[None, requests.AddNote]) -> answers.AddedNoteAnswer:
    number = parse_number(str(call.body.ticket_number))
    comment = add_note(tx, call.actor, number, call.body.ticket_note.note, call.at)
    return answers.AddedNoteAnswer(answers.AddedNote(str(number), comment))


def index(tx: Tx, call: Call[None, requests.TicketNotes]) -> answers.NotesAnswer:
    found = list_notes(tx, call.actor, parse_number(str(call.body.ticket_number)))
    notes = [rendering.listed_note(note, call.desk.clock) for note in found]
    return answers.NotesAnswer(answers.Notes(len(notes), notes))
