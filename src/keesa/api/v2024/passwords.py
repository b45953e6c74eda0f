"""Setting a password with a link that somebody was given: what a program does in place of the page."""

from typing import Annotated

from msgspec import Meta, Struct

from keesa.accounts.password_links import BAD_LINK, UsedLink, use_link
from keesa.api.calls import Call
from keesa.db import Database
from keesa.web.routes import Access, Routes

ROUTES = Routes()


class SetPassword(Struct, frozen=True):
    token: Annotated[str, Meta(description="What the link has behind `token=`")]
    password: Annotated[str, Meta(description="The new password", extra_json_schema={"format": "password"})]


@ROUTES.add(
    "POST",
    "/auth/password",
    status=204,
    summary="Set a password with a link",
    access=Access.ANYONE,
    errors={401: BAD_LINK, 429: None},
    body_example={"token": "H4bM3wWlVZkq0nYw0x7yqv9mG1yTtB1z2u3v4w5x6y8", "password": "a long password"},
)
def set_password(database: Database, call: Call[None, SetPassword]) -> None:
    """Once: it ends all sessions of the user, who can then log in with the password. 401 for a link that is no longer
    good; 422 for what may be no password, such as one that is guessed early: the link stays good. Too many bad links
    from one address: 429.
    """
    given = call.body
    used = UsedLink(given.token, given.password, call.client.address, call.request_id)
    use_link(database, used, call.services.logins.limits, call.at, call.keep_nobodys)
