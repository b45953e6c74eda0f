"""Back-ups and snapshots that are made while many clients write."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

import pytest

import cast
from acknowledged import check_all_there, check_nothing_half_done
from desks import back_up, restore, snapshot
from field_client import Acknowledged, FieldClient
from live import LiveServer
from places import NewPlace, Place, opened
from soaking import times
from waiting import wait_until

CLIENTS: Final = 32
BACK_UPS: Final = times(3, 20)
SNAPSHOTS: Final = times(3, 60)
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
    now = [client.acknowledged for client in clients]
    return [  # each copied in one step, while they go on
        Acknowledged(dict(each.tickets), list(each.notes), list(each.statuses), list(each.refused)) for each in now
    ]


def test_a_back_up_under_32_writing_clients_has_all_that_was_acknowledged_before(
    place: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    """Restored elsewhere, it lacks nothing that they were told of before it began, has nothing twice and nothing half
    done; and they were refused nothing meanwhile.
    """
    made: list[tuple[Path, list[Acknowledged]]] = []
    with writing(place) as clients:
        for number in range(BACK_UPS):
            before = more_told(clients)
            made.append((back_up(place, tmp_path / "back-ups", f"keesa-{number}.keesa"), before))
    check_each(made, clients, new_place)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_so_has_a_snapshot(place: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """Again and again on one full back-up, which was made while they wrote too."""
    made: list[tuple[Path, list[Acknowledged]]] = []
    with writing(place) as clients:
        more_told(clients)
        base = back_up(place, tmp_path / "back-ups")
        for number in range(SNAPSHOTS):
            before = more_told(clients)
            made.append((snapshot(place, base, f"keesa-{number}.changes.keesa"), before))
    check_each(made, clients, new_place)


def more_told(clients: Sequence[FieldClient]) -> list[Acknowledged]:
    """What they were told, when it has become more."""
    known = sum(map(len, told(clients)))
    wait_until(lambda: sum(map(len, told(clients))) >= known + MORE)
    return told(clients)


def check_each(
    made: Sequence[tuple[Path, list[Acknowledged]]], clients: Sequence[FieldClient], new_place: NewPlace
) -> None:
    """Nobody was refused anything, and each of the files, restored, has what was acknowledged before it was begun."""
    assert [client.acknowledged.refused for client in clients if client.acknowledged.refused] == []
    for path, before in made:
        elsewhere = new_place()
        restore(path, elsewhere)
        with opened(elsewhere) as database:
            database.read(partial(check_all_there, told=before))
            database.read(check_nothing_half_done)
