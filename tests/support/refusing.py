"""Making a good request bad in one place, and what every refusal has."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from httpx2 import Response
from starlette.testclient import TestClient

import cast
from good_requests import Body, Good, with_cursor
from keesa.db import Database
from keesa.web.routes import Access
from logins import bearer, log_in, refresh_header

GONE: Final = object()
"""In place of a value: the field is left out."""


@dataclass(frozen=True)
class Sender:
    """Sends a good request as an admin with a session of their own; what is given takes the place of what is good."""

    client: TestClient
    database: Database
    good: Good
    signed_in: Mapping[str, str]

    def __call__(
        self,
        *,
        path: str | None = None,
        query: Mapping[str, str] | str | None = None,
        body: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Response:
        sent = {**self.signed_in, **(headers or {})}
        arguments: dict[str, Any] = {}
        if content is not None:
            sent = {"Content-Type": "application/json", **sent}
            arguments["content"] = content
        elif body is not None or self.good.body is not None:
            arguments["json"] = self.good.body if body is None else body
        arguments["headers"] = [
            (name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in sent.items()
        ]
        where = f"/api/v1{path or self.good.path}"
        if isinstance(query, str):
            return self.client.request(self.good.route.method, f"{where}?{query}", **arguments)
        asked = self.good.query if query is None else query
        return self.client.request(self.good.route.method, where, params=with_cursor(asked, self.database), **arguments)


def sender(client: TestClient, database: Database, good: Good) -> Sender:
    if "{session}" in good.route.path:
        cast.named_session(database, cast.ADMIN)
    match good.route.access:
        case Access.ANYONE:
            return Sender(client, database, good, {})
        case Access.REFRESH_TOKEN:
            return Sender(client, database, good, refresh_header(log_in(client, cast.ADMIN, good.version)["refresh"]))
        case _:
            return Sender(client, database, good, bearer(cast.token(database, cast.ADMIN, good.version)))


def replaced(body: Body | None, path: str, value: object = GONE) -> Body:
    """The body with another value at the dotted path, or without it."""
    changed = deepcopy(body or {})
    *parents, last = path.split(".")
    place = changed
    for parent in parents:
        place = place[parent]
    if value is GONE:
        place.pop(last, None)
    else:
        place[last] = value
    return changed


def refusal(answer: Response, *statuses: int) -> dict[str, Any]:
    """The body of an error with one of these statuses, told as every error is."""
    shown = f"{answer.status_code} {answer.text[:300]}"
    assert answer.status_code in statuses, shown
    assert answer.headers["Content-Type"] == "application/json", shown
    assert answer.headers["X-Request-Id"], shown
    error: dict[str, Any] = answer.json()
    assert isinstance(error["error"], str), shown
    assert error["error"], shown
    return error
