"""Cursors of the feed: where its reader is, sealed (docs/decisions/0068-the-feed.md).

A place in the order of commits would tell how much happens that is not its reader's, so nobody but the server reads it,
and no two cursors look alike. One opens for the rights alone that its reader had, in the epoch of the desk in which it
was made.
"""

import hmac
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Final

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
        nonce = os.urandom(_NONCE)
        sealing = _sealing(self._keys.ring().signing)
        sealed = sealing.encrypt(_PLACED.pack(*position), [_bound_to(actor, epoch), nonce])
        return urlsafe_b64encode(nonce + sealed).decode("ascii")

    def open(self, cursor: str, actor: Actor, epoch: int, field: str) -> Position:
        """Raises `Invalid` for what is no cursor, and `Gone` for one that was made for other rights, or by a desk of
        another epoch or with other keys.
        """
        if _FORM.fullmatch(cursor) is None:
            raise Invalid({field: [NO_CURSOR]})
        content, bound = urlsafe_b64decode(cursor), _bound_to(actor, epoch)
        ring = self._keys.ring()
        position = _opened(content, bound, ring)
        if position is None:
            newest = self._keys.newest()  # it may be of a key that another process has just made
            position = None if newest is ring else _opened(content, bound, newest)
        if position is None:
            raise Gone(OTHER_STATE)
        return position


def _opened(content: bytes, bound: bytes, ring: KeyRing) -> Position | None:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as below

    for key in ring.verifying:
        try:
            placed = _sealing(key).decrypt(content[_NONCE:], [bound, content[:_NONCE]])
            return Position(*_PLACED.unpack(placed))
        except InvalidTag:
            pass
    return None


def _bound_to(actor: Actor, epoch: int) -> bytes:
    """What decides which tickets the actor sees, and what of them."""
    return msgspec.json.encode([epoch, actor.id, sees_internal(actor), sorted(visible_to(actor))])


@lru_cache(maxsize=32)
def _sealing(key: bytes) -> "AESSIV":
    """AES-SIV (RFC 5297), which a nonce that is made twice does not break."""
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415 - it takes long to load

    return AESSIV(hmac.digest(key, _PURPOSE, "sha512"))
