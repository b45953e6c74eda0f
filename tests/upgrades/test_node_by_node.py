"""Two nodes of one database, upgraded one after the other while clients write to both."""

import sys
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

import cast
import program_at
from acknowledged_writes import check_all_there, check_nothing_half_done
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import latest, migrations
from node_clients import Node, NodeClient, clients_at_work, wait_for_more
from older_schemas import migrate_before
from places import Place


def newest_beside() -> int:
    """The schema of the newest migration beside which the program before it may run: the real one, or one more."""
    newest = migrations("sqlite")[-1]
    return newest.version if newest.compatible is None or newest.compatible < newest.version else latest() + 1


NEW = newest_beside()
"""What the nodes are upgraded to; before, they are written for the schema of before."""


def program(version: int) -> Sequence[str]:
    return (sys.executable, program_at.__file__, str(version))


def version(tx: Tx) -> int:
    found: int = tx.value("SELECT max(version) AS value FROM schema_migrations")
    return found


@pytest.fixture
def older_place(empty_place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """With the cast, as the program of before has left it."""
    database = open_database(empty_place.data, empty_place.url)
    migrate_before(monkeypatch, database, NEW)
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
        made.append(Node(data, older_place.url, KEESA_SECRET=cast.SECRET))
    try:
        for node in made:
            node.start(program(NEW - 1))
        yield made
    finally:
        for node in made:
            node.stop()


def test_clients_write_on_while_nodes_are_upgraded_one_by_one(nodes: Sequence[Node], older_database: Database) -> None:
    """The first new node migrates beside the old one: all that either has acknowledged is there once, and no client
    sees an error but of the node that is being replaced.
    """
    with clients_at_work(nodes, cast.token(older_database, cast.ADMIN)) as clients:
        wait_for_more(clients)
        for node in nodes:
            staying = [client for client in clients if client.node is not node]
            assert older_database.read(version) == (NEW - 1 if node is nodes[0] else NEW)
            node.stop()
            wait_for_more(staying)
            node.start(program(NEW))
            assert older_database.read(version) == NEW
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
