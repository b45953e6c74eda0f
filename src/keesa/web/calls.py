"""What an endpoint gets: one request, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from starlette.datastructures import Headers

from keesa.web.conditions import NO_CONDITIONS, Conditions, conditions_of
from keesa.web.idempotency import KeyedCall
from keesa.web.input.queries import Query

Q = TypeVar("Q")
B = TypeVar("B")


class Client(NamedTuple):
    """The other end of the connection, as far as proxies can be believed."""

    address: str
    secure: bool
    """Whether it speaks HTTPS, to us or to a proxy that we trust."""
    prefix: str
    """The path at which it finds the server, such as `/desk`; "" for the root of its host."""


@dataclass(slots=True, kw_only=True, eq=False)
class Call(Generic[Q, B]):
    """`Call[Query, Body]`: the structs of the query and of the body, None where the endpoint takes none."""

    at: int
    """Now, in milliseconds since 1970."""
    client: Client
    request_id: str
    headers: Headers
    raw_query: Query
    query: Q
    body: B
    converted: Mapping[str, Any]
    """By dotted path in the body: values that were converted before the transaction began."""
    method: str
    prepared: Any = None
    """What its route's `prepares` has made."""
    keyed: KeyedCall | None = None
    """Where it came with an `Idempotency-Key`."""
    is_part: bool = False
    """Whether the answer is a part of a longer one: a page of a whole list. What the client knows is not of that."""

    @property
    def conditions(self) -> Conditions:
        """What the client knows of what it asks about, or is about to change."""
        if self.is_part:
            return NO_CONDITIONS
        return conditions_of(self.headers, reads=self.method in ("GET", "HEAD"))
