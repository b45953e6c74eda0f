"""Tags: the desk's own words on tickets, and the list of them. Keesa's own addition to the 2024 document."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts.permissions import TAGS_WRITE, TICKETS_READ, TICKETS_WRITE, require_desk
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next, next_link
from keesa.api.ticket_states import CHANGED_SINCE
from keesa.api.v2024.keyed_lists import ReferenceQuery
from keesa.api.vocabulary import DIGITS, TicketPath
from keesa.db import Tx
from keesa.directory import tags
from keesa.directory.tags import TagChanges
from keesa.tickets import tagging
from keesa.tickets.finding import find_ticket
from keesa.tickets.numbers import parse_number
from keesa.web.cursors import cursor_of, position_of
from keesa.web.endpoints import PathParameter
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

TagPath = Annotated[
    int | None, PathParameter(parse_number, "The tag's id", {**DIGITS, "examples": ["3"]}, tags.NOT_FOUND)
]
Name = Annotated[str, Meta(description="The word itself, at most 255 characters; another in whatever case")]
Retired = Annotated[bool, Meta(description="Whether no further ticket can have it; those that have it keep it")]

_EXAMPLE: Final = {"id": 3, "name": "Storm damage", "retired": False}


class Tag(Struct):
    id: Annotated[int, Meta(description="The tag's id, which never changes")]
    name: Name
    retired: Retired


def _shown(tag: tags.Tag) -> Tag:
    return Tag(tag.id, tag.name, tag.retired)


# Those of a ticket


class TicketTags(Struct):
    tags: Annotated[list[Tag], Meta(description="The ticket's tags, at most 20")]


class TicketTagsAnswer(Struct):
    data: TicketTags


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/tags",
    summary="List the tags of a ticket",
    conditional=True,
    permission=TICKETS_READ,
    guard=require_desk,
    example={"data": {"tags": [_EXAMPLE]}},
)
def of_ticket(tx: Tx, call: Call[None, None], ticket: TicketPath) -> Reply[TicketTagsAnswer]:
    """In the order in which the tags were made, the retired ones too. Customers never see them."""
    found = tagging.tags_of(tx, find_ticket(tx, call.actor, ticket))
    etag = call.etag_of_content("tags of a ticket", found)
    return Reply(TicketTagsAnswer(TicketTags([_shown(tag) for tag in found])), etag=etag)


class TagToPut(Struct, frozen=True):
    id: Annotated[Id, Meta(description="The tag's id")]


class PutTag(Struct, frozen=True):
    tag: Annotated[TagToPut, Meta(description="The tag that the ticket is to have")]


@ROUTES.add(
    "POST",
    "/tickets/{ticket}/tags",
    status=201,
    summary="Put a tag on a ticket",
    conditional=True,
    outdated=CHANGED_SINCE,
    permission=TICKETS_WRITE,
    guard=require_desk,
    body_example={"tag": {"id": 3}},
    example=_EXAMPLE,
)
def put(tx: Tx, call: Call[None, PutTag], ticket: TicketPath) -> Reply[Tag]:
    """One of the list that is in use. What the ticket has already changes nothing."""
    condition = call.condition(tx)
    return condition.reply(_shown(tagging.put_tag(tx, call.actor, ticket, call.body.tag.id, call.at, condition)))


@ROUTES.add(
    "DELETE",
    "/tickets/{ticket}/tags/{tag}",
    status=204,
    summary="Take a tag off a ticket",
    conditional=True,
    outdated=CHANGED_SINCE,
    headers=("ETag",),
    permission=TICKETS_WRITE,
    guard=require_desk,
)
def take(tx: Tx, call: Call[None, None], ticket: TicketPath, tag: TagPath) -> Reply[None]:
    """A retired one too. What the ticket has not changes nothing."""
    condition = call.condition(tx)
    tagging.take_tag(tx, call.actor, ticket, tag, call.at, condition)
    return condition.reply(None)


# The list


class Tags(Struct):
    tags: Annotated[list[Tag], Meta(description="The tags of this page")]
    next: Next


class TagsAnswer(Struct):
    data: Tags


@ROUTES.add(
    "GET",
    "/tags",
    summary="List the tags",
    kept=True,
    permission=TICKETS_READ,
    guard=require_desk,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"tags": [_EXAMPLE], "next": None}},
)
def index(tx: Tx, call: Call[ReferenceQuery, None]) -> Reply[TagsAnswer]:
    """In the order in which they were made: those that tickets can have."""
    query, epoch = call.query, call.caller.epoch
    after = None if query.after is None else position_of(query.after, int, epoch)
    page = tags.list_tags(tx, query.page_size, after, with_retired=query.with_retired)
    cursor = None if page.next_after is None else cursor_of(page.next_after, epoch)
    return call.whole(TagsAnswer(Tags([_shown(tag) for tag in page.tags], cursor)), next_link(call, "/tags", cursor))


class OneTag(Struct):
    tag: Annotated[Tag, Meta(description="The tag")]


class TagAnswer(Struct):
    data: OneTag


def _answer(call: Call[Any, Any], tag: tags.Tag) -> Reply[TagAnswer]:
    found = _shown(tag)
    return Reply(TagAnswer(OneTag(found)), etag=call.etag_of(found))


@ROUTES.add(
    "GET",
    "/tags/{tag}",
    summary="Show a tag",
    permission=TICKETS_READ,
    guard=require_desk,
    conditional=True,
    example={"data": {"tag": _EXAMPLE}},
)
def show(tx: Tx, call: Call[None, None], tag: TagPath) -> Reply[TagAnswer]:
    """A retired one too."""
    found = tags.find_tag(tx, tag)
    call.conditions.require(call.etag_of(_shown(found)))
    return _answer(call, found)


class NewTag(Struct, frozen=True):
    name: Name


class AddTag(Struct, frozen=True):
    tag: Annotated[NewTag, Meta(description="The new tag")]


@ROUTES.add(
    "POST",
    "/tags",
    status=201,
    summary="Add a tag",
    permission=TAGS_WRITE,
    guard=require_desk,
    headers=("ETag", "Location"),
    body_example={"tag": {"name": "Storm damage"}},
    example=_EXAMPLE,
)
def create(tx: Tx, call: Call[None, AddTag]) -> Reply[Tag]:
    """Tickets can have it at once. A name is one tag's, in whatever case; at most 1,000 are in use."""
    added = _shown(tags.add_tag(tx, call.by, call.body.tag.name))
    return Reply(added, [call.location(f"/tags/{added.id}")], etag=call.etag_of(added))


