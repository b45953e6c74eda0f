"""Guards the folder of a test server: ends the server and removes the folder once the tests let go of them.

It runs as a process of its own, so that it outlives tests that are killed, and on the standard library alone, so that
it runs wherever they do. Its input is a pipe that the tests hold: the end of it, by whatever death, is the sign.
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PATIENCE = 30.0  # seconds for anything that a machine under load does late
STOPPED = b"."  # from the tests: the server has ended, only the folder is left
FAST_SHUTDOWN = signal.SIGINT  # to PostgreSQL: end the sessions, write everything, stop


def guard(folder: Path) -> None:
    if sys.stdin.buffer.read(1) != STOPPED:
        end_server(folder / "data" / "postmaster.pid")
    deadline = time.monotonic() + PATIENCE
    while folder.exists() and time.monotonic() < deadline:  # an initdb whose parent died may still be writing
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)


def end_server(pid_file: Path) -> None:
    """PostgreSQL removes the file when it has stopped; its first line is the process."""
    deadline = time.monotonic() + PATIENCE
    with suppress(FileNotFoundError, ValueError, IndexError, ProcessLookupError):
        process = int(pid_file.read_text().splitlines()[0])
        os.kill(process, FAST_SHUTDOWN)
        while pid_file.exists() and time.monotonic() < deadline:
            os.kill(process, 0)
            time.sleep(0.02)


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
