"""The worker processes of a live server: which there are, which one holds a connection, and when they are gone.

It reads /proc, so it is Linux's alone.
"""

import time
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

from live import LiveServer

PATIENCE = 30.0  # seconds for anything that a machine under load does late


def workers(server: LiveServer) -> set[int]:
    """The process ids of the workers that there are now."""
    return {int(child) for child in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()}


def is_alive(process: int) -> bool:
    """Whether any thread of the process is left; one that has ended and whose parent has not looked yet has none."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" or len(list(Path(f"/proc/{process}/task").iterdir())) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(processes: set[int]) -> None:
    """Raises AssertionError for processes that stay."""
    deadline = time.monotonic() + PATIENCE
    while left := {process for process in processes if is_alive(process)}:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.01)


def connections(server: LiveServer) -> dict[int, HTTPConnection]:
    """A connection to each worker, by its process id: the kernel chooses, so there are as many tries as it takes."""
    found: dict[int, HTTPConnection] = {}
    deadline = time.monotonic() + PATIENCE
    while missing := workers(server) - found.keys():
        assert time.monotonic() < deadline, f"no connection to {missing}"
        try:
            connection = connect(server)
        except ConnectionResetError:
            continue  # a worker that has gone took along what it had not accepted yet
        worker = worker_of(connection, workers(server))
        if worker in missing:
            found[worker] = connection
        else:
            connection.close()
    return found


def connect(server: LiveServer) -> HTTPConnection:
    """A connection that some worker has accepted."""
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    connection = HTTPConnection(host, int(port), timeout=PATIENCE)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    except BaseException:
        connection.close()
        raise
    return connection


def worker_of(connection: HTTPConnection, among: set[int]) -> int:
    """The process that holds the other end."""
    socket = f"socket:[{_inode_of_other_end(connection)}]"
    for process in among:
        with suppress(FileNotFoundError):  # it may end meanwhile
            for file in Path(f"/proc/{process}/fd").iterdir():
                with suppress(FileNotFoundError):
                    if str(file.readlink()) == socket:
                        return process
    raise AssertionError(f"nobody of {among} holds {socket}")


def _inode_of_other_end(connection: HTTPConnection) -> str:
    ours, theirs = connection.sock.getsockname()[1], connection.sock.getpeername()[1]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        (
            _,
            local,
            remote,
            *_,
        ) = fields = line.split()
        if (int(local.partition(":")[2], 16), int(remote.partition(":")[2], 16)) == (theirs, ours):
            return fields[9]
    raise AssertionError("no such connection")
