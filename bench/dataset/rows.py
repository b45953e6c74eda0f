"""All the rows of a data set, from its seed."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

from bench.dataset.desk import Desk
from bench.dataset.people import draw_customers, user_roles, users_for
from bench.dataset.tables import Rows

_CHUNK: Final = 10_000
"""Tickets that are made and written at once."""


class Found(NamedTuple):
    """What was in the database before."""

    roles: Mapping[str, int]
    products: Sequence[int]


def draw_rows(found: Found, tickets: int, seed: int) -> Iterator[Rows]:
    """Everything, in pieces small enough for the memory."""
    random = Random(seed)  # noqa: S311 - the same at each load, not a secret
    customers = draw_customers(random)
    users = users_for(customers)
    yield {"customers": sorted(customers), "users": users, "user_roles": user_roles(found.roles)}
    desk = Desk(random, customers, users, found.products, tickets)
    for first in range(0, tickets, _CHUNK):
        yield desk.chunk(range(first, min(first + _CHUNK, tickets)))
    yield desk.rest()
