"""The headers that every answer of one version has."""

from typing import Final

from keesa.web.compression import HEADER
from keesa.web.replies import EncodedReply, RawHeaders
from keesa.web.requests import VERSION_HEADER
from keesa.web.routes import Route

VARY: Final = f"Authorization, Cookie, {VERSION_HEADER}"
_NOT_KEPT: Final = "no-store"
_ASKED_FOR: Final = "private, no-cache"
"""A browser keeps it, and asks whether it is still that."""


class AnswerHeaders:
    def __init__(self, version: str) -> None:
        self._version = _headers(version)
        read = f"{VARY}, {HEADER}"
        self._plain = _headers(version, _NOT_KEPT, VARY), _headers(version, _NOT_KEPT, read)
        """Of what answers a change, and of what answers a read."""
        self._states = _headers(version, _ASKED_FOR, VARY), _headers(version, _ASKED_FOR, read)
        """Of what names the state which it shows."""
        self._lists = _headers(version, _NOT_KEPT, f"{read}, Accept"), _headers(version, _ASKED_FOR, f"{read}, Accept")
        """Of lists that are answered as CSV too: of a file, and of what names its state."""

    def of(self, reply: EncodedReply, route: Route | None, *, reads: bool) -> RawHeaders:
        found = self._of(reply, route, reads=reads)
        return [*found, *route.raw_answer_headers] if route is not None and route.raw_answer_headers else found

    def _of(self, reply: EncodedReply, route: Route | None, *, reads: bool) -> RawHeaders:
        named = dict(reply.headers)
        if b"cache-control" in named:
            return self._version
        shows_state = b"etag" in named
        if route is not None and route.csv:
            return self._lists[shows_state]
        return (self._states if shows_state else self._plain)[reads]


def _headers(version: str, cache_control: str = "", vary: str = "") -> RawHeaders:
    """Without what may be kept, and for whom, of an answer that says so itself."""
    kept = [(b"cache-control", cache_control.encode("ascii")), (b"vary", vary.encode("ascii"))] if vary else []
    return [(VERSION_HEADER.lower().encode("ascii"), version.encode("ascii")), *kept]