class TagPatch(Struct, frozen=True):
    name: Name | UnsetType = UNSET
    retired: Retired | UnsetType = UNSET


class ChangeTag(Struct, frozen=True):
    tag: Annotated[TagPatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/tags/{tag}",
    summary="Rename a tag, or bring it back",
    permission=TAGS_WRITE,
    guard=require_desk,
    conditional=True,
    body_example={"tag": {"name": "Storm"}},
    example={"data": {"tag": _EXAMPLE | {"name": "Storm"}}},
)
def change(tx: Tx, call: Call[None, ChangeTag], tag: TagPath) -> Reply[TagAnswer]:
    """The tickets that have it show the new name. `retired` retires it, and brings it back."""
    call.conditions.require(call.etag_of(_shown(tags.lock_tag(tx, tag))))
    given = call.body.tag
    return _answer(call, tags.change_tag(tx, call.by, tag, TagChanges(name=given.name, retired=given.retired)))


@ROUTES.add(
    "DELETE",
    "/tags/{tag}",
    status=204,
    summary="Retire a tag",
    permission=TAGS_WRITE,
    guard=require_desk,
    conditional=True,
)
def retire(tx: Tx, call: Call[None, None], tag: TagPath) -> None:
    """No further ticket can have it, and the list leaves it out; those that have it keep it. A second time changes
    nothing. `PATCH` with `"retired": false` brings it back.
    """
    call.conditions.require(call.etag_of(_shown(tags.lock_tag(tx, tag))))
    tags.retire_tag(tx, call.by, tag)
