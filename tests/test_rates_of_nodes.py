"""What several workers and nodes let in together of one user's requests: near to what is set, whoever is asked."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import cycle
from typing import Final

import pytest

import cast
from keesa.db import Database
from live import LiveServer
from nodes import far
from places import Place
from workers import connections

LIMIT: Final = 320
SPREADS: Final = ([1, 1, 1, 1], [9, 1, 1, 1], [1, 0, 0, 0], [30, 1, 0, 0])
"""Of so many requests, how many each worker gets, before it is its turn again."""


@dataclass
class Window:
    """What was let in while one window went on, as the answers told."""

    admitted: int
    is_whole: bool
    """Whether it did not end before everybody was refused."""


@pytest.fixture
def workers(place: Place) -> Iterator[Sequence[HTTPConnection]]:
    """A connection to each: on PostgreSQL to two workers of each of two nodes, on SQLite to two workers."""
    settings = {"KEESA_REQUESTS_PER_USER": str(LIMIT), "KEESA_SECRET": cast.SECRET}
    settings["KEESA_FILES"] = str(place.data / "files")
    with ExitStack() as stack:
        found: list[HTTPConnection] = []
        for name in ("one", "other") if place.url else ("",):
            data = place.data / name
            data.mkdir(mode=0o700, exist_ok=True)
            url = stack.enter_context(far(place)).url
            server = stack.enter_context(LiveServer(data, url, "--workers", "2", **settings))
            found += connections(server).values()
        yield found
        for connection in found:
            connection.close()


def ask(connection: HTTPConnection, token: str) -> tuple[bool, int]:
    """Whether it was let in, and how many seconds its window still has."""
    connection.request("GET", "/api/v1/me", headers={"Authorization": token})
    answer = connection.getresponse()
    answer.read()
    assert answer.status in (200, 429)
    return answer.status == 200, int(answer.headers["RateLimit"].rpartition("t=")[2])


def ask_until_all_refuse(among: Sequence[HTTPConnection], spread: Sequence[int], token: str) -> Window:
    """A window's end is seen by the seconds that are left, which grow."""
    turns = [connection for connection, share in zip(among, spread, strict=False) for _ in range(share)]
    admitted, refused, before = 0, Counter[HTTPConnection](), 60
    for connection in cycle(turns):
        is_let_in, seconds = ask(connection, token)
        if seconds > before + 5 and admitted > LIMIT // 2:
            return Window(admitted, is_whole=False)
        before = min(before, seconds)
        admitted += is_let_in
        refused[connection] += not is_let_in
        if all(refused[each] > 1 for each in turns):
            return Window(admitted, is_whole=True)
    raise AssertionError("nobody was asked")


def test_together_they_let_in_what_is_set(workers: Sequence[HTTPConnection], database: Database) -> None:
    """Within a fifth, however uneven the connections are."""
    people = iter(cast.CAST)  # each has windows of their own; one more than there are spreads
    for spread in SPREADS:
        found = ask_until_all_refuse(workers, spread, cast.token(database, next(people)))
        if not found.is_whole:
            found = ask_until_all_refuse(workers, spread, cast.token(database, next(people)))
        assert found.is_whole
        assert 0.8 * LIMIT <= found.admitted <= 1.2 * LIMIT, spread
