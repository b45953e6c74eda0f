"""The proxy between Keesa and PostgreSQL that tests count round trips with, and cut connections with."""

import random
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

import database_forwarder
from database_proxy import DatabaseProxy
from postgres_messages import Conversation
from postgres_server import PostgresServer
from waiting import wait_until

PATIENCE = 30


@pytest.fixture
def proxy(postgres: PostgresServer) -> Iterator[DatabaseProxy]:
    with DatabaseProxy(postgres.url("postgres")) as started:
        yield started


@pytest.fixture
def connection(proxy: DatabaseProxy) -> Iterator[psycopg.Connection]:
    with psycopg.connect(proxy.url, autocommit=True, connect_timeout=PATIENCE) as opened:
        yield opened


@pytest.fixture
def plain() -> Iterator[tuple[socket.socket, socket.socket, DatabaseProxy]]:
    """A client and a server that are no PostgreSQL, with the proxy between them."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        DatabaseProxy(f"postgresql://127.0.0.1:{listening.getsockname()[1]}", measuring=True) as proxy,
        closing(socket.create_connection(("127.0.0.1", proxy.port), PATIENCE)) as client,
    ):
        listening.settimeout(PATIENCE)
        server, _ = listening.accept()
        server.settimeout(PATIENCE)
        with server:
            yield client, server, proxy


def received(sock: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length and (more := sock.recv(length - len(found))):
        found += more
    return found


def test_a_statement_is_a_turn(proxy: DatabaseProxy, connection: psycopg.Connection) -> None:
    """Each that waits for the last one's answer; and the counts tell what was said."""
    with proxy.counted() as counts:
        connection.execute("SELECT generate_series(1, 3)")
        connection.execute("SELECT %s", ["a"])
    assert counts.turns == 2, counts
    assert [str(turn) for turn in counts.last_turns] == [
        "connection 1: Q[SELECT generate_series(1, 3)] -> T D*3 C Z",
        "connection 1: P[SELECT $1] B[SELECT $1] D E S -> 1 2 T D C Z",
    ]
    assert (counts.client_messages, counts.server_messages) == (6, 12)
    assert counts.connections[1]["turns"] == 2


def test_statements_sent_together_are_one_turn(proxy: DatabaseProxy, connection: psycopg.Connection) -> None:
    """Whatever is sent without waiting for what came before."""
    with proxy.counted() as counts, connection.pipeline():
        connection.execute("BEGIN")
        connection.execute("SELECT 1")
        connection.execute("COMMIT")
    assert counts.turns == 1, counts


def test_a_statement_in_many_pieces_is_one_turn(proxy: DatabaseProxy, connection: psycopg.Connection) -> None:
    """Large questions and large answers pass TCP in pieces: nobody waits for a round trip between them."""
    text = "x" * 5_000_000
    with proxy.counted() as counts:
        [[found]] = connection.execute("SELECT %s", [text]).fetchall()
    assert found == text
    assert counts.turns == 1, counts
    assert counts.client_bytes > len(text)
    assert counts.server_bytes > len(text)


def test_connections_count_for_themselves_and_together(
    proxy: DatabaseProxy, connection: psycopg.Connection, postgres: PostgresServer
) -> None:
    """Two that speak at the same time have a turn each; one that is closed stays in the sum."""
    with psycopg.connect(proxy.through(postgres.url("template1")), autocommit=True) as other:
        with proxy.counted() as counts:
            for asked in (other, connection, other):
                asked.execute("SELECT 1")
        assert {number: each["turns"] for number, each in counts.connections.items()} == {1: 1, 2: 2}
        assert (counts.turns, counts.opened) == (3, 0)
    proxy.reset()
    psycopg.connect(proxy.url).close()
    wait_until(lambda: len(proxy.counts().connections) == 1)
    counts = proxy.counts()
    assert (counts.opened, counts.connections[1]["turns"]) == (1, 0)
    assert counts.turns > 0
    assert counts.last_turns[0].connection == 3


def test_what_nobody_waits_for_is_told_apart(proxy: DatabaseProxy, connection: psycopg.Connection) -> None:
    """A COMMIT without an eye on its answer is a turn that was sent, and not one that was waited for."""
    connection.execute("BEGIN")
    with proxy.counted(waited_for=1) as counts:
        connection.execute("SELECT 1")
        connection.pgconn.send_query(b"COMMIT")
        while connection.pgconn.flush():
            pass
        wait_until(lambda: proxy.counts().turns == 2)
    assert [turn.told for turn in counts.last_turns] == [["T", "D", "C", "Z"], []]
    assert str(counts.last_turns[1]) == "connection 1: Q[COMMIT] -> nothing"
    while result := connection.pgconn.get_result():
        assert result.command_status == b"COMMIT"


def test_a_turn_too_many_is_not_answered(proxy: DatabaseProxy, connection: psycopg.Connection) -> None:
    """Until the block ends: what is answered before has waited for no more than was allowed."""
    answered = threading.Event()

    def ask() -> None:
        connection.execute("SELECT 1")
        connection.execute("SELECT 2")
        answered.set()

    asking = threading.Thread(target=ask)
    with proxy.counted(waited_for=1) as counts:
        asking.start()
        wait_until(lambda: proxy.counts().turns == 2)
        assert not answered.wait(0.2)
    asking.join(PATIENCE)
    assert answered.is_set()
    assert counts.turns == 2


