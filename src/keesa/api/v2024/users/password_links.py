"""Links with which a user sets a password of their own."""

from typing import Annotated

from msgspec import Meta, Struct

from keesa.accounts.password_links import HOURS, MOST_HOURS, make_link
from keesa.accounts.permissions import USERS_WRITE, require_desk_in_session
from keesa.api.calls import Call
from keesa.api.password_page import link_to
from keesa.api.v2024.fields import Time
from keesa.api.v2024.users.shapes import UserPath
from keesa.db import Tx
from keesa.web.routes import Routes

ROUTES = Routes()


class LinkQuery(Struct, frozen=True):
    hours: Annotated[int, Meta(ge=1, lt=MOST_HOURS + 1, description="For which the link is good")] = HOURS


class PasswordLink(Struct):
    link: Annotated[str, Meta(description="The address of a page; it is shown this once")]
    expires_at: Annotated[Time, Meta(description="When it is no longer good")]


@ROUTES.add(
    "POST",
    "/users/{user}/password_link",
    status=201,
    summary="Make a link with which a user sets a password",
    permission=USERS_WRITE,
    guard=require_desk_in_session,
    errors={409: None},
    secret=True,
    example={
        "link": "https://desk.example/password?token=H4bM3wWlVZkq0nYw0x7yqv9mG1yTtB1z2u3v4w5x6y8",
        "expires_at": "2025-03-05T09:00:00.000+05:00",
    },
)
def create(tx: Tx, call: Call[LinkQuery, None], user: UserPath) -> PasswordLink:
    """Good once, for `hours` (24); a newer one makes it void, and so does disabling the user or you. Their password
    stays until it is used, which ends all their sessions. A program sets it by `POST /auth/password`.

    403 where they may do what you may not, and for an API token; 409 where they are disabled.
    """
    link = make_link(tx, call.by, user, call.query.hours)
    return PasswordLink(link_to(call.services.public_url, call, link.token), call.services.clock.iso(link.expires_at))
