"""Many clients at once."""

from concurrent.futures import ThreadPoolExecutor

import cast
from field_client import FieldClient
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE
from keesa.db import Database
from live import LiveServer
from places import Place

CLIENTS = 32
EACH = 20


def test_32_clients_create_tickets_at_once(place: Place, database: Database) -> None:
    """Every ticket is acknowledged and there, and their numbers are unique and without a gap."""
    year = Clock(DEFAULT_ZONE).local(now()).year
    with LiveServer(place.data, place.url, "--workers", "2", KEESA_SECRET=cast.SECRET) as server:
        token = cast.token(database, cast.ADMIN)
        clients = [FieldClient(server.url, token, f"client {name}") for name in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as threads:
            for client in clients:
                threads.submit(client.raise_tickets, EACH)
    assert [client.acknowledged.refused for client in clients] == [[]] * CLIENTS
    acknowledged = {number: title for client in clients for number, title in client.acknowledged.tickets.items()}
    assert len(acknowledged) == CLIENTS * EACH
    assert sorted(int(str(number).removeprefix(str(year))) for number in acknowledged) == [
        *range(1, CLIENTS * EACH + 1)
    ]
    rows = database.read(lambda tx: tx.all("SELECT id, title FROM tickets WHERE title LIKE 'client %'"))
    assert {row["id"]: row["title"] for row in rows} == acknowledged
