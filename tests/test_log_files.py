"""Where a live server's log goes: files that are rotated, and places that take no line any more."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from select import select
from typing import Any, Final

import httpx2 as httpx
import pytest

from live import LiveServer
from places import Place
from workers import workers

ROUNDS: Final = 5
REQUESTS: Final = 20


def copied_and_emptied(log: Path, kept: Path) -> None:
    """As logrotate's copytruncate does."""
    shutil.copy(log, kept)
    os.truncate(log, 0)


def renamed(log: Path, kept: Path) -> None:
    """Without a word to the server, which goes on in the file that it has."""
    if not kept.with_suffix(".0").exists():
        log.rename(kept.with_suffix(".0"))


@pytest.mark.parametrize("rotate", [copied_and_emptied, renamed])
def test_the_log_is_rotated_under_a_server(place: Place, rotate: Callable[[Path, Path], None]) -> None:
    """Every line is whole and there, in one file or another; the signals that such programs send end nobody."""
    with LiveServer(place.data, place.url, "--workers", "2") as server:
        for turn in range(ROUNDS):
            for number in range(REQUESTS):
                assert get(server, f"/health?{turn}", f"rotated-{turn}-{number}") == 200
            rotate(server.log, place.data / f"log.{turn}")
            for process in (server.pid, *workers(server)):
                for sent in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
                    os.kill(process, sent)
        assert server.stop() == 0
    lines = [line for file in sorted(place.data.glob("*log*")) for line in read(file)]
    told = [line["request_id"] for line in lines if line.get("path") == "/health"]
    assert told == [f"rotated-{turn}-{number}" for turn in range(ROUNDS) for number in range(REQUESTS)]


def get(server: LiveServer, path: str, request_id: str = "") -> int:
    headers = {"X-Request-Id": request_id} if request_id else {}
    return httpx.get(f"{server.url}{path}", headers=headers, trust_env=False).status_code


def read(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def into_a_pipe(place: Place) -> tuple[LiveServer, int]:
    """A server that is not started, and the end of the pipe from which its log is read."""
    server = LiveServer(place.data, place.url)
    server.log = place.data / "pipe"
    os.mkfifo(server.log)
    return server, os.open(server.log, os.O_RDONLY | os.O_NONBLOCK)


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_full_disk_of_the_log_stops_nobody(place: Place, form: str) -> None:
    """Neither the start, nor an answer, nor the stop."""
    server = LiveServer(place.data, place.url, KEESA_LOG_FORMAT=form)
    server.log = Path("/dev/full")
    with server:
        assert [get(server, path) for path in ("/health", "/ready", "/api/v1/tickets")] == [200, 200, 401]
        assert server.stop() == 0


def test_a_log_s_reader_may_end(place: Place) -> None:
    """The pipe is closed at its other end, and the server goes on."""
    server, reader = into_a_pipe(place)
    with server:
        assert get(server, "/health") == 200
        os.close(reader)
        assert [get(server, path) for path in ("/health", "/ready", "/api/v1/tickets")] == [200, 200, 401]
        assert server.stop() == 0


def test_a_log_s_reader_may_sleep(place: Place) -> None:
    """The pipe is full: the lines that it does not take are lost, and when it is read again the log goes on."""
    server, reader = into_a_pipe(place)
    with server, httpx.Client(base_url=server.url, trust_env=False, timeout=20) as client:
        for _ in range(1000):  # some 200 bytes a line, of which a pipe holds 65,536
            assert client.get("/health").status_code == 200
        with suppress(BlockingIOError):
            while os.read(reader, 65_536):
                """Until it is empty."""
        assert client.get("/health", headers={"X-Request-Id": "read-again"}).status_code == 200
        assert select([reader], [], [], 10)[0]
        assert b"read-again" in os.read(reader, 65_536)
        assert server.stop() == 0
    os.close(reader)
