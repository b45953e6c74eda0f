"""Ticket categories: what tickets are about, beside their product. Keesa's own addition to the 2024 document."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from keesa.accounts.permissions import REFERENCE_WRITE, TICKETS_READ, TICKETS_WRITE, require_desk
from keesa.api.calls import Call
from keesa.api.cursor_pages import Next
from keesa.api.v2024.keyed_lists import (
    KEY_SCHEMA,
    Entry,
    EntryPatch,
    EntryToAdd,
    ReferenceQuery,
    changes_of,
    page_of,
    shown,
)
from keesa.db import Tx
from keesa.directory import keyed_lists
from keesa.directory.keyed_lists import KeyedEntry, possible_key
from keesa.directory.reference import KeyedList
from keesa.web.endpoints import PathParameter
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

_TABLE: Final[KeyedList] = "ticket_categories"
CategoryPath = Annotated[
    str | None,
    PathParameter(possible_key, "Its key", {**KEY_SCHEMA, "examples": ["solar"]}, keyed_lists.NOT_FOUND[_TABLE]),
]

_EXAMPLE: Final = {"key": "solar", "name": "Solar", "position": 7, "retired": False}
_WRITTEN: Final = {"key": "solar", "name": "Solar"}


class Categories(Struct):
    categories: Annotated[list[Entry], Meta(description="The categories of this page")]
    next: Next


class CategoriesAnswer(Struct):
    data: Categories


@ROUTES.add(
    "GET",
    "/categories",
    summary="List the categories",
    kept=True,
    permission=TICKETS_READ,
    alternatives=(TICKETS_WRITE,),
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"categories": [_EXAMPLE], "next": None}},
)
def index(tx: Tx, call: Call[ReferenceQuery, None]) -> Reply[CategoriesAnswer]:
    """In the order of their positions: those that new tickets can have."""
    page = page_of(tx, call, _TABLE, "/categories")
    return call.whole(CategoriesAnswer(Categories(page.entries, page.cursor)), page.headers)


class OneCategory(Struct):
    category: Annotated[Entry, Meta(description="The category")]


class CategoryAnswer(Struct):
    data: OneCategory


def _answer(call: Call[Any, Any], entry: KeyedEntry) -> Reply[CategoryAnswer]:
    found = shown(entry)
    return Reply(CategoryAnswer(OneCategory(found)), etag=call.etag_of(found))


@ROUTES.add(
    "GET",
    "/categories/{category}",
    summary="Show a category",
    permission=TICKETS_READ,
    alternatives=(TICKETS_WRITE,),
    conditional=True,
    example={"data": {"category": _EXAMPLE}},
)
def show(tx: Tx, call: Call[None, None], category: CategoryPath) -> Reply[CategoryAnswer]:
    """A retired one too."""
    found = keyed_lists.find_entry(tx, _TABLE, category)
    call.conditions.require(call.etag_of(shown(found)))
    return _answer(call, found)


class AddCategory(Struct, frozen=True):
    category: Annotated[EntryToAdd, Meta(description="The new category")]


@ROUTES.add(
    "POST",
    "/categories",
    status=201,
    summary="Add a category",
    permission=REFERENCE_WRITE,
    guard=require_desk,
    headers=("ETag", "Location"),
    body_example={"category": _WRITTEN},
    example=_EXAMPLE,
)
def create(tx: Tx, call: Call[None, AddCategory]) -> Reply[Entry]:
    """It stands at the end of the list, and tickets can have it at once."""
    given = call.body.category
    added = shown(keyed_lists.add_key(tx, call.by, _TABLE, given.key, given.name))
    return Reply(added, [call.location(f"/categories/{added.key}")], etag=call.etag_of(added))


class ChangeCategory(Struct, frozen=True):
    category: Annotated[EntryPatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/categories/{category}",
    summary="Rename a category, or give it another place",
    permission=REFERENCE_WRITE,
    guard=require_desk,
    conditional=True,
    body_example={"category": {"position": 1}},
    example={"data": {"category": _EXAMPLE | {"position": 1}}},
)
def change(tx: Tx, call: Call[None, ChangeCategory], category: CategoryPath) -> Reply[CategoryAnswer]:
    """A field that is left out stays as it is; none may be null. Where it gets another `position`, those between move
    up. `retired` retires it, and brings it back. The default of a product and the last one in use do not retire.
    """
    call.conditions.require(call.etag_of(shown(keyed_lists.lock_entry(tx, _TABLE, category))))
    changes = changes_of(call.body.category)
    return _answer(call, keyed_lists.change_entry(tx, call.by, _TABLE, category, changes))


@ROUTES.add(
    "DELETE",
    "/categories/{category}",
    status=204,
    summary="Retire a category",
    permission=REFERENCE_WRITE,
    guard=require_desk,
    conditional=True,
    errors={422: None},
)
def retire(tx: Tx, call: Call[None, None], category: CategoryPath) -> None:
    """New tickets cannot have it, and lists leave it out; old tickets keep it, and are found by it. The default of a
    product and the last one in use are 422. A second time changes nothing. `PATCH` with `"retired": false` brings it
    back.
    """
    call.conditions.require(call.etag_of(shown(keyed_lists.lock_entry(tx, _TABLE, category))))
    keyed_lists.retire_entry(tx, call.by, _TABLE, category)
