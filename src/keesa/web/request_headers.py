"""The headers of a request, which is asked for a dozen of them, most of which it does not have."""

from typing import Any, Final, TypeVar, overload

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope

T = TypeVar("T")

HEADERS: Final = "keesa.headers"
"""In a scope: the request's `RequestHeaders`."""
RawHeaders = list[tuple[bytes, bytes]]


class RequestHeaders(Headers):
    """As Starlette's, which looks at all of them for each one."""

    def __init__(self, raw: RawHeaders) -> None:
        super().__init__(raw=raw)
        self._first = dict(reversed(raw))
        """By name in lower case; of several lines the first."""
        self._has_lists = len(self._first) < len(raw)

    def __getitem__(self, key: str) -> str:
        try:
            return self._first[key.lower().encode("latin-1")].decode("latin-1")
        except KeyError:
            raise KeyError(key) from None

    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, /, default: str | T) -> str | T: ...
    def get(self, key: str, /, default: object = None) -> object:
        found = self._first.get(key.lower().encode("latin-1"))
        return default if found is None else found.decode("latin-1")

    def getlist(self, key: str) -> list[str]:
        if self._has_lists:
            return super().getlist(key)
        found = self.get(key)
        return [] if found is None else [found]

    def __contains__(self, key: Any) -> bool:  # noqa: ANN401 - as Starlette has it
        return key.lower().encode("latin-1") in self._first


class HttpRequest(Request):
    """Starlette's, with such headers."""

    def __init__(self, scope: Scope, receive: Receive, headers: RequestHeaders) -> None:
        super().__init__(scope, receive)
        self._found = headers

    @property
    def headers(self) -> RequestHeaders:
        return self._found
