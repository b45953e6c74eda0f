"""Servers of other people that the tests start: a port for each, and when it listens there."""

import socket
import subprocess
import time
from typing import Final

_POLL: Final = 0.02


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(process: subprocess.Popen[bytes], port: int, seconds: float) -> bool:
    """Whether it does within so many seconds; no, once it has ended."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=seconds).close()
        except ConnectionRefusedError:
            time.sleep(_POLL)
        else:
            return True
    return False
