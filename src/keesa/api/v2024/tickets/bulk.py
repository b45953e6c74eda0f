"""One change of many tickets."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import TICKETS_WRITE, require_desk
from keesa.api.calls import Call
from keesa.api.v2024.errors import invalid_error
from keesa.api.v2024.fields import Priority, TicketNumber
from keesa.api.v2024.notes.listing import NoteToAdd
from keesa.api.v2024.tickets.changing import Assignment, StatusChange
from keesa.db import Tx
from keesa.directory.tags import find_tag
from keesa.errors import Faults, Invalid, KeesaError
from keesa.notes.mentions import names_for
from keesa.notes.notes import add_note_to
from keesa.rich_text.html import RichText
from keesa.tickets.assigning import assigning
from keesa.tickets.bulk import MOST, Change, Chosen, change_each, size_fault
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import LockedTicket
from keesa.tickets.numbers import parse_number
from keesa.tickets.status import change_status_of
from keesa.tickets.statuses import status_named
from keesa.tickets.tagging import tagging, take_tag_off
from keesa.web.conditions import is_known
from keesa.web.http_errors import describe
from keesa.web.input.fields import Id
from keesa.web.routes import Partial, Routes

ROUTES = Routes()

_NOTE: Final = "change.note.note"


class ChosenTicket(Struct, frozen=True):
    ticket_number: TicketNumber
    if_match: (
        Annotated[str, Meta(description="As the header `If-Match`: `ETag`s of the ticket", examples=['"1a2b3c"'])]
        | None
    ) = None


class Sorting(Struct, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    priority: Priority | UnsetType = UNSET
    category: str | UnsetType = UNSET
    ticket_type: str | UnsetType = UNSET
    product_id: Id | UnsetType = UNSET


class StatusOfMany(StatusChange, frozen=True):
    """As that of one ticket, but that it takes no further key."""


class TagOfMany(Struct, frozen=True):
    id: Annotated[Id, Meta(description="The tag's id")]


class ChangeOfMany(Struct, frozen=True):
    """Exactly one of them."""

    assign: Annotated[Assignment | None, Meta(description="As `POST /tickets/<id>/assign`")] = None
    status: Annotated[StatusOfMany | None, Meta(description="As `POST /tickets/<id>/status_update`")] = None
    note: Annotated[NoteToAdd | None, Meta(description="As `POST /tickets/<id>/notes`")] = None
    edit: Annotated[Sorting | None, Meta(description="As `PATCH /tickets/<id>`, what tickets are sorted by")] = None
    tag: Annotated[TagOfMany | None, Meta(description="As `POST /tickets/<id>/tags`")] = None
    untag: Annotated[TagOfMany | None, Meta(description="As `DELETE /tickets/<id>/tags/<id>`")] = None


class ChangeTickets(Struct, frozen=True):
    tickets: Annotated[list[ChosenTicket], Meta(min_length=1, max_length=MOST, description="Each at most once")]
    change: Annotated[ChangeOfMany, Meta(description="What becomes of each of them: one key")]


class BulkResult(Struct):
    ticket_number: Annotated[str, Meta(description="As it was asked for")]
    status: Annotated[int, Meta(description="What a call for this ticket alone would have been answered with")]
    error: Annotated[str | None, Meta(description="One sentence that a person can act on; null where it is changed")]
    errors: dict[str, list[str]] | None


class BulkResults(Struct):
    results: Annotated[list[BulkResult], Meta(description="A result for each ticket, in the order of the request")]
    changed: Annotated[int, Meta(description="How many are as the change wants them: those with 200")]
    failed: Annotated[int, Meta(description="How many are not, and stayed as they were")]


class BulkAnswer(Struct):
    data: BulkResults


_Call = Call[None, ChangeTickets]


def _assigning(tx: Tx, call: _Call, wanted: Assignment) -> Change:
    return assigning(tx, call.actor, wanted.assigned_to_id, call.at)


def _moving(tx: Tx, call: _Call, wanted: StatusOfMany) -> Change:
    def change(ticket: LockedTicket) -> None:
        days = wanted.closed_date, call.at, call.services.clock, wanted.held_until
        change_status_of(tx, call.actor, ticket, wanted.status, *days)

    return change


def _noting(tx: Tx, call: _Call, wanted: NoteToAdd) -> Change:
    known = names_for(tx, call.actor, call.rich_text)

    def change(ticket: LockedTicket) -> None:
        given = call.rich_text, call.at, call.services.reopening, known
        add_note_to(tx, call.actor, ticket, *given, internal=wanted.internal)

    return change


def _sorting(tx: Tx, call: _Call, wanted: Sorting) -> Change:
    changes = TicketChanges(
        priority=wanted.priority,
        category=wanted.category,
        ticket_type=wanted.ticket_type,
        product_id=wanted.product_id,
    )
    return lambda ticket: edit_ticket(tx, call.actor, ticket, changes, call.at)


def _tagging(tx: Tx, call: _Call, wanted: TagOfMany) -> Change:
    put: Change = tagging(tx, call.actor, wanted.id, call.at)
    return put


def _untagging(tx: Tx, call: _Call, wanted: TagOfMany) -> Change:
    tag = find_tag(tx, wanted.id)
    return lambda ticket: take_tag_off(tx, call.actor, ticket, tag.id, call.at)


CHANGES: Final[Mapping[str, Callable[[Tx, _Call, Any], Change]]] = {
    "assign": _assigning,
    "status": _moving,
    "note": _noting,
    "edit": _sorting,
    "tag": _tagging,
    "untag": _untagging,
}
"""By the key of `ChangeOfMany`: what is done to each ticket, which is held. Called once, before any of them is."""


def check_change(_: Tx, __: Actor, values: Partial, faults: Faults) -> Faults:
    """With what is wrong with the good part of a body that was read with faults."""
    return _faults(values, told=any(path.startswith("change") for path in faults)) | dict(faults)


def _faults(values: Partial, *, told: bool = False) -> dict[str, list[str]]:
    """What is wrong whichever tickets they are; `told`, whether something is known to be wrong with the change."""
    chosen, change = values.get("tickets", ()), values.get("change", {})
    numbers = [_known_number(each["ticket_number"]) if "ticket_number" in each else None for each in chosen]
    times = Counter(numbers)
    faults = {
        f"tickets.{place}.ticket_number": ["stands in the list more than once"]
        for place, number in enumerate(numbers)
        if number is not None and times[number] > 1
    }
    given = [name for name in CHANGES if change.get(name) is not None]
    if len(given) != 1 and not told:
        faults["change"] = [f"must have exactly one of {', '.join(CHANGES)}"]
    if "status" in given and "status" in change["status"]:
        try:
            status_named(change["status"]["status"])
        except Invalid as error:
            faults["change.status.status"] = list(error.faults["status"])
    if "status" in given and change["status"].get("close_children"):
        faults["change.status.close_children"] = ["is not possible for many tickets at once"]
    text = change["note"].get("note") if "note" in given else None
    if isinstance(text, RichText) and (fault := text.fault or size_fault(text.size, len(chosen))):
        faults[_NOTE] = [fault]
    return faults


def _known_number(written: str | int) -> int | str:
    """That of the ticket, or what was written where it can be no ticket's."""
    number = parse_number(str(written))
    return str(written) if number is None else number


