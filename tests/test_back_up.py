"""docs/backup.md's lines, run as they are printed, on both engines."""

import json
import os
import re
import shutil
import stat
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx2 as httpx
import pytest

import cast
from command import keesa
from field_client import FieldClient
from keesa.data_folder import CONFIG_FILE
from keesa.db import Database, open_database
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import SqliteDatabase
from keesa.secret_key import FILE
from live import LiveServer, environment
from operations_document import BACK_UP, BIN, block, run
from places import Place, opened
from postgres_server import PostgresServer

CLIENTS: Final = 2
SOME: Final = 20
"""Writes that are acknowledged before and after a back-up."""
EXAMPLE: Final = "/var/backups/keesa/keesa-00112233-20260102T030405Z.keesa"


class Operator:
    """Runs the document's lines, with this desk's names in the place of the document's."""

    def __init__(self, place: Place, back_ups: Path, postgres: PostgresServer | None) -> None:
        self.place = place
        self.back_ups = back_ups
        self._postgres = postgres
        self._engine = "PostgreSQL" if postgres else "SQLite"

    def back_up(self) -> Path:
        """The one file that it makes."""
        before = set(self.back_ups.glob("*.keesa"))
        self._run(f"back up {self._engine}", {"/var/backups/keesa": str(self.back_ups)} | self._places("keesa"))
        [made] = set(self.back_ups.glob("*.keesa")) - before
        return made

    def restore(self, back_up: Path) -> None:
        names = {EXAMPLE: str(back_up)}
        if self._postgres:
            name = str(self.place.url).rpartition("/")[2]
            names |= {"TO keesa_old": f"TO {name}_old", "DATABASE keesa ": f"DATABASE {name} "}
            names |= self._places("postgres")
        else:
            names |= {"/var/backups/keesa/old": str(self.back_ups / "old")}
        self._run(f"restore {self._engine}", names | self._places("keesa"))

    def _places(self, name: str) -> dict[str, str]:
        if not self._postgres:
            return {"/var/lib/keesa": str(self.place.data)}
        ours = self.place.url if name == "keesa" else self._postgres.url(name)
        return {f"postgresql://keesa@db.example/{name}": str(ours), "/var/lib/keesa": str(self.place.data)}

    def _run(self, title: str, replacements: Mapping[str, str]) -> None:
        folders = [*([str(self._postgres.binaries)] if self._postgres else []), os.environ["PATH"]]
        programs = {"/opt/keesa/bin": str(BIN)}
        run(f"# {title}", programs | dict(replacements), os.pathsep.join(folders), BACK_UP)


@pytest.fixture
def operator(place: Place, engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Operator]:
    """Of a desk with the cast; the database that a restore moved aside is gone afterwards."""
    postgres: PostgresServer | None = request.getfixturevalue("postgres") if engine == "postgres" else None
    (tmp_path / "back-ups").mkdir(mode=0o700)
    settings = place.data / CONFIG_FILE
    settings.write_text('log_format = "json"\n')
    yield Operator(place, tmp_path / "back-ups", postgres)
    assert settings.exists(), "what moves a desk aside leaves its settings"
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
    """Every mode that a file there has at any time; those that nobody else can get at lie in a folder of their own."""
    seen: set[int] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for path in os.scandir(folder):
                with suppress(FileNotFoundError):  # it has got its name
                    seen.add(path.stat().st_mode & 0o077)

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
    (place.data / FILE).write_text("k" * 128)
    (place.data / FILE).chmod(0o600)
    server = LiveServer(place.data, place.url, "--workers", "2")
    server.start()
    token = login(server)
    with clients_at_work(server, token) as clients:
        try:
            older = wait_for_more(clients)
            with modes_of_files(operator.back_ups) as modes:
                back_up = operator.back_up()
            newer = wait_for_more(clients)
        finally:
            server.kill()
    assert modes == {0}
    assert {*older, *newer} <= titles_of_a_crash(place)
    server.log.unlink()

    operator.restore(back_up)
    checked = keesa("check", place=place)
    assert (checked.status, checked.err) == (0, "")
    restored = titles(place)
    assert set(older) <= restored
    assert not set(newer) & restored
    with LiveServer(place.data, place.url) as again:
        answer = httpx.get(f"{again.url}/api/v1/tickets", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        assert answer.status_code == 200
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in place.data.rglob("keesa.db*")} <= {0}


def test_from_the_demo_to_a_restored_desk(tmp_path: Path) -> None:
    """The lines of the document's first section, in a folder as `make demo` leaves it, answer what the demo answers."""
    (tmp_path / "var").mkdir()
    (tmp_path / ".venv").symlink_to(BIN.parent)
    *makes, serves = block("sh", "# from the demo to a restored desk", BACK_UP).splitlines()
    demo = tmp_path / "var" / "demo"
    demo.mkdir(mode=0o700)
    with LiveServer(demo, None, "--demo") as first:
        script = "\n".join(makes)
        done = subprocess.run(
            ["sh", "-eu"], input=script, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        shown = demo_answers(first)
    options = serves.removeprefix(".venv/bin/keesa serve ").replace("--port 8001", "--port 0").split()
    assert options[:2] == ["--data", "var/restored"]
    with LiveServer(tmp_path / options[1], None, *options[2:]) as second:
        assert demo_answers(second) == shown


ADDRESS = re.compile('"http[^"]*/api/v1/files/[^"]*"')
"""Of a picture: another one on another server."""


def demo_answers(server: LiveServer) -> list[object]:
    """What the demo's admin is answered: lists, a ticket with its history, customers; and the ticket's picture."""
    who = {"user": "user@example.com", "password": "Password123"}
    token = httpx.post(f"{server.url}/api/v1/auth/login", json=who, trust_env=False).json()["access"]
    headers = {"Authorization": f"Bearer {token}"}
    paths = ("/tickets?limit=500", "/tickets/2024001", "/tickets/get_ticket_notes?ticket_number=2024001", "/customers")
    answers = [httpx.get(f"{server.url}/api/v1{path}", headers=headers, trust_env=False) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    *tickets, customers = (json.loads(ADDRESS.sub('"address"', answer.text)) for answer in answers)
    picture = httpx.get(answers[1].json()["data"]["ticket"]["image_urls"][0], trust_env=False)
    assert picture.status_code == 200
    return [*tickets, customers["data"]["customers"], picture.content]


def titles_of_a_crash(place: Place) -> set[str]:
    """What is there, without a change of what the crash has left."""
    if place.url:
        return titles(place)
    copy = Place(place.data.with_name("copy-of-a-crash"), None)
    shutil.copytree(place.data, copy.data)
    return titles(copy)


def test_a_file_that_was_only_copied_over_is_refused(new_empty_desk: Place, tmp_path: Path) -> None:
    """By `check`, by `serve` and by every other command, while the log of a crash lies there."""
    back_up = tmp_path / "copy.db"
    with opened(new_empty_desk) as database:
        assert isinstance(database, SqliteDatabase)
        database.copy(back_up)
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
