"""docs/operations.md's lines for back-up and restore, run as they are printed, on both engines."""

import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx2 as httpx
import pytest

import cast
from command import keesa
from field_client import FieldClient
from keesa.db import Database, open_database
from keesa.db.opening import SQLITE_FILE
from keesa.secret_key import FILE
from live import LiveServer
from operations_document import BIN, run
from places import Place
from postgres_server import PostgresServer

CLIENTS: Final = 2
SOME: Final = 20
"""Writes that are acknowledged before and after a back-up."""
EXAMPLES: Final = {
    "sqlite": "/var/backups/keesa/keesa-20260102-030405.db",
    "postgres": "/var/backups/keesa/keesa-20260102-030405.dump",
}


class Operator:
    """Runs the document's lines, with this desk's names in the place of the document's."""

    def __init__(self, place: Place, back_ups: Path, postgres: PostgresServer | None) -> None:
        self.place = place
        self.back_ups = back_ups
        self._postgres = postgres
        self._engine = "postgres" if postgres else "sqlite"

    def back_up(self) -> Path:
        """The one file that it makes."""
        before = set(self.back_ups.iterdir())
        if self._postgres:
            self._run("back up PostgreSQL", {"/var/backups/keesa": str(self.back_ups)} | self._addresses("keesa"))
        else:
            self._run("back up SQLite", {"/opt/keesa/bin": str(BIN)} | self._folders())
        [made] = set(self.back_ups.iterdir()) - before
        return made

    def restore(self, back_up: Path) -> None:
        example = {EXAMPLES[self._engine]: str(back_up)}
        if not self._postgres:
            self._run("restore SQLite", example | {"/var/lib/keesa": str(self.place.data)})
            return
        name = str(self.place.url).rpartition("/")[2]
        names = {"TO keesa_old": f"TO {name}_old", "DATABASE keesa ": f"DATABASE {name} "}
        self._run("restore PostgreSQL", example | names | self._addresses("postgres") | self._addresses("keesa"))

    def back_up_the_key(self) -> None:
        self._run("back up the key", self._folders())

    def restore_the_key(self) -> None:
        self._run("restore the key", self._folders())

    def _folders(self) -> dict[str, str]:
        return {"/var/backups/keesa": str(self.back_ups), "/var/lib/keesa": str(self.place.data)}

    def _addresses(self, name: str) -> dict[str, str]:
        assert self._postgres
        ours = self.place.url if name == "keesa" else self._postgres.url(name)
        return {f"postgresql://keesa@db.example/{name}": str(ours)}

    def _run(self, title: str, replacements: Mapping[str, str]) -> None:
        folders = [*([str(self._postgres.binaries)] if self._postgres else []), os.environ["PATH"]]
        run(f"# {title}", replacements, os.pathsep.join(folders))


@pytest.fixture
def operator(place: Place, engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Operator]:
    """Of a desk with the cast; the database that a restore moved aside is gone afterwards."""
    postgres: PostgresServer | None = request.getfixturevalue("postgres") if engine == "postgres" else None
    (tmp_path / "back-ups").mkdir(mode=0o700)
    yield Operator(place, tmp_path / "back-ups", postgres)
    if postgres:
        postgres.drop_database(f"{str(place.url).rpartition('/')[2]}_old")


@contextmanager
def clients_at_work(server: LiveServer, token: str) -> Iterator[Sequence[FieldClient]]:
    """Until the server goes away, as it must before the end."""
    clients = [FieldClient(server.url, token, f"client {number}") for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as threads:
        for client in clients:
            threads.submit(client.work_until_lost, threading.Event())
        yield clients


def wait_for_more(clients: Sequence[FieldClient]) -> list[str]:
    """The last title of each client, once each has been told of some more tickets."""
    known = [len(client.acknowledged.tickets) for client in clients]
    deadline = time.monotonic() + 60
    while any(len(client.acknowledged.tickets) < count + SOME for client, count in zip(clients, known, strict=True)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return [list(client.acknowledged.tickets.values())[-1] for client in clients]


@contextmanager
def modes_of_files(folder: Path) -> Iterator[set[int]]:
    """Every mode that a file there has at any time."""
    seen: set[int] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for path in os.scandir(folder):
                try:
                    seen.add(stat.S_IMODE(path.stat().st_mode))
                except FileNotFoundError:
                    continue  # it has got its name

    with ThreadPoolExecutor(1) as threads:
        threads.submit(look)
        try:
            yield seen
        finally:
            over.set()


def titles(place: Place) -> set[str]:
    database: Database = open_database(place.data, place.url)
    try:
        return {row["title"] for row in database.read(lambda tx: tx.all("SELECT title FROM tickets"))}
    finally:
        database.close()


def login(server: LiveServer) -> str:
    who = {"user": cast.ADMIN.email, "password": cast.PASSWORD}
    token: str = httpx.post(f"{server.url}/api/v1/auth/login", json=who, trust_env=False).json()["access"]
    return token


def test_back_up_and_restore_as_documented(operator: Operator) -> None:
    """Under writes a file is made that only its owner may ever read; after a crash and a restore all that was there
    before the back-up is there again, sessions too, and nothing newer.
    """
    place = operator.place
    server = LiveServer(place.data, place.url, "--workers", "2")
    server.start()
    token = login(server)
    with clients_at_work(server, token) as clients:
        try:
            older = wait_for_more(clients)
            with modes_of_files(operator.back_ups) as modes:
                back_up = operator.back_up()
                operator.back_up_the_key()
            newer = wait_for_more(clients)
        finally:
            server.kill()
    assert modes == {0o600}
    assert {*older, *newer} <= titles_of_a_crash(place)
    (place.data / FILE).unlink()

    operator.restore(back_up)
    operator.restore_the_key()
    checked = keesa("check", place=place)
    assert (checked.status, checked.err) == (0, "")
    restored = titles(place)
    assert set(older) <= restored
    assert not set(newer) & restored
    with LiveServer(place.data, place.url) as again:
        answer = httpx.get(f"{again.url}/api/v1/tickets", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        assert answer.status_code == 200
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in place.data.rglob("keesa.db*")} <= {0}


def titles_of_a_crash(place: Place) -> set[str]:
    """What is there, without a change of what the crash has left."""
    if place.url:
        return titles(place)
    copy = Place(place.data.with_name("copy-of-a-crash"), None)
    shutil.copytree(place.data, copy.data)
    return titles(copy)


def test_a_back_up_that_was_only_copied_over_is_refused(new_empty_desk: Place, tmp_path: Path) -> None:
    """By `check`, by `serve` and by every other command, while the log of a crash lies there."""
    (tmp_path / "back-ups").mkdir()
    back_up = Operator(new_empty_desk, tmp_path / "back-ups", None).back_up()
    server = LiveServer(new_empty_desk.data, None)
    server.start()
    keesa("maintenance", "on", place=new_empty_desk)
    server.kill()
    shutil.copy(back_up, new_empty_desk.data / SQLITE_FILE)
    for command in (("check",), ("serve", "--port", "0"), ("user", "list")):
        done = keesa(*command, place=new_empty_desk)
        assert (done.status, done.out) == (1, "")
        assert done.err.splitlines()[-1].startswith(f"keesa: {new_empty_desk.data / SQLITE_FILE} is not the file that")


@pytest.fixture
def new_empty_desk(tmp_path: Path) -> Place:
    """On SQLite, as `keesa migrate` makes it."""
    place = Place(tmp_path / "desk", None)
    assert keesa("migrate", place=place).status == 0
    return place
