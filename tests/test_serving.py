"""`keesa serve` as an operator has it: how it starts, how it stops, and what becomes of its processes."""

import fcntl
import json
import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import httpx2 as httpx
import pytest

import cast
from command import keesa
from keesa.db import Database, Tx, open_database
from keesa.demo.people import PEOPLE
from keesa.secret_key import FILE
from live import LiveServer
from places import Place
from workers import PATIENCE, connect, connections, is_alive, wait_until_gone, workers

LOGIN = json.dumps({"user": cast.ENGINEER.email, "password": cast.PASSWORD}).encode()


@contextmanager
def serving(place: Place, *options: str, **variables: str) -> Iterator[LiveServer]:
    """A server of the place; however it ends, none of its processes is left."""
    server = LiveServer(place.data, place.url, *options, **variables)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def port_of(server: LiveServer) -> int:
    return int(server.url.rpartition(":")[2])


def has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def test_it_answers_when_it_has_printed_its_address(place: Place) -> None:
    """Whoever waits for that line finds nobody away: each of many connections is accepted at once."""
    with serving(place, "--workers", "2") as server:
        for _ in range(20):
            assert httpx.get(f"{server.url}/health", trust_env=False).json() == {"status": "ok"}
        assert httpx.get(f"{server.url}/ready", trust_env=False).json() == {"status": "ready", "maintenance": False}


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("localhost", "http://localhost:"),
        pytest.param("::1", "http://[::1]:", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")),
        pytest.param("::", "http://[::]:", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")),
    ],
)
def test_it_listens_where_it_is_told(empty_place: Place, host: str, shown: str) -> None:
    """A name and an IPv6 address too; the printed address is good to be opened."""
    with serving(empty_place, "--host", host) as server:
        assert server.url.startswith(shown)
        assert httpx.get(f"{server.url}/health", trust_env=False).status_code == 200
        assert server.stop() == 0


def test_its_settings_may_come_from_the_environment(empty_place: Place) -> None:
    """As many workers as the variable says; an option goes before it."""
    with serving(empty_place, KEESA_WORKERS="2", KEESA_PORT="1", KEESA_HOST="::1") as server:
        assert len(workers(server)) == 2
        assert server.url.startswith("http://[::1]:")
    with serving(empty_place, "--workers", "1", "--host", "127.0.0.1", KEESA_WORKERS="2", KEESA_HOST="::1") as server:
        assert len(workers(server)) == 1
        assert server.url.startswith("http://127.0.0.1:")


def test_a_port_in_use_is_refused(empty_place: Place) -> None:
    """With a sentence, and the server that has it goes on."""
    with serving(empty_place, "--workers", "2") as server:
        done = keesa("serve", "--port", str(port_of(server)), place=empty_place)
        assert (done.status, done.out) == (1, "")
        assert (
            done.err.splitlines()[-1] == f"keesa: Cannot listen on 127.0.0.1:{port_of(server)}: Address already in use"
        )
        connect(server).close()


@contextmanager
def idle_ones(server: LiveServer) -> Iterator[None]:
    """A connection to each worker that says nothing more."""
    idle = connections(server)
    try:
        yield
    finally:
        for connection in idle.values():
            connection.close()


@contextmanager
def half_a_login(server: LiveServer) -> Iterator[socket.socket]:
    """A login whose body is half sent and which the server has begun to read: it asks for the body by itself."""
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=60) as upload:
        head = (
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\n"
            f"Expect: 100-continue\r\nContent-Length: {len(LOGIN)}\r\n\r\n"
        )
        upload.sendall(head.encode())
        assert upload.recv(100).startswith(b"HTTP/1.1 100 ")
        upload.sendall(LOGIN[:10])
        yield upload


def finish_login(upload: socket.socket) -> int:
    upload.sendall(LOGIN[10:])
    with closing(HTTPResponse(upload)) as answer:
        answer.begin()
        assert "access" in json.loads(answer.read())
        return answer.status


