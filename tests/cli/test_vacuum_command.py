"""`keesa vacuum`: free pages go back to the disk while the desk runs."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from typer.testing import CliRunner

import cast
from command import keesa, options
from field_client import FieldClient
from keesa.cli import app_for
from keesa.db import Database, Tx, vacuum
from keesa.db.opening import SQLITE_FILE
from live import LiveServer
from places import Place
from unshrunk import PAGE, fill, free_pages
from waiting import wait_until

CLIENTS = 4
FREE = 3000


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_file_shrinks_under_writers(place: Place, database: Database) -> None:
    """Two workers go on meanwhile without a refusal; all that they have acknowledged is there, in a sound file."""
    fill(database, FREE)
    file, over, lost = place.data / SQLITE_FILE, Event(), Event()
    with LiveServer(place.data, None, "--workers", "2", KEESA_SECRET=cast.SECRET) as server:
        token = cast.token(database, cast.ADMIN)
        clients = [FieldClient(server.url, token, f"client {number}") for number in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as threads:
            for client in clients:
                threads.submit(client.work_until_lost, lost, over)
            try:
                wait_for_more(clients)
                before = file.stat().st_size
                done = keesa("vacuum", place=place)
                wait_for_more(clients)
                wait_until(lambda: file.stat().st_size < before - FREE // 2 * PAGE)
            finally:
                over.set()
    assert not lost.is_set()
    assert (done.status, done.err) == (0, "")
    assert " given back: the data file has " in done.out
    assert [client.acknowledged.refused for client in clients] == [[]] * CLIENTS
    tickets = {number: title for client in clients for number, title in client.acknowledged.tickets.items()}
    assert tickets.items() <= database.read(titles).items()
    assert database.read(lambda tx: tx.all("PRAGMA integrity_check")[0]["integrity_check"]) == "ok"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_ctrl_c_stops_it(place: Place, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two steps: it says that it may go on later, and what was given back is."""
    fill(database, 2 * vacuum.STEP_PAGES)
    free = database.read(free_pages)

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(vacuum, "STEP", 60.0)
    monkeypatch.setattr("keesa.db.vacuum.time.sleep", interrupt)
    done = CliRunner().invoke(app_for(["vacuum"]), ["vacuum", *options(place)])
    assert (done.exit_code, done.stdout) == (130, "stopped: what was given back is; run it again to go on\n")
    assert database.read(free_pages) == free - vacuum.STEP_PAGES


def wait_for_more(clients: list[FieldClient]) -> None:
    """Until each client has been told of something more than now."""
    enough = [len(client.acknowledged) + 2 for client in clients]
    wait_until(lambda: all(len(client.acknowledged) >= more for client, more in zip(clients, enough, strict=True)))


def titles(tx: Tx) -> dict[int, str]:
    return {row["id"]: row["title"] for row in tx.all("SELECT id, title FROM tickets")}


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_postgresql_does_it_by_itself(place: Place) -> None:
    """Whether its autovacuum is on is told, and nothing is done."""
    done = keesa("vacuum", place=place)
    assert (done.status, done.err) == (0, "")
    assert done.out == (
        "On PostgreSQL there is nothing to do: its autovacuum clears away by itself, while Keesa runs. It is on\n"
    )
