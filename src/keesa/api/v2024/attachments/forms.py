"""What the endpoints of pictures and of files share: what a form brings, the pages of a list, and a removal."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, next_link
from keesa.api.ticket_states import Condition
from keesa.attachments.attaching import attach
from keesa.attachments.listing import Attachment, page_of_attachments, read_some
from keesa.attachments.made import Given, Sent
from keesa.attachments.removing import lock_attachment, remove
from keesa.attachments.serving import Kind
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.tickets.numbers import parse_number
from keesa.web.cursors import cursor_of, position_of
from keesa.web.forms import Form
from keesa.web.input.unknown import unknown_words
from keesa.web.replies import Headers, Reply
from keesa.web.routes import Prepare

_Ids = Annotated[list[str], Meta(description="Ids of uploads of yours that have arrived whole; each is used up by it")]


class FilesToAdd(Struct, frozen=True):
    """What stands in the form beside its files."""

    note_id: Annotated[
        int | None, Meta(description="A note of just this ticket, on which they are to hang; on an internal one unseen")
    ] = None
    uploads: _Ids = []
    upload: Annotated[list[str], Meta(description="The same")] = []


BODY: Final = {"uploads": ["5b1f0c3e9a7d42868f0e6c1d2a3b4c5d"], "note_id": 31}
_KNOWN: Final = FilesToAdd.__struct_fields__


def given_in(form: Form, kind: Kind) -> Given:
    """Raises `Invalid`. Whatever a part with a file is called, the file is added."""
    faults = {**unknown_words(_KNOWN, form.fields)}
    note_ids = [text for text in form.fields.get("note_id", ()) if text]
    note_id = parse_number(note_ids[0]) if note_ids else None
    if len(note_ids) > 1 or (note_ids and note_id is None):
        faults["note_id"] = ["must be the id of one note"]
    if faults:
        raise Invalid(faults)
    uploads = [*form.fields.get("uploads", ()), *form.fields.get("upload", ())]
    files = [Sent(part.name, part.sum, part.size, part.file) for part in form.files]
    return Given(kind, files, uploads, note_id)


def prepare(tx: Tx, call: Call[None, Form], ticket: int | None, kind: Kind) -> Prepare:
    return call.services.receiving.prepare(tx, call.actor, ticket, given_in(call.body, kind), call.at)


def add(
    tx: Tx, call: Call[None, Form], ticket: int | None, kind: Kind
) -> tuple[list[Attachment], Condition[Any], Sequence[tuple[str, str]]]:
    """What was added, the state that it was asked to be added to, and the header that names a single one."""
    condition: Condition[Any] = call.condition(tx)
    services = call.services
    ids = attach(
        tx, call.actor, ticket, call.prepared, services.receiving.limits, call.at, services.reopening, condition
    )
    added = read_some(tx, call.actor, ticket or 0, kind, ids)
    location = [call.location(f"/tickets/{ticket}/{kind}s/{ids[0]}")] if len(ids) == 1 else []
    return added, condition, location


def page(
    tx: Tx, call: Call[CursorQuery, None], ticket: int | None, kind: Kind
) -> tuple[Sequence[Attachment], str | None, Headers]:
    """Those of the page that is asked for, the cursor of the next one, and the header that names it."""
    query, epoch = call.query, call.caller.epoch
    after = None if query.after is None else position_of(query.after, int, epoch)
    found = page_of_attachments(tx, call.actor, ticket, kind, query.page_size, after)
    cursor = None if found.next_after is None else cursor_of(found.next_after, epoch)
    return found.attachments, cursor, next_link(call, f"/tickets/{ticket}/{kind}s", cursor)


def destroy(tx: Tx, call: Call[None, None], ticket: int | None, kind: Kind, attachment_id: int | None) -> Reply[None]:
    """Remove it, from the state that the call names."""
    condition: Condition[Any] = call.condition(tx)
    remove(tx, call.actor, lock_attachment(tx, call.actor, ticket, kind, attachment_id, call.at, condition), call.at)
    return condition.reply(None)
