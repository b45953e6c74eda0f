"""What the HTTP server makes of bytes that no client library would send, on a real `keesa serve`."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import httpx2 as httpx
import pytest

import cast
from live import LiveServer
from places import Place
from workers import wait_until_gone, workers

PATIENCE = 30


@pytest.fixture
def server(place: Place) -> Iterator[LiveServer]:
    """Whose heads must arrive within a second."""
    with LiveServer(place.data, place.url, KEESA_HEADER_SECONDS="1") as live:
        yield live


def connected(server: LiveServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=PATIENCE)


def answer_on(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in lower case, and body."""
    answer = HTTPResponse(connection)
    answer.begin()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def token_of(server: LiveServer) -> str:
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
    login = json.dumps({"user": cast.ENGINEER.email, "password": cast.PASSWORD})
    connection.request("POST", "/api/v1/auth/login", login, {"Content-Type": "application/json"})
    token: str = json.loads(connection.getresponse().read())["access"]
    connection.close()
    return token


REFUSED = {
    "a path that is too long": (414, b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: desk\r\n\r\n"),
    "a path without an end": (414, b"GET /" + b"a" * 80_000),
    "a header that is too large": (431, b"GET / HTTP/1.1\r\nHost: desk\r\nA: " + b"a" * 70_000 + b"\r\n\r\n"),
    "too many headers": (431, b"GET / HTTP/1.1\r\nHost: desk\r\n" + b"A: a\r\n" * 200 + b"\r\n"),
    "no HTTP": (400, b"\x16\x03\x01\r\n\r\n"),
    "HTTP/2": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "two hosts": (400, b"GET /health HTTP/1.1\r\nHost: desk\r\nHost: other\r\n\r\n"),
    "no host": (400, b"GET /health HTTP/1.1\r\n\r\n"),
    "a host that is none": (400, b"GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "two lengths": (
        400,
        b"POST /api/v1/tickets HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
    ),
    "a folded header": (400, b"GET /health HTTP/1.1\r\nHost: desk\r\nA: b\r\n c\r\n\r\n"),
    "a head that does not end": (408, b"GET /health HTTP/1.1\r\nHost: desk\r\n"),
    "a method that nobody knows": (405, b"FOO /api/v1/tickets HTTP/1.1\r\nHost: desk\r\n\r\n"),
    "coffee": (418, b"BREW /api/v1/coffee HTTP/1.1\r\nHost: desk\r\n\r\n"),
}


def test_every_refusal_is_json_with_an_id_that_the_log_has(server: LiveServer) -> None:
    """Whatever is wrong with the bytes."""
    for what, (status, sent) in REFUSED.items():
        with connected(server) as connection:
            connection.sendall(sent)
            found, headers, body = answer_on(connection)
            assert (found, list(json.loads(body))) == (status, ["error"]), what
            assert headers["x-request-id"] in server.log.read_text(), what


def test_a_broken_chunk_is_answered(server: LiveServer) -> None:
    """With 400, an id and a log line."""
    head = f"POST /api/v1/tickets HTTP/1.1\r\nHost: desk\r\nAuthorization: {token_of(server)}\r\n"
    with connected(server) as connection:
        connection.sendall(f"{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode())
        status, headers, body = answer_on(connection)
    assert (status, list(json.loads(body))) == (400, ["error"])
    assert headers["x-request-id"] in server.log.read_text()


def test_a_body_that_nobody_asked_for_ends_no_connection(server: LiveServer) -> None:
    """Though it comes a little later than its headers: all are answered on one connection."""
    with connected(server) as connection:
        for path in ("/health", "/nothing", "/api/v1/tickets", "/api/v1/auth/logout") * 6:
            method = "DELETE" if path.endswith("logout") else "GET"
            connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: desk\r\nContent-Length: 5\r\n\r\n".encode())
            time.sleep(0.02)
            connection.sendall(b"hello")
            assert answer_on(connection)[0] in {200, 401, 404}


def test_who_has_sent_all_still_gets_the_answer(server: LiveServer) -> None:
    """A client that closes its sending half behind each of its requests hears what became of it."""
    login = json.dumps({"user": cast.ENGINEER.email, "password": cast.PASSWORD}).encode()
    head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\n"
    for _ in range(5):
        with connected(server) as connection:
            connection.sendall(f"{head}Content-Length: {len(login)}\r\n\r\n".encode() + login)
            connection.shutdown(socket.SHUT_WR)
            assert answer_on(connection)[0] == 200


def test_a_client_that_sends_much_too_much_sees_why_it_is_refused(server: LiveServer) -> None:
    """It sends all of it before it reads a word."""
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
    headers = {"Content-Type": "application/json", "Authorization": token_of(server)}
    connection.request("POST", "/api/v1/tickets", b"x" * 5_000_000, headers)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_worker_that_hangs_holds_nobody_up_and_is_replaced(place: Place) -> None:
    """New connections go to the other one; signals of log rotation end nobody."""
    with LiveServer(place.data, place.url, "--workers", "2") as server:
        hangs = min(workers(server))
        os.kill(hangs, signal.SIGSTOP)
        for _ in range(20):
            assert httpx.get(f"{server.url}/health", timeout=PATIENCE, trust_env=False).status_code == 200
        wait_until_gone({hangs})
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            os.kill(server.pid, number)
        assert httpx.get(f"{server.url}/health", timeout=PATIENCE, trust_env=False).status_code == 200
        assert server.stop() == 0
