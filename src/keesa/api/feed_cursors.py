"""Cursors of the feed, and of the first copy that it begins with: where the reader is, sealed
(docs/decisions/0068-the-feed.md).

A place in the order of commits would tell how much happens that is not its reader's, so nobody but the server reads it,
and no two cursors look alike. One opens for the rights alone that its reader had, in the epoch of the desk in which it
was made.
"""

import hmac
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.keys import FixedKeys, KeyRing, Keys
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.errors import Gone, Invalid
from keesa.feed.positions import Position
from keesa.feed.reading import OTHER_STATE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

LENGTH: Final = 80
"""Characters."""
NO_CURSOR: Final = "is no cursor of the feed: take it from `next` of the answer before, or from /changes/start"
_PLACED: Final = Struct(">QQQQ")
_NONCE: Final = 12
"""Random bytes that begin a cursor."""
_PURPOSE: Final = b"keesa: cursors of the feed"
_FORM: Final = re.compile(f"[A-Za-z0-9_-]{{{LENGTH}}}", re.ASCII)


class FeedCursors:
    """Sealed with the newest key, and good with any that is kept: on every node."""

    def __init__(self, keys: Keys | bytes) -> None:
        self._keys = FixedKeys(KeyRing(keys)) if isinstance(keys, bytes) else keys

    def seal(self, position: Position, actor: Actor, epoch: int) -> str:
        return self._seal(position, _bound_to(actor, epoch, "feed"))

    def open(self, cursor: str, actor: Actor, epoch: int, field: str) -> Position:
        """Raises `Invalid` for what is no cursor, and `Gone` for one that was made for other rights, or by a desk of
        another epoch or with other keys.
        """
        return Position(*self._open(cursor, _bound_to(actor, epoch, "feed"), field))

    def seal_page(self, raised_at: int, ticket_id: int, actor: Actor, epoch: int) -> str:
        """Of a first copy, behind that ticket: its pages must all be of the same rights."""
        return self._seal((raised_at, ticket_id, 0, 0), _bound_to(actor, epoch, "copy"))

    def open_page(self, cursor: str, actor: Actor, epoch: int, field: str) -> tuple[int, int]:
        """Raises as `open`."""
        raised_at, ticket_id, *_ = self._open(cursor, _bound_to(actor, epoch, "copy"), field)
        return raised_at, ticket_id

    def _seal(self, place: Sequence[int], bound: bytes) -> str:
        nonce = os.urandom(_NONCE)
        sealed = _sealing(self._keys.ring().signing).encrypt(_PLACED.pack(*place), [bound, nonce])
        return urlsafe_b64encode(nonce + sealed).decode("ascii")

    def _open(self, cursor: str, bound: bytes, field: str) -> Sequence[int]:
        if _FORM.fullmatch(cursor) is None:
            raise Invalid({field: [NO_CURSOR]})
        content, ring = urlsafe_b64decode(cursor), self._keys.ring()
        place = _opened(content, bound, ring)
        if place is None:
            newest = self._keys.newest()  # it may be of a key that another process has just made
            place = None if newest is ring else _opened(content, bound, newest)
        if place is None:
            raise Gone(OTHER_STATE)
        return place


def _opened(content: bytes, bound: bytes, ring: KeyRing) -> Sequence[int] | None:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as below

    for key in ring.verifying:
        try:
            return _PLACED.unpack(_sealing(key).decrypt(content[_NONCE:], [bound, content[:_NONCE]]))
        except InvalidTag:
            pass
    return None


def _bound_to(actor: Actor, epoch: int, kind: Literal["feed", "copy"]) -> bytes:
    """What decides which tickets the actor sees, and what of them."""
    return msgspec.json.encode([kind, epoch, actor.id, sees_internal(actor), sorted(visible_to(actor))])


@lru_cache(maxsize=32)
def _sealing(key: bytes) -> "AESSIV":
    """AES-SIV (RFC 5297), which a nonce that is made twice does not break."""
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415 - it takes long to load

    return AESSIV(hmac.digest(key, _PURPOSE, "sha512"))
