"""Two nodes of one database, upgraded one after the other while clients write to both."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import pytest

import cast
import program_at
from acknowledged import check_all_there, check_nothing_half_done
from command import options
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import latest
from live import environment
from node_clients import Node, NodeClient, clients_at_work, wait_for_more
from places import Place

NEW: Final = latest() + 1
"""The schema of tomorrow's program: today's, which is the old one here, may run beside what it adds."""
OLD_PYTHON: Final = os.environ.get("KEESA_TEST_OLDER_PYTHON")
"""Of an older commit's own program, which today's is to take the place of."""


def program(version: int) -> Sequence[str]:
    return (sys.executable, program_at.__file__, str(version))


OLD, NEWER = ((OLD_PYTHON, "-m", "keesa"), program(latest())) if OLD_PYTHON else (program(latest()), program(NEW))


def version(tx: Tx) -> int:
    found: int = tx.value("SELECT max(version) AS value FROM schema_migrations")
    return found


@pytest.fixture
def older_place(empty_place: Place) -> Place:
    """With the cast, as the program of before has left it."""
    subprocess.run([*OLD, "migrate", *options(empty_place)], check=True, env=environment(), timeout=60)
    database = open_database(empty_place.data, empty_place.url)
    cast.fill(database)
    database.close()
    return empty_place


@pytest.fixture
def older_database(older_place: Place) -> Iterator[Database]:
    database = open_database(older_place.data, older_place.url)
    yield database
    database.close()


@pytest.fixture
def nodes(older_place: Place) -> Iterator[Sequence[Node]]:
    """On PostgreSQL each with a folder of its own; on SQLite two processes on one file."""
    made = []
    for name in ("one", "other"):
        data = older_place.data if older_place.url is None else older_place.data / name
        data.mkdir(mode=0o700, exist_ok=True)
        env = {"KEESA_SECRET": cast.SECRET, "KEESA_FILES": str(older_place.data / "files")}
        made.append(Node(data, older_place.url, **env))
    try:
        for node in made:
            node.start(OLD)
        yield made
    finally:
        for node in made:
            node.stop()


def test_clients_write_on_while_nodes_are_upgraded_one_by_one(nodes: Sequence[Node], older_database: Database) -> None:
    """The first new node migrates beside the old one: all that either has acknowledged is there once, and no client
    sees an error but of the node that is being replaced.
    """
    before = older_database.read(version)
    with clients_at_work(nodes, cast.token(older_database, cast.ADMIN)) as clients:
        wait_for_more(clients)
        for node in nodes:
            assert (older_database.read(version) == before) == (node is nodes[0])
            node.stop()
            wait_for_more([client for client in clients if client.node is not node])
            node.start(NEWER)
            assert older_database.read(version) > before
            wait_for_more(clients)
    check_errors(clients)
    told = [each for client in clients for each in client.told]
    older_database.read(partial(check_all_there, told=told))
    older_database.read(check_nothing_half_done)


def check_errors(clients: Sequence[NodeClient]) -> None:
    """None but a connection that ended, or 503, and that only of a node that was going."""
    assert [client.lost_without_cause for client in clients] == [0] * len(clients)
    for client in clients:
        *gone, last = client.told
        assert {status for each in gone for status, _ in each.refused} <= {503}
        assert last.refused == []
