"""Many clients at once."""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import cast
from field_client import FieldClient
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE
from keesa.db import Database
from nodes import two_nodes
from places import Place

CLIENTS = 32
EACH = 20


def test_32_clients_create_tickets_at_once(place: Place, database: Database) -> None:
    """Of both nodes: every ticket is acknowledged and there, and their numbers are unique, on SQLite without a gap."""
    with two_nodes(place, KEESA_SECRET=cast.SECRET) as servers:
        token = cast.token(database, cast.ADMIN)
        clients = [
            FieldClient(server.url, token, f"client {name}")
            for name, server in zip(range(CLIENTS), cycle(servers), strict=False)
        ]
        with ThreadPoolExecutor(CLIENTS) as threads:
            for client in clients:
                threads.submit(client.raise_tickets, EACH)
    assert [client.acknowledged.refused for client in clients] == [[]] * CLIENTS
    acknowledged = {number: title for client in clients for number, title in client.acknowledged.tickets.items()}
    assert len(acknowledged) == CLIENTS * EACH
    if place.url is None:
        year = Clock(DEFAULT_ZONE).local(now()).year
        numbers = sorted(int(str(number).removeprefix(str(year))) for number in acknowledged)
        assert numbers == [*range(1, CLIENTS * EACH + 1)]
    rows = database.read(lambda tx: tx.all("SELECT id, title FROM tickets WHERE title LIKE 'client %'"))
    assert {row["id"]: row["title"] for row in rows} == acknowledged
