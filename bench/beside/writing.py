"""Writes beside what is measured, as many a second on each server: a desk on which somebody works."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

from bench.desks import Desk
from bench.endpoints import LIST, new_notes

PER_SECOND: Final = 5
_PATIENCE: Final = 60
"""Seconds for one answer."""


@contextmanager
def writing(desk: Desk) -> Iterator[None]:
    """Notes, by a client of its own, one each fifth of a second. Raises RuntimeError where one was refused."""
    ended, refused = threading.Event(), list[int]()
    connection = HTTPConnection(urlsplit(desk.url).netloc, timeout=_PATIENCE)
    headers = {"Authorization": f"Bearer {desk.tokens['engineer']}", "Content-Type": "application/json"}

    def write() -> None:
        bodies = new_notes(desk)
        for number in range(1_000_000):
            connection.request("POST", f"{LIST}/add_ticket_note", bodies[number % len(bodies)], headers)
            answer = connection.getresponse()
            json.loads(answer.read())
            if answer.status >= 300:
                refused.append(answer.status)
            if ended.wait(1 / PER_SECOND):
                return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        connection.close()
    if refused:
        raise RuntimeError(f"a note was answered {refused[0]}")
