"""Keesa as two processes on one database: on PostgreSQL two nodes, on SQLite two workers.

Each node has a network of its own between it and the database, on which everything takes a time of chance.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from typing import Final

import cast
from database_proxy import DatabaseProxy
from live import LiveServer
from places import Place
from workers import connect, connections

ROUND_TRIP_MS: Final = 1.0
JITTER_MS: Final = 3.0
LONG_JITTER_MS: Final = 40.0
"""Longer than all else of a request, for what would be wrong for a moment alone."""


@contextmanager
def far(place: Place, jitter_ms: float = JITTER_MS) -> Iterator[Place]:
    """The same database by way of a network of chance; SQLite's as it is."""
    if place.url is None:
        yield place
        return
    with DatabaseProxy(place.url, round_trip_ms=ROUND_TRIP_MS, jitter_ms=jitter_ms) as proxy:
        yield replace(place, url=proxy.url)


@contextmanager
def two_nodes(place: Place, jitter_ms: float = JITTER_MS, **env: str) -> Iterator[Sequence[LiveServer]]:
    """On PostgreSQL two servers, on SQLite one of two workers; with these settings."""
    with ExitStack() as stack:
        if place.url is None:
            yield [stack.enter_context(LiveServer(place.data, None, "--workers", "2", **env))]
            return
        env = {"KEESA_SECRET": cast.SECRET, "KEESA_FILES": str(place.data / "files")} | env
        servers = []
        for name in ("one", "other"):
            data = place.data / name
            data.mkdir(mode=0o700)
            server = LiveServer(data, stack.enter_context(far(place, jitter_ms)).url, "--workers", "1", **env)
            stack.push(server)
            servers.append(server)
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(LiveServer.start, servers))
        yield servers


@contextmanager
def a_connection_each(servers: Sequence[LiveServer]) -> Iterator[tuple[HTTPConnection, HTTPConnection]]:
    """One to each of the two processes."""
    found = list(connections(servers[0]).values()) if len(servers) == 1 else [connect(server) for server in servers]
    one, other = found
    try:
        yield one, other
    finally:
        for connection in found:
            connection.close()
