"""The body of a request as it arrives: into memory, or into a file where it may be large."""

from typing import TYPE_CHECKING, Final

from starlette.requests import Request

from keesa.errors import Unavailable
from keesa.web.body_streams import BodyStream
from keesa.web.form_bodies import FormBodies
from keesa.web.forms import FORM_SECONDS, MULTIPART, Form, form_of_json
from keesa.web.http_errors import HttpError
from keesa.web.input.content_types import media_type, require_json, require_plain
from keesa.web.receiving import read_within, too_large

if TYPE_CHECKING:
    from keesa.web.routes import Route

BODY_SECONDS: Final = 60
"""In which a body must have arrived, unless its route says otherwise; forms have `FORM_SECONDS`."""
STREAMS_AT_ONCE: Final = 32
"""Bodies that are read while they are worked with: each may have a MiB in memory."""


class RawBody:
    """A body that the endpoint reads itself."""

    __slots__ = ("content",)

    def __init__(self, content: bytes) -> None:
        self.content = content


class Bodies:
    """What one process reads of bodies; `limit` in bytes is for routes that have none of their own."""

    def __init__(self, limit: int, forms: FormBodies) -> None:
        self._limit = limit
        self.forms = forms
        self._streams_left = STREAMS_AT_ONCE

    def refuse_announced(self, request: Request, route: "Route") -> None:
        """Raises `HttpError` (413) for a body that says itself that it is too large."""
        announced = request.headers.get("content-length", "")
        limit = self._limit_of(request, route)
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
            raise too_large(limit)

    async def read(self, request: Request, route: "Route") -> bytes | Form | BodyStream:
        """Raises `HttpError`: 413 as soon as the limit is passed, 408 for what does not arrive in time; of a stream or
        a form 415 where its media type is not the route's, and `Unavailable` where too many are under way; of a form
        also what `MultipartReader` and `form_of_json` raise.
        """
        if route.signature.body is BodyStream:
            return self._stream(request, route)
        if route.signature.body is Form:
            return await self._form(request, route)
        return await read_within(request, self._limit_of(request, route), _seconds_of(route))

    def close(self, content: Form | BodyStream) -> None:
        """Its files are gone."""
        if isinstance(content, Form):
            content.close()
        else:
            self._streams_left += 1

    def _limit_of(self, request: Request, route: "Route") -> int:
        """A stream, and a form with files, may be larger than what is read into memory, another body only smaller."""
        if route.signature.body is Form and _is_multipart(request):
            return route.body_limit or self.forms.limits.form_bytes
        if route.signature.body is BodyStream:
            return route.body_limit or self.forms.limits.file_bytes
        return self._limit if route.body_limit is None else min(self._limit, route.body_limit)

    def _stream(self, request: Request, route: "Route") -> BodyStream:
        stream = BodyStream(request, self._limit_of(request, route), _seconds_of(route))
        require_plain(request.headers.get("content-encoding"))
        kind, _ = media_type(request.headers.get("content-type", ""))
        if kind not in route.media_types and not (stream.is_empty and not kind):
            raise HttpError(415, f"The body must be {' or '.join(route.media_types)}")
        if self._streams_left <= 0:
            raise Unavailable("Too many files are sent at this moment, please try again later")
        self._streams_left -= 1
        return stream

    async def _form(self, request: Request, route: "Route") -> Form:
        require_plain(request.headers.get("content-encoding"))
        limit, seconds = self._limit_of(request, route), _seconds_of(route)
        if _is_multipart(request):
            return await self.forms.read(request, limit, seconds)
        kind, _ = media_type(request.headers.get("content-type", ""))
        if kind not in ("", "application/json"):
            raise HttpError(415, f"The body must be {MULTIPART} or application/json")
        require_json(request.headers.get("content-type"), None)
        return form_of_json(await read_within(request, limit, seconds))


def _is_multipart(request: Request) -> bool:
    return media_type(request.headers.get("content-type", ""))[0] == MULTIPART


def _seconds_of(route: "Route") -> int:
    if route.body_seconds is not None:
        return route.body_seconds
    return FORM_SECONDS if route.signature.body in (Form, BodyStream) else BODY_SECONDS
