"""The permissions that roles give, and what each is for."""

from hashlib import blake2b
from operator import itemgetter
from typing import Annotated, Final

from msgspec import Meta, Struct

from keesa.accounts.permissions import ENFORCED, ROLES_READ, require_desk
from keesa.accounts.roles import KnownPermission, known_permissions
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.db import Tx
from keesa.web.cursors import cursor_of, position_of
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

_BEGINNING: Final = 12
"""Characters of a word."""
_EXAMPLE: Final = {"resource": "users", "action": "read", "meaning": "Look users up"}


class PermissionWord(Struct):
    resource: Annotated[str, Meta(description="What it is about")]
    action: Annotated[str, Meta(description="What may be done with it")]
    meaning: Annotated[str | None, Meta(description="What it is for; null for a word of other systems")]


class PermissionWords(Struct):
    permissions: Annotated[list[PermissionWord], Meta(description="The permissions of this page")]
    next: Next


class PermissionsAnswer(Struct):
    data: PermissionWords


@ROUTES.add(
    "GET",
    "/permissions",
    summary="List the permissions that roles may give",
    permission=ROLES_READ,
    guard=require_desk,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"permissions": [_EXAMPLE], "next": None}},
)
def index(tx: Tx, call: Call[CursorQuery, None]) -> Reply[PermissionsAnswer]:
    """All that Keesa itself asks for, with their meaning; then the words of other systems that a role gives."""
    query = call.query
    places = [(_place(number, known), known) for number, known in enumerate(known_permissions(tx))]
    found = sorted(places, key=itemgetter(0))
    if query.after is not None:
        last = position_of(query.after, tuple[int, str], call.caller.epoch)
        found = [each for each in found if each[0] > last]
    page = found[: query.page_size]
    cursor = cursor_of(page[-1][0], call.caller.epoch) if len(found) > len(page) else None
    words = [PermissionWord(*known.permission, known.meaning) for _, known in page]
    return call.whole(PermissionsAnswer(PermissionWords(words, cursor)), next_link(call, "/permissions", cursor))


def _place(number: int, known: KnownPermission) -> tuple[int, str]:
    """In the list: Keesa's own stay where they are; those of other systems, which come and go, stand behind them by the
    beginnings of their words, since whole ones are too long for a cursor.
    """
    if known.meaning is not None:
        return number, ""
    digest = blake2b(str(known.permission).encode(), digest_size=8).hexdigest()
    return len(ENFORCED), f"{known.permission.resource[:_BEGINNING]}:{known.permission.action[:_BEGINNING]}:{digest}"