@ROUTES.add(
    "POST",
    "/tickets/bulk",
    summary="Change many tickets at once",
    permission=TICKETS_WRITE,
    guard=require_desk,
    check=check_change,
    shows=lambda answer: [int(each.ticket_number) for each in answer.data.results if each.status == 200],
    body_example={
        "tickets": [{"ticket_number": "2025017"}, {"ticket_number": "2025018", "if_match": '"1a2b3c"'}],
        "change": {"assign": {"assigned_to_id": 7}},
    },
    example={
        "data": {
            "results": [
                {"ticket_number": "2025017", "status": 200, "error": None, "errors": None},
                {
                    "ticket_number": "2025018",
                    "status": 412,
                    "error": "This has changed since you read it: read it again, and decide anew",
                    "errors": None,
                },
            ],
            "changed": 1,
            "failed": 1,
        }
    },
)
def change(tx: Tx, call: _Call) -> BulkAnswer:
    """One change of 1 to 100 tickets, each by its own right, under its own condition and with its own entry in its
    history, as that many calls would make it. What one ticket refuses leaves the others changed: the answer is 200
    where all fail, too, and `results` says what became of each. Out of sight is 404 there as everywhere.

    What is wrong whichever tickets they are is 422 for the whole, and changes nothing: a ticket that is named twice,
    no change or two, an unknown status, `close_children`, a note that is empty, or too long for so many (1 MiB for all
    together).
    """
    body = call.body
    values = to_builtins(body)
    for text in call.converted.values():
        values["change"]["note"]["note"] = text
    if faults := _faults(values):
        raise Invalid(faults)
    [(name, wanted)] = [(name, given) for name in CHANGES if (given := getattr(body.change, name)) is not None]
    chosen = [
        Chosen(parse_number(str(each.ticket_number)), partial(_is_known, call, each.if_match)) for each in body.tickets
    ]
    refusals = change_each(tx, call.actor, chosen, CHANGES[name](tx, call, wanted))
    results = [_result(each, refusal) for each, refusal in zip(body.tickets, refusals, strict=True)]
    failed = sum(refusal is not None for refusal in refusals)
    return BulkAnswer(BulkResults(results, changed=len(results) - failed, failed=failed))


def _is_known(call: _Call, if_match: str | None, ticket: LockedTicket) -> bool:
    """Whether the ticket's `ETag` is one of those, as for the header `If-Match`."""
    return if_match is None or is_known(if_match, call.etag_held(ticket))


def _result(chosen: ChosenTicket, refusal: KeesaError | None) -> BulkResult:
    number = str(chosen.ticket_number)
    if refusal is None:
        return BulkResult(number, 200, None, None)
    described = describe(refusal)
    if not isinstance(refusal, Invalid):
        return BulkResult(number, described.status, described.sentence, None)
    told = invalid_error(refusal, ChangeTickets)
    return BulkResult(number, described.status, told.error, told.errors)
