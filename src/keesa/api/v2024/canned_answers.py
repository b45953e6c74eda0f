"""Canned answers: texts that the desk writes once. Keesa's own addition to the 2024 document."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts.permissions import CANNED_ANSWERS_WRITE, TICKETS_READ, require_desk
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.rich_text import HtmlWithPlaceholders
from keesa.api.vocabulary import DIGITS
from keesa.db import Steps, Tx
from keesa.directory import canned_answers
from keesa.directory.canned_answers import CannedAnswerChanges
from keesa.directory.pages import PageAfter
from keesa.rich_text.placeholders import PLACEHOLDERS
from keesa.tickets.numbers import parse_number
from keesa.tickets.placeholders import placeholder_values
from keesa.web.cursors import cursor_of, position_of
from keesa.web.endpoints import PathParameter
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

CannedAnswerPath = Annotated[
    int | None,
    PathParameter(parse_number, "The canned answer's id", {**DIGITS, "examples": ["7"]}, canned_answers.NOT_FOUND),
]
Name = Annotated[str, Meta(description="What the desk calls it, at most 255 characters")]
_WORDS: Final = ", ".join(f"`{{{{{name}}}}}`" for name in PLACEHOLDERS)
Text = Annotated[
    HtmlWithPlaceholders,
    Meta(
        description=f"Text that may hold simple HTML, and what a ticket fills in: {_WORDS}. What is not harmless is"
        " taken out; 422 where nothing is left, or {{…}} is another one"
    ),
]
Retired = Annotated[bool, Meta(description="Whether lists leave it out")]

_NAMED: Final = {"id": 7, "name": "Fault found", "retired": False}
_WRITTEN: Final = {"name": "Fault found", "text": "<p>Dear {{contact_name}}, {{title}} is mended.</p>"}
_EXAMPLE: Final = {"id": 7, **_WRITTEN, "retired": False}


class NamedAnswer(Struct):
    """A canned answer as lists have it: without its text."""

    id: Annotated[int, Meta(description="The canned answer's id, which never changes")]
    name: Name
    retired: Retired


class CannedAnswer(Struct):
    """A text that the desk writes once."""

    id: Annotated[int, Meta(description="The canned answer's id, which never changes")]
    name: Name
    text: Annotated[str, Meta(description="Text that may hold simple HTML: as it was written, or filled in")]
    retired: Retired


def _shown(answer: canned_answers.CannedAnswer) -> CannedAnswer:
    return CannedAnswer(answer.id, answer.name, answer.text, answer.retired)


class CannedAnswersQuery(CursorQuery, frozen=True, kw_only=True):
    with_retired: Annotated[bool, Meta(description="Whether those that are retired are listed too")] = False


class CannedAnswers(Struct):
    canned_answers: Annotated[
        list[NamedAnswer], Meta(description="The canned answers of this page, without their text")
    ]
    next: Next


class CannedAnswersAnswer(Struct):
    data: CannedAnswers


@ROUTES.add(
    "GET",
    "/canned_answers",
    summary="List the canned answers",
    permission=TICKETS_READ,
    guard=require_desk,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"canned_answers": [_NAMED], "next": "Nw"}},
)
def index(tx: Tx, call: Call[CannedAnswersQuery, None]) -> Steps[Reply[CannedAnswersAnswer]]:
    """Their names, in the order of their ids. The text of one is told by `GET /canned_answers/{canned_answer}`."""
    query, epoch = call.query, call.caller.epoch
    page = PageAfter(query.page_size, None if query.after is None else position_of(query.after, int, epoch))
    found = yield from canned_answers.list_answers(tx, page, with_retired=query.with_retired)
    cursor = None if found.next_after is None else cursor_of(found.next_after, epoch)
    named = [NamedAnswer(answer.id, answer.name, answer.retired) for answer in found.answers]
    return call.whole(CannedAnswersAnswer(CannedAnswers(named, cursor)), next_link(call, "/canned_answers", cursor))


class OneCannedAnswer(Struct):
    canned_answer: Annotated[CannedAnswer, Meta(description="The canned answer")]


class CannedAnswerAnswer(Struct):
    data: OneCannedAnswer


def _answer(call: Call[Any, Any], shown: CannedAnswer) -> Reply[CannedAnswerAnswer]:
    return Reply(CannedAnswerAnswer(OneCannedAnswer(shown)), etag=call.etag_of(shown))


class FillingQuery(Struct, frozen=True, kw_only=True):
    ticket: Annotated[Id, Meta(description="The number of the ticket that fills the text in")] | None = None


@ROUTES.add(
    "GET",
    "/canned_answers/{canned_answer}",
    summary="Show a canned answer, filled in for a ticket",
    permission=TICKETS_READ,
    guard=require_desk,
    conditional=True,
    example={"data": {"canned_answer": _EXAMPLE | {"text": "<p>Dear Ibrahim, Link is down is mended.</p>"}}},
)
def show(tx: Tx, call: Call[FillingQuery, None], canned_answer: CannedAnswerPath) -> Reply[CannedAnswerAnswer]:
    """A retired one too. With `ticket` its text is ready to be a note of that ticket: each placeholder has given way to
    what the ticket has there, or to nothing. Without, the text is as it was written. A ticket out of your sight is 404.
    """
    answer, ticket = canned_answers.find_answer_soon(tx, canned_answer), call.query.ticket
    values = None if ticket is None else placeholder_values(tx, call.actor, ticket, call.services.clock)
    found = _shown(answer() if values is None else canned_answers.filled_in(answer(), values))
    call.conditions.require(call.etag_of(found))
    return _answer(call, found)


class CannedAnswerToMake(Struct, frozen=True):
    name: Name
    text: Text


class MakeCannedAnswer(Struct, frozen=True):
    canned_answer: Annotated[CannedAnswerToMake, Meta(description="The new canned answer")]


@ROUTES.add(
    "POST",
    "/canned_answers",
    status=201,
    summary="Make a canned answer",
    permission=CANNED_ANSWERS_WRITE,
    guard=require_desk,
    headers=("ETag", "Location"),
    body_example={"canned_answer": _WRITTEN},
    example=_EXAMPLE,
)
def create(tx: Tx, call: Call[None, MakeCannedAnswer]) -> Reply[CannedAnswer]:
    """Its name is its own. The answer shows the text as it is kept. At most 1,000 are in use."""
    made = _shown(canned_answers.create_answer(tx, call.by, call.body.canned_answer.name, call.rich_text))
    return Reply(made, [call.location(f"/canned_answers/{made.id}")], etag=call.etag_of(made))


class CannedAnswerPatch(Struct, frozen=True):
    name: Name | UnsetType = UNSET
    text: Text | UnsetType = UNSET
    retired: Retired | UnsetType = UNSET


class ChangeCannedAnswer(Struct, frozen=True):
    canned_answer: Annotated[CannedAnswerPatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/canned_answers/{canned_answer}",
    summary="Change a canned answer",
    permission=CANNED_ANSWERS_WRITE,
    guard=require_desk,
    conditional=True,
    body_example={"canned_answer": {"name": "Mended"}},
    example={"data": {"canned_answer": _EXAMPLE | {"name": "Mended"}}},
)
def change(tx: Tx, call: Call[None, ChangeCannedAnswer], canned_answer: CannedAnswerPath) -> Reply[CannedAnswerAnswer]:
    """A field that is left out stays as it is; none may be null. `retired` retires it, and brings it back. The `ETag`
    is that of the text as it was written, not filled in.
    """
    call.conditions.require(call.etag_of(_shown(canned_answers.lock_answer(tx, canned_answer))))
    given = call.body.canned_answer
    changes = CannedAnswerChanges(name=given.name, text=call.rich_text_if_given, retired=given.retired)
    return _answer(call, _shown(canned_answers.change_answer(tx, call.by, canned_answer, changes)))


@ROUTES.add(
    "DELETE",
    "/canned_answers/{canned_answer}",
    status=204,
    summary="Retire a canned answer",
    permission=CANNED_ANSWERS_WRITE,
    guard=require_desk,
    conditional=True,
)
def retire(tx: Tx, call: Call[None, None], canned_answer: CannedAnswerPath) -> None:
    """Lists leave it out; its name stays its own. A second time changes nothing. `PATCH` with `"retired": false` brings
    it back.
    """
    call.conditions.require(call.etag_of(_shown(canned_answers.lock_answer(tx, canned_answer))))
    canned_answers.retire_answer(tx, call.by, canned_answer)
