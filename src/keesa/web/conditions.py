"""Conditional requests (RFC 9110, section 13): what a client knows of a thing already."""

import re
from typing import Final, NamedTuple

from starlette.datastructures import Headers

from keesa.errors import CHANGED
from keesa.web.http_errors import HttpError
from keesa.web.replies import Answered, EncodedReply

_ETAG: Final = re.compile(r'(W/)?("[^"]*")')
_FOR_READERS: Final = re.compile(r'(?<=")[^"-]*-(?=[0-9a-f]+\.)')
"""What a tag begins with that tells of more than the thing itself: of names that an answer shows, say. Two such parts
have a hyphen between them, and the thing's own begins with a hexadecimal number and a dot.
"""
_CODED: Final = re.compile(r'-(?:gzip|zstd)"$')


class Conditions(NamedTuple):
    """`If-None-Match` of a read, `If-Match` of a change; None where the client did not send it."""

    none_match: str | None = None
    match: str | None = None

    def require(self, etag: str) -> None:
        """Call it as soon as the thing's `etag` (with its quotation marks) is known, before anything is rendered or
        changed. Raises `Answered` (304) where the client has it already, and `HttpError` (412) where the client knows
        another state than the one that it is about to change.
        """
        if (unchanged := self.unchanged(etag)) is not None:
            raise Answered(unchanged)
        if not self.knows(etag):
            raise HttpError(412, CHANGED, {"ETag": etag})

    def knows(self, etag: str) -> bool:
        """Whether a change of the thing may go on, as far as the client's `If-Match` has a say."""
        return self.match is None or is_known(self.match, etag)

    def unchanged(self, etag: str) -> EncodedReply | None:
        """304, where the client has the thing already."""
        if self.none_match is None or not names(self.none_match, etag, weakly=True):
            return None
        return EncodedReply(304, b"", None, [(b"etag", etag.encode("latin-1"))])


NO_CONDITIONS: Final = Conditions()


def conditions_of(headers: Headers, *, reads: bool) -> Conditions:
    lines = headers.getlist("if-none-match" if reads else "if-match")
    if not lines:
        return NO_CONDITIONS
    known = (
        lines[0] if len(lines) == 1 else ", ".join(lines)
    )  # a list may come in several lines (RFC 9110, section 5.3)
    return Conditions(known) if reads else Conditions(match=known)


def is_known(header: str, etag: str) -> bool:
    """Whether the tags of an `If-Match` hold that of the thing, of which its own part alone counts."""
    return names(own_part(header), own_part(etag))


def own_part(tags: str) -> str:
    """The tags without what they tell of more than the things themselves."""
    return _FOR_READERS.sub("", tags)


def names(header: str, etag: str, *, weakly: bool = False) -> bool:
    """Whether the list holds the tag; a weak one counts only where the state need not be the same to the byte."""
    if header in (etag, "*"):  # as nearly all clients send it
        return True
    if header.strip() == "*":
        return True
    return any(etag in (tag, _without_coding(tag)) and (weakly or not weak) for weak, tag in _ETAG.findall(header))


def in_coding(etag: str, coding: str) -> str:
    """The tag of the same state in that coding: a strong one must tell the bytes apart (RFC 9110, section 8.8.3.3).
    Whoever names it names the state.
    """
    return f'{etag[:-1]}-{coding}"'


def as_known(header: str, etag: str) -> str:
    """The form of the tag that the list holds, so that who keeps the answer finds it: the first one of the state."""
    if header == etag:
        return etag
    return next((tag for _, tag in _ETAG.findall(header) if etag in (tag, _without_coding(tag))), etag)


def _without_coding(tag: str) -> str:
    return _CODED.sub('"', tag)
