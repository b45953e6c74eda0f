"""Lists that are paged by a cursor: what their queries have in common, and the way to the next page."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from msgspec import Meta, Struct

from keesa.api import PREFIX
from keesa.api.calls import Call
from keesa.api.list_queries import LARGEST_LIMIT, Limit
from keesa.web.cursors import LONGEST

DEFAULT_LIMIT: Final = 20
After = Annotated[
    str,
    Meta(
        description="The page behind this cursor: `next` of the page before", extra_json_schema={"maxLength": LONGEST}
    ),
]
Next = Annotated[str | None, Meta(description="The `after` of the next page; null where there is none")]


class CursorQuery(Struct, frozen=True, kw_only=True):
    limit: Limit = DEFAULT_LIMIT
    after: After | None = None

    @property
    def page_size(self) -> int:
        return min(self.limit, LARGEST_LIMIT)


def next_link(call: Call[Any, Any], path: str, cursor: str | None) -> list[tuple[str, str]]:
    """The `Link` header (RFC 8288) of a list at `path` below the API's; none where no page follows."""
    if cursor is None:
        return []
    query = urlencode({**call.raw_query, "after": cursor})
    return [("Link", f'<{call.client.prefix}{PREFIX}{path}?{query}>; rel="next"')]
