"""One question at a time, as against wrk.py."""

import http.client
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from bench.wrk import Request

PATIENCE: Final = 60
"""Seconds for one answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    cookies: str
    """As the header Cookie has them."""
    etag: str | None = None


def ask(url: str, request: Request) -> Answer:
    """On a connection of its own; raises OSError or HTTPException where no answer comes."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    try:
        connection.request(request.method, request.path, request.body or None, dict(request.headers))
        answer = connection.getresponse()
        jar = SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie", [])))
        cookies = "; ".join(f"{name}={kept.value}" for name, kept in jar.items())
        return Answer(answer.status, answer.read(), cookies, answer.headers["ETag"])
    finally:
        connection.close()


def ask_well(url: str, request: Request) -> Answer:
    """As `ask`, and raise RuntimeError unless the answer is a good one."""
    answer = ask(url, request)
    if not 200 <= answer.status < 300:
        start = answer.body[:500].decode("utf-8", "replace")
        raise RuntimeError(f"{request.method} {url}{request.path} answered {answer.status}: {start}")
    return answer
