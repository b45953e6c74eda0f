"""The requests of the limits, for bench/wrk.py to send. Bodies are those that Keesa itself takes."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from bench.limits.memory import PATH
from bench.wrk import Request

Asker = Literal["admin", "engineer", "customer"]

_JSON: Final[Mapping[str, str]] = {"Content-Type": "application/json"}


def bare_list(asker: Asker, who: int | None = None, *, limit: int = 20) -> Request:
    """As `GET /tickets`; `who` is the engineer's user id, or the customer's id, and nobody for the admin."""
    path = f"/list/{asker}" if who is None else f"/list/{asker}/{who}"
    return Request("GET", f"{path}?limit={limit}")


def bare_one(tickets: Iterable[int]) -> list[Request]:
    return [Request("GET", f"/ticket/{ticket}") for ticket in tickets]


def bare_notes(tickets: Iterable[int]) -> list[Request]:
    return [Request("GET", f"/notes/{ticket}") for ticket in tickets]


def bare_create(user_id: int, bodies: Iterable[bytes]) -> list[Request]:
    """Each a commit of its own; a body names `customer_id`, and no contact."""
    return [Request("POST", f"/create/{user_id}", _JSON, body) for body in bodies]


def bare_note(user_id: int, bodies: Iterable[bytes]) -> list[Request]:
    """A body's `ticket_number` is a string."""
    return [Request("POST", f"/note/{user_id}", _JSON, body) for body in bodies]


def bare_status(user_id: int, changes: Iterable[tuple[int, bytes]]) -> list[Request]:
    """A ticket and the body of its change; a `closed_date` is a day."""
    return [Request("POST", f"/status/{user_id}/{ticket}", _JSON, body) for ticket, body in changes]


def memory_read(names: Iterable[str], token: str) -> list[Request]:
    return [Request("GET", f"{PATH}{name}", {"Authorization": f"Bearer {token}"}) for name in names]
