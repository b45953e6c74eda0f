"""One HTTP request at a time to Keesa, HAProxy or Patroni, each with a deadline."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

LOST: Final = (OSError, HTTPException)
"""What a request raises whose server goes away, or does not answer in time."""
DEADLINE: Final = 30.0
"""Seconds: more than HAProxy gives a node."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


class Asking:
    """Requests to one address, on a connection that is kept while it lives."""

    def __init__(self, address: str, token: str | None = None, deadline: float = DEADLINE) -> None:
        host, _, port = address.rpartition(":")
        self._connection = HTTPConnection(host, int(port), timeout=deadline)
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Raises one of `LOST`; the next request then has a new connection."""
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
            got = self._connection.getresponse()
            text = got.read()
        except LOST:
            self._connection.close()
            raise
        return Answer(got.status, json.loads(text) if text.startswith((b"{", b"[")) else None)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def close(self) -> None:
        self._connection.close()


def status_of(address: str, path: str) -> int:
    """Of a GET; 0 where nobody answers."""
    asking = Asking(address, deadline=5)
    try:
        return asking.get(path).status
    except LOST:
        return 0
    finally:
        asking.close()


def log_in(address: str, user: str, password: str) -> str:
    """The access token."""
    asking = Asking(address)
    answer = asking.ask("POST", "/api/v1/auth/login", {"user": user, "password": password})
    asking.close()
    if not answer.good:
        raise RuntimeError(f"{user} cannot log in at {address}: {answer}")
    return str(answer.body["access"])