def test_bytes_arrive_whole_and_in_their_order(plain: tuple[socket.socket, socket.socket, DatabaseProxy]) -> None:
    """Both ways at the same time, delayed by chance, with a reader that is slower than the writer."""
    client, server, proxy = plain
    sent = {side: random.Random(seed).randbytes(8_000_000) for seed, side in enumerate(plain[:2])}  # noqa: S311 - bytes

    def send(side: socket.socket) -> None:
        for start in range(0, len(sent[side]), 70_001):
            side.sendall(sent[side][start : start + 70_001])
        side.shutdown(socket.SHUT_WR)

    proxy.delay(1, 2)
    sending = [threading.Thread(target=send, args=[side]) for side in (client, server)]
    for thread in sending:
        thread.start()
    found = {client: received(server, 4_000_000)}
    proxy.delay(0)
    assert received(client, len(sent[server]) + 1) == sent[server]
    assert found[client] + received(server, len(sent[client])) == sent[client]
    for thread in sending:
        thread.join(PATIENCE)
    counts = proxy.counts()
    assert (counts.client_bytes, counts.server_bytes) == (8_000_000, 8_000_000)


def test_a_round_trip_takes_its_time(plain: tuple[socket.socket, socket.socket, DatabaseProxy]) -> None:
    """Nothing arrives before half of it has passed, and the answer not before the other half."""
    client, server, proxy = plain
    proxy.delay(400)
    client.sendall(b"?")
    server.settimeout(0.1)
    with pytest.raises(TimeoutError):
        server.recv(1)
    server.settimeout(PATIENCE)
    server.sendall(server.recv(1))
    client.settimeout(0.1)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(PATIENCE)
    assert client.recv(1) == b"?"


def test_a_stall_holds_everything_up(proxy: DatabaseProxy, connection: psycopg.Connection) -> None:
    """The connection stays, the statement hangs, and goes on afterwards."""
    proxy.stall()
    connection.pgconn.send_query(b"SELECT 1")
    connection.pgconn.flush()
    assert not proxy.counts().last_turns[-1].asked[0].startswith("Q")
    assert connection.pgconn.is_busy()
    proxy.resume()
    result = connection.pgconn.get_result()
    assert result is not None
    assert result.get_value(0, 0) == b"1"
    assert connection.pgconn.get_result() is None


def test_a_cut_ends_connections_on_both_sides(proxy: DatabaseProxy, connection: psycopg.Connection) -> None:
    """The next one is made as if nothing had been."""
    proxy.cut()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    with psycopg.connect(proxy.url) as again:
        again.execute("SELECT 1")
    assert proxy.counts().opened == 2


def test_an_end_for_a_side_that_is_gone_ends_the_connection(
    plain: tuple[socket.socket, socket.socket, DatabaseProxy],
) -> None:
    """Passed on just when the other side has been reset: that connection is closed, and the process lives."""
    client, server, proxy = plain
    proxy.stall()
    client.shutdown(socket.SHUT_WR)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    proxy.resume()
    assert received(client, 1) == b""
    wait_until(lambda: not proxy.counts().connections)


def test_new_connections_are_refused_and_admitted(proxy: DatabaseProxy, connection: psycopg.Connection) -> None:
    """On the same port; those that are open go on."""
    proxy.refuse()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(proxy.url)
    connection.execute("SELECT 1")
    proxy.admit()
    psycopg.connect(proxy.url).close()


def test_a_server_that_is_gone_ends_the_connection() -> None:
    """With nobody behind it, the proxy closes what it took; and its process ends with it."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with DatabaseProxy(f"postgresql://127.0.0.1:{port}/desk") as proxy:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(proxy.url, connect_timeout=PATIENCE)
        port = proxy.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_the_forwarding_ends_with_who_commands_it() -> None:
    """Its input ends when the tests die, of whatever death: no process of theirs is left."""
    program = [sys.executable, database_forwarder.__file__, "127.0.0.1", "1", "bytes"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_messages_are_read_from_pieces_of_any_size() -> None:
    """A start after a refused encryption, a statement that is prepared and run by its name: byte by byte as well."""
    start = (8 + 4).to_bytes(4, "big") + (196608).to_bytes(4, "big") + b"a\0b\0"
    encryption = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
    parse = _message(b"P", b"s1\0SELECT   1\0\0\0")
    bind = _message(b"B", b"\0s1\0\0\0\0\0\0\0")
    asked = encryption + start + parse + bind + _message(b"S", b"")
    told = b"N" + _message(b"Z", b"I") + _message(b"C", b"SELECT 1\0")
    expected = ["ssl?", "start", "P[SELECT 1]", "B[SELECT 1]", "S"]
    for size in (1, 7, 1000):
        conversation = Conversation()
        pieces = [asked[start : start + size] for start in range(0, len(asked), size)]
        assert [message for piece in pieces for message in conversation.asked(piece)] == expected
        pieces = [told[start : start + size] for start in range(0, len(told), size)]
        assert [message for piece in pieces for message in conversation.told(piece)] == ["N", "Z", "C"]


def test_what_is_encrypted_is_not_read() -> None:
    """From the server's consent on, no message is made out; bytes and turns still count."""
    conversation = Conversation()
    assert conversation.asked((8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")) == ["ssl?"]
    assert conversation.told(b"S") == ["S"]
    assert conversation.asked(b"\x16\x03\x01\x02\x00") == []
    assert conversation.told(b"\x16\x03\x03\x00\x7a") == []


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body