def wait_until_refused(port: int) -> None:
    """Until nobody listens there any more."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=60).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:
            continue
    raise AssertionError(f"still somebody listens on {port}")


@pytest.mark.parametrize("told", ["the server", "all its processes", "all its processes, again and again"])
def test_a_stop_finishes_what_is_under_way(place: Place, told: str) -> None:
    """A slow login gets its answer after SIGTERM, idle connections do not delay the end, and nobody is left."""
    with serving(place, "--workers", "2") as server, idle_ones(server), half_a_login(server) as upload:
        processes = {server.pid, *workers(server)}
        if told == "the server":
            os.kill(server.pid, signal.SIGTERM)
        else:
            os.killpg(server.pid, signal.SIGTERM)
        wait_until_refused(port_of(server))
        for _ in range(5 if told.endswith("again") else 0):
            time.sleep(0.05)  # signals that come together are one
            os.killpg(server.pid, signal.SIGTERM)
        assert finish_login(upload) == 200
        wait_until_gone(processes)
        assert server.wait() == 0


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_during_the_start_is_a_stop_too(empty_place: Place, sent: int) -> None:
    """Workers that are still loading need not be killed, and it is no failure."""
    server = LiveServer(empty_place.data, empty_place.url, "--workers", "4")
    server.launch()
    try:
        while not workers(server):
            assert is_alive(server.pid)
        processes = {server.pid, *workers(server)}
        os.killpg(server.pid, sent)
        wait_until_gone(processes)
        assert server.wait() == 0
    finally:
        server.kill()
    assert "refused to gracefully stop" not in server.log.read_text()


def test_workers_end_with_the_server(place: Place) -> None:
    """The server is killed: its workers finish what is under way and end by themselves, and the port is free."""
    with serving(place, "--workers", "2") as server, idle_ones(server), half_a_login(server) as upload:
        port, left = port_of(server), workers(server)
        os.kill(server.pid, signal.SIGKILL)
        wait_until_refused(port)
        with serving(place, "--port", str(port)) as successor:
            assert finish_login(upload) == 200
            wait_until_gone(left)
            connect(successor).close()


def test_a_worker_that_dies_is_started_again(place: Place) -> None:
    """The other one goes on answering meanwhile, and then there are two again."""
    with serving(place, "--workers", "2") as server:
        (dies, gone), (lives, kept) = connections(server).items()
        os.kill(dies, signal.SIGKILL)
        wait_until_gone({dies})
        assert health(kept) == 200
        after = connections_of_two(server)
        assert lives in after
        assert dies not in after
        assert all(health(connection) == 200 for connection in after.values())
        for connection in (gone, kept, *after.values()):
            connection.close()
        assert server.stop() == 0


def connections_of_two(server: LiveServer) -> dict[int, HTTPConnection]:
    while len(workers(server)) < 2:
        assert is_alive(server.pid)
    return connections(server)


def health(connection: HTTPConnection) -> int:
    connection.request("GET", "/health")
    answer = connection.getresponse()
    answer.read()
    return answer.status


def access_of(server: LiveServer) -> str:
    answer = httpx.post(f"{server.url}/api/v1/auth/login", content=LOGIN, trust_env=False)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access"]
    return token


def test_sessions_outlive_restarts(place: Place) -> None:
    """After a stop and after a crash the same key is there, for its owner alone, and old tokens are good."""
    with serving(place) as server:
        token = access_of(server)
        key = (place.data / FILE).read_bytes()
        assert stat.S_IMODE((place.data / FILE).stat().st_mode) == 0o600
        assert server.stop() == 0
    for _ in range(2):
        with serving(place) as server:  # which ends with a SIGKILL
            answer = httpx.get(f"{server.url}/api/v1/tickets", headers={"Authorization": token}, trust_env=False)
            assert answer.status_code == 200
        assert (place.data / FILE).read_bytes() == key


def test_the_demo_is_filled_in_once(empty_place: Place) -> None:
    """A second start with the option finds it there."""
    with serving(empty_place, "--demo") as server:
        assert server.stop() == 0
    before = counted(empty_place)
    assert before["users"] == len(PEOPLE) + 1  # Keesa itself
    with serving(empty_place, "--demo") as server:
        assert server.stop() == 0
    assert counted(empty_place) == before


def counted(place: Place) -> dict[str, int]:
    tables = ("users", "customers", "tickets", "ticket_notes", "ticket_statuses")

    def count(tx: Tx) -> dict[str, int]:
        return {table: tx.value(f"SELECT count(*) AS value FROM {table}") for table in tables}

    database: Database = open_database(place.data, place.url)
    try:
        return database.read(count)
    finally:
        database.close()


@pytest.mark.parametrize("host", ["a..b", ".example", "x" * 70])
def test_what_is_no_host_is_refused(empty_place: Place, host: str) -> None:
    """With a sentence."""
    done = keesa("serve", "--host", host, "--port", "0", place=empty_place)
    assert done.status == 1
    assert f"Cannot listen on {host}:0: " in done.err.splitlines()[-1]
    assert "Traceback" not in done.err


@pytest.mark.parametrize("demo", [True, False])
def test_the_demo_s_people_stay_on_this_machine_with_their_passwords(empty_place: Place, demo: bool) -> None:  # noqa: FBT001
    """Whatever the flag says when they are served: it is they who count."""
    with serving(empty_place, "--demo"):
        pass
    more = ["--demo"] if demo else []
    done = keesa("serve", *more, "--host", "0.0.0.0", "--port", "0", place=empty_place)  # noqa: S104 - refused
    assert done.status == 1
    assert "KEESA_DEMO_ON_NETWORK" in done.err


def test_no_other_signal_ends_a_start(empty_place: Place) -> None:
    """Log rotation may come while a migration lasts; here another program holds the lock."""
    if empty_place.url is not None:
        return
    empty_place.data.mkdir(mode=0o700, exist_ok=True)
    server = LiveServer(empty_place.data, None)
    with (empty_place.data / "keesa.lock").open("w") as lock:
        (empty_place.data / "keesa.lock").chmod(0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        server.launch()
        try:
            while not ignores(server.pid, signal.SIGUSR2):
                assert is_alive(server.pid)
            for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
                os.kill(server.pid, number)
            fcntl.flock(lock, fcntl.LOCK_UN)
            while not workers(server):
                assert is_alive(server.pid)
        finally:
            server.kill()


def ignores(process: int, number: int) -> bool:
    mask = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("SigIgn"))
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)
