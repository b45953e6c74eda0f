"""The query fields that lists share, and the page that they ask for."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from keesa.tickets.pages import Page

Limit = Annotated[int, Meta(ge=1, description="Objects a page; above 500 is taken as 500: 501 becomes 500")]
PageNumber = Annotated[int, Meta(ge=1, description="Counts from 1")]
Order = Annotated[Literal["asc", "desc"], Meta(title="Order", extra_json_schema={"type": "string"})]

LARGEST_LIMIT: Final = 500


class ListQuery(Struct, frozen=True, kw_only=True):
    limit: Limit | None = None
    page: PageNumber = 1
    order: Order = "desc"


class NotesQuery(Struct, frozen=True, kw_only=True):
    """Notes are always listed oldest first."""

    limit: Annotated[int, Meta(ge=1, description="Notes a page, all without it; above 500 is taken as 500")] | None = (
        None
    )
    page: PageNumber = 1


def notes_page(query: NotesQuery) -> Page:
    limit = None if query.limit is None else min(query.limit, LARGEST_LIMIT)
    return Page(query.page, limit, newest_first=False)


def page_of(query: ListQuery, default_limit: int | None) -> Page:
    """`default_limit` None: all of the list, where the query names no limit either."""
    limit = default_limit if query.limit is None else min(query.limit, LARGEST_LIMIT)
    return Page(query.page, limit, newest_first=query.order == "desc")
