"""A back-up that is made while many clients write."""

import copy
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

import cast
from acknowledged import check_all_there, check_nothing_half_done
from desks import back_up, restore
from field_client import Acknowledged, FieldClient
from live import LiveServer
from places import NewPlace, Place, opened
from waiting import wait_until

CLIENTS: Final = 32
BACK_UPS: Final = 20 if os.environ.get("KEESA_TEST_SOAK") else 3
MORE: Final = 64
"""Writes that are acknowledged between two back-ups."""


@contextmanager
def writing(place: Place) -> Iterator[Sequence[FieldClient]]:
    """Clients at work on a server of two workers, until the end."""
    with opened(place) as database:
        token = cast.token(database, cast.ADMIN)
    over = Event()
    with LiveServer(place.data, place.url, "--workers", "2", KEESA_SECRET=cast.SECRET) as server:
        clients = [FieldClient(server.url, token, f"round {number}") for number in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as threads:
            try:
                for client in clients:
                    threads.submit(client.work_until_lost, Event(), over)
                yield clients
            finally:
                over.set()


def told(clients: Sequence[FieldClient]) -> list[Acknowledged]:
    """Until now. Each is noted after its answer has come, so what is here was acknowledged before."""
    return [copy.deepcopy(client.acknowledged) for client in clients]


def test_a_back_up_under_32_writing_clients_has_all_that_was_acknowledged_before(
    place: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    """Restored elsewhere, it lacks nothing that they were told of before it began, has nothing twice and nothing half
    done; and they were refused nothing meanwhile.
    """
    made: list[tuple[Path, list[Acknowledged]]] = []
    with writing(place) as clients:
        for number in range(BACK_UPS):
            known = sum(map(len, told(clients)))
            wait_until(lambda known=known: sum(map(len, told(clients))) >= known + MORE)  # type: ignore[misc]
            before = told(clients)
            made.append((back_up(place, tmp_path / "back-ups", f"keesa-{number}.keesa"), before))
    assert [client.acknowledged.refused for client in clients if client.acknowledged.refused] == []
    for path, before in made:
        elsewhere = new_place()
        restore(path, elsewhere)
        with opened(elsewhere) as database:
            database.read(partial(check_all_there, told=before))
            database.read(check_nothing_half_done)
