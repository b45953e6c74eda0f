"""Files of tickets: adding, listing, showing and removing them."""

from typing import Annotated

from msgspec import Meta, Struct

from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next
from keesa.api.ticket_states import CHANGED_SINCE
from keesa.api.v2024.attachments import forms
from keesa.api.v2024.attachments.forms import BODY, FilesToAdd
from keesa.api.v2024.attachments.shown import ADDED_FILE, FILE, AddedFile, ShownFile, added_file, shown_file
from keesa.api.vocabulary import DIGITS, TicketPath
from keesa.attachments.listing import NOT_FOUND, find_attachment
from keesa.attachments.storing import GONE
from keesa.db import Tx
from keesa.tickets.changing import FULL
from keesa.tickets.numbers import parse_number
from keesa.web.endpoints import PathParameter
from keesa.web.forms import Form
from keesa.web.replies import Reply
from keesa.web.routes import Prepare, Routes

ROUTES = Routes()

FilePath = Annotated[
    int | None, PathParameter(parse_number, "The file's id", {**DIGITS, "examples": ["12"]}, NOT_FOUND["file"])
]


class FilesOfTicket(Struct):
    files: Annotated[list[ShownFile], Meta(description="The files of this page")]
    next: Next


class FilesOfTicketAnswer(Struct):
    data: FilesOfTicket


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/files",
    summary="List a ticket's files",
    permission=TICKETS_READ,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"files": [FILE], "next": None}},
)
def index(tx: Tx, call: Call[CursorQuery, None], ticket: TicketPath) -> Reply[FilesOfTicketAnswer]:
    """In the order in which they were added, with those of the ticket's duplicates. Staff see those of internal notes
    too, and those of before the ticket was its customer's. Images are in a list of their own.

    An address serves whoever has it, without a token, until the second midnight (UTC) from now, for download alone.
    """
    found, cursor, link = forms.page(tx, call, ticket, "file")
    shown = [shown_file(call, each) for each in found]
    etag = call.etag_of_content("files", shown, cursor, link)
    return Reply(FilesOfTicketAnswer(FilesOfTicket(shown, cursor)), link, etag=etag)


class OneFile(Struct):
    file: Annotated[ShownFile, Meta(description="The file")]


class FileAnswer(Struct):
    data: OneFile


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/files/{file}",
    summary="Show a file of a ticket",
    permission=TICKETS_READ,
    conditional=True,
    example={"data": {"file": FILE}},
)
def show(tx: Tx, call: Call[None, None], ticket: TicketPath, file: FilePath) -> Reply[FileAnswer]:
    """What is known of it, with where its bytes are. To customers internal ones are 404."""
    found = shown_file(call, find_attachment(tx, call.actor, ticket, "file", file))
    return Reply(FileAnswer(OneFile(found)), etag=call.etag_of_content("file", found))


class AddedFiles(Struct):
    files: Annotated[list[AddedFile], Meta(description="Those that were added, uploads last")]


class AddedFilesAnswer(Struct):
    data: AddedFiles


def prepare(tx: Tx, call: Call[None, Form], ticket: TicketPath) -> Prepare:
    return forms.prepare(tx, call, ticket, "file")


@ROUTES.add(
    "POST",
    "/tickets/{ticket}/files",
    status=201,
    summary="Add files to a ticket, or to one of its notes",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    prepares=prepare,
    body_schema=FilesToAdd,
    file_part="files",
    headers=("Location",),
    body_example=BODY,
    errors={
        409: GONE,
        413: "A file may have at most 26214400 bytes",
    },
    example={"data": {"files": [ADDED_FILE]}},
)
def create(tx: Tx, call: Call[None, Form], ticket: TicketPath) -> Reply[AddedFilesAnswer]:
    """Whoever sees a ticket may, closed ones too: as `multipart/form-data`, each part with a file is one; or from
    uploads that were sent piece by piece. Any file, PDF, text, logs and configurations say, is kept as it is, for
    download alone; what it is, its content says. All are added, or none.

    What hangs on an internal note is seen by staff alone. A customer's file on a ticket on hold or closed waits for the
    desk as a note of theirs does.
    """
    added, condition, location = forms.add(tx, call, ticket, "file")
    return condition.reply(AddedFilesAnswer(AddedFiles([added_file(call, each) for each in added])), location)


@ROUTES.add(
    "DELETE",
    "/tickets/{ticket}/files/{file}",
    status=204,
    summary="Remove a file from a ticket",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    headers=("ETag",),
    errors={422: f"ticket {FULL}"},
)
def destroy(tx: Tx, call: Call[None, None], ticket: TicketPath, file: FilePath) -> Reply[None]:
    """Who added it may, for 15 minutes; administrators may at any time. It is gone from all that shows it, and its
    address serves it no more. One of a duplicate is removed by the duplicate's own path.
    """
    return forms.destroy(tx, call, ticket, "file", file)
