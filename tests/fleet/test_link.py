"""The network that the fleet's trial cuts."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from bench.programs import free_port

PATIENCE = 30
A_WHILE = 0.2  # seconds in which what was cut off would have come: it is nothing that fails when it takes longer


@pytest.fixture
def far() -> Iterator[socket.socket]:
    """A listener, which the link leads to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        yield listener


@pytest.fixture
def link(far: socket.socket) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    pair = f"127.0.0.1:{port}=127.0.0.1:{far.getsockname()[1]}"
    with subprocess.Popen([sys.executable, "-m", "deploy.fleet.trial.link", pair], stdout=subprocess.PIPE) as process:
        yield process, port
        process.terminate()


def connected(port: int) -> socket.socket:
    """As soon as it listens."""
    while True:
        with suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), PATIENCE)


def told(process: subprocess.Popen[bytes], number: signal.Signals) -> bytes:
    """What it says of the signal, once it has obeyed."""
    process.send_signal(number)
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_cut_passes_nothing_and_refuses_nothing(
    link: tuple[subprocess.Popen[bytes], int], far: socket.socket
) -> None:
    """What was sent meanwhile comes once it is joined; a new connection is neither refused nor made."""
    process, port = link
    with closing(connected(port)) as near, closing(far.accept()[0]) as other:
        other.settimeout(PATIENCE)
        near.sendall(b"before")
        assert other.recv(64) == b"before"
        assert told(process, signal.SIGUSR1) == b"cut\n"
        near.sendall(b"meanwhile")
        with closing(connected(port)):
            for waiting in (other, far):
                waiting.settimeout(A_WHILE)
            with pytest.raises(TimeoutError):
                other.recv(64)
            with pytest.raises(TimeoutError):
                far.accept()
            assert told(process, signal.SIGUSR2) == b"joined\n"
            for waiting in (other, far):
                waiting.settimeout(PATIENCE)
            assert other.recv(64) == b"meanwhile"
            far.accept()[0].close()
