"""Cursors: where a page of a list ended, as text that clients hand back as it is. One of another epoch is void."""

from base64 import b64decode, urlsafe_b64encode
from typing import Any, Final, TypeVar

import msgspec

from keesa.errors import Invalid

P = TypeVar("P")

LONGEST: Final = 200
"""Characters of a cursor."""


def cursor_of(position: Any, epoch: int) -> str:  # noqa: ANN401 - any value of JSON: an id, or a list of what a list is ordered by
    return _mark(epoch) + urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode("ascii")


def position_of(cursor: str, kind: type[P], epoch: int, field: str = "after") -> P:
    """The other way round; raises `Invalid` for what is no cursor of a list with such positions, or one of another
    epoch.
    """
    if len(cursor) <= LONGEST and cursor.startswith(_mark(epoch)):
        try:
            encoded = cursor.removeprefix(_mark(epoch)).encode("ascii")
            padded = encoded + b"=" * (-len(encoded) % 4)
            written = b64decode(padded, b"-_", validate=True)
            position = msgspec.json.decode(written, type=kind)
        except (ValueError, msgspec.DecodeError):
            pass
        else:
            if _can_be_kept(position):
                return position
    raise Invalid({field: ["is no cursor of this list: take it from `next` of the page before"]})


def _mark(epoch: int) -> str:
    """What such cursors begin with; of the first epoch nothing."""
    return f"{epoch:x}." if epoch else ""


def _can_be_kept(value: object) -> bool:
    """Whether a column of either engine may hold it, so that a statement can compare with it."""
    match value:
        case int():
            return -(2**63) <= value < 2**63
        case str():
            return "\0" not in value
        case list() | tuple():
            return all(map(_can_be_kept, value))
    return True
