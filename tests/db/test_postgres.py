"""What is PostgreSQL's own: deadlocks, a server that goes and comes back, and servers that do not fit."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest

from keesa.db import Database, Tx, open_database, postgres
from keesa.db.postgres import PostgresDatabase
from keesa.db.postgres_attempts import TRIES
from keesa.db.postgres_failures import as_unavailable
from keesa.db.postgres_waits import Waits
from keesa.errors import Refused, Unavailable
from lines import adding, make_table, read_lines
from postgres_server import PostgresServer

_numbers = count()


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database."""
    name = f"own{next(_numbers)}"
    postgres.create_database(name)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """An open database with the table of lines."""
    opened = PostgresDatabase(url)
    make_table(opened)
    yield opened
    opened.close()


def test_a_deadlock_is_run_again(database: Database, url: str) -> None:
    """A write and another program that lock two rows crosswise: the write is done, at a second try if need be."""
    for line in ("a", "b"):
        database.write(adding(line))
    both_hold_one = threading.Barrier(2, timeout=30)
    tries: list[str] = []

    def work(tx: Tx) -> None:
        tries.append("a")
        tx.changed("UPDATE lines SET line = line || '+' WHERE line LIKE 'a%'")
        if len(tries) == 1:
            both_hold_one.wait()
        tx.run("UPDATE lines SET line = line || '+' WHERE line LIKE 'b%'")

    def crosswise() -> None:
        with psycopg.connect(url) as program, program.transaction():
            program.execute("SET deadlock_timeout = '1min'")  # the write shall be the one that finds it
            program.execute("UPDATE lines SET line = line || '-' WHERE line LIKE 'b%'")
            both_hold_one.wait()
            program.execute("UPDATE lines SET line = line || '-' WHERE line LIKE 'a%'")

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(database.write, work), threads.submit(crosswise)]:
            done.result()
    assert 1 < len(tries) <= TRIES  # the row that it let go of may be its own again before the program wakes
    assert sorted(database.read(read_lines)) == ["a-+", "b-+"]


@pytest.mark.parametrize("error", [psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure])
def test_a_write_that_never_gets_through_is_unavailable(database: Database, error: type[Exception]) -> None:
    """After some tries the caller is told to come again, and nothing was changed."""
    tries: list[str] = []

    def work(tx: Tx) -> None:
        tries.append(adding(f"try {len(tries)}")(tx))
        raise error

    with pytest.raises(Unavailable):
        database.write(work)
    assert len(tries) == TRIES
    assert database.read(read_lines) == []


def test_a_connection_that_is_cut_is_unavailable_and_replaced(database: Database) -> None:
    """A write whose connection is ended in the middle is undone, and the next one has another."""

    def work(tx: Tx) -> None:
        adding("cut off")(tx)
        tx.all("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable):
        database.write(work)
    with pytest.raises(Unavailable):
        database.read(lambda tx: tx.all("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert database.write(adding("goes on")) == "goes on"
    assert database.read(read_lines) == ["goes on"]


def test_a_server_that_is_gone_is_unavailable_until_it_is_back() -> None:
    """Reads and writes fail while it is away, and succeed again without anybody's help."""
    with PostgresServer() as server:
        server.create_database("desk")
        database = PostgresDatabase(server.url("desk"), waits=Waits(patience=1))
        make_table(database)
        database.write(adding("before"))
        server.halt()
        with pytest.raises(Unavailable):
            database.write(adding("lost"))
        with pytest.raises(Unavailable):
            database.read(read_lines)
        server.resume()
        patiently(database)
        assert database.read(read_lines) == ["before", "after"]
        server.halt()
        server.resume()  # while nobody asked: its old connections are found dead before they are used
        assert database.read(read_lines) == ["before", "after"]
        database.write(adding("and on"))
        database.close()


def patiently(database: Database) -> None:
    """Write a line, at the twentieth try at the latest: each waits for a connection itself."""
    for _ in range(19):
        try:
            database.write(adding("after"))
        except Unavailable:
            continue
        return
    database.write(adding("after"))


def test_a_server_that_does_not_answer_is_refused() -> None:
    """Who starts against a place where nobody listens is told so."""
    with pytest.raises(Refused, match=r"^Cannot connect to PostgreSQL: .*refused"):
        PostgresDatabase("postgresql://keesa:hunter2@127.0.0.1:1/desk")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://keesa:hunter2@[::1]x/desk",
        "postgresql://keesa:hunter2%zz@localhost/desk",
        "postgresql://keesa:hunter2@localhost/desk?nonsense=1",
    ],
)
def test_an_unreadable_url_is_refused_without_its_password(url: str) -> None:
    """The driver's own words would show the whole of it."""
    with pytest.raises(Refused, match="not readable") as refused:
        PostgresDatabase(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "words", ["connect_timeout=5", "connect_timeout=soon", "client_encoding=LATIN1", "keepalives=0"]
)
def test_a_url_may_say_what_keesa_says_itself(url: str, words: str) -> None:
    """What deadlines and texts hang on stays Keesa's; the rest of such a URL counts."""
    database = PostgresDatabase(f"{url}?{words}")
    try:
        make_table(database)
        assert database.write(adding("ދިވެހި")) == "ދިވެހި"
        assert database.read(read_lines) == ["ދިވެހި"]
    finally:
        database.close()


def test_an_old_server_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server older than the oldest that Keesa is made for."""
    monkeypatch.setattr(postgres, "OLDEST", 990_000)
    with pytest.raises(Refused, match="is too old"):
        PostgresDatabase(url)


def test_another_encoding_is_refused(postgres: PostgresServer) -> None:
    """A database that cannot keep every letter."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(Refused, match="SQL_ASCII: Keesa needs UTF8"):
            PostgresDatabase(postgres.url("ascii"))
    finally:
        postgres.drop_database("ascii")


def test_a_description_has_no_password(url: str, tmp_path: Path) -> None:
    """It goes into logs."""
    database = open_database(tmp_path, url.replace("keesa@", "keesa:hunter2@"))
    try:
        assert database.describe().startswith("PostgreSQL 1")
        assert "127.0.0.1" in database.describe()
        assert "hunter2" not in database.describe()
    finally:
        database.close()


def test_a_commit_waits_for_the_disk(database: Database) -> None:
    """Whatever the server's own setting is: that of these tests is off."""
    setting = "SELECT setting AS value FROM pg_settings WHERE name = 'synchronous_commit'"
    assert database.write(lambda tx: tx.value(setting)) == "on"


@pytest.mark.parametrize("message", ['relation "tickets" does not exist', "la relation « tickets » n'existe pas"])
def test_a_table_that_is_missing_is_unavailable_in_any_language(message: str) -> None:
    """Servers speak their own; the table is named where the message is the English one."""
    told = as_unavailable(psycopg.errors.UndefinedTable(message))
    assert isinstance(told, Unavailable)
    assert str(told).startswith("The database lacks a table that Keesa needs")
    assert str(told).endswith(": tickets") == message.startswith("relation")


@pytest.mark.parametrize("host", ["a..b", "x" * 300])
def test_a_host_that_cannot_be_one_is_refused(host: str) -> None:
    with pytest.raises(Refused, match=r"database URL is not readable|Cannot connect"):
        PostgresDatabase(f"postgresql://keesa@{host}/desk")
