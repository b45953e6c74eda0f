"""The heads of messages: from a request's line and headers to an ASGI scope, and from an answer's to bytes."""

import re
import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from httptools import HttpParserInvalidURLError, parse_url

from keesa.server.limits import Limits

if TYPE_CHECKING:
    from starlette.types import Scope

Address = tuple[str, int]

REFUSAL: Final = "keesa.refusal"
"""In a scope's extensions: status and sentence of what the application has to answer, whatever the request asks for."""

_ASGI: Final = {"version": "3.0", "spec_version": "2.4"}
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_CLOSE: Final = b"connection: close\r\n\r\n"
_KEEP: Final = {"1.1": b"\r\n", "1.0": b"connection: keep-alive\r\n\r\n"}
_TOO_LONG: Final = 414, "The path and the query are too long"
_TOO_LARGE: Final = 431, "The headers are too large"


def address_of(name: Any) -> Address | None:  # noqa: ANN401 - a socket's name is of many shapes
    """Host and port of an internet socket's name; None for any other."""
    return (name[0], name[1]) if isinstance(name, tuple) else None


class RequestHead:
    """The line and the headers of a request, as they arrive."""

    __slots__ = ("arrived", "expects_continue", "headers", "hosts", "length", "size", "target")

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.hosts: list[bytes] = []
        self.length: int | None = 0
        """Of the body, as far as it is told; None where it comes in chunks."""
        self.expects_continue = False
        self.size = 0
        """Of the headers that are complete."""
        self.arrived = 0
        """Bytes that have arrived while it was not complete."""

    def add(self, name: bytes, value: bytes, most: int) -> None:
        """A header, its name in lower case. Of more than `most` one more is kept, which tells that there were."""
        if len(self.headers) > most:
            return
        self.headers.append((name, value))
        self.size += len(name) + len(value)
        if name == b"host":
            self.hosts.append(value)
        elif name == b"content-length":
            self.length = int(value)  # the parser has seen that it is one
        elif name == b"transfer-encoding":
            self.length = None
        elif name == b"expect":
            self.expects_continue = value.lower() == b"100-continue"

    def scope(
        self, method: str, version: str, client: Address | None, server: Address | None, limits: Limits
    ) -> "Scope":
        """That of the request, or of its refusal."""
        scope = self.partial_scope(client, server)
        scope["method"], scope["http_version"] = method, version
        if (fault := self._fault(version, limits)) is not None:
            return refusal_scope(scope, *fault)
        try:
            raw_path, _, scope["query_string"] = _in_origin_form(self.target).partition(b"?")
            path = raw_path.decode("ascii")
        except ValueError:
            return refusal_scope(scope, 400, "The request names no path")
        scope["raw_path"] = raw_path
        scope["path"] = unquote(path) if "%" in path else path
        return scope

    def partial_scope(self, client: Address | None, server: Address | None) -> "Scope":
        """Without what is known only at the head's end."""
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": "1.1",
            "method": "",
            "scheme": "http",
            "path": "",
            "raw_path": b"",
            "root_path": "",
            "query_string": b"",
            "headers": self.headers,
            "client": client,
            "server": server,
        }

    def too_large(self, limits: Limits) -> tuple[int, str]:
        """Status and sentence for a head that does not come to its end."""
        return _TOO_LONG if len(self.target) > limits.target_bytes else _TOO_LARGE

    def _fault(self, version: str, limits: Limits) -> tuple[int, str] | None:
        if len(self.target) > limits.target_bytes:
            return _TOO_LONG
        if self.size > limits.head_bytes or len(self.headers) > limits.headers:
            return _TOO_LARGE
        if version not in _KEEP:
            return 505, "The server speaks HTTP/1.1"
        if len(self.hosts) != 1 and (self.hosts or version == "1.1"):
            return 400, "The request must have one Host header"
        if self.hosts and not _is_host(self.hosts[0]):
            return 400, "The Host header is no host"
        return None


@lru_cache(maxsize=256)
def _is_host(value: bytes) -> bool:
    return _HOST.fullmatch(value) is not None


def refusal_scope(scope: "Scope", status: int, sentence: str) -> "Scope":
    return {**scope, "extensions": {REFUSAL: (status, sentence)}}


def _in_origin_form(target: bytes) -> bytes:
    """The path with its query: a proxy may send a whole URL, and OPTIONS an asterisk (RFC 9112, section 3.2).

    Raises `ValueError` for what names no path.
    """
    if target.startswith(b"/") or target == b"*":
        return target.partition(b"#")[0]
    try:
        url = parse_url(target)
    except HttpParserInvalidURLError as error:
        raise ValueError("no URL") from error
    if url.schema is None or url.schema.lower() not in (b"http", b"https"):
        raise ValueError("another scheme")
    return (url.path or b"/") + (b"?" + url.query if url.query else b"")


def answer_head(
    status: int, headers: Iterable[tuple[bytes, bytes]], method: str, version: str, *, keep_alive: bool
) -> tuple[bytes, bool, bool]:
    """The bytes of an answer's head; whether its body comes in chunks; and whether the connection goes on after it.

    A body whose length is not told comes in chunks, or to an HTTP/1.0 client until the connection ends.
    """
    lines = [_status_line(status), _date(int(time.time()))]
    told = status in (204, 304) or method == "HEAD"
    for name, value in headers:
        if name == b"connection":
            keep_alive = keep_alive and value.lower() != b"close"
            continue
        told = told or name == b"content-length"
        lines += (name, b": ", value, b"\r\n")
    chunked = not told and version == "1.1"
    if chunked:
        lines.append(b"transfer-encoding: chunked\r\n")
    keep_alive = keep_alive and (told or chunked)
    lines.append(_KEEP[version] if keep_alive else _CLOSE)
    return b"".join(lines), chunked, keep_alive


@lru_cache(maxsize=128)
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode("ascii")


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return f"date: {formatdate(second, usegmt=True)}\r\n".encode("ascii")
